// match(): a std::variant taken apart by one lambda for each alternative.
//
// There is no catch-all on purpose: a new alternative makes every match() that forgot it fail to
// compile, which is the list of places that must learn about it.
#pragma once

#include <utility>
#include <variant>

namespace streamc {

// One callable made of several, each with its own argument type.
template <class... Functions>
struct overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
overloaded(Functions...) -> overloaded<Functions...>;

// match(node, [](const PipeExpr& pipe) {…}, [](const NameExpr& name) {…})
template <class Variant, class... Functions>
decltype(auto) match(Variant&& variant, Functions&&... functions) {
  return std::visit(overloaded{std::forward<Functions>(functions)...},
                    std::forward<Variant>(variant));
}

}  // namespace streamc
