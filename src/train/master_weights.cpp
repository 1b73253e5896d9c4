#include "train/master_weights.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/distributed/world.h"
#include "core/error.h"
#include "core/shape_map.h"
#include "model/state_dict.h"

namespace sana::train {
namespace {

// Of which block of the module each parameter is.
std::vector<std::optional<int64_t>> blocks_of(const torch::nn::Module& module,
                                              const std::vector<std::string>& names) {
  const auto* blockwise = dynamic_cast<const model::BlockwiseModule*>(&module);
  std::vector<std::optional<int64_t>> blocks;
  if (blockwise == nullptr) return blocks;
  for (const std::string& name : names) blocks.push_back(blockwise->block_of(name));
  return blocks;
}

}  // namespace

MasterWeights::MasterWeights(torch::nn::Module& module, at::ScalarType precision)
    : module_(module), aliased_(precision == at::kFloat) {
  module.to(at::kFloat);
  for (const auto& item : module.named_parameters()) {
    const at::Tensor& parameter = item.value();
    const at::Tensor value = aliased_ ? parameter.detach() : parameter.detach().clone();
    const bool trained = parameter.requires_grad();
    (trained ? names_ : frozen_names_).push_back(item.key());
    (trained ? parameters_ : frozen_parameters_).push_back(parameter);
    (trained ? weights_ : frozen_weights_).push_back(value);
  }
  require(!names_.empty(), "train.freeze leaves no parameter to train");
  // Changes the parameters in place, so the references above stay valid.
  if (!aliased_) module.to(precision);
}

MasterWeights::MasterWeights(torch::nn::Module& module, at::ScalarType precision,
                             const WeightGroups& groups, const ShareOptions& options)
    : MasterWeights(module, precision) {
  share(groups, options);
}

MasterWeights::~MasterWeights() {
  auto* blockwise = dynamic_cast<model::BlockwiseModule*>(&module_);
  if (gathered_ && blockwise != nullptr) blockwise->set_block_weights(nullptr);
}

int64_t MasterWeights::bytes() const {
  int64_t bytes = 0;
  for (const at::Tensor& weight : weights_) bytes += int64_t(weight.nbytes());
  for (const at::Tensor& weight : frozen_weights_) bytes += int64_t(weight.nbytes());
  return bytes;
}

int64_t MasterWeights::num_trained() const {
  int64_t count = 0;
  for (const at::Tensor& parameter : parameters_) count += parameter.numel();
  return count;
}

void MasterWeights::share(const WeightGroups& groups, const ShareOptions& options) {
  if (groups.all.size() == 1) return;
  group_ = &groups.all;
  is_full_ = groups.shard != nullptr;
  if (options.shard) parts_ = group_;
  if (is_full_) parts_ = groups.shard;
  replicas_ = groups.replicas;
  buckets_ = plan_buckets(parameters_, options.bucket_bytes, parts_ != nullptr ? parts_->size() : 1,
                          blocks_of(module_, names_));
  if (parts_ != nullptr) shard();
  ReducerOptions reducer{options.gradient_dtype, parts_ != nullptr, is_full_, replicas_};
  reducer_ = std::make_unique<GradientReducer>(parameters_, buckets_,
                                               parts_ != nullptr ? *parts_ : *group_, reducer);
}

at::Tensor MasterWeights::part_of(const at::Tensor& flat) const {
  const int64_t count = flat.size(0) / parts_->size();
  return flat.narrow(0, parts_->rank() * count, count);
}

// The module's parameters move into flat buckets, of which this process keeps a part in float32.
void MasterWeights::shard() {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> parts;
  std::vector<GatheredWeights::Bucket> buckets;
  for (size_t b = 0; b < buckets_.sizes.size(); ++b) {
    const auto dtype = parameters_.front().scalar_type();
    const at::Tensor flat = buckets_.flattened(b, parameters_, dtype);
    const bool stays = aliased_ && !is_full_;
    parts.push_back(stays ? part_of(flat)
                          : part_of(buckets_.flattened(b, weights_, at::kFloat)).clone());
    for (const size_t i : buckets_.members[b]) {
      parameters_[i].set_data(buckets_.view(flat, i, parameters_[i]));
    }
    buckets.push_back({flat, buckets_.blocks[b]});
  }
  weights_ = std::move(parts);
  using Stay = GatheredWeights::Stay;
  gathered_ = std::make_unique<GatheredWeights>(std::move(buckets), *parts_,
                                                is_full_ ? Stay::kInBlock : Stay::kAlways);
  auto* blockwise = dynamic_cast<model::BlockwiseModule*>(&module_);
  if (blockwise != nullptr) blockwise->set_block_weights(gathered_.get());
  if (is_full_) publish();
}

void MasterWeights::begin_pass(bool is_last, bool overlap) {
  // Where kernels are replayed no block asks for its weights.
  if (gathered_) gathered_->settle(/*all=*/!overlap);
  is_last_pass_ = is_last;
  travels_ = reducer_ != nullptr && (is_last || is_full_);
  if (!travels_) return;
  const bool adds = summing_ && !is_full_;
  reducer_->begin(adds ? gradients_ : std::vector<at::Tensor>(), overlap);
}

void MasterWeights::collect_gradients() {
  reached_.resize(parameters_.size(), false);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].grad().defined()) reached_[i] = true;
  }
  if (travels_) {
    travels_ = false;
    const std::vector<at::Tensor> sums = reducer_->finish();
    for (size_t i = 0; i < parameters_.size(); ++i) {
      if (reducer_->had_gradient(i)) reached_[i] = true;
    }
    is_full_ ? add_parts(sums, is_last_pass_) : void(shared_ = sums);
    return;
  }
  if (!aliased_) add_to_sums();  // else autograd itself adds up in float32
}

// Of full sharding: each pass leaves parts that are summed over the group already.
void MasterWeights::add_parts(const std::vector<at::Tensor>& parts, bool is_last) {
  const at::NoGradGuard no_grad;
  gathered_->end_pass();
  if (summing_) {
    at::_foreach_add_(gradients_, parts);
  } else if (is_last) {
    shared_ = parts;
  } else {
    if (gradients_.empty()) {
      for (const at::Tensor& part : parts) gradients_.push_back(at::empty_like(part));
    }
    at::_foreach_copy_(gradients_, parts);
    shared_ = gradients_;
    summing_ = true;
  }
}

void MasterWeights::add_to_sums() {
  at::NoGradGuard no_grad;
  if (gradients_.empty()) {
    for (const at::Tensor& weight : weights_) gradients_.push_back(at::empty_like(weight));
  }
  std::vector<at::Tensor> sums, parts;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    at::Tensor& gradient = parameters_[i].mutable_grad();
    if (gradient.defined()) {
      sums.push_back(gradients_[i]);
      parts.push_back(std::exchange(gradient, at::Tensor()));
    } else if (!summing_) {
      gradients_[i].zero_();
    }
  }
  if (!parts.empty()) summing_ ? at::_foreach_add_(sums, parts) : at::_foreach_copy_(sums, parts);
  summing_ = true;
}

const std::vector<at::Tensor>& MasterWeights::gradients() {
  if (reducer_) return shared_;
  if (aliased_ && gradients_.empty()) {
    for (const at::Tensor& parameter : parameters_) {
      const at::Tensor& gradient = parameter.grad();
      gradients_.push_back(gradient.defined() ? gradient : at::zeros_like(parameter.detach()));
    }
  }
  return gradients_;
}

void MasterWeights::clear_gradients() {
  summing_ = false;
  reached_.assign(parameters_.size(), false);
  if (!aliased_ || is_full_) return;  // the float32 buffers are written anew
  gradients_.clear();
  for (at::Tensor& parameter : parameters_) parameter.mutable_grad() = at::Tensor();
}

void MasterWeights::require_gradients(const std::vector<std::string>& may_lack) const {
  std::vector<std::string> lost;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const bool reached = reached_.at(i);
    const bool may = std::any_of(may_lack.begin(), may_lack.end(), [&](const std::string& word) {
      return names_[i].find(word) != std::string::npos;
    });
    if (!reached && !may) lost.push_back(names_[i]);
  }
  if (lost.empty()) return;
  throw InternalError(fmt::format(
      "{} trained parameters got no gradient in the first step and would never change: {}",
      lost.size(), fmt::join(lost, ", ")));
}

void MasterWeights::publish() {
  const at::NoGradGuard no_grad;
  if (gathered_) {
    gathered_->publish(weights_);
  } else if (!aliased_) {
    at::_foreach_copy_(parameters_, weights_);
  }
}

void MasterWeights::settle() {
  if (gathered_) gathered_->settle(/*all=*/true);
}

void MasterWeights::require_same() {
  settle();
  if (replicas_ != nullptr) require_same_tensors(*replicas_, "weights", weights_);
  if (group_ != nullptr && !is_full_) {
    require_same_tensors(*group_, "weights", module_.parameters());
  }
}

std::vector<at::Tensor> MasterWeights::whole(const std::vector<at::Tensor>& values) const {
  SANA_ASSERT(values.size() == weights_.size());
  const bool is_main = group_ == nullptr || group_->rank() == 0;
  if (parts_ == nullptr) return is_main ? values : std::vector<at::Tensor>();
  if (!is_of_first_replica()) return {};
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> tensors(is_main ? parameters_.size() : 0);
  for (size_t b = 0; b < values.size(); ++b) {
    const at::Tensor flat = at::empty({buckets_.sizes[b]}, values[b].options());
    parts_->start_all_gather("whole tensors", flat, values[b].contiguous())->wait();
    for (const size_t i : buckets_.members[b]) {
      if (is_main) tensors[i] = buckets_.view(flat, i, parameters_[i]);
    }
  }
  return tensors;
}

TensorMap MasterWeights::by_name(const std::vector<at::Tensor>& values,
                                 const std::string& prefix) const {
  const std::vector<at::Tensor> tensors = whole(values);
  TensorMap map;
  for (size_t i = 0; i < tensors.size(); ++i) map[prefix + names_[i]] = tensors[i].detach();
  return map;
}

TensorMap MasterWeights::state_with(const std::vector<at::Tensor>& values) const {
  TensorMap state = by_name(values);
  if (!state.empty()) state.merge(fixed());  // else it is of another process
  return state;
}

TensorMap MasterWeights::fixed() const {
  TensorMap fixed;
  for (const auto& item : module_.named_buffers()) {
    const at::Tensor& buffer = item.value();
    fixed[item.key()] = buffer.is_floating_point() ? buffer.to(at::kFloat) : buffer;
  }
  for (size_t i = 0; i < frozen_names_.size(); ++i) fixed[frozen_names_[i]] = frozen_weights_[i];
  return fixed;
}

void MasterWeights::copy_by_name(const TensorMap& tensors, const std::string& prefix,
                                 const std::vector<at::Tensor>& values) const {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> ordered;
  for (const std::string& name : names_) ordered.push_back(tensors.at(prefix + name));
  for (size_t i = 0; i < values.size(); ++i) {
    at::Tensor value = values[i];
    value.copy_(parts_ != nullptr ? part_of(buckets_.flattened(i, ordered, at::kFloat))
                                  : ordered[i]);
  }
}

std::map<std::string, std::vector<int64_t>> MasterWeights::shapes(const std::string& prefix) const {
  std::map<std::string, std::vector<int64_t>> shapes;
  for (size_t i = 0; i < names_.size(); ++i) {
    shapes[prefix + names_[i]] = parameters_[i].sizes().vec();
  }
  return shapes;
}

void MasterWeights::restore(const TensorMap& tensors, const std::string& what) {
  const at::NoGradGuard no_grad;
  settle();
  if (is_full_) {
    load_outside_of_parts(tensors, what);
  } else {
    model::load_state_dict(module_, tensors, what);
  }
  for (size_t i = 0; i < frozen_names_.size(); ++i) {
    frozen_weights_[i].copy_(tensors.at(frozen_names_[i]));
  }
  copy_by_name(tensors, "", weights_);
  if (is_full_) publish();
}

// What the module holds itself while its trained weights are in parts.
void MasterWeights::load_outside_of_parts(const TensorMap& tensors, const std::string& what) {
  check_shapes(shapes_of(model::state_dict(module_)), shapes_of(tensors), what);
  for (auto& item : module_.named_buffers()) item.value().copy_(tensors.at(item.key()));
  for (size_t i = 0; i < frozen_names_.size(); ++i) {
    frozen_parameters_[i].copy_(tensors.at(frozen_names_[i]));
  }
}

WeightSwap::WeightSwap(MasterWeights& masters, const std::vector<at::Tensor>& weights,
                       at::ScalarType dtype)
    : masters_(masters) {
  SANA_ASSERT(weights.size() == masters.parameters_.size());
  if (masters.gathered_) masters.gathered_->pause(true);
  for (size_t i = 0; i < weights.size(); ++i) swap(masters.parameters_[i], weights[i], dtype);
  for (size_t i = 0; i < masters.frozen_weights_.size(); ++i) {
    swap(masters.frozen_parameters_[i], masters.frozen_weights_[i], dtype);
  }
}

void WeightSwap::swap(at::Tensor parameter, const at::Tensor& value, at::ScalarType dtype) {
  parameters_.push_back(parameter);
  previous_.push_back(parameter.detach());
  parameter.set_data(value.detach().to(dtype));
}

WeightSwap::~WeightSwap() {
  for (size_t i = 0; i < previous_.size(); ++i) parameters_[i].set_data(previous_[i]);
  if (masters_.gathered_) masters_.gathered_->pause(false);
}

}  // namespace sana::train
