// `main` of every executable. Alone in its file: only a link that needs it takes it from the
// archive.

#include "runtime/agent/stream_main.h"

int main(int argc, char** argv) {
  return streamrt::stream_main(stream_program, argc, argv);
}
