// Expressions of checked trees but for built-in functions, arrays and texts; see item_emitter.h.
#include <cmath>

#include "compiler/codegen/item_emitter.h"
#include "compiler/support/assert.h"
#include "compiler/support/match.h"

namespace streamc {

ItemValue ItemEmitter::expr(CheckedExprId id) {
  const CheckedExpr& checked = module().program.expr(id);
  const TypeId type_id = checked.type_id;
  return match(
      checked.node, [&](const LiteralExpr& node) { return splat(frame_.literal(node.value)); },
      [&](const LocalExpr& node) { return local(node.local); },
      [&](const ConstantExpr& node) { return splat(frame_.constant(node.constant_id)); },
      [&](const UnaryExpr& node) { return unary(node, type_id); },
      [&](const BinaryExpr& node) { return binary(node, type_id); },
      [&](const ConvertExpr& node) { return convert(node, type_id); },
      [&](const CallFunctionExpr& node) {
        std::vector<ItemValue> arguments;
        for (const CheckedExprId argument : node.arguments) arguments.push_back(expr(argument));
        return call(node.function_id, arguments);
      },
      [&](const CallBuiltinExpr& node) { return builtin(node, type_id); },
      [&](const FieldExpr& node) {
        ItemValue part = field(expr(node.object), node.index);
        part.type_id = type_id;
        return part;
      },
      [&](const MakeExpr& node) { return make(node, type_id); },
      [&](const IndexExpr& node) { return index(node, type_id); },
      [&](const ConditionExpr& node) { return condition(node, type_id); },
      [&](const IsPresentExpr& node) {
        return ItemValue{type_id, {expr(node.option).leaves.front()}};
      },
      [&](const UnwrapExpr& node) { return unwrap(node, type_id); },
      [&](const ElseExpr& node) { return otherwise(node, type_id); },
      [&](const FailExpr& node) { return fail_expr(node, type_id); },
      [&](const NowExpr&) {
        STREAM_ASSERT(now != nullptr, "`now` where items have no stamp");
        return ItemValue{type_id, {{splat(now), nullptr}}};
      },
      [&](const MapArrayExpr& node) { return map_array(node, type_id); },
      [&](const FilterArrayExpr& node) { return filter_array(node, type_id); },
      [&](const AggregateArrayExpr& node) {
        ItemValue value = aggregate_array(node);
        value.type_id = type_id;
        return value;
      },
      [&](const FormatExpr& node) { return format(node, type_id); });
}

ItemValue ItemEmitter::unary(const UnaryExpr& node, TypeId type_id) {
  llvm::Value* operand = expr(node.operand).leaves.front().first;
  if (node.op == UnaryOp::Not) return {type_id, {{builder().CreateNot(operand), nullptr}}};
  llvm::Value* negated = kind_of_type(type_id) == TypeKind::Float ? builder().CreateFNeg(operand)
                                                                  : builder().CreateNeg(operand);
  return {type_id, {{negated, nullptr}}};
}

ItemValue ItemEmitter::binary(const BinaryExpr& node, TypeId type_id) {
  switch (node.op) {
    case BinaryOp::And:
    case BinaryOp::Or:
      return short_circuit(node, type_id);
    case BinaryOp::Equal:
    case BinaryOp::NotEqual:
    case BinaryOp::Less:
    case BinaryOp::LessEqual:
    case BinaryOp::Greater:
    case BinaryOp::GreaterEqual: {
      const ItemValue left = expr(node.left);
      const ItemValue right = expr(node.right);
      return {type_id, {{compare(node.op, type_of(node.left), left, right), nullptr}}};
    }
    case BinaryOp::Add:
    case BinaryOp::Subtract:
    case BinaryOp::Multiply:
    case BinaryOp::Divide:
    case BinaryOp::FloorDivide:
    case BinaryOp::Modulo:
    case BinaryOp::Power: {
      const ItemValue left = expr(node.left);
      const ItemValue right = expr(node.right);
      if (node.op == BinaryOp::Add && kind_of_type(type_id) == TypeKind::String) {
        llvm::Value* out = frame_.slot(module().text_type, "joined");
        frame_.call("stream_text_concatenate",
                    {frame_.runtime, left.leaves[0].first, left.leaves[0].second,
                     right.leaves[0].first, right.leaves[0].second, out});
        return {type_id, {frame_.load_leaf({.kind = LeafKind::Text}, out, 0)}};
      }
      return {type_id, {{arithmetic(node, type_id, left, right), nullptr}}};
    }
  }
  STREAM_UNREACHABLE("binary operator");
}

llvm::Value* ItemEmitter::arithmetic(const BinaryExpr& node, TypeId type_id, const ItemValue& left,
                                     const ItemValue& right) {
  llvm::Value* a = left.leaves.front().first;
  llvm::Value* b = right.leaves.front().first;
  const TypeKind left_kind = kind_of(node.left);
  const TypeKind right_kind = kind_of(node.right);
  const bool is_float = left_kind == TypeKind::Float && right_kind == TypeKind::Float;
  const auto fail_if_zero = [&](llvm::Value* divisor) {
    if (lanes_ > 1) return;  // Straight code divides by what is known not to be zero.
    fail_if(divisor->getType()->isDoubleTy()
                ? builder().CreateFCmpOEQ(divisor, llvm::ConstantFP::get(module().f64, 0.0))
                : builder().CreateICmpEQ(divisor, frame_.int64(0)),
            STREAM_FAILURE_DIVISION_BY_ZERO);
  };
  switch (node.op) {
    case BinaryOp::Add:
      return is_float ? builder().CreateFAdd(a, b) : builder().CreateAdd(a, b);
    case BinaryOp::Subtract:
      return is_float ? builder().CreateFSub(a, b) : builder().CreateSub(a, b);
    case BinaryOp::Multiply:
      if (is_float) return builder().CreateFMul(a, b);
      if (left_kind != TypeKind::Float && right_kind != TypeKind::Float) {
        return builder().CreateMul(a, b);
      }
      return duration_times(left, right, false);
    case BinaryOp::Divide:
      fail_if_zero(b);
      if (is_float) return builder().CreateFDiv(a, b);
      if (kind_of_type(type_id) == TypeKind::Duration) return duration_times(left, right, true);
      return builder().CreateFDiv(builder().CreateSIToFP(a, module().f64),
                                  builder().CreateSIToFP(b, module().f64));
    case BinaryOp::FloorDivide:
      fail_if_zero(b);
      return is_float ? floor_divide_float(a, b) : floor_divide_int(a, b);
    case BinaryOp::Modulo:
      fail_if_zero(b);
      return is_float ? modulo_float(a, b) : modulo_int(a, b);
    case BinaryOp::Power:
      return power(node, left, right);
    default:
      STREAM_UNREACHABLE("no arithmetic");
  }
}

// duration * number or duration / number: in floating point, whole nanoseconds toward zero.
llvm::Value* ItemEmitter::duration_times(const ItemValue& left, const ItemValue& right,
                                         bool divide) {
  const auto to_float = [&](llvm::Value* value) {
    return value->getType()->isIntegerTy() ? builder().CreateSIToFP(value, module().f64) : value;
  };
  llvm::Value* a = to_float(left.leaves.front().first);
  llvm::Value* b = to_float(right.leaves.front().first);
  return to_int(divide ? builder().CreateFDiv(a, b) : builder().CreateFMul(a, b));
}

// Toward zero; fails for NaN and for what is not between -2^63 and 2^63.
llvm::Value* ItemEmitter::to_int(llvm::Value* value) {
  llvm::Value* low = llvm::ConstantFP::get(module().f64, -9223372036854775808.0);
  llvm::Value* high = llvm::ConstantFP::get(module().f64, 9223372036854775808.0);
  llvm::Value* fits = builder().CreateAnd(builder().CreateFCmpOGE(value, low),
                                          builder().CreateFCmpOLT(value, high));
  fail_if(builder().CreateNot(fits), STREAM_FAILURE_CONVERSION);
  return builder().CreateFPToSI(value, module().i64);
}

llvm::Value* ItemEmitter::floor_divide_int(llvm::Value* left, llvm::Value* right) {
  // The least int over -1 wraps; LLVM's division is undefined there.
  llvm::Value* is_minus_one = builder().CreateICmpEQ(right, frame_.int64(-1));
  llvm::Value* divisor = builder().CreateSelect(is_minus_one, frame_.int64(1), right);
  llvm::Value* quotient = builder().CreateSDiv(left, divisor);
  llvm::Value* remainder = builder().CreateSRem(left, divisor);
  llvm::Value* is_below = builder().CreateAnd(
      builder().CreateICmpNE(remainder, frame_.int64(0)),
      builder().CreateICmpSLT(builder().CreateXor(remainder, divisor), frame_.int64(0)));
  llvm::Value* floored =
      builder().CreateSub(quotient, builder().CreateZExt(is_below, module().i64));
  return builder().CreateSelect(is_minus_one, builder().CreateNeg(left), floored);
}

llvm::Value* ItemEmitter::modulo_int(llvm::Value* left, llvm::Value* right) {
  llvm::Value* is_minus_one = builder().CreateICmpEQ(right, frame_.int64(-1));
  llvm::Value* divisor = builder().CreateSelect(is_minus_one, frame_.int64(1), right);
  llvm::Value* remainder = builder().CreateSRem(left, divisor);
  llvm::Value* is_below = builder().CreateAnd(
      builder().CreateICmpNE(remainder, frame_.int64(0)),
      builder().CreateICmpSLT(builder().CreateXor(remainder, divisor), frame_.int64(0)));
  return builder().CreateSelect(is_below, builder().CreateAdd(remainder, divisor), remainder);
}

// As CPython's float modulo: fmod, then the sign of the divisor.
llvm::Value* ItemEmitter::modulo_float(llvm::Value* left, llvm::Value* right) {
  llvm::Value* zero = llvm::ConstantFP::get(module().f64, 0.0);
  llvm::Value* remainder = frame_.call("stream_math_fmod", {left, right});
  llvm::Value* is_below = builder().CreateXor(builder().CreateFCmpOLT(remainder, zero),
                                              builder().CreateFCmpOLT(right, zero));
  llvm::Value* adjusted =
      builder().CreateSelect(is_below, builder().CreateFAdd(remainder, right), remainder);
  llvm::Value* signed_zero =
      builder().CreateBinaryIntrinsic(llvm::Intrinsic::copysign, zero, right);
  return builder().CreateSelect(builder().CreateFCmpOEQ(remainder, zero), signed_zero, adjusted);
}

// As CPython's float floor division: the quotient of what is left without the remainder.
llvm::Value* ItemEmitter::floor_divide_float(llvm::Value* left, llvm::Value* right) {
  llvm::Value* zero = llvm::ConstantFP::get(module().f64, 0.0);
  llvm::Value* one = llvm::ConstantFP::get(module().f64, 1.0);
  llvm::Value* remainder = frame_.call("stream_math_fmod", {left, right});
  llvm::Value* quotient = builder().CreateFDiv(builder().CreateFSub(left, remainder), right);
  llvm::Value* is_below = builder().CreateAnd(
      builder().CreateFCmpUNE(remainder, zero),
      builder().CreateXor(builder().CreateFCmpOLT(remainder, zero),
                          builder().CreateFCmpOLT(right, zero)));
  quotient = builder().CreateSelect(is_below, builder().CreateFSub(quotient, one), quotient);
  llvm::Value* floored = builder().CreateUnaryIntrinsic(llvm::Intrinsic::floor, quotient);
  llvm::Value* is_short = builder().CreateFCmpOGT(builder().CreateFSub(quotient, floored),
                                                  llvm::ConstantFP::get(module().f64, 0.5));
  floored = builder().CreateSelect(is_short, builder().CreateFAdd(floored, one), floored);
  llvm::Value* signed_zero = builder().CreateBinaryIntrinsic(
      llvm::Intrinsic::copysign, zero, builder().CreateFDiv(left, right));
  return builder().CreateSelect(builder().CreateFCmpOEQ(quotient, zero), signed_zero, floored);
}

llvm::Value* ItemEmitter::power(const BinaryExpr& node, const ItemValue& left,
                                const ItemValue& right) {
  llvm::Value* base = left.leaves.front().first;
  llvm::Value* exponent = right.leaves.front().first;
  if (kind_of(node.left) == TypeKind::Float) {
    return frame_.call("stream_math_pow", {base, exponent});
  }
  // By squaring; integers wrap, so every order gives the same.
  llvm::AllocaInst* result = frame_.slot(module().i64, "power");
  llvm::AllocaInst* square = frame_.slot(module().i64, "power.square");
  llvm::AllocaInst* rest = frame_.slot(module().i64, "power.rest");
  builder().CreateStore(frame_.int64(1), result);
  builder().CreateStore(base, square);
  builder().CreateStore(exponent, rest);
  frame_.while_loop(
      "power",
      [&] {
        return builder().CreateICmpSGT(builder().CreateLoad(module().i64, rest), frame_.int64(0));
      },
      [&] {
        llvm::Value* bits = builder().CreateLoad(module().i64, rest);
        llvm::Value* factor = builder().CreateLoad(module().i64, square);
        llvm::Value* product = builder().CreateLoad(module().i64, result);
        llvm::Value* is_odd = builder().CreateTrunc(bits, module().i1);
        builder().CreateStore(
            builder().CreateSelect(is_odd, builder().CreateMul(product, factor), product), result);
        builder().CreateStore(builder().CreateMul(factor, factor), square);
        builder().CreateStore(builder().CreateAShr(bits, 1), rest);
      });
  return builder().CreateLoad(module().i64, result);
}

ItemValue ItemEmitter::short_circuit(const BinaryExpr& node, TypeId type_id) {
  const bool is_and = node.op == BinaryOp::And;
  llvm::Value* left = expr(node.left).leaves.front().first;
  if (lanes_ > 1) {
    llvm::Value* right = expr(node.right).leaves.front().first;
    return {type_id,
            {{is_and ? builder().CreateAnd(left, right) : builder().CreateOr(left, right),
              nullptr}}};
  }
  llvm::AllocaInst* result = frame_.slot(module().i1, is_and ? "and" : "or");
  builder().CreateStore(left, result);
  frame_.if_then(is_and ? left : builder().CreateNot(left), is_and ? "and" : "or", [&] {
    builder().CreateStore(expr(node.right).leaves.front().first, result);
  });
  return {type_id, {{builder().CreateLoad(module().i1, result), nullptr}}};
}

llvm::Value* ItemEmitter::compare(BinaryOp op, TypeId type_id, const ItemValue& left,
                                  const ItemValue& right) {
  if (op == BinaryOp::Equal) return equal(type_id, left, right);
  if (op == BinaryOp::NotEqual) return builder().CreateNot(equal(type_id, left, right));
  const LeafValue a = left.leaves.front();
  const LeafValue b = right.leaves.front();
  const TypeKind kind = kind_of_type(type_id);
  if (kind == TypeKind::Float) {
    switch (op) {
      case BinaryOp::Less:
        return builder().CreateFCmpOLT(a.first, b.first);
      case BinaryOp::LessEqual:
        return builder().CreateFCmpOLE(a.first, b.first);
      case BinaryOp::Greater:
        return builder().CreateFCmpOGT(a.first, b.first);
      default:
        return builder().CreateFCmpOGE(a.first, b.first);
    }
  }
  llvm::Value* x = a.first;
  llvm::Value* y = b.first;
  if (kind == TypeKind::String || kind == TypeKind::Rate) {
    x = frame_.call(kind == TypeKind::String ? "stream_text_compare" : "stream_rate_compare",
                    {a.first, a.second, b.first, b.second});
    y = frame_.int32(0);
  }
  switch (op) {
    case BinaryOp::Less:
      return builder().CreateICmpSLT(x, y);
    case BinaryOp::LessEqual:
      return builder().CreateICmpSLE(x, y);
    case BinaryOp::Greater:
      return builder().CreateICmpSGT(x, y);
    default:
      return builder().CreateICmpSGE(x, y);
  }
}

llvm::Value* ItemEmitter::equal(TypeId type_id, const ItemValue& left, const ItemValue& right) {
  const TypeTable& types = module().program.types;
  const Type& type = types.get(type_id);
  const auto first = [](const ItemValue& value) { return value.leaves.front(); };
  switch (type.kind) {
    case TypeKind::Float:
      return builder().CreateFCmpOEQ(first(left).first, first(right).first);
    case TypeKind::Bool:
    case TypeKind::Int:
    case TypeKind::Time:
    case TypeKind::Duration:
    case TypeKind::Enumeration:
      return builder().CreateICmpEQ(first(left).first, first(right).first);
    case TypeKind::Rate:  // Always in lowest terms.
      return builder().CreateAnd(
          builder().CreateICmpEQ(first(left).first, first(right).first),
          builder().CreateICmpEQ(first(left).second, first(right).second));
    case TypeKind::String: {
      llvm::AllocaInst* result = frame_.slot(module().i1, "equal");
      llvm::Value* same_size = builder().CreateICmpEQ(first(left).second, first(right).second);
      builder().CreateStore(same_size, result);
      frame_.if_then(same_size, "equal.bytes", [&] {
        llvm::Value* order = frame_.call("stream_text_compare",
                                         {first(left).first, first(left).second,
                                          first(right).first, first(right).second});
        builder().CreateStore(builder().CreateICmpEQ(order, frame_.int32(0)), result);
      });
      return builder().CreateLoad(module().i1, result);
    }
    case TypeKind::Record:
    case TypeKind::Tuple: {
      llvm::Value* all = splat(frame_.truth(true));
      const std::size_t count =
          type.kind == TypeKind::Record ? type.fields.size() : type.elements.size();
      for (std::uint32_t i = 0; i < count; ++i) {
        const ItemValue a = field(left, i);
        all = builder().CreateAnd(all, equal(a.type_id, a, field(right, i)));
      }
      return all;
    }
    case TypeKind::Option: {
      ItemValue a{type.element_id, {left.leaves.begin() + 1, left.leaves.end()}};
      ItemValue b{type.element_id, {right.leaves.begin() + 1, right.leaves.end()}};
      llvm::Value* both = builder().CreateAnd(first(left).first, first(right).first);
      llvm::Value* neither =
          builder().CreateNot(builder().CreateOr(first(left).first, first(right).first));
      return builder().CreateOr(
          neither, builder().CreateAnd(both, equal(type.element_id, a, b)));
    }
    case TypeKind::Array:
    case TypeKind::Window: {
      const Elements a = elements(left);
      const Elements b = elements(right);
      llvm::AllocaInst* result = frame_.slot(module().i1, "equal");
      llvm::Value* same_count = builder().CreateICmpEQ(a.count, b.count);
      builder().CreateStore(same_count, result);
      llvm::Value* end = builder().CreateSelect(same_count, a.count, frame_.int64(0));
      frame_.for_range(frame_.int64(0), end, 1, "equal", [&](llvm::Value* place) {
        llvm::Value* same = equal(a.element_id, element_at(a, place), element_at(b, place));
        builder().CreateStore(
            builder().CreateAnd(builder().CreateLoad(module().i1, result), same), result);
      });
      return builder().CreateLoad(module().i1, result);
    }
    case TypeKind::Error:
    case TypeKind::None:
    case TypeKind::Nothing:
    case TypeKind::Function:
    case TypeKind::Stream:
    case TypeKind::Parameter:
      return splat(frame_.truth(true));
  }
  STREAM_UNREACHABLE("type kind");
}

ItemValue ItemEmitter::convert(const ConvertExpr& node, TypeId type_id) {
  switch (node.conversion) {
    case Conversion::IntToFloat: {
      llvm::Value* operand = expr(node.operand).leaves.front().first;
      llvm::Type* type = module().f64;
      if (lanes_ > 1) type = llvm::FixedVectorType::get(type, lanes_);
      return {type_id, {{builder().CreateSIToFP(operand, type), nullptr}}};
    }
    case Conversion::ToOption: {
      ItemValue value = expr(node.operand);
      value.type_id = type_id;
      value.leaves.insert(value.leaves.begin(), LeafValue{splat(frame_.truth(true)), nullptr});
      return value;
    }
    case Conversion::NoneToOption:
      return splat(frame_.zero_value(type_id));
    case Conversion::ArrayToWindow: {
      const Elements all = elements(expr(node.operand));
      ItemValue view{type_id, {}};
      for (std::size_t i = 0; i < all.leaves.size(); ++i) {
        llvm::Value* address = all.addresses[i];
        if (address == nullptr) address = frame_.spill_leaf(all.leaves[i], all.single[i]);
        view.leaves.push_back({address, all.count});
      }
      return view;
    }
    case Conversion::Nothing:
      (void)expr(node.operand);
      return splat(frame_.zero_value(type_id));
  }
  STREAM_UNREACHABLE("conversion");
}

ItemValue ItemEmitter::condition(const ConditionExpr& node, TypeId type_id) {
  llvm::Value* chosen = expr(node.condition).leaves.front().first;
  if (lanes_ > 1) {
    const ItemValue then_value = expr(node.then_value);
    return select(chosen, then_value, expr(node.else_value));
  }
  const Variable result = variable(type_id, "chosen");
  frame_.if_then_else(
      chosen, "then", [&] { assign(result, expr(node.then_value)); },
      [&] { assign(result, expr(node.else_value)); });
  return read(result);
}

ItemValue ItemEmitter::unwrap(const UnwrapExpr& node, TypeId type_id) {
  ItemValue value = expr(node.option);
  // Without a target no failure was announced: a check that the value is present stands before.
  if (fail_target != nullptr) {
    fail_if(builder().CreateNot(value.leaves.front().first), STREAM_FAILURE_NONE_VALUE);
  }
  value.type_id = type_id;
  value.leaves.erase(value.leaves.begin());
  return value;
}

ItemValue ItemEmitter::otherwise(const ElseExpr& node, TypeId type_id) {
  const Variable result = variable(type_id, "else");
  const FailTarget* const outer = fail_target;
  const FailTarget inner = new_fail_target("else");
  llvm::BasicBlock* behind = frame_.block("else.end");
  fail_target = &inner;
  assign(result, expr(node.value));
  fail_target = outer;
  builder().CreateBr(behind);
  builder().SetInsertPoint(inner.block);
  assign(result, expr(node.fallback));
  builder().CreateBr(behind);
  builder().SetInsertPoint(behind);
  return read(result);
}

ItemValue ItemEmitter::fail_expr(const FailExpr& node, TypeId type_id) {
  const LeafValue message = expr(node.message).leaves.front();
  return fail_always(STREAM_FAILURE_USER, type_id, message.first, message.second);
}

}  // namespace streamc
