#include "runtime/base/resources.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace streamrt {

void out_of(std::string_view what) { out_of(what, errno); }

void out_of(std::string_view what, int error) {
  std::string text = "error: the system gives this program no more ";
  text += what;
  text += std::string(": ") + std::strerror(error) + "\nhelp: `ulimit -a` shows the limits, and `ulimit` sets them\n";
  (void)!::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(1);
}

}  // namespace streamrt
