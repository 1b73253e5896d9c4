#include "model/frame_part.h"

#include <ATen/ATen.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/error.h"

namespace sana::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// What a node of the graph remembers until the backward pass.
struct SharedWith : torch::CustomClassHolder {
  SharedWith(Communicator& members, std::string what) : group(members), name(std::move(what)) {}
  Communicator& group;
  std::string name;
};

void remember(AutogradContext* context, Communicator& group, const std::string& name) {
  context->saved_data["with"] =
      at::IValue::make_capsule(c10::make_intrusive<SharedWith>(group, "gradients of " + name));
}

c10::intrusive_ptr<SharedWith> remembered(AutogradContext* context) {
  const auto capsule = context->saved_data["with"].toCapsule();
  return c10::static_intrusive_pointer_cast<SharedWith>(capsule);
}

at::Tensor summed(Communicator& group, const std::string& name, const at::Tensor& x) {
  const at::Tensor sum = x.clone(at::MemoryFormat::Contiguous);
  group.all_reduce(name, sum);
  return sum;
}

class SumOverMembers : public torch::autograd::Function<SumOverMembers> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, Communicator* group,
                            const std::string& name) {
    remember(context, *group, name);
    return summed(*group, name, x);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto with = remembered(context);
    return {summed(with->group, with->name, gradients[0]), {}, {}};
  }
};

// Each member gives the one before it and the one after it a frame, and gets one of each.
//   [B, 1, M, D] each
NeighbourFrames swapped(Communicator& group, const std::string& name, const at::Tensor& for_before,
                        const at::Tensor& for_after) {
  const bool has_before = group.rank() > 0, has_after = group.rank() + 1 < group.size();
  const int64_t numbers = for_before.numel();
  std::vector<int64_t> counts(size_t(group.size()), 0);
  std::vector<at::Tensor> frames;
  if (has_before) {
    counts[size_t(group.rank() - 1)] = numbers;
    frames.push_back(for_before.flatten());
  }
  if (has_after) {
    counts[size_t(group.rank() + 1)] = numbers;
    frames.push_back(for_after.flatten());
  }
  const at::Tensor sent = at::cat(frames), received = at::empty_like(sent);
  group.start_exchange(name, received, sent, std::move(counts))->wait();
  const auto frame = [&](bool exists, int64_t first) {
    return exists ? received.narrow(0, first, numbers).view(for_before.sizes())
                  : at::zeros(for_before.sizes(), for_before.options());
  };
  return {frame(has_before, 0), frame(has_after, has_before ? numbers : 0)};
}

class ExchangeBorders : public torch::autograd::Function<ExchangeBorders> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& x, Communicator* group) {
    const std::string name = "border frames";
    remember(context, *group, name);
    context->saved_data["frames"] = x.size(1);
    const auto [before, after] =
        swapped(*group, name, x.narrow(1, 0, 1), x.narrow(1, x.size(1) - 1, 1));
    return {before, after};
  }
  // The gradient of the frame from before belongs to that member's last frame, which is the way the
  // frames went, backwards.
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto with = remembered(context);
    const auto [first, last] = swapped(with->group, with->name, gradients[0], gradients[1]);
    const int64_t frames = context->saved_data["frames"].toInt();
    std::vector<int64_t> sizes = first.sizes().vec();
    sizes[1] = frames;
    const at::Tensor result = at::zeros(sizes, first.options());
    result.narrow(1, 0, 1).add_(first);
    result.narrow(1, frames - 1, 1).add_(last);  // of one frame, the same
    return {result, {}};
  }
};

}  // namespace

FrameRange frames_of_member(int64_t frames, int64_t member, int64_t members) {
  SANA_ASSERT(member >= 0 && member < members && frames >= members);
  const int64_t each = frames / members, larger = frames % members;
  return {member * each + std::min(member, larger), each + (member < larger ? 1 : 0)};
}

at::Tensor sum_over_members(Communicator& group, const std::string& name, const at::Tensor& x) {
  return SumOverMembers::apply(x, &group, name);
}

NeighbourFrames neighbour_frames(Communicator& group, const at::Tensor& x) {
  const variable_list frames = ExchangeBorders::apply(x, &group);
  return {frames[0], frames[1]};
}

}  // namespace sana::model
