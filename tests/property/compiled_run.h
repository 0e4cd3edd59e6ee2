// A program compiled in memory, to be run several times in this process.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "compiler/driver/front_end.h"
#include "compiler/support/result.h"

namespace streamtest {

struct CompiledOutcome {
  int exit_status = 0;
  std::string console;
  std::map<std::string, std::string> files;  // By name, in the folder of the run.
  std::string messages;                      // What would stand on standard error.
};

class CompiledProgram {
 public:
  // The front end must have built its graph; it is read during the call only.
  // With a seed, its operators are spread at random over up to six parts, or now and then by cost.
  static streamc::Result<std::unique_ptr<CompiledProgram>> compile(
      streamc::FrontEnd& front_end, std::optional<std::uint64_t> parts_seed = std::nullopt);
  ~CompiledProgram();

  // `batch_limit` items in a batch; with a seed, batches are cut at random. `room`: items that wait or are on
  // the way anywhere, at the most; 0: as usual.
  [[nodiscard]] CompiledOutcome run(std::int64_t batch_limit, std::optional<std::uint64_t> cuts_seed,
                                    std::int64_t room = 0) const;

 private:
  struct Parts;
  explicit CompiledProgram(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace streamtest
