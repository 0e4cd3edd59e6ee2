// What names and expressions mean between streams, while a graph is built.
//
// An expression at the level of wiring gives a `Wire`. A name stands for an `Equation`, which is elaborated
// when it is first used, so that equations may stand in any order. A `WiringEnvironment` is a block
// of equations (a file, the inside of a graph that is being expanded, a test) with everything that is
// visible around it; the checker of items asks it what the names in item expressions mean.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/sema/environment.h"
#include "compiler/sema/item_checker.h"

namespace streamc {

class WiringEnvironment;

// What an expression between streams gives.
struct Wire {
  enum class Kind : std::uint8_t {
    Error,    // Its mistake is reported.
    Nothing,  // A sink.
    Stream,   // `port`.
    Window,   // A window over `port` that nothing has been made of yet: what uses it decides whether
              // it is summarised as it goes or handed over as a view.
    Bundle,   // Several named outputs.
  };
  Kind kind = Kind::Error;
  PortId port;
  WindowShape shape;
  SourceSpan span;  // Window: of the call that made it.
  std::vector<std::string> names;  // Bundle: one for each of
  std::vector<Wire> outputs;       // its outputs.

  static Wire error() { return {}; }
  static Wire nothing() { return {.kind = Kind::Nothing}; }
  static Wire stream(PortId port) { return {.kind = Kind::Stream, .port = port}; }
  [[nodiscard]] bool is_error() const { return kind == Kind::Error; }
};

// A list written in the program or in a test: `[1.0 at 0s, fail("broken"), end at 90s]`.
struct ListContent {
  TypeId type_id;
  std::vector<ListElement> elements;
  std::optional<std::int64_t> end_stamp;
};

// A stream, or several, that has a name; or the argument of a graph, which is elaborated where it is used.
struct Equation {
  enum class State : std::uint8_t { Waiting, Running, Done };

  const WiringEnvironment* environment = nullptr;  // In which `value_id` is read.
  ExprId value_id;
  std::vector<std::string> targets;
  SourceSpan span;
  // The type written after the name, or that of the parameter it is bound to, and where to read it.
  TypeSyntaxId declared_id;
  const WiringEnvironment* declared_environment = nullptr;
  std::string label;          // Name of the top-level equation that its operators belong to.
  bool is_top_level = false;  // Its ports are known by its name.
  bool is_argument = false;   // Of a graph that is expanded.
  bool failure_is_handled = false;  // It stands under an `else`.
  bool is_misspelt = false;   // Written `name == …`; told of at the statement, and nothing else of it.
  const ListContent* given = nullptr;  // In a test: what stands in for its value.
  std::optional<RateValue> given_rate;

  State state = State::Waiting;
  Wire wire;

  // In a block, an equation may be a constant; found out on first use.
  std::optional<bool> is_constant;
  CheckedExprId constant;
};

using EquationId = Id<struct EquationTag>;

// A function given to a graph: to be read in the environment of the call.
struct FunctionBinding {
  ExprId function;
  const WiringEnvironment* environment = nullptr;
};

// A constant: the expression, read in its environment on first use.
struct ConstantBinding {
  std::string name;
  ExprId value_id;
  const WiringEnvironment* environment = nullptr;
  TypeSyntaxId declared_id;
  const WiringEnvironment* declared_environment = nullptr;
  SourceSpan span;
  CheckedExprId checked;
  bool is_checked = false;
};

// What a name stands for at the level of wiring.
struct WiringMeaning {
  enum class Kind : std::uint8_t { Unknown, Equation, Constant, Function };
  Kind kind = Kind::Unknown;
  EquationId equation;
  std::size_t target = 0;
  FunctionBinding function;
};

class Elaborator;

class WiringEnvironment final : public Environment {
 public:
  // The top level of a module: its params and constants are those of the checker. `outer` of a
  // block is what it stands in. All are kept by reference.
  WiringEnvironment(Elaborator& elaborator, const Environment& module_level)
      : elaborator_(elaborator), module_level_(&module_level) {}
  WiringEnvironment(Elaborator& elaborator, const WiringEnvironment& outer)
      : elaborator_(elaborator), outer_(&outer) {}

  void bind_equation(std::string name, EquationId equation, std::size_t target);
  void bind_constant(std::string name, ConstantBinding constant);
  void bind_function(std::string name, FunctionBinding function);
  void bind_generic(std::string name, GenericValue value);
  GenericBindings& generics() { return generics_; }
  const GenericBindings& generics() const { return generics_; }

  [[nodiscard]] WiringMeaning find(std::string_view name) const;

  [[nodiscard]] Meaning lookup(std::string_view name) const override;
  [[nodiscard]] std::optional<GenericValue> lookup_generic(std::string_view name) const override;
  [[nodiscard]] ModuleId module_id() const override;
  void append_names(std::vector<std::string>& names) const override;

 private:
  struct EquationBinding {
    EquationId equation;
    std::size_t target = 0;
  };
  Meaning meaning_of(const EquationBinding& binding) const;

  Elaborator& elaborator_;
  const WiringEnvironment* outer_ = nullptr;
  const Environment* module_level_ = nullptr;
  std::map<std::string, EquationBinding, std::less<>> equations_;
  mutable std::map<std::string, ConstantBinding, std::less<>> constants_;
  std::map<std::string, FunctionBinding, std::less<>> functions_;
  GenericBindings generics_;
};

}  // namespace streamc
