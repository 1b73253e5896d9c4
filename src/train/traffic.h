// How much the processes of a training send each other in an optimizer step (docs/parallel.md).
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "train/trainer_config.h"

namespace sana::train {

// Bytes that each of `processes` sends in an optimizer step, by rings: twice the gradients, or the
// gradients once and the weights once where each keeps a part, less its own share.
// With full sharding over n of them, in each of a micro-steps: the weights of all blocks twice, but
// the last one's once, and the gradients; the other weights once in a step; and to r replicas each
// time the part of the gradients, as an all-reduce.
//   `parameters`: numbers that are trained; `outside`: of them those that are of no block
int64_t bytes_sent_per_step(const TrainConfig& config, int64_t parameters, int64_t outside,
                            int64_t processes);

// Bytes that a process sends to those that share the frames of its clips, in an optimizer step on
// batches of these latents [B, C, T, h, w]; of one with neighbours on both sides, if there is one.
// In every block and direction, and once more where blocks are recomputed:
//   S and z by a ring   2 (P - 1) / P * B * A * d * (d + 1) * 4
//   border frames       min(2, P - 1) * B * H' * W' * D * bytes of the precision
// Nothing where the clip has fewer frames than there are processes, or there is one.
int64_t sequence_bytes_per_step(const TrainConfig& config, at::IntArrayRef latents);

}  // namespace sana::train
