// A machine to generate code for. Each file in this folder describes one; targets.cpp lists them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace streamc {

// The widest way a target has to move the chosen lanes of a vector together.
enum class CompressShape {
  Lanes,     // Store each lane and advance by whether it is chosen. Every target can.
  Permute4,  // AVX2: permute four 8-byte lanes by a table of 16 entries.
  Compress8, // AVX-512: compress eight 8-byte lanes in a register.
};

struct TargetDescription {
  std::string name;      // As --target names it.
  std::string triple;
  std::string cpu;       // LLVM's name.
  std::string features;  // LLVM's form, "+avx2,-sse4a"; empty: what the CPU has.
  CompressShape compress = CompressShape::Lanes;
};

TargetDescription host_target();
TargetDescription x86_64_v2_target();
TargetDescription x86_64_v3_target();

// All of them, in the order in which they are shown.
std::vector<TargetDescription> all_targets();

}  // namespace streamc
