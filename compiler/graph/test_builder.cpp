// `test` blocks → a graph that observes the streams of the program, and what they must be.
#include <algorithm>

#include "compiler/diag/closest_name.h"
#include "compiler/graph/builder.h"
#include "compiler/graph/elaborator.h"
#include "compiler/graph/holes.h"
#include "compiler/graph/rewrite.h"
#include "compiler/graph/verifier.h"

namespace streamc {
namespace {

// Puts overrides of params back when a test has been built.
class OverridesScope {
 public:
  explicit OverridesScope(ItemChecker& checker) : checker_(checker), saved_(checker.overrides()) {}
  OverridesScope(const OverridesScope&) = delete;
  OverridesScope& operator=(const OverridesScope&) = delete;
  ~OverridesScope() { checker_.overrides() = saved_; }

 private:
  ItemChecker& checker_;
  Evaluator::Overrides saved_;
};

// What the program itself says of a stream that a test gives.
struct Original {
  TypeId type_id;
  std::optional<RateValue> rate;
  std::optional<std::uint32_t> time_field;  // Of a record that says when it came.
};

class TestBuilder {
 public:
  TestBuilder(const ast::TestDecl& test, const Ast& ast, const ModuleTable& modules,
              ItemChecker& checker, CheckedProgram& program, DiagnosticSink& sink,
              const BuildOptions& options)
      : test_(test), ast_(ast), modules_(modules), checker_(checker), program_(program), sink_(sink),
        options_(options), main_(modules.main_id()) {}

  std::optional<TestGraph> build() {
    const OverridesScope overrides(checker_);
    const DiagnosticSink::Mark mark = sink_.mark();
    read_statements();
    give_params();
    give_streams();
    if (sink_.has_errors_since(mark)) return std::nullopt;
    PrevTypes prev_types;
    while (true) {
      TestGraph result;
      result.plan.name = test_.name;
      result.plan.span = test_.span;
      result.plan.overrides = checker_.overrides();
      Elaborator elaborator(ast_, modules_, checker_, program_, sink_, options_, prev_types);
      observe(elaborator, result);
      if (elaborator.must_retry()) {
        sink_.rollback(mark);
        continue;
      }
      result.graph = elaborator.finish();
      if (sink_.has_errors_since(mark)) return std::nullopt;
      result.graph.captures = captures_;
      remove_unneeded(result.graph);  // What the test does not reach needs no devices.
      check_devices(result.graph);
      if (sink_.has_errors_since(mark)) return std::nullopt;
      mark_holes(result.graph, program_);
      verify_graph(result.graph, program_, "building a test");
      return result;
    }
  }

 private:
  struct Given {
    const ast::GivenStmt* statement = nullptr;
    ListContent list;
    std::optional<RateValue> rate;
  };

  void read_statements() {
    for (const StmtId id : test_.block.statements) {
      if (const auto* given = ast_.as<ast::GivenStmt>(id)) {
        givens_.push_back({.statement = given});
      } else if (const auto* expect = ast_.as<ast::ExpectStmt>(id)) {
        expects_.push_back(expect);
      } else if (const auto* assign = ast_.as<ast::AssignStmt>(id)) {
        assigns_.push_back(assign);
      } else if (ast_.as<ast::ErrorStmt>(id) == nullptr) {
        sink_.report(diag::StatementNotHere, span_of(ast_, id), "this", "a test")
            .help("a test holds `given name = …`, `expect a == b` and equations");
      }
    }
  }

  const Environment& environment() { return checker_.module_environment(main_); }

  // Params and constants that the test gives, into the checker's overrides.
  void give_params() {
    for (const Given& given : givens_) {
      const ast::Identifier& name = given.statement->subject.name;
      if (!given.statement->subject.fields.empty() || !given.statement->subject.indices.empty()) {
        sink_.report(diag::NotAvailable, given.statement->subject.span, "`given` for a part of a stream")
            .help("give the stream that it is made of");
        continue;
      }
      const FoundValue found = modules_.find_value(main_, name.text);
      if (!found.valid()) {
        auto message = sink_.report(diag::GivenUnknown, name.span, name.text);
        const std::vector<std::string> names = modules_.value_names(main_);
        if (const auto closest = closest_name(name.text, names)) {
          message.help(fmt::format("did you mean `{}`?", *closest));
        }
        continue;
      }
      if (environment().lookup(name.text).kind != Meaning::Kind::Constant) continue;
      const ConstantId constant = checker_.module_constant(found);
      const CheckedExprId value =
          checker_.check_constant(given.statement->value_id, environment(),
                                  constant.valid() ? program_.constant(constant).type_id : TypeId());
      if (!constant.valid() || !value.valid()) continue;
      if (const std::optional<Value> evaluated = evaluate(value)) {
        checker_.overrides().insert_or_assign(constant, *evaluated);
      }
    }
  }

  // Without marking params as fixed: a test decides nothing about the program.
  std::optional<Value> evaluate(CheckedExprId id) {
    const Evaluated result = checker_.evaluate(id);
    if (!result.value) sink_.report(diag::ConstantFails, program_.expr(id).span, result.failure);
    return result.value;
  }

  // Streams that the test gives: their lists have the type of what they stand in for.
  void give_streams() {
    for (Given& given : givens_) {
      const std::string& name = given.statement->subject.name.text;
      if (!modules_.find_value(main_, name).valid() ||
          environment().lookup(name).kind != Meaning::Kind::Stream) {
        continue;
      }
      const std::optional<Original> original = original_of(name);
      if (!original) continue;
      PrevTypes prev_types;
      Elaborator elaborator(ast_, modules_, checker_, program_, sink_, options_, prev_types);
      std::optional<ListContent> list = elaborator.list_content(
          given.statement->value_id, elaborator.module_environment(main_), original->type_id, true);
      if (!list) continue;
      const bool has_stamps = !list->elements.empty() && list->elements.front().stamp.has_value();
      if (!has_stamps && original->time_field) stamp_by_field(*list, *original->time_field);
      if (!has_stamps && !list->end_stamp) given.rate = original->rate;
      given.list = std::move(*list);
    }
  }

  // The stream as the program has it, from a draft that is thrown away; its own mistakes are reported
  // by the main graph.
  std::optional<Original> original_of(const std::string& name) {
    const DiagnosticSink::Mark mark = sink_.mark();
    PrevTypes prev_types;
    for (int round = 0; round < kMaxRounds; ++round) {
      Elaborator elaborator(ast_, modules_, checker_, program_, sink_, options_, prev_types);
      const WiringMeaning meaning = elaborator.module_environment(main_).find(name);
      if (meaning.kind != WiringMeaning::Kind::Equation) break;
      const Wire wire = elaborator.value_of(meaning.equation, meaning.target, {});
      elaborator.close_cycles();
      if (elaborator.must_retry()) {
        sink_.rollback(mark);
        continue;
      }
      if (wire.kind != Wire::Kind::Stream) break;
      const GraphDraft& draft = elaborator.draft();
      const DraftScopeId scope = draft.scope_of(wire.port);
      Original original{.type_id = elaborator.item_type(wire.port)};
      original.rate = draft.clocks().rate(draft.clock(scope));
      const Type& type = program_.types.get(original.type_id);
      if (type.kind == TypeKind::Record && draft.domain(scope) == Domain::Time && !original.rate) {
        std::size_t count = 0;
        for (std::uint32_t i = 0; i < type.fields.size(); ++i) {
          if (program_.types.kind(type.fields[i].type_id) != TypeKind::Time) continue;
          ++count;
          original.time_field = i;
        }
        if (count != 1) original.time_field.reset();
      }
      return original;
    }
    if (!sink_.has_errors_since(mark)) {
      sink_.report(diag::GivenUnknown, test_.name_span, name)
          .help("give a single stream, not a sink or several outputs");
    }
    return std::nullopt;
  }

  void stamp_by_field(ListContent& list, std::uint32_t field) {
    for (ListElement& element : list.elements) {
      if (element.is_hole) continue;
      if (const Evaluated value = checker_.evaluate(element.value); value.value) {
        element.stamp = value.value->parts[field].integer;
      }
    }
    // A hole has the stamp of what is before it.
    std::int64_t last = 0;
    for (ListElement& element : list.elements) {
      if (!element.stamp) element.stamp = last;
      last = std::max(last, *element.stamp);
      element.stamp = last;
    }
  }

  void observe(Elaborator& elaborator, TestGraph& result) {
    captures_.clear();
    WiringEnvironment& main = elaborator.module_environment(main_);
    for (const Given& given : givens_) {
      if (!given.list.type_id.valid()) continue;
      const WiringMeaning meaning = main.find(given.statement->subject.name.text);
      if (meaning.kind != WiringMeaning::Kind::Equation) continue;
      Equation& equation = elaborator.equation(meaning.equation);
      if (equation.targets.size() > 1) {
        // One of several outputs: the name stands for a list now, the others stay.
        main.bind_equation(given.statement->subject.name.text,
                           elaborator.add_equation({.environment = &main,
                                                    .targets = {given.statement->subject.name.text},
                                                    .span = given.statement->span,
                                                    .label = given.statement->subject.name.text,
                                                    .is_top_level = true,
                                                    .given = &given.list,
                                                    .given_rate = given.rate}),
                           0);
        continue;
      }
      equation.given = &given.list;
      equation.given_rate = given.rate;
      equation.is_constant = false;
    }
    WiringEnvironment& inner = elaborator.new_environment(main);
    for (const ast::AssignStmt* assign : assigns_) {
      Equation equation{.environment = &inner,
                        .value_id = assign->value_id,
                        .span = assign->span,
                        .declared_id = assign->type_id,
                        .declared_environment = &inner,
                        .label = assign->targets.front().name.text};
      for (const ast::Target& target : assign->targets) equation.targets.push_back(target.name.text);
      const EquationId id = elaborator.add_equation(std::move(equation));
      for (std::size_t i = 0; i < assign->targets.size(); ++i) {
        inner.bind_equation(assign->targets[i].name.text, id, i);
      }
    }
    for (const ast::ExpectStmt* expect : expects_) {
      std::optional<Expectation> expectation = expectation_of(elaborator, inner, *expect);
      elaborator.close_cycles();
      if (expectation) result.plan.expectations.push_back(std::move(*expectation));
    }
    // The given types are checked even where no expectation reaches them: they were built above.
  }

  std::optional<std::uint32_t> capture(Elaborator& elaborator, ExprId id, PortId port) {
    if (!port.valid()) return std::nullopt;
    const auto index = static_cast<std::uint32_t>(captures_.size());
    captures_.push_back(elaborator.describe(id));
    elaborator.add(CaptureOperator{index}, {port}, elaborator.scope_of(port), span_of(ast_, id));
    return index;
  }

  std::optional<Expectation> expectation_of(Elaborator& elaborator, WiringEnvironment& inner,
                                            const ast::ExpectStmt& expect) {
    const auto* equal = ast_.as<ast::BinaryExpr>(expect.value_id);
    if (equal == nullptr || equal->op != ast::BinaryOp::Equal) {
      sink_.report(diag::ExpectShape, expect.span)
          .help("write `expect smooth == [1.0, 1.5]`, or `expect a == b` for two streams");
      return std::nullopt;
    }
    ExprId left = equal->left_id;
    ExprId right = equal->right_id;
    if (checker_.is_constant(left, inner) && !checker_.is_constant(right, inner)) std::swap(left, right);
    Expectation result{.text = elaborator.text_of(expect.span), .span = expect.span};
    // A constant is compared as a stream of one item.
    const auto port_of = [&](ExprId id) -> PortId {
      if (!checker_.is_constant(id, inner)) return elaborator.elaborate_port(id, inner);
      const CheckedExprId constant = checker_.check_constant(id, inner);
      if (!constant.valid()) return {};
      return elaborator.add_source(ListOperator{.elements = {{.value = constant}}},
                                   program_.expr(constant).type_id, std::nullopt, Domain::Position,
                                   span_of(ast_, id));
    };
    const bool left_is_constant = checker_.is_constant(left, inner);
    const PortId port = port_of(left);
    const std::optional<std::uint32_t> index = capture(elaborator, left, port);
    if (!index) return std::nullopt;
    result.capture_index = *index;
    result.type_id = elaborator.item_type(port);
    if (left_is_constant) {
      const CheckedExprId constant = checker_.check_constant(right, inner, result.type_id);
      if (!constant.valid()) return std::nullopt;
      const std::optional<Value> value = evaluate(constant);
      if (!value) return std::nullopt;
      result.elements.push_back({.value = *value});
    } else if (checker_.is_constant(right, inner) || ast_.as<ast::ArrayExpr>(right) != nullptr) {
      const std::optional<ListContent> list =
          elaborator.list_content(right, inner, result.type_id, true);
      if (!list) return std::nullopt;
      result.end_stamp = list->end_stamp;
      for (const ListElement& element : list->elements) {
        ExpectedElement expected{.is_hole = element.is_hole, .stamp = element.stamp};
        if (!element.is_hole) {
          const std::optional<Value> value = evaluate(element.value);
          if (!value) return std::nullopt;
          expected.value = *value;
        }
        result.elements.push_back(std::move(expected));
      }
    } else {
      const PortId other = elaborator.elaborate_port(right, inner);
      if (!other.valid()) return std::nullopt;
      const PortId converted =
          elaborator.convert(other, result.type_id, "expect", span_of(ast_, right));
      result.other_capture_index = capture(elaborator, right, converted);
      if (!result.other_capture_index) return std::nullopt;
    }
    if (expect.tolerance_id.valid()) {
      const CheckedExprId tolerance = checker_.check_constant(expect.tolerance_id, inner);
      if (!tolerance.valid()) return std::nullopt;
      const std::optional<Value> value = evaluate(tolerance);
      if (!value) return std::nullopt;
      switch (program_.types.kind(value->type_id)) {
        case TypeKind::Float: result.tolerance = value->real; break;
        case TypeKind::Int:
        case TypeKind::Duration: result.tolerance = static_cast<double>(value->integer); break;
        default:
          sink_.report(diag::BadTolerance, span_of(ast_, expect.tolerance_id),
                       fmt::format("`{}`", program_.types.text(value->type_id)))
              .help("as in `within 1e-9`");
          return std::nullopt;
      }
    }
    return result;
  }

  void check_devices(const Graph& graph) {
    for (const Operator& op : graph.operators) {
      const auto* source = std::get_if<SourceOperator>(&op.kind);
      if (source == nullptr) continue;
      sink_.report(diag::DeviceNotGiven, test_.name_span, op.equation)
          .label(op.span, source->is_live ? "a device" : "a source outside of the program")
          .help(fmt::format("give what it sends in this test: `given {} = [ … ]`", op.equation));
    }
  }

  static constexpr int kMaxRounds = 64;

  const ast::TestDecl& test_;
  const Ast& ast_;
  const ModuleTable& modules_;
  ItemChecker& checker_;
  CheckedProgram& program_;
  DiagnosticSink& sink_;
  const BuildOptions& options_;
  ModuleId main_;
  std::vector<Given> givens_;
  std::vector<const ast::ExpectStmt*> expects_;
  std::vector<const ast::AssignStmt*> assigns_;
  std::vector<std::string> captures_;
};

}  // namespace

std::optional<TestGraph> build_test_graph(DeclId test, const Ast& ast, const ModuleTable& modules,
                                          ItemChecker& checker, CheckedProgram& program,
                                          DiagnosticSink& sink, const BuildOptions& options) {
  const AssertContext context("build test");
  const auto* decl = ast.as<ast::TestDecl>(test);
  STREAM_ASSERT(decl != nullptr, "declaration {} is no test", test);
  return TestBuilder(*decl, ast, modules, checker, program, sink, options).build();
}

}  // namespace streamc
