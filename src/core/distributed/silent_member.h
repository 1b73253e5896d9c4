// A member of a group whose others do not exist: nothing is sent, and what would be is counted. For
// estimates on tensors without data.
#pragma once
#include <cstdint>
#include <memory>

#include "core/distributed/communicator.h"

namespace sana {

// Collectives end at once and leave their tensors as they are.
class SilentMember final : public Communicator {
 public:
  SilentMember(int64_t rank, int64_t size);

  int64_t rank() const override { return rank_; }
  int64_t size() const override { return size_; }

  // That this member would have sent so far, in this group and those split from it, by rings (an exchange: straight to each).
  int64_t bytes_sent() const { return *bytes_; }

  std::unique_ptr<Pending> start_all_reduce(const std::string& name, at::Tensor tensor,
                                            Reduction reduction) override;
  std::unique_ptr<Pending> start_reduce_scatter(const std::string& name, at::Tensor part,
                                                at::Tensor tensor) override;
  std::unique_ptr<Pending> start_all_gather(const std::string& name, at::Tensor tensor,
                                            at::Tensor part) override;
  std::unique_ptr<Pending> start_exchange(const std::string& name, at::Tensor received,
                                          at::Tensor sent, std::vector<int64_t> counts) override;
  std::unique_ptr<Pending> start_broadcast(const std::string& name, at::Tensor tensor,
                                           int64_t root) override;
  void barrier(const std::string& name, bool patient) override;
  std::unique_ptr<Communicator> split(const std::string& name,
                                      const std::vector<int64_t>& members) override;

 private:
  std::unique_ptr<Pending> sent(int64_t bytes);

  int64_t rank_, size_;
  std::shared_ptr<int64_t> bytes_ = std::make_shared<int64_t>(0);
};

// Bytes that each of `members` sends in an all-reduce of so many by a ring: twice what is not its
// own share.
int64_t ring_bytes(int64_t bytes, int64_t members);

}  // namespace sana
