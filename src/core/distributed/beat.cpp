#include "core/distributed/beat.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/json_dump.h"

namespace sana {
namespace {

double seconds_between(SteadyClock::time_point from, SteadyClock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

std::string Beat::text() const {
  return dump_json(nlohmann::json{{"number", number},
                                  {"host", host},
                                  {"step", step},
                                  {"collective", collective},
                                  {"num_begun", num_begun},
                                  {"collective_age_s", collective_age_s},
                                  {"is_waiting", is_waiting},
                                  {"is_broken", is_broken},
                                  {"knows_failure", knows_failure},
                                  {"has_left", has_left}});
}

Beat Beat::parse(const std::string& text) {
  try {
    const auto json = nlohmann::json::parse(text);
    Beat beat;
    json.at("number").get_to(beat.number);
    json.at("host").get_to(beat.host);
    json.at("step").get_to(beat.step);
    json.at("collective").get_to(beat.collective);
    json.at("num_begun").get_to(beat.num_begun);
    json.at("collective_age_s").get_to(beat.collective_age_s);
    json.at("is_waiting").get_to(beat.is_waiting);
    json.at("is_broken").get_to(beat.is_broken);
    json.at("knows_failure").get_to(beat.knows_failure);
    json.at("has_left").get_to(beat.has_left);
    return beat;
  } catch (const nlohmann::json::exception& error) {
    throw InternalError(fmt::format("a beat is '{}': {}", text, error.what()));
  }
}

std::string Beat::activity(double later_s) const {
  std::string text = step >= 0 ? fmt::format("step {}, ", step) : "";
  const double age_s = collective_age_s + later_s;
  if (collective.empty()) return text + "before its first collective";
  if (is_waiting) return text + fmt::format("waits in {} for {:.0f} s", collective, age_s);
  return text + fmt::format("began {} {:.0f} s ago", collective, age_s);
}

void Roll::hear(int64_t rank, Beat beat, SteadyClock::time_point now) {
  auto [found, is_new] = heard_.try_emplace(rank, Heard{beat, now});
  if (is_new || beat.number == found->second.beat.number) return;
  found->second = {std::move(beat), now};
}

void Roll::forgive(SteadyClock::time_point now) {
  for (auto& [rank, heard] : heard_) heard.at = now;
}

std::vector<int64_t> Roll::silent(double limit_s, SteadyClock::time_point now) const {
  std::vector<int64_t> ranks;
  for (const auto& [rank, heard] : heard_) {
    if (!heard.beat.has_left && seconds_between(heard.at, now) > limit_s) ranks.push_back(rank);
  }
  return ranks;
}

std::vector<std::string> Roll::elsewhere(const Beat& mine, SteadyClock::time_point now) const {
  std::vector<std::string> list;
  for (const auto& [rank, heard] : heard_) {
    const Beat& beat = heard.beat;
    const bool is_here = beat.num_begun >= mine.num_begun && beat.collective == mine.collective;
    if (is_here || beat.is_broken) continue;
    list.push_back(
        fmt::format("rank {} on {} ({})", rank, beat.host,
                    beat.has_left ? "has ended" : beat.activity(seconds_between(heard.at, now))));
  }
  return list;
}

std::string Roll::describe(int64_t rank, SteadyClock::time_point now) const {
  const Heard& heard = heard_.at(rank);
  return fmt::format("rank {} on {} (not heard of for {:.0f} s; then: {})", rank, heard.beat.host,
                     seconds_between(heard.at, now), heard.beat.activity());
}

bool Roll::is_any_broken() const {
  return std::any_of(heard_.begin(), heard_.end(),
                     [](const auto& entry) { return entry.second.beat.is_broken; });
}

bool Roll::is_told(double limit_s, SteadyClock::time_point now) const {
  return std::all_of(heard_.begin(), heard_.end(), [&](const auto& entry) {
    const Heard& heard = entry.second;
    return heard.beat.knows_failure || heard.beat.has_left ||
           seconds_between(heard.at, now) > limit_s;
  });
}

bool Roll::has_left(int64_t rank) const {
  const auto found = heard_.find(rank);
  return found != heard_.end() && found->second.beat.has_left;
}

}  // namespace sana
