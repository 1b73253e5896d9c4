// Float32 weights and gradients of a module that may compute in bfloat16, and of which several
// processes may keep a part each.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/safetensors.h"
#include "train/gradient_reducer.h"

namespace sana::train {

// How processes share a module's weights.
struct ShareOptions {
  int64_t bucket_bytes = int64_t(25) << 20;
  at::ScalarType gradient_dtype = at::kFloat;  // in which gradients travel
  bool shard = false;  // each process keeps and updates its part of the float32 weights
};

// A float32 module is its own master: weights and gradients are those of its parameters. Of a
// bfloat16 module this holds float32 copies, since an update is often smaller than the spacing of
// bfloat16 numbers.
//
// Where processes share the module in parts, what is updated (weights(), gradients()) is this
// process' part of each bucket of parameters; else it is each trained parameter.
class MasterWeights {
 public:
  // Takes the values the module has, then converts the module to `precision`. Parameters that do
  // not require gradients are kept but never change.
  MasterWeights(torch::nn::Module& module, at::ScalarType precision);
  // The same, shared by the members of this group, which outlives this: gradients become sums over
  // them.
  MasterWeights(torch::nn::Module& module, at::ScalarType precision, Communicator& group,
                const ShareOptions& options);
  MasterWeights(const MasterWeights&) = delete;
  MasterWeights& operator=(const MasterWeights&) = delete;

  // Names of the trained parameters.
  const std::vector<std::string>& names() const { return names_; }
  // What is updated, in float32.
  const std::vector<at::Tensor>& weights() const { return weights_; }
  // Of all float32 values of this process, those that never change included.
  int64_t bytes() const;

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
  // The group where gradients() are parts, over which their norm has to be summed; else null.
  Communicator* group_of_parts() const { return is_sharded_ ? group_ : nullptr; }

  // Throws InternalError that names the trained parameters that no backward pass since the last
  // clear_gradients() reached, but for names with one of the words of `may_lack`. To be called
  // before gradients(), which fills the gaps.
  void require_gradients(const std::vector<std::string>& may_lack) const;

  // Writes the masters into the module, on all processes.
  void publish();

  // The three that follow take values in the order of weights() (weights, averages, moments). Where
  // processes share the module, all call them, and rank 0 gets the result, the others nothing.
  //
  // Whole tensors in the order of names().
  std::vector<at::Tensor> whole(const std::vector<at::Tensor>& values) const;
  // The same by name behind `prefix`.
  TensorMap by_name(const std::vector<at::Tensor>& values, const std::string& prefix = "") const;
  // State dictionary of the module in float32, with these values for the trained parameters.
  TensorMap state_with(const std::vector<at::Tensor>& values) const;
  TensorMap state() const { return state_with(weights_); }

  // Copies whole tensors, named as by_name() names them, into values of the order of weights().
  void copy_by_name(const TensorMap& tensors, const std::string& prefix,
                    const std::vector<at::Tensor>& values) const;
  // Shapes of by_name().
  std::map<std::string, std::vector<int64_t>> shapes(const std::string& prefix = "") const;
  // Sets masters and module. Throws UserError as model::load_state_dict does.
  void restore(const TensorMap& tensors, const std::string& what);

 private:
  friend class WeightSwap;
  void add_to_sums();
  void share(Communicator& group, const ShareOptions& options);
  void shard();
  at::Tensor part_of(const at::Tensor& flat) const;

  torch::nn::Module& module_;
  bool aliased_ = true;        // masters are the module's own tensors
  bool summing_ = false;       // gradients_ of a bfloat16 module hold a sum that is not finished
  bool is_last_pass_ = false;  // whose gradients the group sums
  std::vector<bool> reached_;  // by a backward pass of this step
  std::vector<std::string> names_, frozen_names_;
  std::vector<at::Tensor> parameters_, weights_, gradients_;
  std::vector<at::Tensor> frozen_parameters_, frozen_weights_;

  Communicator* group_ = nullptr;  // null: one process
  ParameterBuckets buckets_;
  std::unique_ptr<GradientReducer> reducer_;
  std::vector<at::Tensor> shared_;  // gradients summed over the group
  bool is_sharded_ = false;
  std::vector<at::Tensor> flats_;  // the module's parameters by bucket, in its precision
};

// While it lives the module computes with other weights (the moving average) and in `dtype`;
// nothing is lost.
class WeightSwap {
 public:
  // `weights`: whole, in the order of names().
  WeightSwap(MasterWeights& masters, const std::vector<at::Tensor>& weights, at::ScalarType dtype);
  ~WeightSwap();
  WeightSwap(const WeightSwap&) = delete;
  WeightSwap& operator=(const WeightSwap&) = delete;

 private:
  void swap(at::Tensor parameter, const at::Tensor& value, at::ScalarType dtype);

  std::vector<at::Tensor> parameters_, previous_;
};

}  // namespace sana::train
