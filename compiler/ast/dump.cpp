#include "compiler/ast/dump.h"

#include <iterator>
#include <utility>

#include "compiler/support/match.h"

namespace streamc {
namespace {

// Quotes a text, with escapes, so that it stays on one line.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

class Dumper {
 public:
  explicit Dumper(const Ast& ast) : ast_(ast) {}

  std::string run(const ast::Module& module) {
    line("module");
    nested([&] {
      for (const ast::ModuleItem& item : module.items) {
        std::visit([this](auto id) { node(id); }, item);
      }
    });
    return std::move(out_);
  }

 private:
  template <class... Arguments>
  void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    out_.append(depth_ * 2, ' ');
    fmt::format_to(std::back_inserter(out_), format, std::forward<Arguments>(arguments)...);
    out_ += '\n';
  }

  template <class Function>
  void nested(Function function) {
    ++depth_;
    function();
    --depth_;
  }

  void doc(const std::string& text) {
    if (!text.empty()) line("doc {}", quoted(text));
  }

  // `label`, and the node below it; nothing for an invalid id.
  template <class IdType>
  void part(std::string_view label, IdType id) {
    if (!id.valid()) return;
    line("{}", label);
    nested([&] { node(id); });
  }

  static std::string optional(std::string_view prefix, const ast::Identifier& name) {
    return name.present() ? std::string(prefix) + name.text : std::string();
  }

  void node(ExprId id) {
    match(
        ast_.expr(id), [&](const ast::ErrorExpr&) { line("error"); },
        [&](const ast::IntExpr& node) { line("int {}", node.value); },
        [&](const ast::FloatExpr& node) { line("float {}", node.value); },
        [&](const ast::QuantityExpr& node) { line("quantity {} {}", node.number, node.unit); },
        [&](const ast::StringExpr& node) {
          line("{}", node.is_raw ? "raw" : "string");
          nested([&] {
            for (const ast::StringPiece& piece : node.pieces) {
              if (!piece.is_hole) {
                line("text {}", quoted(piece.text));
                continue;
              }
              line("hole {}", quoted(piece.format_spec));
              nested([&] {
                if (piece.value_id.valid()) this->node(piece.value_id);
              });
            }
          });
        },
        [&](const ast::TimeExpr& node) { line("time {}", node.nanoseconds); },
        [&](const ast::BoolExpr& node) { line("bool {}", node.value); },
        [&](const ast::NoneExpr&) { line("none"); },
        [&](const ast::NameExpr& node) { line("name {}", node.name); },
        [&](const ast::FieldExpr& node) {
          line("field {}", node.name.text);
          nested([&] { this->node(node.object_id); });
        },
        [&](const ast::CallExpr& node) {
          line("call");
          nested([&] {
            this->node(node.callee_id);
            arguments(node.arguments);
          });
        },
        [&](const ast::IndexExpr& node) {
          line("index");
          nested([&] {
            this->node(node.object_id);
            indices(node.indices);
          });
        },
        [&](const ast::ArrayExpr& node) {
          line("array");
          nested([&] {
            for (const ast::ArrayElement& element : node.elements) {
              this->node(element.value_id);
              part("at", element.time_id);
            }
          });
        },
        [&](const ast::TupleExpr& node) {
          line("tuple");
          nested([&] {
            for (const ExprId element : node.element_ids) this->node(element);
          });
        },
        [&](const ast::UnaryExpr& node) {
          line("unary {}", spelling(node.op));
          nested([&] { this->node(node.operand_id); });
        },
        [&](const ast::BinaryExpr& node) {
          line("binary {}", spelling(node.op));
          nested([&] {
            this->node(node.left_id);
            this->node(node.right_id);
          });
        },
        [&](const ast::IfExpr& node) {
          line("if");
          nested([&] {
            this->node(node.condition_id);
            part("then", node.then_id);
            part("else", node.else_id);
          });
        },
        [&](const ast::LambdaExpr& node) {
          std::string parameters;
          for (const ast::Identifier& parameter : node.parameters) parameters += " " + parameter.text;
          line("lambda{}", parameters);
          nested([&] {
            if (node.block) block(*node.block);
            if (node.body_id.valid()) this->node(node.body_id);
          });
        },
        [&](const ast::PipeExpr& node) {
          line("pipe {}{}", node.function.text(), node.has_arguments ? "()" : "");
          nested([&] {
            this->node(node.left_id);
            arguments(node.arguments);
          });
        },
        [&](const ast::ElseExpr& node) {
          line("else");
          nested([&] {
            this->node(node.left_id);
            this->node(node.right_id);
          });
        },
        [&](const ast::RateExpr& node) {
          line("rate");
          nested([&] {
            this->node(node.stream_id);
            this->node(node.rate_id);
          });
        });
  }

  void arguments(const std::vector<ast::Argument>& arguments) {
    for (const ast::Argument& argument : arguments) {
      line("argument{}{}", optional(" ", argument.name), argument.is_spread ? " .." : "");
      nested([&] { node(argument.value_id); });
    }
  }

  void indices(const std::vector<ast::Index>& indices) {
    for (const ast::Index& index : indices) {
      switch (index.kind) {
        case ast::Index::Kind::Star: line("at *"); break;
        case ast::Index::Kind::Value: part("at", index.first_id); break;
        case ast::Index::Kind::Slice:
          line("slice");
          nested([&] {
            part("from", index.first_id);
            part("to", index.last_id);
          });
          break;
      }
    }
  }

  void node(TypeSyntaxId id) {
    match(
        ast_.type(id), [&](const ast::ErrorType&) { line("error"); },
        [&](const ast::NamedType& node) { line("type {}", node.path.text()); },
        [&](const ast::AppliedType& node) {
          line("type [ ]");
          nested([&] {
            this->node(node.base_id);
            for (const ast::TypeArgument& argument : node.arguments) {
              line("argument{}", optional(" ", argument.name));
              nested([&] {
                if (argument.type_id.valid()) {
                  this->node(argument.type_id);
                } else {
                  this->node(argument.constant_id);
                }
              });
            }
          });
        },
        [&](const ast::OptionType& node) {
          line("type ?");
          nested([&] { this->node(node.base_id); });
        },
        [&](const ast::TupleType& node) {
          line("type ( )");
          nested([&] {
            for (const TypeSyntaxId element : node.element_ids) this->node(element);
          });
        },
        [&](const ast::FunctionType& node) {
          line("type ->");
          nested([&] {
            for (const TypeSyntaxId parameter : node.parameter_ids) this->node(parameter);
            part("result", node.result_id);
          });
        });
  }

  void block(const ast::Block& block) {
    line("block");
    nested([&] {
      for (const StmtId id : block.statements) node(id);
    });
  }

  void node(StmtId id) {
    match(
        ast_.stmt(id), [&](const ast::ErrorStmt&) { line("error"); },
        [&](const ast::AssignStmt& node) {
          line("assign {}", spelling(node.op));
          nested([&] {
            doc(node.doc);
            for (const ast::Target& target : node.targets) {
              line("target {}", target.name.text);
              nested([&] {
                for (const ast::TargetStep& step : target.steps) {
                  if (step.field.present()) line("field {}", step.field.text);
                  for (const ExprId index : step.index_ids) part("at", index);
                }
              });
            }
            part("as", node.type_id);
            this->node(node.value_id);
          });
        },
        [&](const ast::IfStmt& node) {
          line("if");
          nested([&] {
            for (const ast::IfStmt::Arm& arm : node.arms) {
              this->node(arm.condition_id);
              block(arm.block);
            }
            if (node.else_block) block(*node.else_block);
          });
        },
        [&](const ast::ForStmt& node) {
          line("for {}", node.variable.text);
          nested([&] {
            this->node(node.values_id);
            block(node.block);
          });
        },
        [&](const ast::PlateStmt& node) {
          line("plate {}", node.variable.text);
          nested([&] {
            doc(node.doc);
            this->node(node.roster_id);
            block(node.block);
          });
        },
        [&](const ast::EmitStmt& node) {
          line("emit{}", optional(" ", node.port));
          nested([&] { this->node(node.value_id); });
        },
        [&](const ast::ReturnStmt& node) {
          line("return");
          nested([&] {
            for (const ExprId value : node.value_ids) this->node(value);
          });
        },
        [&](const ast::ExprStmt& node) {
          line("do");
          nested([&] { this->node(node.value_id); });
        },
        [&](const ast::GivenStmt& node) {
          line("given");
          nested([&] {
            reference(node.subject);
            this->node(node.value_id);
          });
        },
        [&](const ast::ExpectStmt& node) {
          line("expect");
          nested([&] {
            this->node(node.value_id);
            part("within", node.tolerance_id);
          });
        });
  }

  void reference(const ast::Reference& reference) {
    std::string text = reference.name.text;
    for (const ast::Identifier& field : reference.fields) text += "." + field.text;
    line("stream {}", text);
    nested([&] { indices(reference.indices); });
  }

  void generics(const std::vector<ast::Generic>& generics) {
    for (const ast::Generic& generic : generics) {
      line("generic {}", generic.name.text);
      nested([&] { part("bound", generic.bound_id); });
    }
  }

  void parameters(const std::vector<ast::Parameter>& parameters) {
    for (const ast::Parameter& parameter : parameters) {
      line("parameter {}", parameter.name.text);
      nested([&] {
        node(parameter.type_id);
        part("default", parameter.default_id);
      });
    }
  }

  void outputs(const std::vector<ast::Output>& outputs) {
    for (const ast::Output& output : outputs) {
      line("output{}", optional(" ", output.name));
      nested([&] { node(output.type_id); });
    }
  }

  void states(const std::vector<ast::StateDecl>& states) {
    for (const ast::StateDecl& state : states) {
      line("state {}", state.name.text);
      nested([&] {
        doc(state.doc);
        part("as", state.type_id);
        if (state.initial_id.valid()) node(state.initial_id);
      });
    }
  }

  void body(const ast::Body& body) {
    if (body.block) block(*body.block);
    part("value", body.value_id);
  }

  void node(DeclId id) {
    match(
        ast_.decl(id), [&](const ast::ErrorDecl&) { line("error"); },
        [&](const ast::ImportDecl& node) {
          line("import {}{}", node.path.text(), optional(" as ", node.alias));
        },
        [&](const ast::ParamDecl& node) {
          line("param {}", node.name.text);
          nested([&] {
            doc(node.doc);
            this->node(node.type_id);
            part("default", node.default_id);
            if (!node.help.empty()) line("help {}", quoted(node.help));
          });
        },
        [&](const ast::TypeDecl& node) { type_decl(node); },
        [&](const ast::FnDecl& node) {
          line("fn {}", node.name.text);
          nested([&] {
            doc(node.doc);
            generics(node.generics);
            parameters(node.parameters);
            part("result", node.result_id);
            body(node.body);
          });
        },
        [&](const ast::AggregateDecl& node) { aggregate(node); },
        [&](const ast::AgentDecl& node) { agent(node); },
        [&](const ast::GraphDecl& node) {
          line("graph {}", node.name.text);
          nested([&] {
            doc(node.doc);
            generics(node.generics);
            parameters(node.parameters);
            outputs(node.outputs);
            body(node.body);
          });
        },
        [&](const ast::ExternDecl& node) {
          line("extern {} {}", node.language.text, quoted(node.symbol));
          nested([&] { this->node(node.head_id); });
        },
        [&](const ast::DeployDecl& node) {
          line("deploy {}", node.name.text);
          nested([&] {
            doc(node.doc);
            for (const ast::DeployItem& item : node.items) deploy_item(item);
          });
        },
        [&](const ast::TestDecl& node) {
          line("test {}", quoted(node.name));
          nested([&] {
            doc(node.doc);
            block(node.block);
          });
        });
  }

  void type_decl(const ast::TypeDecl& decl) {
    line("type {}", decl.name.text);
    nested([&] {
      doc(decl.doc);
      generics(decl.generics);
      match(
          decl.definition,
          [&](const ast::RecordDefinition& record) {
            line("record");
            nested([&] {
              for (const ast::Field& field : record.fields) {
                line("field {}{}", field.name.text,
                     field.outside_name ? " " + quoted(*field.outside_name) : "");
                nested([&] {
                  node(field.type_id);
                  part("default", field.default_id);
                });
              }
            });
          },
          [&](const ast::EnumerationDefinition& enumeration) {
            line("enumeration");
            nested([&] {
              for (const ast::Identifier& value : enumeration.values) line("value {}", value.text);
            });
          },
          [&](const ast::AliasDefinition& alias) { node(alias.type_id); });
    });
  }

  void aggregate(const ast::AggregateDecl& decl) {
    line("aggregate {}", decl.name.text);
    nested([&] {
      doc(decl.doc);
      generics(decl.generics);
      parameters(decl.parameters);
      part("result", decl.result_type_id);
      states(decl.states);
      if (decl.add) {
        line("add");
        nested([&] { block(*decl.add); });
      }
      if (decl.merge) {
        line("merge {}", decl.merge_name.text);
        nested([&] { block(*decl.merge); });
      }
      if (decl.result.present()) {
        line("result");
        nested([&] { body(decl.result); });
      }
      for (const ast::AggregateFlag& flag : decl.flags) part(flag.name.text, flag.value_id);
    });
  }

  void agent(const ast::AgentDecl& decl) {
    line("agent {}", decl.name.text);
    nested([&] {
      doc(decl.doc);
      generics(decl.generics);
      parameters(decl.parameters);
      outputs(decl.outputs);
      states(decl.states);
      for (const ast::Handler& handler : decl.handlers) {
        std::string inputs;
        for (const ast::Identifier& input : handler.inputs) inputs += " " + input.text;
        switch (handler.kind) {
          case ast::Handler::Kind::Items: line("on{}", inputs); break;
          case ast::Handler::Kind::Every: line("every"); break;
          case ast::Handler::Kind::End: line("end"); break;
        }
        nested([&] {
          if (handler.period_id.valid()) node(handler.period_id);
          block(handler.block);
        });
      }
    });
  }

  void deploy_item(const ast::DeployItem& item) {
    std::string plates;
    for (const ast::Identifier& plate : item.plates) plates += " " + plate.text;
    switch (item.kind) {
      case ast::DeployItem::Kind::Node: line("node {}{}", item.name.text, plates); break;
      case ast::DeployItem::Kind::Process: line("process {}{}", item.name.text, plates); break;
      case ast::DeployItem::Kind::Thread: line("thread {}{}", item.name.text, plates); break;
      case ast::DeployItem::Kind::Stream: reference(item.from); return;
      case ast::DeployItem::Kind::Rest: line("*"); return;
      case ast::DeployItem::Kind::Link:
        line("link");
        nested([&] {
          reference(item.from);
          reference(item.to);
          arguments(item.arguments);
        });
        return;
    }
    nested([&] {
      arguments(item.arguments);
      for (const ast::DeployItem& inner : item.items) deploy_item(inner);
    });
  }

  const Ast& ast_;
  std::string out_;
  std::size_t depth_ = 0;
};

}  // namespace

std::string dump_module(const Ast& ast, const ast::Module& module) { return Dumper(ast).run(module); }

}  // namespace streamc
