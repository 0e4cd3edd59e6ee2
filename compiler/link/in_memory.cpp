#include "compiler/link/in_memory.h"

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>

#include <cstring>

#include "runtime/abi/symbols.h"

namespace streamc {

struct LoadedProgram::Parts {
  std::unique_ptr<llvm::orc::LLJIT> jit;
  const StreamProgram* program = nullptr;
};

LoadedProgram::LoadedProgram(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
LoadedProgram::LoadedProgram(LoadedProgram&&) noexcept = default;
LoadedProgram& LoadedProgram::operator=(LoadedProgram&&) noexcept = default;
LoadedProgram::~LoadedProgram() = default;

const StreamProgram& LoadedProgram::program() const { return *parts_->program; }

namespace {

template <class T>
Failure failure_of(llvm::Expected<T>& expected, const char* what) {
  return fail("cannot {}: {}", what, llvm::toString(expected.takeError()));
}

// The runtime's functions, and the three that LLVM makes of copies and fills.
llvm::orc::SymbolMap known_symbols(llvm::orc::LLJIT& jit) {
  llvm::orc::SymbolMap symbols;
  const auto add = [&](const char* name, const void* address) {
    symbols[jit.mangleAndIntern(name)] = {
        llvm::orc::ExecutorAddr::fromPtr(address),
        llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  };
  for (const streamrt::EntryPoint& entry : streamrt::entry_points()) add(entry.name, entry.address);
  add("memcpy", reinterpret_cast<const void*>(&std::memcpy));
  add("memmove", reinterpret_cast<const void*>(&std::memmove));
  add("memset", reinterpret_cast<const void*>(&std::memset));
  return symbols;
}

}  // namespace

Result<LoadedProgram> load_in_memory(const std::string& object) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto jit = llvm::orc::LLJITBuilder()
                 .setPlatformSetUp(llvm::orc::setUpInactivePlatform)  // No constructors to run.
                 .create();
  if (!jit) return failure_of(jit, "start the in-memory linker");
  llvm::orc::JITDylib& library = (*jit)->getMainJITDylib();
  if (llvm::Error error = library.define(llvm::orc::absoluteSymbols(known_symbols(**jit)))) {
    return fail("cannot name the runtime's functions: {}", llvm::toString(std::move(error)));
  }
  auto buffer = llvm::MemoryBuffer::getMemBufferCopy(object, "program");
  if (llvm::Error error = (*jit)->addObjectFile(std::move(buffer))) {
    return fail("cannot link in memory: {}", llvm::toString(std::move(error)));
  }
  auto program = (*jit)->lookup("stream_program");
  if (!program) return failure_of(program, "link in memory");

  auto parts = std::make_unique<LoadedProgram::Parts>();
  parts->program = program->toPtr<const StreamProgram*>();
  parts->jit = std::move(*jit);
  return LoadedProgram(std::move(parts));
}

}  // namespace streamc
