// What names mean around an item expression: the boundary between wiring and items.
//
// The checker of items knows the locals of the body it is in. Every other name it asks of an
// Environment: that of a module (made by the checker itself), or one that the graph builder makes
// for the inside of a graph, a plate or a test.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/ast/nodes.h"
#include "compiler/sema/checked.h"
#include "compiler/sema/modules.h"
#include "compiler/sema/types.h"

namespace streamc {

class Environment;

// The meaning of a name in the place of a value.
struct Meaning {
  enum class Kind : std::uint8_t {
    Unknown,
    Constant,  // `constant`: an expression of constants and literals only.
    Stream,    // `item_type_id`, where known. Inside an item expression this is a mistake; the
               // builder avoids it by listing the name as an operand of lift().
    Function,  // `function` in `function_environment`: what a parameter of function type is bound to.
    Error,     // Its mistake is reported; be silent about it.
  };
  Kind kind = Kind::Unknown;
  CheckedExprId constant;
  TypeId item_type_id;
  ExprId function;  // A lambda, the name of a function, or a text with an empty hole.
  const Environment* function_environment = nullptr;

  static Meaning of_constant(CheckedExprId id) { return {.kind = Kind::Constant, .constant = id}; }
  static Meaning of_stream(TypeId item) { return {.kind = Kind::Stream, .item_type_id = item}; }
  static Meaning of_function(ExprId function, const Environment& environment) {
    return {.kind = Kind::Function, .function = function, .function_environment = &environment};
  }
  static Meaning of_error() { return {.kind = Kind::Error}; }
};

// What a generic parameter is bound to: `T` to a type, `N` to a length.
using GenericValue = std::variant<TypeId, std::int64_t>;

class Environment {
 public:
  virtual ~Environment() = default;

  // What `name` means as a value here or further out. May check the constant it names.
  [[nodiscard]] virtual Meaning lookup(std::string_view name) const = 0;

  // What a function parameter of that name is bound to (Meaning::Kind::Function), or nothing. Asked
  // for callees: functions and values have separate namespaces, so an equation `mean` does not hide
  // the function `mean`.
  [[nodiscard]] virtual std::optional<Meaning> lookup_function(std::string_view name) const {
    Meaning meaning = lookup(name);
    if (meaning.kind != Meaning::Kind::Function) return std::nullopt;
    return meaning;
  }

  // What a generic parameter in scope (or a parameter of kind `type`) is bound to. A length `N` is
  // a value, too: lookup() gives the same as a constant.
  [[nodiscard]] virtual std::optional<GenericValue> lookup_generic(std::string_view name) const = 0;

  // The module whose functions and types are visible.
  [[nodiscard]] virtual ModuleId module_id() const = 0;

  // Appends the names that lookup() knows, for "did you mean".
  virtual void append_names(std::vector<std::string>& names) const = 0;
};

}  // namespace streamc
