#include "core/distributed/communicator.h"

#include <ATen/ATen.h>

#include <cstring>

#include "core/error.h"

namespace sana {
namespace {

class Done : public Pending {
 public:
  void wait() override {}
};

class SingleProcess final : public Communicator {
 public:
  int64_t rank() const override { return 0; }
  int64_t size() const override { return 1; }

  std::unique_ptr<Pending> start_all_reduce(const std::string&, at::Tensor, Reduction) override {
    return std::make_unique<Done>();
  }
  std::unique_ptr<Pending> start_reduce_scatter(const std::string&, at::Tensor part,
                                                at::Tensor tensor) override {
    part.copy_(tensor);
    return std::make_unique<Done>();
  }
  std::unique_ptr<Pending> start_all_gather(const std::string&, at::Tensor tensor,
                                            at::Tensor part) override {
    tensor.copy_(part);
    return std::make_unique<Done>();
  }
  std::unique_ptr<Pending> start_exchange(const std::string&, at::Tensor received, at::Tensor sent,
                                          std::vector<int64_t>) override {
    received.copy_(sent);
    return std::make_unique<Done>();
  }
  std::unique_ptr<Pending> start_broadcast(const std::string&, at::Tensor, int64_t) override {
    return std::make_unique<Done>();
  }
  void barrier(const std::string&, bool) override {}
  std::unique_ptr<Communicator> split(const std::string&,
                                      const std::vector<int64_t>& members) override {
    SANA_ASSERT(members == std::vector<int64_t>{0});
    return single_process();
  }
};

}  // namespace

std::unique_ptr<Communicator> single_process() { return std::make_unique<SingleProcess>(); }

double Communicator::all_reduce(const std::string& name, double value, Reduction reduction) {
  const at::Tensor tensor = at::full({1}, value, at::kDouble);
  all_reduce(name, tensor, reduction);
  return tensor.item<double>();
}

std::vector<std::string> Communicator::gather_text(const std::string& name,
                                                   const std::string& text) {
  const auto bytes = static_cast<int64_t>(text.size());
  const at::Tensor sizes = at::empty({size()}, at::kLong);
  start_all_gather(name + " (lengths)", sizes, at::full({1}, bytes, at::kLong))->wait();
  const auto longest = sizes.max().item<int64_t>();
  if (longest == 0) return std::vector<std::string>(static_cast<size_t>(size()));
  const at::Tensor mine = at::zeros({longest}, at::kByte);
  std::memcpy(mine.mutable_data_ptr(), text.data(), text.size());
  const at::Tensor all = at::empty({size() * longest}, at::kByte);
  start_all_gather(name, all, mine)->wait();
  std::vector<std::string> texts;
  for (int64_t r = 0; r < size(); ++r) {
    const auto* begin = static_cast<const char*>(all.const_data_ptr()) + r * longest;
    texts.emplace_back(begin, static_cast<size_t>(sizes[r].item<int64_t>()));
  }
  return texts;
}

}  // namespace sana
