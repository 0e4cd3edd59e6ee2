#include "compiler/codegen/codegen.h"

#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include <algorithm>
#include <optional>

#include "compiler/codegen/descriptor.h"
#include "compiler/codegen/module_context.h"
#include "compiler/codegen/optimise.h"
#include "compiler/codegen/plan.h"
#include "compiler/codegen/region.h"
#include "compiler/codegen/straight.h"
#include "compiler/codegen/targets/target.h"
#include "compiler/support/assert.h"

namespace streamc {

struct GeneratedCode::Parts {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;
};

GeneratedCode::GeneratedCode(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
GeneratedCode::GeneratedCode(GeneratedCode&&) noexcept = default;
GeneratedCode& GeneratedCode::operator=(GeneratedCode&&) noexcept = default;
GeneratedCode::~GeneratedCode() = default;

std::string GeneratedCode::text() const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  parts_->module->print(stream, nullptr);
  return text;
}

Result<std::string> GeneratedCode::emit_object() {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if (parts_->machine->addPassesToEmitFile(passes, stream, nullptr,
                                           llvm::CodeGenFileType::ObjectFile)) {
    return fail("the target `{}` has no object files", parts_->module->getTargetTriple());
  }
  passes.run(*parts_->module);
  return std::string(bytes.data(), bytes.size());
}

namespace {

// Those of LLVM's targets that targets/ describes machines of.
void initialise_targets() {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  LLVMInitializeAArch64TargetInfo();
  LLVMInitializeAArch64Target();
  LLVMInitializeAArch64TargetMC();
  LLVMInitializeAArch64AsmPrinter();
  LLVMInitializeARMTargetInfo();
  LLVMInitializeARMTarget();
  LLVMInitializeARMTargetMC();
  LLVMInitializeARMAsmPrinter();
}

llvm::FloatABI::ABIType float_abi_of(FloatAbi abi) {
  switch (abi) {
    case FloatAbi::Usual:
      return llvm::FloatABI::Default;
    case FloatAbi::Soft:
      return llvm::FloatABI::Soft;
    case FloatAbi::Hard:
      return llvm::FloatABI::Hard;
  }
  STREAM_UNREACHABLE("float ABI");
}

Result<std::unique_ptr<llvm::TargetMachine>> make_machine(const TargetDescription& description,
                                                          Optimisation optimisation) {
  initialise_targets();
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(description.triple, error);
  if (target == nullptr) return fail("LLVM does not know `{}`: {}", description.triple, error);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;  // Never contract: results are the language's.
  options.FloatABIType = float_abi_of(description.float_abi);
  const auto level = optimisation == Optimisation::Full ? llvm::CodeGenOptLevel::Aggressive
                                                        : llvm::CodeGenOptLevel::Default;
  std::unique_ptr<llvm::TargetMachine> machine(
      target->createTargetMachine(description.triple, description.cpu, description.features,
                                  options, llvm::Reloc::PIC_, llvm::CodeModel::Small, level));
  if (machine == nullptr) return fail("LLVM has no machine for `{}`", description.triple);
  return machine;
}

}  // namespace

Result<GeneratedCode> generate_code(const CheckedProgram& program, const PlacedGraph& placed,
                                    const SourceManager& sources, const CodegenOptions& options) {
  const AssertContext assert_context("generate code");
  auto target = find_target(options.target);
  if (!target) return target.failure();
  auto machine = make_machine(*target, options.optimisation);
  if (!machine) return machine.failure();

  StraightAnalysis straight(program, target->has_fma);
  auto plan = plan_program(program, placed.graph, straight);
  if (!plan) return plan.failure();
  ModuleContext module(program, placed.graph, sources, *target, straight, *plan, options.overrides);
  module.module->setSourceFileName(options.program_name);
  module.module->setTargetTriple(target->triple);
  module.module->setDataLayout((*machine)->createDataLayout());
  module.module->setPICLevel(llvm::PICLevel::BigPIC);

  std::vector<EmittedRegion> regions;
  for (std::size_t i = 0; i < plan->regions.size(); ++i) {
    RegionEmitter region(module, i);
    region.emit();
    const OperatorId head = plan->regions[i].head;
    STREAM_ASSERT(process_of(placed, head).restart == 0 || !region.layout().has_pointers(),
                  "`{}` would be restored from a copy of pointers", placed.graph.op(head).equation);
    regions.push_back(
        {region.initialize_function(), region.run_function(), region.state_size()});
  }
  if (auto described = emit_descriptor(module, placed, regions, options); !described) {
    return described.failure();
  }
  for (llvm::Function& function : *module.module) {
    if (function.isDeclaration()) continue;
    function.addFnAttr("target-cpu", target->cpu);
    if (!target->features.empty()) function.addFnAttr("target-features", target->features);
  }
  std::string problems;
  llvm::raw_string_ostream problem_stream(problems);
  const bool is_broken = llvm::verifyModule(*module.module, &problem_stream);
  STREAM_ASSERT(!is_broken, "the module is not well-formed: {}", problems);
  optimise_module(*module.module, **machine, options.optimisation);

  auto parts = std::make_unique<GeneratedCode::Parts>();
  parts->context = std::move(module.context);
  parts->module = std::move(module.module);
  parts->machine = std::move(*machine);
  return GeneratedCode(std::move(parts));
}

}  // namespace streamc
