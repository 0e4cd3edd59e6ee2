// A machine to generate code for. Each file in this folder describes one; targets.def lists them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/result.h"

namespace streamc {

// The widest way a target has to move the chosen lanes of a vector together.
enum class CompressShape {
  Lanes,      // Store each lane and advance by whether it is chosen. Every target can.
  Permute4,   // AVX2: permute four 8-byte lanes by a table of 16 entries.
  Compress8,  // AVX-512: compress eight 8-byte lanes in a register.
};

// Where functions take and return floats.
enum class FloatAbi {
  Usual,  // As LLVM has it for the triple.
  Soft,   // In integer registers, although the processor computes with floats.
  Hard,   // In registers for floats.
};

struct TargetDescription {
  std::string name;      // As --target says it.
  std::string triple;    // LLVM's, of the code.
  std::string cpu;       // LLVM's name.
  std::string features;  // LLVM's form, "+avx2,-sse4a"; empty: what the CPU has.
  FloatAbi float_abi = FloatAbi::Usual;
  CompressShape compress = CompressShape::Lanes;
  bool has_fma = false;  // fma() of floats is one instruction.
  std::uint32_t processors = 4;  // That the machine is taken to have where `--threads auto` cuts a program.
  // The architecture of the runtime and the C library, as Debian names it. Empty: known to nobody.
  std::string libraries;
  std::string emulation;  // How the linker names it.
};

// The descriptions, each defined in the file of its name.
#define STREAM_TARGET(name) TargetDescription name##_target();
#include "compiler/codegen/targets/targets.def"
#undef STREAM_TARGET

// All of them, in the order of targets.def.
std::vector<TargetDescription> all_targets();

// By its name; or by a triple, in any spelling, for which there are libraries. Fails with a message
// that lists the names.
Result<TargetDescription> find_target(std::string_view name);

// For messages: each between backquotes.
std::string target_names();

}  // namespace streamc
