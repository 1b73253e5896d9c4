#include "end_to_end/two_hosts.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace sana_test {
namespace {

// A command line of iproute2; whether it worked.
bool ip(const std::string& words) { return std::system((words + " >/dev/null 2>&1").c_str()) == 0; }

void must(const std::string& words) {
  if (!ip(words)) throw std::runtime_error("failed: " + words);
}

}  // namespace

std::string TwoHosts::why_not() {
  if (!ip("ip -V")) return "there is no ip (package iproute2; scripts/setup.sh --tests)";
  const std::string name = "sana-try-" + std::to_string(::getpid());
  const bool ok = ip("ip netns add " + name) && ip("ip -n " + name + " link add br0 type bridge") &&
                  ip("ip -n " + name + " link add one type veth peer name two");
  ip("ip netns del " + name);
  return ok ? "" : "no network can be made here (ip netns, bridge and veth; needs root)";
}

TwoHosts::TwoHosts() : name_("sana-" + std::to_string(::getpid())) {
  const std::string between = name_ + "-switch";
  must("ip netns add " + between);
  must("ip -n " + between + " link add br0 type bridge");
  must("ip -n " + between + " link set br0 up");
  for (Host* host : {&a_, &b_}) {
    const std::string letter = host == &a_ ? "a" : "b";
    const std::string own = name_ + "-" + letter, port = "port-" + letter;
    host->name = "host-" + letter;
    host->address = host == &a_ ? "10.77.0.1" : "10.77.0.2";
    must("ip netns add " + own);
    must("ip link add eth0 netns " + own + " type veth peer name " + port + " netns " + between);
    must("ip -n " + between + " link set " + port + " master br0 up");
    must("ip -n " + own + " addr add " + host->address + "/24 dev eth0");
    must("ip -n " + own + " link set eth0 up");
    must("ip -n " + own + " link set lo up");
    host->network = sana::Descriptor(::open(("/run/netns/" + own).c_str(), O_RDONLY | O_CLOEXEC));
    if (host->network.get() < 0) throw std::runtime_error("cannot open the network " + own);
  }
}

TwoHosts::~TwoHosts() {
  for (const char* part : {"-a", "-b", "-switch"}) ip("ip netns del " + name_ + part);
}

void TwoHosts::cut() const { must("ip -n " + name_ + "-switch link set port-b down"); }

bool TwoHosts::slow_down(int kbit_per_s) const {
  bool ok = true;
  for (const char* part : {"-a", "-b"}) {
    ok = ok && ip("tc -n " + name_ + part + " qdisc add dev eth0 root tbf rate " +
                  std::to_string(kbit_per_s) + "kbit burst 4kb latency 500ms");
  }
  return ok;
}

}  // namespace sana_test
