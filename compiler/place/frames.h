// A placement → the frames of a picture.
#pragma once

#include "compiler/graph/picture_frames.h"
#include "compiler/place/placement.h"

namespace streamc {

// Nodes, processes and threads of a placed graph, with what the deploy block says of each.
PictureFrames frames_of(const PlacedGraph& placed);

}  // namespace streamc
