#include "compiler/sema/arguments.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "compiler/diag/closest_name.h"

namespace streamc {

namespace {

// `x: float, low: float`
std::string names_of(std::span<const ast::Parameter> parameters) {
  std::string text;
  for (const ast::Parameter& parameter : parameters) {
    if (!text.empty()) text += ", ";
    text += "`" + parameter.name.text + "`";
  }
  return text;
}

std::optional<std::size_t> position_of(std::span<const ast::Parameter> parameters,
                                       std::string_view name) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].name.text == name) return i;
  }
  return std::nullopt;
}

void report_unknown_argument(std::span<const ast::Parameter> parameters, const CallSite& call,
                             const ast::Argument& argument, DiagnosticSink& sink) {
  std::vector<std::string> names;
  for (const ast::Parameter& parameter : parameters) names.push_back(parameter.name.text);
  auto report = sink.report(diag::UnknownArgument, argument.name.span, call.callee,
                            argument.name.text);
  if (const auto closest = closest_name(argument.name.text, names)) {
    report.help(fmt::format("did you mean `{}`?", *closest));
  } else if (!names.empty()) {
    report.help(fmt::format("`{}` takes {}", call.callee, names_of(parameters)));
  }
}

}  // namespace

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::vector<BoundArgument> bind_arguments(const Ast& ast,
                                          std::span<const ast::Parameter> parameters,
                                          const CallSite& call, DiagnosticSink& sink, bool* ok) {
  *ok = false;
  std::vector<BoundArgument> bound(parameters.size());
  std::size_t next_position = 0;
  if (call.piped.valid() && !parameters.empty()) {
    bound[0].expr_id = call.piped;
    next_position = 1;
  }
  const std::size_t given =
      call.arguments.size() + static_cast<std::size_t>(call.piped.valid() ? 1 : 0);
  bool seen_name = false;
  for (const ast::Argument& argument : call.arguments) {
    if (argument.is_spread) {
      sink.report(diag::SpreadOutsideRecord, argument.span, call.callee);
      return {};
    }
    std::size_t position = next_position;
    if (argument.name.present()) {
      seen_name = true;
      const auto found = position_of(parameters, argument.name.text);
      if (!found) {
        report_unknown_argument(parameters, call, argument, sink);
        return {};
      }
      position = *found;
    } else {
      if (seen_name) {
        sink.report(diag::PositionAfterName, argument.span)
            .help("write the arguments with names last");
        return {};
      }
      ++next_position;
    }
    if (position >= parameters.size()) {
      sink.report(diag::TooManyArguments, argument.span, call.callee,
                  counted(parameters.size(), "value"), static_cast<std::int64_t>(given))
          .help(parameters.empty() ? fmt::format("write `{}()`", call.callee)
                                   : fmt::format("`{}` takes {}", call.callee, names_of(parameters)));
      return {};
    }
    if (bound[position].expr_id.valid()) {
      auto report = sink.report(diag::ArgumentTwice, argument.span, parameters[position].name.text,
                                call.callee);
      report.label(span_of(ast, bound[position].expr_id), "it has this value already");
      return {};
    }
    bound[position].expr_id = argument.value_id;
  }
  if (call.piped.valid() && parameters.empty()) {
    sink.report(diag::TooManyArguments, call.callee_span, call.callee, counted(0, "value"),
                static_cast<std::int64_t>(given));
    return {};
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (bound[i].expr_id.valid()) continue;
    if (!parameters[i].default_id.valid()) {
      sink.report(diag::MissingArgument, call.callee_span, call.callee, parameters[i].name.text)
          .help(fmt::format("`{}` takes {}", call.callee, names_of(parameters)));
      return {};
    }
    bound[i] = {.expr_id = parameters[i].default_id, .is_default = true};
  }
  *ok = true;
  return bound;
}

}  // namespace streamc
