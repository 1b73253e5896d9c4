// Two hosts with a switch between them, on this machine: network namespaces of Linux.
#pragma once
#include <string>

#include "core/plain_file.h"

namespace sana_test {

// Where a program runs.
struct Host {
  std::string name;     // what it calls itself
  std::string address;  // on the network of both
  sana::Descriptor network;
};

class TwoHosts {
 public:
  // Why this machine cannot have them; empty: it can.
  static std::string why_not();

  // "host-a" 10.77.0.1 and "host-b" 10.77.0.2.
  TwoHosts();
  ~TwoHosts();
  TwoHosts(const TwoHosts&) = delete;
  TwoHosts& operator=(const TwoHosts&) = delete;

  const Host& a() const { return a_; }
  const Host& b() const { return b_; }
  // The cable of host b is pulled out: what is sent disappears.
  void cut() const;
  // Both send with so many kbit/s. False where this kernel cannot do it.
  bool slow_down(int kbit_per_s) const;

 private:
  std::string name_;
  Host a_, b_;
};

}  // namespace sana_test
