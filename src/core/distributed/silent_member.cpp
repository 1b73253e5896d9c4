#include "core/distributed/silent_member.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/error.h"

namespace sana {
namespace {

class NothingToWaitFor : public Pending {
 public:
  void wait() override {}
};

int64_t bytes_of(const at::Tensor& tensor) { return int64_t(tensor.nbytes()); }

}  // namespace

int64_t ring_bytes(int64_t bytes, int64_t members) { return 2 * bytes * (members - 1) / members; }

SilentMember::SilentMember(int64_t rank, int64_t size) : rank_(rank), size_(size) {
  SANA_ASSERT(rank >= 0 && rank < size);
}

std::unique_ptr<Pending> SilentMember::sent(int64_t bytes) {
  *bytes_ += bytes;
  return std::make_unique<NothingToWaitFor>();
}

std::unique_ptr<Pending> SilentMember::start_all_reduce(const std::string&, at::Tensor tensor,
                                                        Reduction) {
  return sent(ring_bytes(bytes_of(tensor), size_));
}

std::unique_ptr<Pending> SilentMember::start_reduce_scatter(const std::string&, at::Tensor part,
                                                            at::Tensor) {
  return sent(bytes_of(part) * (size_ - 1));
}

std::unique_ptr<Pending> SilentMember::start_all_gather(const std::string&, at::Tensor,
                                                        at::Tensor part) {
  return sent(bytes_of(part) * (size_ - 1));
}

std::unique_ptr<Pending> SilentMember::start_exchange(const std::string&, at::Tensor,
                                                      at::Tensor tensor,
                                                      std::vector<int64_t> counts) {
  return sent(bytes_of(tensor) - counts.at(size_t(rank_)) * tensor.element_size());
}

std::unique_ptr<Pending> SilentMember::start_broadcast(const std::string&, at::Tensor tensor,
                                                       int64_t) {
  return sent(size_ > 1 ? bytes_of(tensor) : 0);
}

void SilentMember::barrier(const std::string&, bool) {}

std::unique_ptr<Communicator> SilentMember::split(const std::string&,
                                                  const std::vector<int64_t>& members) {
  const auto found = std::find(members.begin(), members.end(), rank_);
  SANA_ASSERT(found != members.end());
  auto part = std::make_unique<SilentMember>(found - members.begin(), int64_t(members.size()));
  part->bytes_ = bytes_;
  return part;
}

}  // namespace sana
