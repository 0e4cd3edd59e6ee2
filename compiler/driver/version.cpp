#include "compiler/driver/version.h"

namespace streamc {

std::string_view version_text() { return "streamc " STREAMC_VERSION; }

}  // namespace streamc
