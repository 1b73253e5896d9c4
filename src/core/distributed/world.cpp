#include "core/distributed/world.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <filesystem>
#include <map>
#include <new>

#include "core/build_config.h"
#include "core/device.h"
#include "core/distributed/c10d_communicator.h"
#include "core/environment.h"
#include "core/error.h"
#include "core/torch_error.h"

namespace sana {
namespace {

// "node[03-07,12],other" -> "node03"
std::string first_node(const std::string& list) {
  const size_t bracket = list.find_first_of("[,");
  if (bracket == std::string::npos || list[bracket] == ',') return list.substr(0, bracket);
  const size_t end = list.find_first_of("-,]", bracket);
  require(end != std::string::npos, "environment variable SLURM_JOB_NODELIST is '{}'", list);
  return list.substr(0, bracket) + list.substr(bracket + 1, end - bracket - 1);
}

// Processes of this host, as the launcher says; 0: unknown.
int64_t local_count() {
  for (const char* name : {"LOCAL_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"}) {
    if (const auto count = environment_number(name, 1, 100000)) return *count;
  }
  return 0;
}

}  // namespace

Rendezvous find_rendezvous(const LaunchRank& ranks) {
  Rendezvous place;
  if (const auto port = environment_number("MASTER_PORT", 1, 65535)) {
    place.port = static_cast<uint16_t>(*port);
  } else if (const auto job = environment_number("SLURM_JOB_ID", 0, INT64_MAX)) {
    // Another one for each job, so that two on one node do not meet.
    place.port = static_cast<uint16_t>(20000 + *job % 20000);
  }
  const std::string host = environment_text("MASTER_ADDR");
  const std::string nodes = environment_text("SLURM_JOB_NODELIST");
  if (!host.empty()) {
    place.host = host;
  } else if (!nodes.empty()) {
    place.host = first_node(nodes);
  } else {
    require(
        local_count() == 0 || local_count() == ranks.count,
        "{} processes were started, {} of them on this host, and MASTER_ADDR does not say where "
        "they meet: set it to the name of the first host on all of them",
        ranks.count, local_count());
  }
  if (environment_text("TORCHELASTIC_USE_AGENT_STORE") == "True") {
    place.is_served = true;
    place.prefix = "/worker/attempt_" + environment_text("TORCHELASTIC_RESTART_COUNT");
  }
  return place;
}

World world_of_one() { return {LaunchRank{}, single_process(), single_process(), nullptr}; }

World join_world(const LaunchRank& ranks, const std::function<c10::Device()>& device,
                 const JoinOptions& options) {
  if (ranks.count == 1) {
    (void)device();
    return world_of_one();
  }
#if SANA_HAS_C10D
  return join_c10d(ranks, find_rendezvous(ranks), device, options);
#else
  (void)options;
  throw EnvironmentError(fmt::format(
      "{} processes were started, and this program was built without c10d, which lets them train "
      "together; install libgloo-dev and build again (scripts/setup.sh does it)",
      ranks.count));
#endif
}

void run_together(World& world, const std::function<void()>& body) {
  if (!world.watchdog) return body();
  try {
    body();
  } catch (const Error& error) {
    world.watchdog->fail({error.code(), error.what()});
    throw;
  } catch (const std::filesystem::filesystem_error& error) {
    world.watchdog->fail({ExitCode::kEnvironment, error.what()});
    throw;
  } catch (const c10::Error& error) {
    const bool may_go_well = is_out_of_memory(error) || is_fault_of_machine(error);
    world.watchdog->fail(
        {may_go_well ? ExitCode::kEnvironment : ExitCode::kBug, short_text(error)});
    throw;
  } catch (const std::bad_alloc&) {
    world.watchdog->fail({ExitCode::kEnvironment, "out of memory"});
    throw;
  } catch (const std::exception& error) {
    world.watchdog->fail({ExitCode::kBug, error.what()});
    throw;
  }
  world.watchdog->leave();
}

void require_own_devices(Communicator& control, c10::Device device) {
  const std::string mine =
      device.is_cuda() ? fmt::format("{} on {}", device_identity(device), host_name()) : "";
  std::map<std::string, std::vector<size_t>> users;
  const auto devices = control.gather_text("devices", mine);
  for (size_t r = 0; r < devices.size(); ++r) users[devices[r]].push_back(r);
  for (const auto& [name, ranks] : users) {
    require(name.empty() || ranks.size() == 1,
            "ranks {} would share one GPU ({}); start one process for each GPU, and set LOCAL_RANK "
            "or let each see a GPU of its own",
            fmt::join(ranks, ", "), name);
  }
}

void require_same_tensors(Communicator& data, const std::string& what,
                          const std::vector<at::Tensor>& tensors) {
  if (data.size() == 1) return;
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> sums;
  for (const at::Tensor& tensor : tensors) sums.push_back(tensor.sum(at::kDouble));
  const at::Tensor least = at::stack(sums), most = least.clone();
  data.all_reduce(what, least, Reduction::kMin);
  data.all_reduce(what, most, Reduction::kMax);
  if (!at::equal(least, most)) {
    throw InternalError(fmt::format("{} of the processes differ", what));
  }
}

void require_same(Communicator& control, const std::string& what, const std::string& value) {
  const auto values = control.gather_text(what, value);
  const auto hosts = control.gather_text("hosts", host_name());
  std::map<std::string, std::vector<std::string>> ranks;
  for (size_t r = 0; r < values.size(); ++r) {
    ranks[values[r]].push_back(fmt::format("rank {} on {}", r, hosts[r]));
  }
  if (ranks.size() == 1) return;
  std::string list;
  for (const auto& [v, who] : ranks) list += fmt::format("\n  {}: {}", fmt::join(who, ", "), v);
  throw UserError(fmt::format("{} is not the same on all processes of this run:{}", what, list));
}

}  // namespace sana
