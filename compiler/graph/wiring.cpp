#include "compiler/graph/wiring.h"

#include "compiler/graph/elaborator.h"

namespace streamc {

void WiringEnvironment::bind_equation(std::string name, EquationId equation, std::size_t target) {
  equations_.insert_or_assign(std::move(name), EquationBinding{equation, target});
}

void WiringEnvironment::bind_constant(std::string name, ConstantBinding constant) {
  constants_.insert_or_assign(std::move(name), std::move(constant));
}

void WiringEnvironment::bind_function(std::string name, FunctionBinding function) {
  functions_.insert_or_assign(std::move(name), function);
}

void WiringEnvironment::bind_generic(std::string name, GenericValue value) {
  generics_.insert_or_assign(std::move(name), value);
}

WiringMeaning WiringEnvironment::find(std::string_view name) const {
  if (const auto found = functions_.find(name); found != functions_.end()) {
    return {.kind = WiringMeaning::Kind::Function, .function = found->second};
  }
  if (const auto found = constants_.find(name); found != constants_.end()) {
    return {.kind = WiringMeaning::Kind::Constant};
  }
  if (const auto found = equations_.find(name); found != equations_.end()) {
    if (elaborator_.is_constant_equation(found->second.equation)) {
      return {.kind = WiringMeaning::Kind::Constant};
    }
    return {.kind = WiringMeaning::Kind::Equation,
            .equation = found->second.equation,
            .target = found->second.target};
  }
  if (outer_ != nullptr) return outer_->find(name);
  const Meaning::Kind kind = module_level_->lookup(name).kind;
  if (kind == Meaning::Kind::Constant) return {.kind = WiringMeaning::Kind::Constant};
  return {};
}

Meaning WiringEnvironment::meaning_of(const EquationBinding& binding) const {
  if (elaborator_.is_constant_equation(binding.equation)) {
    const CheckedExprId constant = elaborator_.checked_equation(binding.equation);
    return constant.valid() ? Meaning::of_constant(constant) : Meaning::of_error();
  }
  const Equation& equation = elaborator_.equation(binding.equation);
  if (equation.state == Equation::State::Done) {
    // Its mistake is reported; it is a stream all the same.
    if (equation.wire.kind == Wire::Kind::Error) {
      return Meaning::of_stream(elaborator_.program().types.error());
    }
    if (equation.wire.kind == Wire::Kind::Stream) {
      return Meaning::of_stream(elaborator_.item_type(equation.wire.port));
    }
  }
  return Meaning::of_stream({});
}

Meaning WiringEnvironment::lookup(std::string_view name) const {
  if (const auto found = functions_.find(name); found != functions_.end()) {
    return Meaning::of_function(found->second.function, *found->second.environment);
  }
  if (const auto found = constants_.find(name); found != constants_.end()) {
    const CheckedExprId constant = elaborator_.checked_constant(found->second);
    return constant.valid() ? Meaning::of_constant(constant) : Meaning::of_error();
  }
  if (const auto found = generics_.find(name); found != generics_.end()) {
    if (const auto* length = std::get_if<std::int64_t>(&found->second)) {
      return Meaning::of_constant(
          elaborator_.checker().literal(make_int(elaborator_.program().types, *length)));
    }
  }
  if (const auto found = equations_.find(name); found != equations_.end()) {
    return meaning_of(found->second);
  }
  return outer_ != nullptr ? outer_->lookup(name) : module_level_->lookup(name);
}

std::optional<GenericValue> WiringEnvironment::lookup_generic(std::string_view name) const {
  if (const auto found = generics_.find(name); found != generics_.end()) return found->second;
  return outer_ != nullptr ? outer_->lookup_generic(name) : module_level_->lookup_generic(name);
}

ModuleId WiringEnvironment::module_id() const {
  return outer_ != nullptr ? outer_->module_id() : module_level_->module_id();
}

void WiringEnvironment::append_names(std::vector<std::string>& names) const {
  for (const auto& [name, equation] : equations_) names.push_back(name);
  for (const auto& [name, constant] : constants_) names.push_back(name);
  for (const auto& [name, function] : functions_) names.push_back(name);
  if (outer_ != nullptr) {
    outer_->append_names(names);
  } else {
    module_level_->append_names(names);
  }
}

}  // namespace streamc
