#include "compiler/sema/deployment.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "compiler/diag/closest_name.h"
#include "compiler/sema/host_name.h"

namespace streamc {
namespace {

using Kind = ast::DeployItem::Kind;

const char* kind_word(Kind kind) {
  switch (kind) {
    case Kind::Node: return "node";
    case Kind::Process: return "process";
    case Kind::Thread: return "thread";
    default: return "link";
  }
}

constexpr const char* kEndsOfLinks = "a link goes from a stream to one that reads it, or from a node to another";

// Of how many waiting items one may stay.
constexpr std::int64_t kMostKept = 1'000'000;

class DeploymentChecker {
 public:
  DeploymentChecker(const Ast& ast, const ModuleTable& modules, ItemChecker& checker,
                    const CheckedProgram& program, DiagnosticSink& sink)
      : ast_(ast), modules_(modules), checker_(checker), program_(program), sink_(sink) {}

  std::optional<Deployment> check(const ast::DeployDecl& decl) {
    result_ = {.name = decl.name.text, .span = decl.name.span};
    ok_ = true;
    const bool has_nodes = std::any_of(decl.items.begin(), decl.items.end(), [](const ast::DeployItem& item) {
      return item.kind == Kind::Node;
    });
    if (!has_nodes) add_node({});
    const auto is_link = [](const ast::DeployItem& item) { return item.kind == Kind::Link; };
    for (const ast::DeployItem& item : decl.items) {
      if (is_link(item)) continue;
      if (has_nodes && item.kind != Kind::Node) {
        sink_.report(diag::DeployOutsideNode, item.span, decl.name.text);
        ok_ = false;
        continue;
      }
      add(item, Place{});
    }
    // A link may name nodes, which may stand behind it.
    for (const ast::DeployItem& item : decl.items) {
      if (is_link(item)) add_link(item);
    }
    check_security();
    if (!ok_) return std::nullopt;
    return std::move(result_);
  }

 private:
  // Where an item of the block stands: indices of the innermost ones around it.
  struct Place {
    Kind inside = Kind::Rest;  // Rest: directly in the block.
    std::size_t process = 0;
    std::size_t thread = 0;
  };

  Place add_node(DeployedNode node) {
    result_.nodes.push_back(std::move(node));
    return add_process(Kind::Node, {.name = {}, .node = result_.nodes.size() - 1}, "main");
  }
  Place add_process(Kind inside, DeployedProcess process, const std::string& thread) {
    result_.processes.push_back(std::move(process));
    return add_thread(inside, {.name = thread, .process = result_.processes.size() - 1});
  }
  Place add_thread(Kind inside, DeployedThread thread) {
    const std::size_t process = thread.process;
    result_.threads.push_back(std::move(thread));
    return {inside, process, result_.threads.size() - 1};
  }

  void add(const ast::DeployItem& item, const Place& place) {
    switch (item.kind) {
      case Kind::Node:
        if (place.inside != Kind::Rest) return report_nesting(item, place);
        return add_all(item, node_of(item));
      case Kind::Process:
        if (place.inside != Kind::Rest && place.inside != Kind::Node) return report_nesting(item, place);
        return add_all(item, process_of(item, place));
      case Kind::Thread:
        if (place.inside == Kind::Thread) return report_nesting(item, place);
        return add_all(item, thread_of(item, place));
      case Kind::Stream:
        return add_stream(item, place);
      case Kind::Rest:
        return add_rest(item, place);
      case Kind::Link:
        return add_link(item);
    }
  }

  void add_all(const ast::DeployItem& item, const Place& place) {
    if (!item.plates.empty()) {
      sink_.report(diag::NotAvailable, item.plates.front().span, "a node for each of a plate");
      ok_ = false;
    }
    for (const ast::DeployItem& inner : item.items) add(inner, place);
  }

  void report_nesting(const ast::DeployItem& item, const Place& place) {
    sink_.report(diag::DeployNesting, item.name.span, kind_word(item.kind), kind_word(place.inside))
        .help("nodes hold processes, processes hold threads, and all of them hold streams");
    ok_ = false;
  }

  void claim_name(const ast::DeployItem& item, const ast::Identifier& name) {
    const auto [known, is_new] = names_.try_emplace({item.kind, name.text}, name.span);
    if (is_new) return;
    sink_.report(diag::DeployedNameTwice, name.span, kind_word(item.kind), name.text)
        .label(known->second, "the first one");
    ok_ = false;
  }

  Place node_of(const ast::DeployItem& item) {
    claim_name(item, item.name);
    check_arguments(item, "`host`, `port`, `target` and `clock`");
    DeployedNode node{.name = item.name.text};
    for (const ast::Argument& argument : item.arguments) {
      if (argument.name.text == "host") {
        node.host = host_argument(argument);
      } else if (argument.name.text == "target") {
        node.target = text_argument(argument);
        node.target_span = span_of(ast_, argument.value_id);
      } else if (argument.name.text == "port") {
        node.port_span = argument.span;
        node.port = static_cast<std::int32_t>(count_argument(item, argument, 1, 65535));
      } else if (argument.name.text == "clock") {
        read_clock(argument, node);
      }
    }
    return add_node(std::move(node));
  }

  void read_clock(const ast::Argument& argument, DeployedNode& node) {
    if (is_word(argument, "follow")) {
      node.clock_span = argument.span;
      return;
    }
    sink_.report(diag::UnknownNodeClock, span_of(ast_, argument.value_id))
        .help("`clock: follow` shifts it to that of the first node that this one exchanges items with; without `clock:` it "
              "goes by itself");
    ok_ = false;
  }

  // Without nodes, the one that is meant.
  std::size_t node_around(const Place& place) const {
    return place.inside == Kind::Rest ? 0 : result_.processes[place.process].node;
  }

  Place process_of(const ast::DeployItem& item, const Place& place) {
    claim_name(item, item.name);
    check_arguments(item, "`restart`");
    DeployedProcess process{.name = item.name.text, .node = node_around(place)};
    for (const ast::Argument& argument : item.arguments) {
      if (argument.name.text == "restart") {
        process.restart = restart_argument(item, argument);
        process.restart_span = argument.span;
      }
    }
    return add_process(Kind::Process, std::move(process), item.name.text);
  }

  Place thread_of(const ast::DeployItem& item, const Place& place) {
    claim_name(item, item.name);
    check_arguments(item, "`core` and `priority`");
    DeployedThread thread{.name = item.name.text, .process = place.inside == Kind::Rest ? 0 : place.process};
    for (const ast::Argument& argument : item.arguments) {
      if (argument.name.text == "core") {
        thread.core = static_cast<std::int32_t>(count_argument(item, argument, 0, 1023));
      } else if (argument.name.text == "priority") {
        thread.priority = static_cast<std::int32_t>(count_argument(item, argument, 1, 99));
      }
    }
    return add_thread(Kind::Thread, std::move(thread));
  }

  // What is placed is a whole equation of the main file.
  bool is_stream(const ast::Reference& reference) {
    if (!reference.fields.empty() || !reference.indices.empty()) {
      sink_.report(diag::NotAvailable, reference.span, "a place for a part of a stream");
      return ok_ = false;
    }
    const std::string& name = reference.name.text;
    const FoundValue found = modules_.find_value(modules_.main_id(), name);
    const bool is_constant =
        found.valid() && (found.param_id.valid() || checker_.module_constant(found).valid());
    if (found.valid() && !is_constant) return true;
    auto report = sink_.report(diag::UnknownPlacedStream, reference.span, name);
    if (is_constant) {
      report.note(fmt::format("`{}` is fixed before the first item, and runs nowhere", name));
    } else if (const auto near = closest_name(name, modules_.value_names(modules_.main_id()))) {
      report.help(fmt::format("did you mean `{}`?", *near));
    }
    return ok_ = false;
  }

  void add_stream(const ast::DeployItem& item, const Place& place) {
    if (!is_stream(item.from)) return;
    const std::string& name = item.from.name.text;
    const auto known = std::find_if(result_.streams.begin(), result_.streams.end(),
                                    [&](const DeployedStream& stream) { return stream.name == name; });
    if (known != result_.streams.end()) {
      sink_.report(diag::PlacedTwice, item.from.span, name).label(known->span, "the first place");
      ok_ = false;
      return;
    }
    result_.streams.push_back({name, place.thread, item.from.span});
  }

  void add_rest(const ast::DeployItem& item, const Place& place) {
    if (result_.rest) {
      sink_.report(diag::PlacedTwice, item.span, "*").label(rest_span_, "the first place");
      ok_ = false;
      return;
    }
    result_.rest = place.thread;
    rest_span_ = item.span;
  }

  bool is_node(const ast::Reference& reference) const {
    return std::any_of(result_.nodes.begin(), result_.nodes.end(), [&](const DeployedNode& node) {
      return !node.name.empty() && node.name == reference.name.text;
    });
  }

  void add_link(const ast::DeployItem& item) {
    const bool is_between_nodes = is_node(item.from) && is_node(item.to);
    if (is_between_nodes != (is_node(item.from) || is_node(item.to))) return report_mixed_link(item);
    if (!is_between_nodes && (!is_stream(item.from) || !is_stream(item.to))) return;
    DeployedLink link{.from = item.from.name.text,
                      .to = item.to.name.text,
                      .is_between_nodes = is_between_nodes,
                      .span = item.span};
    check_link(item, is_between_nodes);
    for (const ast::Argument& argument : item.arguments) {
      const std::string& name = argument.name.text;
      if (name == "buffer") {
        link.buffer = count_argument(item, argument, 1, std::int64_t{1} << 40);
      } else if (name == "insecure") {
        link.is_insecure = flag_argument(argument);
      } else if (name == "tls") {
        link.tls = text_argument(argument);
      } else if (name == "spool") {
        link.spool_bytes = spool_argument(argument);
        link.spool_span = argument.span;
      } else if (name == "full") {
        read_when_full(item, argument, link);
      }
    }
    result_.links.push_back(std::move(link));
  }

  // From a node to something else, or the other way round.
  void report_mixed_link(const ast::DeployItem& item) {
    const bool begins_at_node = is_node(item.from);
    const ast::Reference& node = begins_at_node ? item.from : item.to;
    const ast::Reference& other = begins_at_node ? item.to : item.from;
    std::vector<std::string> nodes;
    for (const DeployedNode& known : result_.nodes) {
      if (known.name != node.name.text) nodes.push_back(known.name);
    }
    auto report = sink_.report(diag::LinkOfNodeAndOther, other.span, node.name.text, other.name.text);
    if (const auto near = closest_name(other.name.text, nodes)) {
      report.help(fmt::format("did you mean `{}`?", *near));
    } else {
      report.help(kEndsOfLinks);
    }
    ok_ = false;
  }

  void check_link(const ast::DeployItem& item, bool is_between_nodes) {
    claim_name(item, {fmt::format("{} -> {}", item.from.name.text, item.to.name.text), item.from.span});
    if (item.from.name.text == item.to.name.text) {
      sink_.report(diag::LinkToItself, item.to.span, item.from.name.text)
          .help(kEndsOfLinks);
      ok_ = false;
    }
    check_arguments(item, is_between_nodes ? "`spool`, `tls` and `insecure`, if it is between nodes"
                                           : "`buffer`, `full`, `spool`, `tls` and `insecure`");
  }

  // `wait`, `drop_oldest`, `drop_newest` or `sample(k)`.
  void read_when_full(const ast::DeployItem& item, const ast::Argument& argument, DeployedLink& link) {
    link.full_span = argument.span;
    if (is_word(argument, "wait")) return;
    if (is_word(argument, "drop_oldest")) {
      link.full = WhenFull::DropOldest;
    } else if (is_word(argument, "drop_newest")) {
      link.full = WhenFull::DropNewest;
    } else if (const auto* call = ast_.as<ast::CallExpr>(argument.value_id); call != nullptr && is_sample(*call)) {
      link.full = WhenFull::Sample;
      ast::Argument count = call->arguments.front();
      count.name.text = "sample";
      link.keep_every = count_argument(item, count, 2, kMostKept);
    } else {
      sink_.report(diag::UnknownWhenFull, span_of(ast_, argument.value_id))
          .help("`full:` is `wait`, `drop_oldest`, `drop_newest` or `sample(k)`, which keeps one of k waiting items");
      ok_ = false;
    }
  }

  bool is_sample(const ast::CallExpr& call) const {
    const auto* callee = ast_.as<ast::NameExpr>(call.callee_id);
    return callee != nullptr && callee->name == "sample" && call.arguments.size() == 1;
  }

  // Beyond one machine, links have TLS, or the block says that they need none.
  void check_security() {
    const DeployedLink* secure = nullptr;
    bool is_insecure = false;
    for (const DeployedLink& link : result_.links) {
      is_insecure = is_insecure || link.is_insecure;
      if (link.tls.empty()) continue;
      if (secure != nullptr && secure->tls != link.tls) {
        sink_.report(diag::TlsFoldersDiffer, link.span).label(secure->span, "the first one");
        ok_ = false;
      }
      if (secure == nullptr) secure = &link;
    }
    if (secure != nullptr || is_insecure || result_.nodes.size() < 2) return;
    for (const DeployedNode& node : result_.nodes) {
      if (is_this_machine(node.host)) continue;
      sink_.report(diag::LinkWithoutTls, result_.span, node.name, node.host, result_.name)
          .help(fmt::format("`link {0} -> {1} (tls: \"certificates\")` names a folder with `ca.pem`, `{0}.pem` and "
                            "`{0}.key`; in a network that you trust, `(insecure: true)` goes without",
                            result_.nodes.front().name, result_.nodes.back().name));
      ok_ = false;
      return;
    }
  }

  // ---- arguments ----

  // Each has one of the names that stand in `known`, between backquotes, and is given once.
  void check_arguments(const ast::DeployItem& item, std::string_view known) {
    std::map<std::string, SourceSpan> given;
    for (const ast::Argument& argument : item.arguments) {
      const std::string& name = argument.name.text;
      if (name.empty()) {
        report_argument(item, sink_.report(diag::DeployArgumentWithoutName, argument.span, kind_word(item.kind)), known);
      } else if (known.find('`' + name + '`') == std::string_view::npos) {
        report_argument(item, sink_.report(diag::UnknownDeployArgument, argument.span, kind_word(item.kind), name), known);
      } else if (const auto [first, is_new] = given.try_emplace(name, argument.span); !is_new) {
        sink_.report(diag::ArgumentTwice, argument.span, name, kind_word(item.kind)).label(first->second, "the first one");
        ok_ = false;
      }
    }
  }

  void report_argument(const ast::DeployItem& item, DiagnosticBuilder report, std::string_view known) {
    report.help(fmt::format("a {} takes {}", kind_word(item.kind), known));
    ok_ = false;
  }

  bool is_word(const ast::Argument& argument, std::string_view word) const {
    const auto* name = ast_.as<ast::NameExpr>(argument.value_id);
    return name != nullptr && name->name == word;
  }

  std::optional<Value> value_of(const ast::Argument& argument, TypeKind type) {
    const CheckedExprId id =
        checker_.check_constant(argument.value_id, checker_.module_environment(modules_.main_id()),
                                program_.types.scalar(type));
    std::optional<Value> value;
    if (id.valid()) value = checker_.evaluate_shape(id, span_of(ast_, argument.value_id));
    if (!value) ok_ = false;
    return value;
  }

  std::string text_argument(const ast::Argument& argument) {
    const std::optional<Value> value = value_of(argument, TypeKind::String);
    return value ? value->text : std::string();
  }

  std::string host_argument(const ast::Argument& argument) {
    std::string host = text_argument(argument);
    if (host.empty() || is_host_name(host)) return host;
    sink_.report(diag::UnknownHost, span_of(ast_, argument.value_id), host)
        .help("a host is a name such as `pi.local` or an address such as `10.0.0.7` or `fe80::1`, for `streamc deploy` also "
              "`pi@pi.local`; a port is said apart: `port: 7400`");
    ok_ = false;
    return host;
  }

  bool flag_argument(const ast::Argument& argument) {
    const std::optional<Value> value = value_of(argument, TypeKind::Bool);
    return value && value->integer != 0;
  }

  std::int64_t count_argument(const ast::DeployItem& item, const ast::Argument& argument,
                              std::int64_t least, std::int64_t most) {
    const std::optional<Value> value = value_of(argument, TypeKind::Int);
    if (!value) return least;
    if (value->integer >= least && value->integer <= most) return value->integer;
    sink_.report(diag::DeployArgumentRange, span_of(ast_, argument.value_id), argument.name.text,
                 kind_word(item.kind), least, most, value->integer);
    ok_ = false;
    return least;
  }

  // Less would hold only a few long messages; more than a disk is a mistake.
  std::int64_t spool_argument(const ast::Argument& argument) {
    constexpr std::int64_t kLeast = std::int64_t{4} << 20;
    constexpr std::int64_t kMost = std::int64_t{1} << 50;
    const std::optional<Value> value = value_of(argument, TypeKind::Int);
    if (!value || (value->integer >= kLeast && value->integer <= kMost)) return value ? value->integer : kLeast;
    sink_.report(diag::SpoolSize, span_of(ast_, argument.value_id), value->integer)
        .help("write a size with its unit, such as `512MiB` or `10GiB`");
    ok_ = false;
    return kLeast;
  }

  // `always`, `never` or a number.
  std::int32_t restart_argument(const ast::DeployItem& item, const ast::Argument& argument) {
    if (is_word(argument, "always")) return -1;
    if (is_word(argument, "never")) return 0;
    if (const auto* name = ast_.as<ast::NameExpr>(argument.value_id);
        name != nullptr && !modules_.find_value(modules_.main_id(), name->name).valid()) {
      sink_.report(diag::UnknownRestart, span_of(ast_, argument.value_id))
          .help("`restart:` is `always`, `never`, or how often it is started again at the most: `restart: 3`");
      ok_ = false;
      return 0;
    }
    return static_cast<std::int32_t>(count_argument(item, argument, 0, 1'000'000));
  }

  const Ast& ast_;
  const ModuleTable& modules_;
  ItemChecker& checker_;
  const CheckedProgram& program_;
  DiagnosticSink& sink_;
  Deployment result_;
  std::map<std::pair<Kind, std::string>, SourceSpan> names_;
  SourceSpan rest_span_;
  bool ok_ = true;
};

}  // namespace

std::vector<Deployment> check_deployments(const Ast& ast, const ModuleTable& modules, ItemChecker& checker,
                                          const CheckedProgram& program, DiagnosticSink& sink) {
  std::vector<Deployment> result;
  std::map<std::string, SourceSpan> names;
  for (const ast::ModuleItem& item : modules.syntax(modules.main_id()).items) {
    const DeclId* id = std::get_if<DeclId>(&item);
    const auto* decl = id == nullptr ? nullptr : ast.as<ast::DeployDecl>(*id);
    if (decl == nullptr) continue;
    const auto [known, is_new] = names.try_emplace(decl->name.text, decl->name.span);
    if (!is_new) {
      sink.report(diag::DeployedNameTwice, decl->name.span, "deploy block", decl->name.text)
          .label(known->second, "the first one");
    }
    auto checked = DeploymentChecker(ast, modules, checker, program, sink).check(*decl);
    if (is_new && checked) result.push_back(std::move(*checked));
  }
  return result;
}

}  // namespace streamc
