// Strings in expressions: they are made by the runtime, in the batch arena; see item_emitter.h.
#include "compiler/codegen/item_emitter.h"
#include "compiler/support/assert.h"

namespace streamc {

void ItemEmitter::append_value(llvm::Value* text_builder, const ItemValue& value,
                               const std::string& spec) {
  const std::vector<Leaf>& leaves = module().leaves(value.type_id);
  llvm::Value* table =
      frame_.slot(module().pointer, "leaves", static_cast<std::int64_t>(leaves.size()));
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    llvm::Value* place =
        frame_.element(module().pointer, table, frame_.int64(static_cast<std::int64_t>(i)));
    builder().CreateStore(frame_.spill_leaf(leaves[i], value.leaves[i]), place);
  }
  frame_.call("stream_text_append_value", {text_builder, module().type_descriptor(value.type_id),
                                           table, module().text(spec)});
}

ItemValue ItemEmitter::format(const FormatExpr& node, TypeId type_id) {
  // The builder is shared by all formats of the context, so values are computed first.
  std::vector<ItemValue> values;
  for (const FormatPiece& piece : node.pieces) {
    if (piece.has_value) values.push_back(expr(piece.value));
  }
  llvm::Value* text_builder = frame_.call("stream_text_start", {frame_.runtime});
  std::size_t next = 0;
  for (const FormatPiece& piece : node.pieces) {
    if (!piece.text.empty()) {
      frame_.call("stream_text_append",
                  {text_builder, module().text(piece.text),
                   frame_.int64(static_cast<std::int64_t>(piece.text.size()))});
    }
    if (piece.has_value) append_value(text_builder, values[next++], piece.spec);
  }
  llvm::Value* out = frame_.slot(module().text_type, "formatted");
  frame_.call("stream_text_finish", {text_builder, out});
  return {type_id, {frame_.load_leaf({.kind = LeafKind::Text}, out, 0)}};
}

ItemValue ItemEmitter::text_of(const ItemValue& value, TypeId type_id) {
  if (kind_of_type(value.type_id) == TypeKind::String) return value;
  llvm::Value* text_builder = frame_.call("stream_text_start", {frame_.runtime});
  append_value(text_builder, value, "");
  llvm::Value* out = frame_.slot(module().text_type, "formatted");
  frame_.call("stream_text_finish", {text_builder, out});
  return {type_id, {frame_.load_leaf({.kind = LeafKind::Text}, out, 0)}};
}

ItemValue ItemEmitter::text_builtin(const CallBuiltinExpr& node,
                                    const std::vector<ItemValue>& arguments, TypeId type_id) {
  const LeafValue text = arguments[0].leaves.front();
  const auto result = [&](llvm::Value* value) { return ItemValue{type_id, {{value, nullptr}}}; };
  const auto truth_of = [&](const char* name) {
    const LeafValue other = arguments[1].leaves.front();
    llvm::Value* byte =
        frame_.call(name, {text.first, text.second, other.first, other.second});
    return result(builder().CreateICmpNE(byte, llvm::ConstantInt::get(module().i8, 0)));
  };
  const auto transformed = [&](int operation) {
    llvm::Value* out = frame_.slot(module().text_type, "transformed");
    frame_.call("stream_text_transform",
                {frame_.runtime, frame_.int32(operation), text.first, text.second, out});
    return ItemValue{type_id, {frame_.load_leaf({.kind = LeafKind::Text}, out, 0)}};
  };
  const auto parsed = [&](const char* name, llvm::Type* type) {
    llvm::Value* out = frame_.slot(type, "parsed");
    llvm::Value* done = frame_.call(name, {text.first, text.second, out});
    fail_if(builder().CreateICmpEQ(done, llvm::ConstantInt::get(module().i8, 0)),
            STREAM_FAILURE_PARSE);
    return result(builder().CreateLoad(type, out));
  };
  switch (node.builtin) {
    case Builtin::ParseInt:
      return parsed("stream_parse_int", module().i64);
    case Builtin::ParseFloat:
      return parsed("stream_parse_float", module().f64);
    case Builtin::TextLength:
      return result(frame_.call("stream_text_length", {text.first, text.second}));
    case Builtin::Contains:
      return truth_of("stream_text_contains");
    case Builtin::StartsWith:
      return truth_of("stream_text_starts_with");
    case Builtin::EndsWith:
      return truth_of("stream_text_ends_with");
    case Builtin::Upper:
      return transformed(0);
    case Builtin::Lower:
      return transformed(1);
    case Builtin::Trim:
      return transformed(2);
    default:
      STREAM_UNREACHABLE("no function on texts");
  }
}

}  // namespace streamc
