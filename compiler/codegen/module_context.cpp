#include "compiler/codegen/module_context.h"

#include <llvm/IR/Constants.h>

#include "compiler/support/assert.h"
#include "runtime/abi/stream_abi.h"

namespace streamc {

namespace {

llvm::Constant* zero_of(llvm::Type* type) { return llvm::Constant::getNullValue(type); }

int abi_kind(TypeKind kind) {
  switch (kind) {
    case TypeKind::Bool:
      return STREAM_TYPE_BOOL;
    case TypeKind::Int:
      return STREAM_TYPE_INT;
    case TypeKind::Float:
      return STREAM_TYPE_FLOAT;
    case TypeKind::String:
      return STREAM_TYPE_STRING;
    case TypeKind::Time:
      return STREAM_TYPE_TIME;
    case TypeKind::Duration:
      return STREAM_TYPE_DURATION;
    case TypeKind::Rate:
      return STREAM_TYPE_RATE;
    case TypeKind::Record:
      return STREAM_TYPE_RECORD;
    case TypeKind::Enumeration:
      return STREAM_TYPE_ENUMERATION;
    case TypeKind::Tuple:
      return STREAM_TYPE_TUPLE;
    case TypeKind::Option:
      return STREAM_TYPE_OPTION;
    case TypeKind::Array:
      return STREAM_TYPE_ARRAY;
    case TypeKind::Window:
      return STREAM_TYPE_WINDOW;
    default:
      return STREAM_TYPE_TUPLE;  // None, Nothing: without leaves, like the empty tuple.
  }
}

int abi_leaf_kind(LeafKind kind) {
  switch (kind) {
    case LeafKind::I8:
      return STREAM_LEAF_I8;
    case LeafKind::I64:
      return STREAM_LEAF_I64;
    case LeafKind::F64:
      return STREAM_LEAF_F64;
    case LeafKind::Text:
      return STREAM_LEAF_TEXT;
    case LeafKind::View:
      return STREAM_LEAF_VIEW;
    case LeafKind::Rate:
      return STREAM_LEAF_RATE;
  }
  STREAM_UNREACHABLE("leaf kind");
}

}  // namespace

ModuleContext::ModuleContext(const CheckedProgram& checked_program, const Graph& checked_graph,
                             const SourceManager& source_manager,
                             const TargetDescription& target_description,
                             StraightAnalysis& straight_analysis, const ProgramPlan& program_plan,
                             const Evaluator::Overrides* param_overrides)
    : program(checked_program),
      graph(checked_graph),
      sources(source_manager),
      target(target_description),
      straight(straight_analysis),
      plan(program_plan),
      context(std::make_unique<llvm::LLVMContext>()),
      module(std::make_unique<llvm::Module>("stream", *context)),
      overrides_(param_overrides),
      evaluator_(checked_program, param_overrides) {
  void_type = llvm::Type::getVoidTy(*context);
  i1 = llvm::Type::getInt1Ty(*context);
  i8 = llvm::Type::getInt8Ty(*context);
  i32 = llvm::Type::getInt32Ty(*context);
  i64 = llvm::Type::getInt64Ty(*context);
  f64 = llvm::Type::getDoubleTy(*context);
  pointer = llvm::PointerType::get(*context, 0);
  text_type = llvm::StructType::create(*context, {pointer, i64}, "StreamText");
  rate_type = llvm::StructType::create(*context, {i64, i64}, "StreamRate");
  batch_type =
      llvm::StructType::create(*context, {i64, i64, pointer, pointer, pointer}, "StreamBatch");
  output_type = llvm::StructType::create(*context, {pointer, pointer, pointer, i64}, "StreamOutput");
}

llvm::Type* ModuleContext::memory_type(LeafKind kind) const {
  switch (kind) {
    case LeafKind::I8:
      return i8;
    case LeafKind::I64:
      return i64;
    case LeafKind::F64:
      return f64;
    case LeafKind::Text:
    case LeafKind::View:
      return text_type;
    case LeafKind::Rate:
      return rate_type;
  }
  STREAM_UNREACHABLE("leaf kind");
}

const std::vector<Leaf>& ModuleContext::leaves(TypeId id) {
  const auto found = leaves_.find(id);
  if (found != leaves_.end()) return found->second;
  return leaves_.emplace(id, program.types.leaves(id)).first->second;
}

llvm::FunctionCallee ModuleContext::entry_point(std::string_view name) {
  // The words of entry_points.def as LLVM types.
  const std::map<std::string_view, llvm::Type*> words = {{"void", void_type}, {"i8", i8},
                                                         {"i32", i32},        {"i64", i64},
                                                         {"f64", f64},        {"pointer", pointer}};
  static const std::map<std::string_view, std::string_view> signatures = {
#define STREAM_ENTRY_POINT(name, ...) {#name, #__VA_ARGS__},
#include "runtime/abi/entry_points.def"
#undef STREAM_ENTRY_POINT
  };
  const auto signature = signatures.find(name);
  STREAM_ASSERT(signature != signatures.end(), "`{}` is no entry point", name);

  std::vector<llvm::Type*> types;
  std::string_view rest = signature->second;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    std::string_view word = rest.substr(0, comma);
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    types.push_back(words.at(word));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  auto* type = llvm::FunctionType::get(
      types.front(), llvm::ArrayRef<llvm::Type*>(types).drop_front(), false);
  llvm::FunctionCallee callee = module->getOrInsertFunction(llvm::StringRef(name), type);
  auto* function = llvm::cast<llvm::Function>(callee.getCallee());
  function->setDoesNotThrow();
  if (name.starts_with("stream_math_")) {  // Equal arguments, equal results; nothing else.
    function->setDoesNotAccessMemory();
    function->setWillReturn();
    function->addFnAttr(llvm::Attribute::NoBuiltin);
  }
  if (name == "stream_report_failure") function->addFnAttr(llvm::Attribute::Cold);
  return callee;
}

llvm::Constant* ModuleContext::text(std::string_view text) {
  const auto found = texts_.find(text);
  if (found != texts_.end()) return found->second;
  auto* data = llvm::ConstantDataArray::getString(*context, llvm::StringRef(text), true);
  auto* global = new llvm::GlobalVariable(*module, data->getType(), true,
                                          llvm::GlobalValue::PrivateLinkage, data, "text");
  global->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
  texts_.emplace(std::string(text), global);
  return global;
}

llvm::Constant* ModuleContext::text_value(std::string_view value) {
  return llvm::ConstantStruct::get(
      text_type, {text(value), int64(static_cast<std::int64_t>(value.size()))});
}

llvm::Constant* ModuleContext::array(llvm::Type* element, const std::vector<llvm::Constant*>& values,
                                     const std::string& name, bool is_constant) {
  if (values.empty()) return llvm::ConstantPointerNull::get(pointer);
  auto* type = llvm::ArrayType::get(element, values.size());
  auto* global =
      new llvm::GlobalVariable(*module, type, is_constant, llvm::GlobalValue::PrivateLinkage,
                               llvm::ConstantArray::get(type, values), name);
  global->setAlignment(llvm::Align(64));  // Lists are read like columns.
  return global;
}

llvm::Constant* ModuleContext::int32(std::int64_t value) const {
  return llvm::ConstantInt::getSigned(i32, value);
}

llvm::Constant* ModuleContext::int64(std::int64_t value) const {
  return llvm::ConstantInt::getSigned(i64, value);
}

llvm::Constant* ModuleContext::type_descriptor(TypeId id) {
  const auto found = type_descriptors_.find(id);
  if (found != type_descriptors_.end()) return found->second;

  const Type& type = program.types.get(id);
  auto* null = llvm::ConstantPointerNull::get(pointer);
  auto* leaf_type = llvm::StructType::get(*context, {i32, i32, i64, i64});
  std::vector<llvm::Constant*> leaf_values;
  for (const Leaf& leaf : leaves(id)) {
    leaf_values.push_back(llvm::ConstantStruct::get(
        leaf_type, {int32(abi_leaf_kind(leaf.kind)), int32(abi_leaf_kind(leaf.view_kind)),
                    int64(leaf.count), int64(leaf.view_count)}));
  }
  auto* field_type = llvm::StructType::get(*context, {pointer, pointer, pointer});
  std::vector<llvm::Constant*> fields;
  for (const TypeField& field : type.fields) {
    llvm::Constant* inner =
        type.kind == TypeKind::Enumeration ? null : type_descriptor(field.type_id);
    fields.push_back(llvm::ConstantStruct::get(
        field_type, {text(field.name), text(field.outside_name), inner}));
  }
  if (type.kind == TypeKind::Tuple) {
    for (const TypeId member : type.elements) {
      fields.push_back(
          llvm::ConstantStruct::get(field_type, {text(""), text(""), type_descriptor(member)}));
    }
  }
  llvm::Constant* element = type.element_id.valid() ? type_descriptor(type.element_id) : null;
  auto* struct_type =
      llvm::StructType::get(*context, {i32, i32, pointer, pointer, i64, pointer, pointer, i64});
  auto* value = llvm::ConstantStruct::get(
      struct_type,
      {int32(abi_kind(type.kind)), int32(static_cast<std::int64_t>(leaf_values.size())),
       array(leaf_type, leaf_values, "leaves"), text(type.name),
       int64(static_cast<std::int64_t>(fields.size())), array(field_type, fields, "fields"),
       element, int64(type.length)});
  auto* global = new llvm::GlobalVariable(*module, struct_type, true,
                                          llvm::GlobalValue::PrivateLinkage, value,
                                          "type." + program.types.text(id));
  type_descriptors_[id] = global;
  return global;
}

std::uint32_t ModuleContext::site(OperatorId id) {
  const auto [place, is_new] =
      operator_sites_.try_emplace(id, static_cast<std::uint32_t>(sites_.size()));
  if (is_new) {
    const Operator& op = graph.op(id);
    sites_.push_back({op.equation, op.span, op.failure_is_handled});
  }
  return place->second;
}

std::uint32_t ModuleContext::site(ConstantId id) {
  const auto [place, is_new] =
      constant_sites_.try_emplace(id, static_cast<std::uint32_t>(sites_.size()));
  if (is_new) sites_.push_back({program.constant(id).name, program.constant(id).span, false});
  return place->second;
}

std::optional<Value> ModuleContext::fold(CheckedExprId id) {
  if (!id.valid()) return std::nullopt;
  for (const ConstantId used : constants_used(program, id)) {
    if (program.constant(used).is_param && !program.constant(used).is_fixed) return std::nullopt;
  }
  return evaluator_.evaluate(id).value;
}

std::optional<Value> ModuleContext::param_default(ConstantId id) {
  if (overrides_ != nullptr) {
    if (const auto given = overrides_->find(id); given != overrides_->end()) return given->second;
  }
  const CheckedExprId value = program.constant(id).value;
  if (!value.valid()) return std::nullopt;
  return evaluator_.evaluate(value).value;
}

const std::vector<llvm::GlobalVariable*>& ModuleContext::constant_storage(ConstantId id) {
  const auto found = constants_.find(id);
  if (found != constants_.end()) return found->second;

  const CheckedConstant& constant = program.constant(id);
  std::optional<Value> value;
  value = constant.is_param ? param_default(id) : fold(constant.value);
  std::vector<llvm::Constant*> initial;
  if (value) initial = initial_leaves(*value);
  std::vector<llvm::GlobalVariable*> globals;
  const std::vector<Leaf>& kinds = leaves(constant.type_id);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    llvm::Type* type = memory_type(kinds[i].kind);
    if (kinds[i].count != 1) {
      type = llvm::ArrayType::get(type, static_cast<std::uint64_t>(kinds[i].count));
    }
    llvm::Constant* start = value ? initial[i] : zero_of(type);
    // A constant that is known now need never be read from memory.
    const bool is_known = value && !(constant.is_param && !constant.is_fixed);
    auto* global = new llvm::GlobalVariable(*module, type, is_known,
                                            llvm::GlobalValue::InternalLinkage, start,
                                            "constant." + constant.name);
    global->setAlignment(llvm::Align(16));
    globals.push_back(global);
  }
  return constants_.emplace(id, std::move(globals)).first->second;
}

std::vector<llvm::Constant*> ModuleContext::initial_leaves(const Value& value) {
  std::vector<std::vector<llvm::Constant*>> elements(leaves(value.type_id).size());
  append_leaves(value, value.type_id, elements);
  std::vector<llvm::Constant*> result;
  const std::vector<Leaf>& kinds = leaves(value.type_id);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i].count == 1) {
      result.push_back(elements[i].front());
    } else {
      auto* type = llvm::ArrayType::get(memory_type(kinds[i].kind), elements[i].size());
      result.push_back(llvm::ConstantArray::get(type, elements[i]));
    }
  }
  return result;
}

// Appends the elements of each leaf of `value` to `leaves`, which has one entry per leaf.
void ModuleContext::append_leaves(const Value& value, TypeId type_id,
                                  std::vector<std::vector<llvm::Constant*>>& out) {
  const Type& type = program.types.get(type_id);
  const auto append_part = [&](const Value& part, TypeId part_type, std::size_t first) {
    std::vector<std::vector<llvm::Constant*>> inner(leaves(part_type).size());
    append_leaves(part, part_type, inner);
    for (std::size_t i = 0; i < inner.size(); ++i) {
      out[first + i].insert(out[first + i].end(), inner[i].begin(), inner[i].end());
    }
  };
  switch (type.kind) {
    case TypeKind::Bool:
      out[0].push_back(llvm::ConstantInt::get(i8, value.integer != 0 ? 1 : 0));
      return;
    case TypeKind::Int:
    case TypeKind::Time:
    case TypeKind::Duration:
    case TypeKind::Enumeration:
      out[0].push_back(int64(value.integer));
      return;
    case TypeKind::Float:
      out[0].push_back(llvm::ConstantFP::get(f64, value.real));
      return;
    case TypeKind::String:
      out[0].push_back(text_value(value.text));
      return;
    case TypeKind::Rate:
      out[0].push_back(llvm::ConstantStruct::get(
          rate_type, {int64(value.rate.numerator), int64(value.rate.denominator)}));
      return;
    case TypeKind::Record:
      for (std::size_t i = 0; i < type.fields.size(); ++i) {
        append_part(value.parts[i], type.fields[i].type_id,
                    program.types.first_leaf_of_field(type_id, i));
      }
      return;
    case TypeKind::Tuple:
      for (std::size_t i = 0; i < type.elements.size(); ++i) {
        append_part(value.parts[i], type.elements[i], program.types.first_leaf_of_field(type_id, i));
      }
      return;
    case TypeKind::Option: {
      const bool present = value.present && !value.parts.empty();
      out[0].push_back(llvm::ConstantInt::get(i8, present ? 1 : 0));
      if (present) {
        append_part(value.parts.front(), type.element_id, 1);
        return;
      }
      const std::vector<Leaf> inner = leaves(type.element_id);
      for (std::size_t i = 0; i < inner.size(); ++i) {
        for (std::int64_t e = 0; e < inner[i].count; ++e) {
          out[1 + i].push_back(zero_of(memory_type(inner[i].kind)));
        }
      }
      return;
    }
    case TypeKind::Array:
      for (const Value& part : value.parts) append_part(part, type.element_id, 0);
      return;
    case TypeKind::Window: {
      // The elements in a constant of their own, and a view of each leaf of them.
      std::vector<std::vector<llvm::Constant*>> inner(leaves(type.element_id).size());
      for (const Value& part : value.parts) append_leaves(part, type.element_id, inner);
      const std::vector<Leaf> kinds = leaves(type.element_id);
      for (std::size_t i = 0; i < kinds.size(); ++i) {
        out[i].push_back(llvm::ConstantStruct::get(
            text_type, {array(memory_type(kinds[i].kind), inner[i], "view"),
                        int64(static_cast<std::int64_t>(value.parts.size()))}));
      }
      return;
    }
    case TypeKind::Error:
    case TypeKind::None:
    case TypeKind::Nothing:
    case TypeKind::Function:
    case TypeKind::Stream:
    case TypeKind::Parameter:
      return;
  }
}

}  // namespace streamc
