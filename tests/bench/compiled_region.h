// A program of one source and one sink, compiled in memory, whose region is called batch by batch.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace streambench {

class CompiledRegion {
 public:
  // `text` reads floats from one source and ends in one sink. Ends the process on mistakes.
  explicit CompiledRegion(const std::string& text);
  CompiledRegion(const CompiledRegion&) = delete;
  CompiledRegion& operator=(const CompiledRegion&) = delete;
  ~CompiledRegion();

  // Sets a float param; before the first run.
  void set_param(const std::string& name, double value);

  // Works through `input`, which must have room for 8 more items behind it. What comes out is
  // dropped, or appended to `output` if there is one.
  void run(std::span<const double> input, std::vector<double>* output = nullptr);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace streambench
