// Runs a compiled program in this process: the object is linked into memory by LLVM's ORC JIT.
#pragma once

#include <memory>
#include <string>

#include "compiler/support/result.h"
#include "runtime/abi/stream_abi.h"

namespace streamc {

// Owns the program's code and data; nothing of it may run or be looked at once this is gone.
class LoadedProgram {
 public:
  struct Parts;  // LLVM's side; defined in in_memory.cpp.
  explicit LoadedProgram(std::unique_ptr<Parts> parts);
  LoadedProgram(LoadedProgram&&) noexcept;
  LoadedProgram& operator=(LoadedProgram&&) noexcept;
  ~LoadedProgram();

  const StreamProgram& program() const;

 private:
  std::unique_ptr<Parts> parts_;
};

// `object` is what GeneratedCode::emit_object gave, for this machine. It may call the runtime's entry
// points and nothing else.
Result<LoadedProgram> load_in_memory(const std::string& object);

}  // namespace streamc
