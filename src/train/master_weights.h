// Float32 weights and gradients of a module that may compute in bfloat16.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

#include "core/safetensors.h"
#include "train/gradient_reducer.h"

namespace sana::train {

// A float32 module is its own master: weights and gradients are those of its parameters. Of a
// bfloat16 module this holds float32 copies, since an update is often smaller than the spacing of
// bfloat16 numbers.
class MasterWeights {
 public:
  // Takes the values the module has, then converts the module to `precision`. Parameters that do
  // not require gradients are kept but never change.
  MasterWeights(torch::nn::Module& module, at::ScalarType precision);

  // Trained parameters: names and float32 values in one order.
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<at::Tensor>& weights() const { return weights_; }
  // Of all float32 values, those that never change included.
  int64_t bytes() const;

  // Gradients become sums over the members of this group, which outlives this.
  void share(Communicator& group, const ReducerOptions& options);
  // The next backward pass is the last of its step: what the group sums travels while it runs, or
  // after it where it is not to `overlap`.
  void begin_last_pass(bool overlap = true);

  // Moves the gradients of one backward pass into the float32 sum and clears them in the module;
  // after the last one of a step that is the sum over the group.
  void collect_gradients();
  // The sum since the last clear_gradients(), in the order of weights(); zero for a parameter that
  // took no part (its derivative is zero).
  const std::vector<at::Tensor>& gradients();
  void clear_gradients();

  // Throws InternalError that names the trained parameters that no backward pass since the last
  // clear_gradients() reached, but for names with one of the words of `may_lack`. To be called
  // before gradients(), which fills the gaps.
  void require_gradients(const std::vector<std::string>& may_lack) const;

  // Writes the masters into the module.
  void publish();

  // State dictionary of the module in float32, with `weights` (in the order of weights()) for the
  // trained parameters.
  TensorMap state_with(const std::vector<at::Tensor>& weights) const;
  TensorMap state() const { return state_with(weights_); }
  // Sets masters and module. Throws UserError as model::load_state_dict does.
  void restore(const TensorMap& tensors, const std::string& what);

 private:
  friend class WeightSwap;
  void add_to_sums();

  torch::nn::Module& module_;
  bool aliased_ = true;        // masters are the module's own tensors
  bool summing_ = false;       // gradients_ of a bfloat16 module hold a sum that is not finished
  bool is_last_pass_ = false;  // whose gradients the group sums
  std::vector<bool> reached_;  // by a backward pass of this step
  std::unique_ptr<GradientReducer> reducer_;
  std::vector<std::string> names_, frozen_names_;
  std::vector<at::Tensor> parameters_, weights_, gradients_;
  std::vector<at::Tensor> shared_;  // gradients summed over the group
  std::vector<at::Tensor> frozen_parameters_, frozen_weights_;
};

// While it lives the module computes with other weights (the moving average) and in `dtype`;
// nothing is lost.
class WeightSwap {
 public:
  WeightSwap(MasterWeights& masters, const std::vector<at::Tensor>& weights, at::ScalarType dtype);
  ~WeightSwap();
  WeightSwap(const WeightSwap&) = delete;
  WeightSwap& operator=(const WeightSwap&) = delete;

 private:
  void swap(at::Tensor parameter, const at::Tensor& value, at::ScalarType dtype);

  std::vector<at::Tensor> parameters_, previous_;
};

}  // namespace sana::train
