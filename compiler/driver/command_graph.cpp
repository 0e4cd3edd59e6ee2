// `streamc graph FILE`: the graph as a picture; with a placement, where it runs.
#include "compiler/driver/commands.h"
#include "compiler/driver/files.h"
#include "compiler/driver/pipeline.h"
#include "compiler/graph/picture.h"
#include "compiler/place/frames.h"

namespace streamc {
namespace {

std::string draw(const Picture& picture, const Options& options) {
  const bool is_dot = options.format == "dot" || (options.format.empty() && options.output.ends_with(".dot"));
  return is_dot ? print_dot(picture) : print_svg(picture);
}

// As the program says it; or, placed, as it runs.
std::optional<std::string> make_picture(FrontEnd& front_end, const Options& options, int& status) {
  const std::string& path = options.files[0];
  if (options.deploy.empty() && options.scatter.empty() && options.threads.empty()) {
    if (!compile_to_graph(front_end, path, options, status)) return std::nullopt;
    return draw({front_end.graph(), front_end.program(), &front_end.sources(), front_end.program_name()}, options);
  }
  if (!compile_to_final_graph(front_end, path, options, status)) return std::nullopt;
  const std::optional<PlacedGraph> placed = place_graph(front_end, front_end.graph(), options, status);
  if (!placed) return std::nullopt;
  const PictureFrames frames = frames_of(*placed);
  return draw({placed->graph, front_end.program(), &front_end.sources(), front_end.program_name(), &frames}, options);
}

}  // namespace

int command_graph(const Options& options) {
  FrontEnd front_end;
  int status = kExitSuccess;
  const std::optional<std::string> picture = make_picture(front_end, options, status);
  if (!picture) return status;
  const Result<void> written = write_file(options.output.empty() ? "-" : options.output, *picture);
  return written ? int{kExitSuccess} : report_failure(written.message());
}

}  // namespace streamc
