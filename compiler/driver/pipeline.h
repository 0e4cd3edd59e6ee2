// The steps of a compilation, in order: what every command is made of.
//
//   read → parse → check → build the graph → passes → generate code → object → run | link
//
// Each function does the steps up to its name, prints messages and dumps on the way, and gives
// nothing if there is nothing to go on with; `status` then says how streamc ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "compiler/codegen/codegen.h"
#include "compiler/driver/front_end.h"
#include "compiler/driver/options.h"
#include "compiler/place/placement.h"

namespace streamc {

// Reads and parses.
bool compile_to_tree(FrontEnd& front_end, const std::string& path, const Options& options, int& status);
// Everything that can be checked; the graph is as the program says it.
bool compile_to_graph(FrontEnd& front_end, const std::string& path, const Options& options, int& status);
// The same, and the test blocks and what each deploy block makes of the program are checked too.
bool check_everything(FrontEnd& front_end, const std::string& path, const Options& options, int& status);
// As compile_to_graph, and the graph is what code is generated from.
bool compile_to_final_graph(FrontEnd& front_end, const std::string& path, const Options& options, int& status);

// The deploy block of the options; nothing, after a message, if the program has none of that name.
const Deployment* find_deployment(FrontEnd& front_end, const Options& options, int& status);

// Where each part of the graph runs, as the options say; nothing after a mistake.
std::optional<PlacedGraph> place_graph(FrontEnd& front_end, const Graph& graph, const Options& options,
                                       int& status);

// How many threads `--threads` allows; for `auto` those of the machine that is compiled for, as far as that is known.
std::uint32_t allowed_threads(const Options& options);

// What code is generated for.
struct Target {
  std::string name = "host";  // As `--target` says it.
  Optimisation optimisation = Optimisation::Short;
};
std::optional<GeneratedCode> compile_to_code(FrontEnd& front_end, const PlacedGraph& placed, const Target& target,
                                             int& status);
std::optional<std::string> compile_to_object(FrontEnd& front_end, const PlacedGraph& placed, const Target& target,
                                             int& status);

// The passes over a graph, with the dumps that were asked for.
void run_all_passes(FrontEnd& front_end, Graph& graph, const Options& options);

// Messages of the compilation so far, on standard error; and the times, if they were asked for.
void print_messages(FrontEnd& front_end, const Options& options);
void print_times(FrontEnd& front_end, const Options& options);

}  // namespace streamc
