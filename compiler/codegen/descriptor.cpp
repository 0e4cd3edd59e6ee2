#include "compiler/codegen/descriptor.h"

#include <llvm/Support/SHA256.h>

#include <array>
#include <map>
#include <optional>
#include <utility>

#include "compiler/graph/first_stamps.h"
#include "compiler/graph/heads.h"
#include "compiler/place/node_restart.h"
#include "compiler/sema/value_text.h"
#include "compiler/support/match.h"
#include "runtime/abi/stream_abi.h"

namespace streamc {

namespace {

class DescriptorEmitter {
 public:
  DescriptorEmitter(ModuleContext& module, const PlacedGraph& placed,
                    const std::vector<EmittedRegion>& regions, const CodegenOptions& options)
      : module_(module), placed_(placed), regions_(regions), options_(options), evaluation_(module) {
    null_ = llvm::ConstantPointerNull::get(module.pointer);
  }

  Result<void> emit() {
    auto params = make_params();
    if (!params) return params.failure();
    llvm::Constant* queues = make_queues();
    auto sources = make_sources();
    if (!sources) return sources.failure();
    auto sinks = make_sinks();
    if (!sinks) return sinks.failure();
    llvm::Constant* regions = make_regions();
    llvm::Function* evaluate = evaluation_.finish();
    llvm::Constant* sites = make_sites();

    const auto count = [&](std::size_t size) { return number(static_cast<std::int64_t>(size)); };
    const Placement& placement = placed_.placement;
    llvm::Constant* value = make({word(STREAM_ABI_VERSION),
                                  word(0),
                                  module_.text(options_.program_name),
                                  module_.text(options_.description),
                                  count(param_count_),
                                  *params,
                                  count(module_.plan.queues.size()),
                                  queues,
                                  count(module_.plan.sources.size()),
                                  *sources,
                                  count(module_.plan.sinks.size()),
                                  *sinks,
                                  count(regions_.size()),
                                  regions,
                                  count(module_.sites().size()),
                                  sites,
                                  evaluate,
                                  count(placement.nodes.size()),
                                  make_nodes(),
                                  count(placement.processes.size()),
                                  make_processes(),
                                  count(placement.parts.size()),
                                  make_parts(),
                                  word(placement.main_part.value()),
                                  word(placement.allows_insecure_links ? 1 : 0),
                                  run_nodes(),
        module_.text(placement.tls), make_semantic_hash()});
    new llvm::GlobalVariable(*module_.module, value->getType(), true,
                             llvm::GlobalValue::ExternalLinkage, value, "stream_program");
    return {};
  }

 private:
  llvm::Constant* word(std::int64_t value) { return module_.int32(value); }
  llvm::Constant* number(std::int64_t value) { return module_.int64(value); }
  llvm::Constant* make(const std::vector<llvm::Constant*>& fields) {
    std::vector<llvm::Type*> types;
    for (llvm::Constant* field : fields) types.push_back(field->getType());
    return llvm::ConstantStruct::get(llvm::StructType::get(*module_.context, types), fields);
  }
  llvm::Constant* table(const std::vector<llvm::Constant*>& rows, const char* name,
                        bool is_constant = true) {
    if (rows.empty()) return null_;
    return module_.array(rows.front()->getType(), rows, name, is_constant);
  }

  Result<llvm::Constant*> make_params() {
    std::vector<llvm::Constant*> rows;
    const CheckedProgram& program = module_.program;
    for (std::size_t i = 0; i < program.constants.size(); ++i) {
      const CheckedConstant& constant = program.constants[i];
      if (!constant.is_param) continue;
      if (module_.leaves(constant.type_id).size() != 1 ||
          argument_kind(program.types, constant.type_id) < 0) {
        if (constant.is_fixed) continue;  // No flag can set it, and nothing reads it any more.
        return fail("param `{}` has type `{}`, which has no form on the command line",
                    constant.name, program.types.text(constant.type_id));
      }
      llvm::Constant* default_text = null_;
      if (!constant.is_required) {
        if (const std::optional<Value> value = module_.param_default(ConstantId(i))) {
          default_text = module_.text(text_of(*value, program.types));
        }
      }
      rows.push_back(make({module_.text(constant.name), module_.text(constant.help),
                           module_.type_descriptor(constant.type_id),
                           module_.constant_storage(ConstantId(i)).front(), default_text,
                           word(constant.is_fixed ? 1 : 0), word(0)}));
    }
    param_count_ = rows.size();
    return table(rows, "params", false);
  }

  llvm::Constant* make_queues() {
    std::vector<llvm::Constant*> rows;
    for (const QueuePlan& queue : module_.plan.queues) {
      const Port& port = module_.graph.port(queue.port);
      std::string name = port.name;
      // In front of a `best_effort` is where its items are dropped.
      const Operator& reader = module_.graph.op(queue.reader);
      if (is_best_effort(reader)) name = module_.graph.port(reader.outputs.front()).name;
      if (name.empty()) name = module_.graph.op(port.producer).equation;
      const PlacedLink link = link_of(queue);
      rows.push_back(make({module_.type_descriptor(port.type_id), word(queue.has_valid ? 1 : 0),
                           word(queue.has_stamps ? 1 : 0), module_.text(name),
                           word(module_.graph.scope(port.scope).domain == Domain::Time ? 1 : 0),
                           word(counts_loop(module_.graph, port.scope) ? 1 : 0), number(queue.skew), number(link.buffer),
                           number(spool_of(placed_, queue.port, queue.reader)), word(when_full(link.full)),
                           word(link.keep_every)}));
    }
    return table(rows, "queues");
  }

  // What the deploy block says of the link that the queue is.
  PlacedLink link_of(const QueuePlan& queue) const {
    PlacedLink found;
    for (const PlacedLink& link : placed_.placement.links) {
      if (link.is_between_nodes || !link_applies(placed_, link, queue.port, queue.reader)) continue;
      if (link.drops()) return link;
      if (found.buffer == 0) found = link;
    }
    return found;
  }

  static std::int32_t when_full(WhenFull full) {
    switch (full) {
      case WhenFull::Wait: return STREAM_FULL_WAIT;
      case WhenFull::DropOldest: return STREAM_FULL_DROP_OLDEST;
      case WhenFull::DropNewest: return STREAM_FULL_DROP_NEWEST;
      case WhenFull::Sample: return STREAM_FULL_SAMPLE;
    }
    STREAM_UNREACHABLE("full {}", static_cast<int>(full));
  }

  // A table of StreamArgument.
  Result<llvm::Constant*> make_arguments(const std::vector<NamedArgument>& arguments,
                                         OperatorId id) {
    if (arguments.empty()) return null_;
    const TypeTable& types = module_.program.types;
    std::vector<llvm::Constant*> rows;
    std::vector<std::pair<std::size_t, CheckedExprId>> later;
    for (const NamedArgument& argument : arguments) {
      const TypeId type_id = module_.program.expr(argument.value).type_id;
      int kind = argument_kind(types, type_id);
      if (kind < 0) {
        return fail("argument `{}` of `{}` has type `{}`, which connectors do not take",
                    argument.name, module_.graph.op(id).equation, types.text(type_id));
      }
      std::int64_t integer = 0;
      double real = 0.0;
      llvm::Constant* text = llvm::Constant::getNullValue(module_.text_type);
      RateValue rate;
      if (const std::optional<Value> folded = module_.fold(argument.value)) {
        const Value* value = &*folded;
        if (types.kind(type_id) == TypeKind::Option) {
          if (!value->present || value->parts.empty()) kind = STREAM_ARGUMENT_NONE;
          if (!value->parts.empty()) value = &value->parts.front();
        }
        integer = value->integer;
        real = value->real;
        if (kind == STREAM_ARGUMENT_TEXT) text = module_.text_value(value->text);
        rate = value->rate;
      } else {
        later.emplace_back(rows.size(), argument.value);
      }
      rows.push_back(llvm::ConstantStruct::get(
          argument_struct(module_),
          {module_.text(argument.name), word(kind), word(0), number(integer),
           llvm::ConstantFP::get(module_.f64, real), text,
           llvm::ConstantStruct::get(module_.rate_type,
                                     {number(rate.numerator), number(rate.denominator)})}));
    }
    llvm::Constant* all = table(rows, "arguments", false);
    for (const auto& [index, expr] : later) {
      llvm::Constant* place = llvm::ConstantExpr::getInBoundsGetElementPtr(
          argument_struct(module_), all, number(static_cast<std::int64_t>(index)));
      evaluation_.store_argument(expr, module_.site(id), place);
    }
    return all;
  }

  struct ListData {
    llvm::Constant* columns;
    llvm::Constant* valid;
    llvm::Constant* stamps;
  };

  // The elements of a list as columns.
  ListData make_list(const ListOperator& list, OperatorId id, TypeId type_id) {
    const std::vector<Leaf> leaves = module_.leaves(type_id);
    std::vector<std::vector<llvm::Constant*>> columns(leaves.size());
    std::vector<llvm::Constant*> valid;
    std::vector<llvm::Constant*> stamps;
    bool has_holes = false;
    bool has_stamps = false;
    std::vector<std::size_t> later;
    for (const ListElement& element : list.elements) {
      const std::optional<Value> value =
          element.is_hole ? std::nullopt : module_.fold(element.value);
      if (!value && !element.is_hole) later.push_back(valid.size());
      has_holes |= !value;
      has_stamps |= element.stamp.has_value();
      for (std::size_t i = 0; i < leaves.size(); ++i) {
        llvm::Type* type = module_.memory_type(leaves[i].kind);
        llvm::Constant* whole = value ? module_.initial_leaves(*value)[i] : nullptr;
        for (std::int64_t e = 0; e < leaves[i].count; ++e) {
          llvm::Constant* one = llvm::Constant::getNullValue(type);
          if (whole != nullptr) {
            one = leaves[i].count == 1 ? whole
                                       : whole->getAggregateElement(static_cast<unsigned>(e));
          }
          columns[i].push_back(one);
        }
      }
      valid.push_back(llvm::ConstantInt::get(module_.i8, element.is_hole ? 0 : 1));
      stamps.push_back(number(element.stamp.value_or(0)));
    }
    std::vector<llvm::Constant*> pointers;
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      pointers.push_back(module_.array(module_.memory_type(leaves[i].kind), columns[i], "list",
                                       later.empty()));
    }
    llvm::Constant* valid_column =
        has_holes ? module_.array(module_.i8, valid, "list.valid", later.empty()) : null_;
    for (const std::size_t index : later) {
      std::vector<llvm::Constant*> places;
      for (std::size_t i = 0; i < leaves.size(); ++i) {
        places.push_back(llvm::ConstantExpr::getInBoundsGetElementPtr(
            module_.memory_type(leaves[i].kind), pointers[i],
            number(static_cast<std::int64_t>(index) * leaves[i].count)));
      }
      llvm::Constant* flag = llvm::ConstantExpr::getInBoundsGetElementPtr(
          module_.i8, valid_column, number(static_cast<std::int64_t>(index)));
      evaluation_.store(list.elements[index].value, module_.site(id), places, flag);
    }
    return {table(pointers, "list.columns"), valid_column,
            has_stamps ? module_.array(module_.i64, stamps, "list.stamps") : null_};
  }

  Result<llvm::Constant*> make_sources() {
    std::vector<llvm::Constant*> rows;
    for (const OperatorId id : module_.plan.sources) {
      const Operator& op = module_.graph.op(id);
      const TypeId type_id = module_.graph.port(op.outputs.front()).type_id;
      const auto* source = std::get_if<SourceOperator>(&op.kind);
      const auto* list = std::get_if<ListOperator>(&op.kind);
      llvm::Constant* arguments = null_;
      ListData data{null_, null_, null_};
      if (source != nullptr) {
        auto made = make_arguments(source->arguments, id);
        if (!made) return made.failure();
        arguments = *made;
      } else {
        data = make_list(*list, id, type_id);
      }
      const std::optional<RateValue>& rate = source != nullptr ? source->rate : list->rate;
      const RateValue known = rate.value_or(RateValue{});
      const bool has_time = source != nullptr && source->has_time_field;
      std::int64_t queue = -1;
      for (std::size_t q = 0; q < module_.plan.queues.size(); ++q) {
        const QueuePlan& plan = module_.plan.queues[q];
        if (plan.is_source_feed && plan.reader == id) queue = static_cast<std::int64_t>(q);
      }
      const auto count = [&](std::size_t size) {
        return number(static_cast<std::int64_t>(size));
      };
      rows.push_back(make(
          {module_.text(source != nullptr ? source->connector : "list"),
           module_.type_descriptor(type_id),
           count(source != nullptr ? source->arguments.size() : 0), arguments, word(queue),
           word(rate ? 1 : 0),
           llvm::ConstantStruct::get(module_.rate_type,
                                     {number(known.numerator), number(known.denominator)}),
           word(has_time ? source->time_field : -1), word(module_.site(id)),
           count(list != nullptr ? list->elements.size() : 0), data.columns, data.valid,
           data.stamps, number(list != nullptr && list->end_stamp ? 1 : 0),
           number(list != nullptr ? list->end_stamp.value_or(0) : 0)}));
    }
    return table(rows, "sources", false);
  }

  Result<llvm::Constant*> make_sinks() {
    std::vector<llvm::Constant*> rows;
    std::map<std::pair<std::string, std::vector<OperatorId>>, std::int64_t> groups;
    std::int64_t group_count = 0;
    for (const OperatorId id : module_.plan.sinks) {
      const Operator& op = module_.graph.op(id);
      const auto* sink = std::get_if<SinkOperator>(&op.kind);
      const auto* capture = std::get_if<CaptureOperator>(&op.kind);
      std::int64_t group = 0;
      llvm::Constant* arguments = null_;
      if (sink != nullptr) {
        const Scope& scope = module_.graph.scope(module_.graph.port(op.inputs.front()).scope);
        const auto [place, is_new] =
            groups.try_emplace({sink->destination_kind, scope.stamp_givers}, group_count);
        if (is_new) ++group_count;
        group = place->second;
        auto made = make_arguments(sink->arguments, id);
        if (!made) return made.failure();
        arguments = *made;
      } else {
        group = group_count++;
      }
      std::int64_t queue = -1;
      for (std::size_t q = 0; q < module_.plan.queues.size(); ++q) {
        if (module_.plan.queues[q].reader == id) queue = static_cast<std::int64_t>(q);
      }
      rows.push_back(
          make({module_.text(sink != nullptr ? sink->connector : "capture"),
                number(sink != nullptr ? static_cast<std::int64_t>(sink->arguments.size()) : 0),
                arguments, word(queue), word(group),
                word(static_cast<std::int64_t>(rows.size())),
                word(capture != nullptr ? capture->capture_index : 0),
                module_.text(op.equation), word(placed_.part_of[id.index()].value()), word(0)}));
    }
    return table(rows, "sinks", false);
  }

  llvm::Constant* make_nodes() {
    std::vector<llvm::Constant*> rows;
    const std::vector<PlacedNode>& nodes = placed_.placement.nodes;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const std::optional<std::string> lost = lost_on_restart(placed_, NodeId(i));
      rows.push_back(make({module_.text(nodes[i].name), module_.text(nodes[i].host), word(nodes[i].port),
                           word(nodes[i].followed ? nodes[i].followed->value() + 1 : 0),
                           lost ? module_.text(*lost) : null_}));
    }
    return table(rows, "nodes");
  }

  llvm::Constant* run_nodes() {
    if (placed_.placement.nodes.size() <= 1) return null_;
    return llvm::cast<llvm::Constant>(module_.entry_point("stream_run_nodes").getCallee());
  }

  llvm::Constant* make_semantic_hash() {
    const std::array<std::uint8_t, 32> hash = llvm::SHA256::hash(
        {reinterpret_cast<const std::uint8_t*>(options_.meaning.data()), options_.meaning.size()});
    std::vector<llvm::Constant*> bytes;
    for (const std::uint8_t byte : hash) bytes.push_back(llvm::ConstantInt::get(module_.i8, byte));
    return module_.array(module_.i8, bytes, "semantic_hash", true);
  }

  llvm::Constant* make_processes() {
    std::vector<llvm::Constant*> rows;
    for (const PlacedProcess& process : placed_.placement.processes) {
      rows.push_back(make({module_.text(process.name), word(process.node_id.value()), word(process.restart)}));
    }
    return table(rows, "processes");
  }

  llvm::Constant* make_parts() {
    std::vector<llvm::Constant*> rows;
    for (const PlacedPart& part : placed_.placement.parts) {
      rows.push_back(make({module_.text(part.name), word(part.process_id.value()), word(part.core),
                           word(part.priority), word(0)}));
    }
    return table(rows, "parts");
  }

  llvm::Constant* make_regions() {
    std::vector<llvm::Constant*> rows;
    for (std::size_t r = 0; r < regions_.size(); ++r) {
      const RegionPlan& plan = module_.plan.regions[r];
      const Operator& head = module_.graph.op(plan.head);
      std::int64_t kind = STREAM_HEAD_SOURCE;
      const auto* delay = std::get_if<DelayOperator>(&head.kind);
      if (delay != nullptr) kind = STREAM_HEAD_DELAY;
      if (std::holds_alternative<ZipOperator>(head.kind)) kind = STREAM_HEAD_ZIP;
      if (std::holds_alternative<MergeOperator>(head.kind)) kind = STREAM_HEAD_MERGE;
      if (std::holds_alternative<LinkOperator>(head.kind)) kind = STREAM_HEAD_LINK;
      std::int64_t source = -1;
      for (std::size_t s = 0; s < module_.plan.sources.size(); ++s) {
        if (module_.plan.sources[s] == plan.head) source = static_cast<std::int64_t>(s);
      }
      const auto indices = [&](const std::vector<QueueIndex>& queues, const char* name) {
        std::vector<llvm::Constant*> values;
        for (const QueueIndex queue : queues) values.push_back(word(queue));
        return module_.array(module_.i32, values, name);
      };
      rows.push_back(make({word(kind), word(source),
                           word(static_cast<std::int64_t>(plan.inputs.size())),
                           word(static_cast<std::int64_t>(plan.outputs.size())),
                           indices(plan.inputs, "inputs"), indices(plan.outputs, "outputs"),
                           word(plan.scopes.front().wants_stamps ? 1 : 0),
                           word(placed_.part_of[plan.head.index()].value()),
                           word(plan.end_matters ? 1 : 0), word(plan.loop),
                           number(regions_[r].state_size), regions_[r].initialize,
                           regions_[r].run, module_.text(head.equation),
                           number(delay == nullptr ? 0 : delay->duration_ns),
                           number(delay == nullptr ? 0 : delay->max)}));
    }
    return table(rows, "regions");
  }

  llvm::Constant* make_sites() {
    std::vector<llvm::Constant*> rows;
    for (const ModuleContext::Site& site : module_.sites()) {
      std::string file;
      LineColumn place{0, 0};
      if (site.span.valid()) {
        const SourceFile& source = module_.sources.file(site.span.file_id);
        file = source.name();
        place = source.line_column(site.span.begin);
      }
      rows.push_back(make({module_.text(site.equation), module_.text(file), word(place.line),
                           word(place.column), word(site.is_handled ? 1 : 0), word(0)}));
    }
    return table(rows, "sites");
  }

  ModuleContext& module_;
  const PlacedGraph& placed_;
  const std::vector<EmittedRegion>& regions_;
  const CodegenOptions& options_;
  Evaluation evaluation_;
  llvm::Constant* null_ = nullptr;
  std::size_t param_count_ = 0;
};

}  // namespace

Result<void> emit_descriptor(ModuleContext& module, const PlacedGraph& placed,
                             const std::vector<EmittedRegion>& regions,
                             const CodegenOptions& options) {
  return DescriptorEmitter(module, placed, regions, options).emit();
}

}  // namespace streamc
