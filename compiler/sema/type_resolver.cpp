#include "compiler/sema/type_resolver.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "compiler/diag/closest_name.h"
#include "compiler/sema/syntax_walk.h"
#include "compiler/support/match.h"

namespace streamc {

namespace {

struct BasicType {
  std::string_view name;
  TypeKind kind;
};
constexpr std::array kBasicTypes = {
    BasicType{"bool", TypeKind::Bool},         BasicType{"int", TypeKind::Int},
    BasicType{"float", TypeKind::Float},       BasicType{"string", TypeKind::String},
    BasicType{"time", TypeKind::Time},         BasicType{"duration", TypeKind::Duration},
    BasicType{"rate", TypeKind::Rate},
};

// Types of the language that this version does not have.
constexpr std::array<std::string_view, 13> kLaterTypes = {
    "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "complex", "bytes", "list", "map"};

// What users of other languages write, and what it is called here.
struct ForeignType {
  std::string_view name;
  std::string_view ours;
};
constexpr std::array kForeignTypes = {
    ForeignType{"str", "string"},   ForeignType{"String", "string"}, ForeignType{"double", "float"},
    ForeignType{"real", "float"},   ForeignType{"number", "float"},  ForeignType{"integer", "int"},
    ForeignType{"long", "int"},     ForeignType{"boolean", "bool"},  ForeignType{"datetime", "time"},
    ForeignType{"timestamp", "time"}, ForeignType{"f64", "float"},   ForeignType{"text", "string"},
};

bool is_later_type(std::string_view name) {
  return std::find(kLaterTypes.begin(), kLaterTypes.end(), name) != kLaterTypes.end();
}

const ast::Generic* find_generic(std::span<const ast::Generic> generics, std::string_view name) {
  for (const ast::Generic& generic : generics) {
    if (generic.name.text == name) return &generic;
  }
  return nullptr;
}

}  // namespace

TypeResolver::TypeResolver(const Ast& ast, const ModuleTable& modules, CheckedProgram& program,
                           DiagnosticSink& sink)
    : ast_(ast), modules_(modules), program_(program), sink_(sink) {}

void TypeResolver::connect(LengthEvaluator evaluate_length, ModuleEnvironments environments) {
  evaluate_length_ = std::move(evaluate_length);
  environments_ = std::move(environments);
}

std::optional<TypeKind> TypeResolver::basic_kind(std::string_view name) const {
  for (const BasicType& basic : kBasicTypes) {
    if (basic.name == name) return basic.kind;
  }
  return std::nullopt;
}

TypeId TypeResolver::resolve(TypeSyntaxId id, const Environment& environment,
                             const GenericBindings& bindings) {
  TypeTable& types = program_.types;
  if (!id.valid()) return types.error();
  return streamc::match(
      ast_.type(id), [&](const ast::ErrorType&) { return types.error(); },
      [&](const ast::NamedType& named) { return resolve_named(named, environment, bindings); },
      [&](const ast::AppliedType& applied) {
        return resolve_applied(applied, environment, bindings);
      },
      [&](const ast::OptionType& option) {
        return types.option(resolve(option.base_id, environment, bindings));
      },
      [&](const ast::TupleType& tuple) {
        std::vector<TypeId> members;
        for (const TypeSyntaxId element : tuple.element_ids) {
          members.push_back(resolve(element, environment, bindings));
          if (members.back() == types.error()) return types.error();
        }
        return types.tuple(std::move(members));
      },
      [&](const ast::FunctionType& function) {
        std::vector<TypeId> parameters;
        for (const TypeSyntaxId parameter : function.parameter_ids) {
          parameters.push_back(resolve(parameter, environment, bindings));
        }
        return types.function(std::move(parameters),
                              resolve(function.result_id, environment, bindings));
      });
}

TypeId TypeResolver::resolve_named(const ast::NamedType& named, const Environment& environment,
                                   const GenericBindings& bindings) {
  TypeTable& types = program_.types;
  const std::vector<ast::Identifier>& parts = named.path.parts;
  if (parts.size() == 1) {
    const std::string& name = parts[0].text;
    std::optional<GenericValue> bound;
    if (const auto place = bindings.find(name); place != bindings.end()) bound = place->second;
    if (!bound) bound = environment.lookup_generic(name);
    if (bound) {
      if (const TypeId* type_id = std::get_if<TypeId>(&*bound)) return *type_id;
      sink_.report(diag::UnknownType, named.span, name)
          .note(fmt::format("`{}` is a number here, not a type", name));
      return types.error();
    }
    if (const auto kind = basic_kind(name)) return types.scalar(*kind);
  }
  const FoundDeclaration found = modules_.find_type(environment.module_id(), parts);
  if (found.valid()) {
    if (std::find(in_progress_.begin(), in_progress_.end(), found.decl_id) != in_progress_.end()) {
      sink_.report(diag::RecursiveType, named.span, named.path.text())
          .note("a value of it would have to hold another value of it, without end");
      return types.error();
    }
    return declared_type(found);
  }
  report_unknown(named.path, environment);
  return types.error();
}

void TypeResolver::report_unknown(const ast::Path& path, const Environment& environment) {
  const std::string name = path.text();
  if (path.parts.size() == 1 && is_later_type(name)) {
    sink_.report(diag::NotAvailable, path.span, fmt::format("the type `{}`", name));
    return;
  }
  auto report = sink_.report(diag::UnknownType, path.span, name);
  for (const ForeignType& foreign : kForeignTypes) {
    if (foreign.name == name) {
      report.help(fmt::format("it is called `{}` here", foreign.ours));
      return;
    }
  }
  std::vector<std::string> names = modules_.type_names(environment.module_id());
  for (const BasicType& basic : kBasicTypes) names.emplace_back(basic.name);
  if (const auto closest = closest_name(name, names)) {
    report.help(fmt::format("did you mean `{}`?", *closest));
  } else {
    report.help(fmt::format("declare it: `type {} = {{ … }}`", path.parts.back().text));
  }
}

TypeId TypeResolver::resolve_applied(const ast::AppliedType& applied,
                                     const Environment& environment,
                                     const GenericBindings& bindings) {
  TypeTable& types = program_.types;
  const auto* base = ast_.as<ast::NamedType>(applied.base_id);
  const std::string base_name = base != nullptr ? base->path.text() : std::string();
  if (base_name == "list" || base_name == "map") {
    sink_.report(diag::NotAvailable, applied.span, fmt::format("the type `{}`", base_name));
    return types.error();
  }
  if (base_name == "stream") {
    if (applied.arguments.size() != 1 || !applied.arguments[0].type_id.valid()) {
      sink_.report(diag::BadTypeArguments, applied.span, "stream")
          .help("name the type of its items: `stream[float]`");
      return types.error();
    }
    const TypeId item = resolve(applied.arguments[0].type_id, environment, bindings);
    return item == types.error() ? item : types.stream(item);
  }
  const TypeId element = resolve(applied.base_id, environment, bindings);
  if (element == types.error()) return element;
  if (types.kind(element) == TypeKind::Stream) {
    sink_.report(diag::NotAvailable, applied.span, "an array of streams");
    return types.error();
  }
  if (applied.arguments.empty()) return types.window(element);
  const ast::TypeArgument& argument = applied.arguments[0];
  if (applied.arguments.size() > 1 || argument.name.present() || !argument.constant_id.valid()) {
    sink_.report(diag::BadTypeArguments, applied.span, types.text(element))
        .help(fmt::format("write `{0}[]` for any number of values, or `{0}[16]` for exactly 16",
                          types.text(element)));
    return types.error();
  }
  const auto length = evaluate_length_(argument.constant_id, environment, bindings);
  if (!length) return types.error();
  constexpr std::int64_t kMaxLength = 1 << 24;
  if (*length < 0 || *length > kMaxLength) {
    sink_.report(diag::BadLength, argument.span, *length);
    return types.error();
  }
  return types.array(element, *length);
}

TypeId TypeResolver::declared_type(const FoundDeclaration& found) {
  if (const auto place = declared_.find(found.decl_id); place != declared_.end()) {
    return place->second;
  }
  const auto* decl = ast_.as<ast::TypeDecl>(found.decl_id);
  STREAM_ASSERT(decl != nullptr, "not the declaration of a type");
  const TypeId type_id = declare(found, *decl);
  declared_[found.decl_id] = type_id;
  return type_id;
}

TypeId TypeResolver::declare(const FoundDeclaration& found, const ast::TypeDecl& decl) {
  TypeTable& types = program_.types;
  if (!decl.generics.empty()) {
    sink_.report(diag::NotAvailable, decl.generics[0].span, "a type with type parameters");
    return types.error();
  }
  const Environment& environment = environments_(found.module_id);
  return streamc::match(
      decl.definition,
      [&](const ast::RecordDefinition& definition) {
        const TypeId record = types.declare_record(decl.name.text);
        declarations_[record] = found;
        in_progress_.push_back(found.decl_id);
        resolve_fields(record, definition, environment);
        in_progress_.pop_back();
        return record;
      },
      [&](const ast::EnumerationDefinition& definition) {
        std::vector<std::string> values;
        for (const ast::Identifier& value : definition.values) {
          if (std::find(values.begin(), values.end(), value.text) != values.end()) {
            sink_.report(diag::DeclaredTwice, value.span, value.text);
            continue;
          }
          values.push_back(value.text);
        }
        const TypeId enumeration = types.declare_enumeration(decl.name.text, std::move(values));
        declarations_[enumeration] = found;
        return enumeration;
      },
      [&](const ast::AliasDefinition& definition) {
        in_progress_.push_back(found.decl_id);
        const TypeId type_id = resolve(definition.type_id, environment);
        in_progress_.pop_back();
        return type_id;
      });
}

void TypeResolver::resolve_fields(TypeId record, const ast::RecordDefinition& definition,
                                  const Environment& environment) {
  TypeTable& types = program_.types;
  std::vector<TypeField> fields;
  for (const ast::Field& field : definition.fields) {
    const auto same = std::find_if(fields.begin(), fields.end(), [&](const TypeField& other) {
      return other.name == field.name.text;
    });
    if (same != fields.end()) {
      sink_.report(diag::DeclaredTwice, field.name.span, field.name.text);
      continue;
    }
    TypeId type_id = resolve(field.type_id, environment);
    const TypeKind kind = types.kind(type_id);
    if (kind == TypeKind::Window || kind == TypeKind::Stream || kind == TypeKind::Function) {
      auto report = sink_.report(diag::BadFieldType, span_of(ast_, field.type_id), field.name.text,
                                 "a `" + types.text(type_id) + "`");
      if (kind == TypeKind::Window) {
        report.help(fmt::format("give it a length: `{}[16]`",
                                types.text(types.get(type_id).element_id)));
      }
      type_id = types.error();
    }
    fields.push_back({field.name.text, type_id, field.outside_name.value_or(field.name.text)});
  }
  types.set_record_fields(record, std::move(fields));
}

FoundDeclaration TypeResolver::declaration_of(TypeId type_id) const {
  const auto place = declarations_.find(type_id);
  return place == declarations_.end() ? FoundDeclaration() : place->second;
}

TypeId TypeResolver::resolve_expression(ExprId id, const Environment& environment) {
  TypeTable& types = program_.types;
  const SourceSpan span = span_of(ast_, id);
  if (const std::vector<ast::Identifier> path = path_of(ast_, id); !path.empty()) {
    return resolve_named({span, {span, path}}, environment, {});
  }
  if (const auto* index = ast_.as<ast::IndexExpr>(id)) {
    const bool is_length =
        index->indices.size() == 1 && index->indices[0].kind == ast::Index::Kind::Value;
    const TypeId element = resolve_expression(index->object_id, environment);
    if (element == types.error()) return element;
    if (is_length) {
      const auto length = evaluate_length_(index->indices[0].first_id, environment, {});
      return length && *length >= 0 ? types.array(element, *length) : types.error();
    }
  } else if (const auto* tuple = ast_.as<ast::TupleExpr>(id)) {
    std::vector<TypeId> members;
    for (const ExprId element : tuple->element_ids) {
      members.push_back(resolve_expression(element, environment));
      if (members.back() == types.error()) return types.error();
    }
    return types.tuple(std::move(members));
  } else if (ast_.as<ast::ErrorExpr>(id) != nullptr) {
    return types.error();
  }
  sink_.report(diag::NotAType, span).help("name a type, such as `float` or one of your records");
  return types.error();
}

bool TypeResolver::is_type_kind(TypeSyntaxId id) const {
  const auto* named = ast_.as<ast::NamedType>(id);
  return named != nullptr && named->path.text() == "type";
}

TypeSyntaxId TypeResolver::stream_item(TypeSyntaxId id) const {
  const auto* applied = ast_.as<ast::AppliedType>(id);
  if (applied == nullptr || applied->arguments.size() != 1) return {};
  const auto* base = ast_.as<ast::NamedType>(applied->base_id);
  if (base == nullptr || base->path.text() != "stream") return {};
  return applied->arguments[0].type_id;
}

const ast::FunctionType* TypeResolver::function_type(TypeSyntaxId id) const {
  return ast_.as<ast::FunctionType>(id);
}

bool TypeResolver::mentions(TypeSyntaxId id, std::span<const ast::Generic> generics) const {
  if (!id.valid() || generics.empty()) return false;
  const auto any = [&](const std::vector<TypeSyntaxId>& ids) {
    return std::any_of(ids.begin(), ids.end(),
                       [&](TypeSyntaxId part) { return mentions(part, generics); });
  };
  return streamc::match(
      ast_.type(id), [](const ast::ErrorType&) { return false; },
      [&](const ast::NamedType& named) {
        return named.path.parts.size() == 1 &&
               find_generic(generics, named.path.parts[0].text) != nullptr;
      },
      [&](const ast::AppliedType& applied) {
        if (mentions(applied.base_id, generics)) return true;
        return std::any_of(applied.arguments.begin(), applied.arguments.end(),
                           [&](const ast::TypeArgument& argument) {
                             if (argument.type_id.valid()) return mentions(argument.type_id, generics);
                             bool found = false;
                             walk_expressions(ast_, argument.constant_id, [&](ExprId part) {
                               const auto* name = ast_.as<ast::NameExpr>(part);
                               found = found || (name != nullptr &&
                                                 find_generic(generics, name->name) != nullptr);
                               return !found;
                             });
                             return found;
                           });
      },
      [&](const ast::OptionType& option) { return mentions(option.base_id, generics); },
      [&](const ast::TupleType& tuple) { return any(tuple.element_ids); },
      [&](const ast::FunctionType& function) {
        return any(function.parameter_ids) || mentions(function.result_id, generics);
      });
}

void TypeResolver::match(TypeSyntaxId pattern, TypeId actual,
                         std::span<const ast::Generic> generics, const Environment& environment,
                         GenericBindings& bindings) {
  if (!pattern.valid() || !actual.valid() || generics.empty()) return;
  const Type type = program_.types.get(actual);
  const auto bind_type = [&](const std::string& name) {
    if (type.kind == TypeKind::Nothing) return;
    const auto [place, is_new] = bindings.try_emplace(name, actual);
    if (is_new) return;
    if (TypeId* other = std::get_if<TypeId>(&place->second)) {
      const TypeId common = common_type(*other, actual);
      if (common.valid()) *other = common;
    }
  };
  streamc::match(
      ast_.type(pattern), [](const ast::ErrorType&) {},
      [&](const ast::NamedType& named) {
        if (named.path.parts.size() != 1) return;
        const std::string& name = named.path.parts[0].text;
        if (find_generic(generics, name) != nullptr) bind_type(name);
      },
      [&](const ast::AppliedType& applied) {
        if (const TypeSyntaxId item = stream_item(pattern); item.valid()) {
          match(item, type.kind == TypeKind::Stream ? type.element_id : actual, generics,
                environment, bindings);
          return;
        }
        if (type.kind != TypeKind::Array && type.kind != TypeKind::Window) return;
        match(applied.base_id, type.element_id, generics, environment, bindings);
        if (type.kind != TypeKind::Array || applied.arguments.size() != 1) return;
        const auto* name = ast_.as<ast::NameExpr>(applied.arguments[0].constant_id);
        if (name != nullptr && find_generic(generics, name->name) != nullptr) {
          bindings.try_emplace(name->name, type.length);
        }
      },
      [&](const ast::OptionType& option) {
        if (type.kind == TypeKind::None) return;
        match(option.base_id, type.kind == TypeKind::Option ? type.element_id : actual, generics,
              environment, bindings);
      },
      [&](const ast::TupleType& tuple) {
        if (type.kind != TypeKind::Tuple || type.elements.size() != tuple.element_ids.size()) return;
        for (std::size_t i = 0; i < type.elements.size(); ++i) {
          match(tuple.element_ids[i], type.elements[i], generics, environment, bindings);
        }
      },
      [&](const ast::FunctionType& function) {
        if (type.kind != TypeKind::Function) return;
        if (type.elements.size() != function.parameter_ids.size() + 1) return;
        for (std::size_t i = 0; i < function.parameter_ids.size(); ++i) {
          match(function.parameter_ids[i], type.elements[i], generics, environment, bindings);
        }
        match(function.result_id, type.elements.back(), generics, environment, bindings);
      });
}

bool TypeResolver::check_bounds(std::span<const ast::Generic> generics,
                                const GenericBindings& bindings, std::string_view callee,
                                SourceSpan span) {
  const TypeTable& types = program_.types;
  bool ok = true;
  for (const ast::Generic& generic : generics) {
    const auto place = bindings.find(generic.name.text);
    if (place == bindings.end()) {
      sink_.report(diag::GenericUnbound, span, generic.name.text, callee)
          .label(generic.span, "declared here");
      ok = false;
      continue;
    }
    const auto* bound = ast_.as<ast::NamedType>(generic.bound_id);
    const TypeId* type_id = std::get_if<TypeId>(&place->second);
    if (type_id != nullptr && *type_id == types.error()) {
      ok = false;
      continue;
    }
    if (bound == nullptr) continue;
    const std::string name = bound->path.text();
    const auto refuse = [&](std::string_view wanted) {
      sink_.report(diag::GenericBound, span, callee, wanted,
                   type_id != nullptr ? "`" + types.text(*type_id) + "`" : std::string("a length"))
          .label(generic.span, "declared here");
      ok = false;
    };
    if (name == "number") {
      if (type_id == nullptr || !types.is_number(*type_id)) refuse("numbers");
    } else if (name == "ordered") {
      if (type_id == nullptr || !types.is_ordered(*type_id)) refuse("values that have an order");
    } else if (name == "int") {
      if (type_id != nullptr) refuse("a length");
    } else {
      sink_.report(diag::UnknownType, bound->span, name)
          .help("a generic is a type (`[T]`), a `number`, `ordered`, or a length (`[N: int]`)");
      ok = false;
    }
  }
  return ok;
}

TypeId TypeResolver::common_type(TypeId a, TypeId b) {
  TypeTable& types = program_.types;
  if (a == b) return a;
  const Type left = types.get(a);
  const Type right = types.get(b);
  if (left.kind == TypeKind::Error || right.kind == TypeKind::Nothing) return a;
  if (right.kind == TypeKind::Error || left.kind == TypeKind::Nothing) return b;
  if (types.is_number(a) && types.is_number(b)) return types.scalar(TypeKind::Float);
  if (left.kind == TypeKind::None) return types.option(b);
  if (right.kind == TypeKind::None) return types.option(a);
  if (left.kind == TypeKind::Option || right.kind == TypeKind::Option) {
    const TypeId inner_left = left.kind == TypeKind::Option ? left.element_id : a;
    const TypeId inner_right = right.kind == TypeKind::Option ? right.element_id : b;
    const TypeId inner = common_type(inner_left, inner_right);
    return inner.valid() ? types.option(inner) : TypeId();
  }
  const bool left_array = left.kind == TypeKind::Array || left.kind == TypeKind::Window;
  const bool right_array = right.kind == TypeKind::Array || right.kind == TypeKind::Window;
  if (left_array && right_array) {
    const TypeId element = common_type(left.element_id, right.element_id);
    if (!element.valid()) return {};
    const bool same_length = left.kind == TypeKind::Array && right.kind == TypeKind::Array &&
                             left.length == right.length;
    return same_length ? types.array(element, left.length) : types.window(element);
  }
  if (left.kind == TypeKind::Tuple && right.kind == TypeKind::Tuple &&
      left.elements.size() == right.elements.size()) {
    std::vector<TypeId> members;
    for (std::size_t i = 0; i < left.elements.size(); ++i) {
      members.push_back(common_type(left.elements[i], right.elements[i]));
      if (!members.back().valid()) return {};
    }
    return types.tuple(std::move(members));
  }
  return {};
}

}  // namespace streamc
