#include "runtime/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace streamrt {

void check_failed(const char* condition, const char* file, int line, const char* what) {
  std::fprintf(stderr, "internal error of the stream runtime: %s (%s) at %s:%d\n", what, condition,
               file, line);
  std::abort();
}

}  // namespace streamrt
