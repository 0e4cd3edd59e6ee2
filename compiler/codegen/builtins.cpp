// Built-in functions of the language; see item_emitter.h and compiler/sema/builtins.def.
#include "compiler/codegen/item_emitter.h"
#include "compiler/support/assert.h"

namespace streamc {

namespace {

// The entry point that computes a function of floats, or null if it is no call.
const char* math_entry_point(Builtin builtin) {
  switch (builtin) {
    case Builtin::Exp:
      return "stream_math_exp";
    case Builtin::Log:
      return "stream_math_log";
    case Builtin::Log2:
      return "stream_math_log2";
    case Builtin::Log10:
      return "stream_math_log10";
    case Builtin::Sin:
      return "stream_math_sin";
    case Builtin::Cos:
      return "stream_math_cos";
    case Builtin::Tan:
      return "stream_math_tan";
    case Builtin::Asin:
      return "stream_math_asin";
    case Builtin::Acos:
      return "stream_math_acos";
    case Builtin::Atan:
      return "stream_math_atan";
    case Builtin::Atan2:
      return "stream_math_atan2";
    case Builtin::Sinh:
      return "stream_math_sinh";
    case Builtin::Cosh:
      return "stream_math_cosh";
    case Builtin::Tanh:
      return "stream_math_tanh";
    case Builtin::Hypot:
      return "stream_math_hypot";
    case Builtin::Fma:
      return "stream_math_fma";
    default:
      return nullptr;
  }
}

}  // namespace

ItemValue ItemEmitter::builtin(const CallBuiltinExpr& node, TypeId type_id) {
  std::vector<ItemValue> arguments;
  for (const CheckedExprId argument : node.arguments) arguments.push_back(expr(argument));
  const auto argument = [&](std::size_t i) { return arguments[i].leaves.front().first; };
  const auto result = [&](llvm::Value* value) { return ItemValue{type_id, {{value, nullptr}}}; };
  const auto exact = [&](llvm::Intrinsic::ID id) {
    return result(builder().CreateUnaryIntrinsic(id, argument(0)));
  };
  const auto zero_like = [](llvm::Value* value) {
    return llvm::Constant::getNullValue(value->getType());
  };
  switch (node.builtin) {
    case Builtin::Abs:
      if (kind_of_type(type_id) == TypeKind::Float) return exact(llvm::Intrinsic::fabs);
      return result(builder().CreateSelect(
          builder().CreateICmpSLT(argument(0), zero_like(argument(0))),
          builder().CreateNeg(argument(0)), argument(0)));
    case Builtin::Min:
      return result(min_max(true, type_id, argument(0), argument(1)));
    case Builtin::Max:
      return result(min_max(false, type_id, argument(0), argument(1)));
    case Builtin::Sqrt:
      return exact(llvm::Intrinsic::sqrt);
    case Builtin::Floor:
      return exact(llvm::Intrinsic::floor);
    case Builtin::Ceil:
      return exact(llvm::Intrinsic::ceil);
    case Builtin::Round:
      return exact(llvm::Intrinsic::roundeven);
    case Builtin::Truncate:
      return exact(llvm::Intrinsic::trunc);
    case Builtin::Exp:
    case Builtin::Log:
    case Builtin::Log2:
    case Builtin::Log10:
    case Builtin::Sin:
    case Builtin::Cos:
    case Builtin::Tan:
    case Builtin::Asin:
    case Builtin::Acos:
    case Builtin::Atan:
    case Builtin::Atan2:
    case Builtin::Sinh:
    case Builtin::Cosh:
    case Builtin::Tanh:
    case Builtin::Hypot: {
      std::vector<llvm::Value*> values;
      for (std::size_t i = 0; i < arguments.size(); ++i) values.push_back(argument(i));
      return result(frame_.call(math_entry_point(node.builtin), values));
    }
    case Builtin::Fma:
      if (module().target.has_fma) {
        return result(builder().CreateIntrinsic(llvm::Intrinsic::fma, {argument(0)->getType()},
                                                {argument(0), argument(1), argument(2)}));
      }
      return result(frame_.call(math_entry_point(node.builtin),
                                {argument(0), argument(1), argument(2)}));
    case Builtin::IsNan:
      return result(builder().CreateFCmpUNO(argument(0), argument(0)));
    case Builtin::IsFinite: {
      llvm::Value* magnitude =
          builder().CreateUnaryIntrinsic(llvm::Intrinsic::fabs, argument(0));
      return result(builder().CreateFCmpOLT(
          magnitude, llvm::ConstantFP::getInfinity(argument(0)->getType())));
    }
    case Builtin::ToInt: {
      if (argument(0)->getType()->isIntOrIntVectorTy()) return result(argument(0));
      return result(to_int(argument(0)));
    }
    case Builtin::ToFloat: {
      if (argument(0)->getType()->isFPOrFPVectorTy()) return result(argument(0));
      llvm::Type* type = module().f64;
      if (lanes_ > 1) type = llvm::FixedVectorType::get(type, lanes_);
      return result(builder().CreateSIToFP(argument(0), type));
    }
    case Builtin::Seconds:
      return result(builder().CreateFDiv(builder().CreateSIToFP(argument(0), module().f64),
                                         llvm::ConstantFP::get(module().f64, 1e9)));
    case Builtin::BitAnd:
      return result(builder().CreateAnd(argument(0), argument(1)));
    case Builtin::BitOr:
      return result(builder().CreateOr(argument(0), argument(1)));
    case Builtin::BitXor:
      return result(builder().CreateXor(argument(0), argument(1)));
    case Builtin::BitNot:
      return result(builder().CreateNot(argument(0)));
    case Builtin::ShiftLeft:
    case Builtin::ShiftRight: {
      fail_if(builder().CreateICmpUGE(argument(1), frame_.int64(64)), STREAM_FAILURE_SHIFT_COUNT);
      return result(node.builtin == Builtin::ShiftLeft
                        ? builder().CreateShl(argument(0), argument(1))
                        : builder().CreateAShr(argument(0), argument(1)));
    }
    case Builtin::Length:
      return result(elements(arguments[0]).count);
    case Builtin::ToText:
      return text_of(arguments[0], type_id);
    case Builtin::ParseInt:
    case Builtin::ParseFloat:
    case Builtin::TextLength:
    case Builtin::Contains:
    case Builtin::StartsWith:
    case Builtin::EndsWith:
    case Builtin::Upper:
    case Builtin::Lower:
    case Builtin::Trim:
      return text_builtin(node, arguments, type_id);
  }
  STREAM_UNREACHABLE("builtin {}", static_cast<int>(node.builtin));
}

// A NaN gives NaN, and a zero result is +0, so that every order of combining gives the same.
llvm::Value* ItemEmitter::min_max(bool is_min, TypeId type_id, llvm::Value* a, llvm::Value* b) {
  if (kind_of_type(type_id) != TypeKind::Float) {
    llvm::Value* takes_a =
        is_min ? builder().CreateICmpSLT(a, b) : builder().CreateICmpSGT(a, b);
    return builder().CreateSelect(takes_a, a, b);
  }
  // Comparisons with NaN are false: a NaN in `b` is chosen here, one in `a` by the second line.
  llvm::Value* takes_a = is_min ? builder().CreateFCmpOLT(a, b) : builder().CreateFCmpOGT(a, b);
  llvm::Value* chosen = builder().CreateSelect(takes_a, a, b);
  chosen = builder().CreateSelect(builder().CreateFCmpUNO(a, a), a, chosen);
  // -0 + 0 is +0; everything else stays as it is.
  return builder().CreateFAdd(chosen, llvm::ConstantFP::get(a->getType(), 0.0));
}

}  // namespace streamc
