#include "compiler/driver/commands.h"
#include "compiler/driver/options.h"

int main(int argc, char** argv) {
  const auto parsed = streamc::parse_options(argc, argv);
  if (const int* status = std::get_if<int>(&parsed)) return *status;
  return streamc::run_command(std::get<streamc::Options>(parsed));
}
