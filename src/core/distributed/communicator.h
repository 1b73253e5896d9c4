// What several processes that train together say to each other. One interface, three ways: one
// process that has nobody to talk to, threads of one process (tests), and c10d.
//
// Every member of a group calls the same collectives in the same order, each with a name. A member
// that never comes, or that comes with another collective, is an EnvironmentError that names what
// waited and who was missing or where the others are.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sana {

enum class Reduction { kSum, kMin, kMax };

// A collective under way. Its tensors must not be touched before wait() returned.
class Pending {
 public:
  virtual ~Pending() = default;
  // On a GPU the current stream waits, not the host.
  virtual void wait() = 0;
};

class Communicator {
 public:
  virtual ~Communicator() = default;

  virtual int64_t rank() const = 0;
  virtual int64_t size() const = 0;

  // Every member's tensor becomes the reduction of all. Tensors are contiguous and of one shape and
  // type.
  virtual std::unique_ptr<Pending> start_all_reduce(const std::string& name, at::Tensor tensor,
                                                    Reduction reduction) = 0;
  // `tensor` [size * n]; every member gets its own n of the sum as `part` [n].
  virtual std::unique_ptr<Pending> start_reduce_scatter(const std::string& name, at::Tensor part,
                                                        at::Tensor tensor) = 0;
  // Every member's `part` [n], in the order of ranks, as `tensor` [size * n].
  virtual std::unique_ptr<Pending> start_all_gather(const std::string& name, at::Tensor tensor,
                                                    at::Tensor part) = 0;
  // Of `sent` [sum of counts] member r gets the numbers after those of the members before it,
  // counts[r] of them; `received`, of the same shape, holds what came from each, in the order of
  // ranks. counts[r] is what this one and member r send each other: the same on both, perhaps 0.
  virtual std::unique_ptr<Pending> start_exchange(const std::string& name, at::Tensor received,
                                                  at::Tensor sent, std::vector<int64_t> counts) = 0;
  // `tensor` of member `root` for all.
  virtual std::unique_ptr<Pending> start_broadcast(const std::string& name, at::Tensor tensor,
                                                   int64_t root) = 0;
  // Returns when all have called it. `patient`: one of them may take hours, and only its end is an
  // error.
  virtual void barrier(const std::string& name, bool patient = false) = 0;
  // The group of these members, in this order, to which this one must belong; all of them call it.
  virtual std::unique_ptr<Communicator> split(const std::string& name,
                                              const std::vector<int64_t>& members) = 0;

  // The same, waited for.
  void all_reduce(const std::string& name, at::Tensor tensor,
                  Reduction reduction = Reduction::kSum) {
    start_all_reduce(name, std::move(tensor), reduction)->wait();
  }
  // Of one number, on the host.
  double all_reduce(const std::string& name, double value, Reduction reduction);
  // Texts of all members, by rank, of any length.
  std::vector<std::string> gather_text(const std::string& name, const std::string& text);

 protected:
  Communicator() = default;
};

// A group of one: every collective is done at once.
std::unique_ptr<Communicator> single_process();

}  // namespace sana
