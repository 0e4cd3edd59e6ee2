// `evaluate`: named constants, arguments of connectors and elements of lists that depend on params.
#include <set>

#include "compiler/codegen/descriptor.h"
#include "compiler/codegen/item_emitter.h"
#include "compiler/codegen/state.h"
#include "runtime/abi/stream_abi.h"

namespace streamc {

llvm::StructType* argument_struct(ModuleContext& module) {
  return llvm::StructType::get(*module.context,
                               {module.pointer, module.i32, module.i32, module.i64, module.f64,
                                module.text_type, module.rate_type});
}

int argument_kind(const TypeTable& types, TypeId type_id) {
  switch (types.kind(type_id)) {
    case TypeKind::Bool:
      return STREAM_ARGUMENT_BOOL;
    case TypeKind::Int:
    case TypeKind::Time:
    case TypeKind::Duration:
    case TypeKind::Enumeration:
      return STREAM_ARGUMENT_INT;
    case TypeKind::Float:
      return STREAM_ARGUMENT_FLOAT;
    case TypeKind::String:
      return STREAM_ARGUMENT_TEXT;
    case TypeKind::Rate:
      return STREAM_ARGUMENT_RATE;
    case TypeKind::None:
      return STREAM_ARGUMENT_NONE;
    case TypeKind::Option:
      return argument_kind(types, types.get(type_id).element_id);
    default:
      return -1;
  }
}

Evaluation::Evaluation(ModuleContext& module) : module_(module) {}

void Evaluation::store(CheckedExprId expr, std::uint32_t site,
                       const std::vector<llvm::Constant*>& leaves, llvm::Constant* valid) {
  tasks_.push_back({expr, site, leaves, valid, nullptr});
}

void Evaluation::store_argument(CheckedExprId expr, std::uint32_t site,
                                llvm::Constant* argument) {
  tasks_.push_back({expr, site, {}, nullptr, argument});
}

void Evaluation::write(FunctionFrame& frame, const Task& task) {
  ItemEmitter items(frame);
  const FailTarget target = items.new_fail_target("constant");
  llvm::BasicBlock* behind = frame.block("constant.end");
  items.fail_target = &target;
  const ItemValue value = items.expr(task.expr);
  if (task.argument == nullptr) {
    const std::vector<Leaf>& leaves = module_.leaves(value.type_id);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      keep_leaf(frame, leaves[i], value.leaves[i], task.leaves[i], 0);
    }
  } else {
    // StreamArgument: name, kind, reserved, integer, real, text, rate.
    const TypeTable& types = module_.program.types;
    const bool is_option = types.kind(value.type_id) == TypeKind::Option;
    const int kind = argument_kind(types, value.type_id);
    const LeafValue leaf = value.leaves[is_option ? 1 : 0];
    const auto field = [&](unsigned index) {
      return frame.builder.CreateStructGEP(argument_struct(module_), task.argument, index);
    };
    llvm::Value* kind_value = frame.int32(kind);
    if (is_option) {
      kind_value = frame.builder.CreateSelect(value.leaves.front().first, kind_value,
                                              frame.int32(STREAM_ARGUMENT_NONE));
    }
    frame.builder.CreateStore(kind_value, field(1));
    switch (kind) {
      case STREAM_ARGUMENT_BOOL:
        frame.builder.CreateStore(frame.builder.CreateZExt(leaf.first, module_.i64), field(3));
        break;
      case STREAM_ARGUMENT_INT:
        frame.builder.CreateStore(leaf.first, field(3));
        break;
      case STREAM_ARGUMENT_FLOAT:
        frame.builder.CreateStore(leaf.first, field(4));
        break;
      case STREAM_ARGUMENT_TEXT:
        keep_leaf(frame, {.kind = LeafKind::Text}, leaf, field(5), 0);
        break;
      case STREAM_ARGUMENT_RATE:
        frame.store_leaf({.kind = LeafKind::Rate}, leaf, field(6), 0);
        break;
      default:
        break;
    }
  }
  frame.builder.CreateBr(behind);
  if (!target.block->hasNPredecessorsOrMore(1)) {
    target.block->eraseFromParent();
  } else {
    frame.builder.SetInsertPoint(target.block);
    if (task.valid != nullptr) {
      frame.builder.CreateStore(llvm::ConstantInt::get(module_.i8, 0), task.valid);
    }
    llvm::Value* data = frame.builder.CreateLoad(module_.pointer, target.detail_data);
    llvm::Value* text = frame.slot(module_.text_type, "detail");
    frame.builder.CreateStore(data, text);
    frame.builder.CreateStore(frame.builder.CreateLoad(module_.i64, target.detail_size),
                              frame.byte_offset(text, 8));
    llvm::Value* detail = frame.builder.CreateSelect(
        frame.builder.CreateIsNull(data), llvm::ConstantPointerNull::get(module_.pointer), text);
    frame.call("stream_report_failure",
               {frame.runtime, frame.int32(task.site),
                frame.builder.CreateLoad(module_.i32, target.reason), frame.int64(0),
                frame.int64(0), detail});
    frame.builder.CreateBr(behind);
  }
  frame.builder.SetInsertPoint(behind);
}

llvm::Function* Evaluation::finish() {
  auto* type = llvm::FunctionType::get(module_.void_type, {module_.pointer}, false);
  auto* function = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, "evaluate",
                                          *module_.module);
  function->setDoesNotThrow();
  // Each constant has a function of its own, since what a function loads it loads at its start.
  llvm::BasicBlock* block = llvm::BasicBlock::Create(*module_.context, "entry", function);
  llvm::IRBuilder<> builder(block);
  const auto in_order = [&](const Task& task, const std::string& name) {
    auto* part = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, name,
                                        *module_.module);
    part->setDoesNotThrow();
    FunctionFrame frame(module_, part, part->getArg(0));
    write(frame, task);
    frame.builder.CreateRetVoid();
    frame.finish();
    builder.CreateCall(part, {function->getArg(0)});
  };
  const CheckedProgram& program = module_.program;
  for (std::size_t i = 0; i < program.constants.size(); ++i) {
    const CheckedConstant& constant = program.constants[i];
    if (constant.is_param || !constant.value.valid()) continue;
    if (module_.fold(constant.value)) continue;
    const std::vector<llvm::GlobalVariable*>& storage = module_.constant_storage(ConstantId(i));
    in_order({constant.value, module_.site(ConstantId(i)),
              {storage.begin(), storage.end()}, nullptr, nullptr},
             "evaluate." + constant.name);
  }
  for (const Task& task : tasks_) in_order(task, "evaluate.argument");
  builder.CreateRetVoid();
  return function;
}

}  // namespace streamc
