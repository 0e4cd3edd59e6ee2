// Types as written → TypeIds: names, generics, arrays with constant lengths, records.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diag/diagnostics.h"
#include "compiler/sema/checked.h"
#include "compiler/sema/environment.h"
#include "compiler/sema/modules.h"

namespace streamc {

// Generic parameters and what they were found to be, by name; ordered, so that it prints the same
// in every run.
using GenericBindings = std::map<std::string, GenericValue, std::less<>>;

class TypeResolver {
 public:
  // The value of a constant expression in a type (`taps: float[2 * N]`); it reports mistakes itself.
  using LengthEvaluator =
      std::function<std::optional<std::int64_t>(ExprId, const Environment&, const GenericBindings&)>;
  // The environment of a module's top level, in which its type declarations are read.
  using ModuleEnvironments = std::function<const Environment&(ModuleId)>;

  TypeResolver(const Ast& ast, const ModuleTable& modules, CheckedProgram& program,
               DiagnosticSink& sink);

  // Must be called before anything is resolved; breaks the circle with the checker of constants.
  void connect(LengthEvaluator evaluate_length, ModuleEnvironments environments);

  // The type written there; the error type after a report. `bindings` come before `environment`.
  TypeId resolve(TypeSyntaxId id, const Environment& environment,
                 const GenericBindings& bindings = {});

  // The type of a record, enumeration or alias declaration, made on first use.
  TypeId declared_type(const FoundDeclaration& found);
  // The declaration of a record or enumeration type; invalid for other types.
  FoundDeclaration declaration_of(TypeId type_id) const;

  // An expression that names a type, as an argument of a parameter of kind `type`: `Reading`,
  // `float`, `float[16]`. Reports what is none.
  TypeId resolve_expression(ExprId id, const Environment& environment);

  // Whether `id` is the bare word `type`, the kind of a parameter that takes a type.
  bool is_type_kind(TypeSyntaxId id) const;
  // `stream[…]`: the syntax of the item type; invalid if it is no stream.
  TypeSyntaxId stream_item(TypeSyntaxId id) const;
  // The function type written there, else null.
  const ast::FunctionType* function_type(TypeSyntaxId id) const;
  // Whether the syntax mentions one of these generics.
  bool mentions(TypeSyntaxId id, std::span<const ast::Generic> generics) const;

  // Binds the generics of `pattern` that occur in `actual`, as far as the two have the same shape.
  // A generic found twice takes what both fit in (`int` and `float`: `float`; `T` and `none`: `T?`).
  // Silent: what does not fit shows when the argument is converted to the resolved type. Of a
  // stream pattern, the item type is matched against `actual`.
  void match(TypeSyntaxId pattern, TypeId actual, std::span<const ast::Generic> generics,
             const Environment& environment, GenericBindings& bindings);

  // Checks each bound generic against its class (`number`, `ordered`) and reports generics that
  // nothing bound. `callee` and `span` are those of the call.
  bool check_bounds(std::span<const ast::Generic> generics, const GenericBindings& bindings,
                    std::string_view callee, SourceSpan span);

  // The type that both fit in by implicit conversion, or invalid.
  TypeId common_type(TypeId a, TypeId b);

 private:
  TypeId resolve_named(const ast::NamedType& named, const Environment& environment,
                       const GenericBindings& bindings);
  TypeId resolve_applied(const ast::AppliedType& applied, const Environment& environment,
                         const GenericBindings& bindings);
  TypeId declare(const FoundDeclaration& found, const ast::TypeDecl& decl);
  void resolve_fields(TypeId record, const ast::RecordDefinition& definition,
                      const Environment& environment);
  void report_unknown(const ast::Path& path, const Environment& environment);
  std::optional<TypeKind> basic_kind(std::string_view name) const;

  const Ast& ast_;
  const ModuleTable& modules_;
  CheckedProgram& program_;
  DiagnosticSink& sink_;
  LengthEvaluator evaluate_length_;
  ModuleEnvironments environments_;
  std::unordered_map<DeclId, TypeId> declared_;
  std::unordered_map<TypeId, FoundDeclaration> declarations_;
  std::vector<DeclId> in_progress_;  // Being resolved, outermost first: to refuse recursion.
};

}  // namespace streamc
