// A clip whose frames several processes share (sequence parallel): which of them each has, and the
// two things that a transformer block needs of the others.
//
// Every process of the group runs the same layers on frames of its own. The loss is the sum (or
// mean) over all of them, so the gradient of what one process gets from another goes back there.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "core/distributed/communicator.h"

namespace sana::model {

// Which frames of a clip a pass computes. `group` outlives the pass and its backward pass, in which
// its members talk again: all of them run both, with the same layers, in the same order.
struct FramePart {
  Communicator* group = nullptr;  // null: the whole clip is here
  int64_t first_frame = 0;        // of tokens, in the clip
};

// Frames of one member; the first ones have one more where they do not divide evenly.
struct FrameRange {
  int64_t first = 0, count = 0;
};
FrameRange frames_of_member(int64_t frames, int64_t member, int64_t members);

// The sum of all members' `x`, which all of them get, in float32; the gradient is the sum of all
// members' gradients.
//   x  float32, of one shape on all members
at::Tensor sum_over_members(Communicator& group, const std::string& name, const at::Tensor& x);

// The frames beside this member's, zeros at the ends of the clip. Gradients go back to where they
// are from.
//   x [B, T, M, D] -> before, after [B, 1, M, D]; T may differ between members, B, M and D not
struct NeighbourFrames {
  at::Tensor before, after;
};
NeighbourFrames neighbour_frames(Communicator& group, const at::Tensor& x);

}  // namespace sana::model
