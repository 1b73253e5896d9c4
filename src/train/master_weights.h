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
#include "train/gathered_weights.h"
#include "train/gradient_reducer.h"
#include "train/owned_tensors.h"

namespace sana::train {

// How processes share a module's weights.
struct ShareOptions {
  int64_t bucket_bytes = int64_t(25) << 20;
  at::ScalarType gradient_dtype = at::kFloat;  // in which gradients travel
  bool shard = false;  // each process keeps and updates its part of the float32 weights
};

// Who shares them. All of it outlives the weights.
struct WeightGroups {
  Communicator& all;  // gradients become sums over them
  // Full sharding: those that have the other parts, of all that concerns a weight. The weights of a
  // block (model::BlockwiseModule) are whole only while it computes. null: each has all weights.
  Communicator* shard = nullptr;
  Communicator* replicas = nullptr;  // with `shard`: those that have the same part; null: nobody
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
  // The same, shared by the members of these groups, which must have the same values.
  MasterWeights(torch::nn::Module& module, at::ScalarType precision, const WeightGroups& groups,
                const ShareOptions& options);
  ~MasterWeights();
  MasterWeights(const MasterWeights&) = delete;
  MasterWeights& operator=(const MasterWeights&) = delete;

  // Names of the trained parameters.
  const std::vector<std::string>& names() const { return names_; }
  // How many numbers they have.
  int64_t num_trained() const;
  // What is updated, in float32.
  const std::vector<at::Tensor>& weights() const { return weights_; }
  // Of all float32 values of this process, those that never change included.
  int64_t bytes() const;
  // Of the module's trained parameters that are whole all the time though processes share them in
  // parts.
  int64_t staying_bytes() const { return gathered_ ? gathered_->staying_bytes() : 0; }

  // The next forward and backward pass of the module; `is_last`: of its step. What the group sums
  // travels while the last one runs, with full sharding in each; or after it where it is not to
  // `overlap`, as the module's code is not run.
  void begin_pass(bool is_last, bool overlap = true);
  // Moves the gradients of one backward pass into the float32 sum and clears them in the module;
  // after the last one of a step that is the sum over the group.
  void collect_gradients();
  // The sum since the last clear_gradients(), in the order of weights(); zero for a parameter that
  // took no part (its derivative is zero).
  const std::vector<at::Tensor>& gradients();
  void clear_gradients();
  // The group where gradients() are parts, over which their norm has to be summed; else null.
  Communicator* group_of_parts() const { return parts_; }
  // Those that have the same parts; null: nobody.
  Communicator* replicas() const { return replicas_; }

  // Where several processes have the same part: whether this one is of the replica that rank 0 of
  // all is of. True where there are no such parts.
  bool is_of_first_replica() const { return replicas_ == nullptr || replicas_->rank() == 0; }

  // Throws InternalError that names the trained parameters that no backward pass since the last
  // clear_gradients() reached, but for names with one of the words of `may_lack`. To be called
  // before gradients(), which fills the gaps.
  void require_gradients(const std::vector<std::string>& may_lack) const;

  // Writes the masters into the module, on all processes. Where they share it in parts it goes on
  // while this returns; begin_pass() and the module's blocks wait for what they need.
  void publish();
  // Waits for all of it: for those who read the module's parameters themselves. With full sharding
  // those of blocks have no memory outside of them.
  void settle();
  // Throws InternalError where processes that should have the same weights have others.
  void require_same();

  // The three that follow take values in the order of weights() (weights, averages, moments). Where
  // processes share the module, all call them, and rank 0 of all gets the result, the others nothing.
  //
  // Whole tensors in the order of names().
  std::vector<at::Tensor> whole(const std::vector<at::Tensor>& values) const;
  // The same by name behind `prefix`.
  TensorMap by_name(const std::vector<at::Tensor>& values, const std::string& prefix = "") const;
  // State dictionary of the module in float32, with these values for the trained parameters.
  TensorMap state_with(const std::vector<at::Tensor>& values) const;
  TensorMap state() const { return state_with(weights_); }

  // What never changes and every process has: frozen parameters and buffers, as in state().
  TensorMap fixed() const;
  // How the trained values lie, for those who save them.
  TrainedLayout layout() const { return {names_, parameters_, buckets_, group_of_parts()}; }

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
  void add_parts(const std::vector<at::Tensor>& parts, bool is_last);
  void share(const WeightGroups& groups, const ShareOptions& options);
  void shard();
  void load_outside_of_parts(const TensorMap& tensors, const std::string& what);
  at::Tensor part_of(const at::Tensor& flat) const;

  torch::nn::Module& module_;
  bool aliased_ = true;        // masters are the module's own tensors
  bool summing_ = false;       // gradients_ hold a sum that is not finished
  bool travels_ = false;       // what the pass that has begun leaves is summed by the group
  bool is_last_pass_ = false;  // of its step
  std::vector<bool> reached_;  // by a backward pass of this step
  std::vector<std::string> names_, frozen_names_;
  std::vector<at::Tensor> parameters_, weights_, gradients_;
  std::vector<at::Tensor> frozen_parameters_, frozen_weights_;

  Communicator* group_ = nullptr;     // all; null: one process
  Communicator* parts_ = nullptr;     // that share the weights in parts; null: each has all
  Communicator* replicas_ = nullptr;  // that have the same part
  bool is_full_ = false;              // full sharding
  ParameterBuckets buckets_;
  std::unique_ptr<GradientReducer> reducer_;
  std::unique_ptr<GatheredWeights> gathered_;
  std::vector<at::Tensor> shared_;  // gradients summed over the group
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

  MasterWeights& masters_;
  std::vector<at::Tensor> parameters_, previous_;
};

}  // namespace sana::train
