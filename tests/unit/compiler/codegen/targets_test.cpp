#include "compiler/codegen/targets/target.h"

#include <doctest/doctest.h>

#include <set>

namespace streamc {

TEST_CASE("every target has a name of its own, and all that linking needs") {
  std::set<std::string> names;
  for (const TargetDescription& target : all_targets()) {
    CAPTURE(target.name);
    CHECK(names.insert(target.name).second);
    CHECK(find_target(target.name)->name == target.name);
    CHECK_FALSE(target.triple.empty());
    CHECK_FALSE(target.cpu.empty());
    CHECK_FALSE(target.libraries.empty());
    CHECK_FALSE(target.emulation.empty());
    // Its vectors would turn denormal numbers into zero.
    const bool may_have_neon =
        target.emulation == "armelf_linux_eabi" && target.cpu != "arm1176jzf-s";
    CHECK((!may_have_neon || target.features.find("-neon") != std::string::npos));
  }
}

TEST_CASE("a triple names the generic target of its architecture, however it is spelt") {
  CHECK(find_target("aarch64-linux-gnu")->name == "aarch64-linux-gnu");
  CHECK(find_target("aarch64-unknown-linux-gnu")->name == "aarch64-linux-gnu");
  CHECK(find_target("arm64-linux-gnu")->name == "aarch64-linux-gnu");
  CHECK(find_target("x86_64-pc-linux-gnu")->name == "x86_64-linux-gnu");
  CHECK(find_target("armv7-unknown-linux-gnueabihf")->name == "arm-linux-gnueabihf");
  CHECK(find_target("armv6kz-linux-gnueabi")->name == "arm-linux-gnueabi");
}

TEST_CASE("a triple that no libraries are for is refused with the names there are") {
  for (const char* const triple :
       {"armv6-linux-gnueabihf", "aarch64-linux-musl", "riscv64-linux-gnu", "pi6", ""}) {
    const auto target = find_target(triple);
    REQUIRE_FALSE(target.has_value());
    CHECK(target.message().starts_with("there is no target `" + std::string(triple) +
                                       "`; known are `host`, `pi5`, `pi4`"));
  }
}

}  // namespace streamc
