#include <doctest/doctest.h>

#include "runtime/base/printable.h"

namespace streamrt {
namespace {

TEST_CASE("text from outside is shown as it is, unless it would do something to a terminal") {
  CHECK(printable("") == "");
  CHECK(printable("a b\tc\n") == "a b\tc\n");
  CHECK(printable("20 °C – ✓ 😀") == "20 °C – ✓ 😀");
  CHECK(printable("\x1b[31mred") == "?[31mred");
  CHECK(printable(std::string_view("a\0b\x7f", 4)) == "a?b?");
  CHECK(printable("\xc2\x9b" "31m") == "??31m");  // U+009B, a control sequence in one character.
}

TEST_CASE("bytes that are no UTF-8 are shown as question marks") {
  CHECK(printable("\xff\xfe") == "??");
  CHECK(printable("caf\xe9") == "caf?");
  CHECK(printable("\xc0\xaf") == "??");          // Overlong.
  CHECK(printable("\xe0\x80\x80") == "???");
  CHECK(printable("\xed\xa0\x80") == "???");    // A surrogate.
  CHECK(printable("\xf4\x90\x80\x80") == "????");
  CHECK(printable("\xe2\x82") == "??");          // Cut off.
}

}  // namespace
}  // namespace streamrt
