#include "core/metrics.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <sstream>

#include "core/clock.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_dump.h"
#include "core/log.h"

namespace sana {
namespace fs = std::filesystem;
namespace {

// Whether a line belongs to what `resume_step` already knew. A line broken off by a kill does not.
bool belongs_before(const std::string& line, int64_t resume_step) {
  const auto parsed = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return false;
  const auto step = parsed.find("step");
  return step != parsed.end() && step->is_number_integer() && step->get<int64_t>() <= resume_step;
}

// Removes the lines that a killed run left beyond its last checkpoint.
void remove_later_lines(const fs::path& path, int64_t resume_step) {
  if (!fs::exists(path)) return;
  const std::string text = read_text_file(path);
  std::istringstream in(text);
  std::string kept;
  int64_t removed = 0;
  for (std::string line; std::getline(in, line);) {
    if (belongs_before(line, resume_step)) {
      kept += line + '\n';
    } else {
      ++removed;
    }
  }
  if (kept == text) return;
  write_file_atomically(path, kept);
  if (removed > 0) {
    log::info("removed {} lines after step {} from {}", removed, resume_step, path.string());
  }
}

fs::path prepared_metrics_path(const fs::path& directory, int64_t resume_step) {
  ensure_writable_directory(directory);
  const fs::path path = directory / "metrics.jsonl";
  remove_later_lines(path, resume_step);
  return path;
}

void add_scalars(EventFileWriter& events, const std::string& name,
                 const nlohmann::ordered_json& value, int64_t step) {
  if (value.is_number()) {
    events.add_scalar(name, value.get<double>(), step);
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      add_scalars(events, fmt::format("{}/{}", name, i), value[i], step);
    }
  } else if (value.is_object()) {
    for (const auto& [key, item] : value.items()) add_scalars(events, name + "/" + key, item, step);
  }
}

}  // namespace

MetricsWriter::MetricsWriter(const fs::path& directory, int64_t resume_step)
    : path_(prepared_metrics_path(directory, resume_step)),
      lines_(path_, std::ios::app),
      events_(directory, resume_step > 0 ? std::optional(resume_step + 1) : std::nullopt) {
  if (!lines_) {
    throw EnvironmentError(
        fmt::format("cannot write '{}': {}", path_.string(), std::strerror(errno)));
  }
}

void MetricsWriter::write(int64_t step, nlohmann::ordered_json values) {
  SANA_ASSERT(values.is_object() && !values.contains("step") && !values.contains("time"));
  nlohmann::ordered_json line = {{"step", step}, {"time", utc_now()}};
  for (const auto& [name, value] : values.items()) {
    line[name] = value;
    add_scalars(events_, name, value, step);
  }
  lines_ << dump_json(line) << std::endl;
  if (!lines_) {
    throw EnvironmentError(
        fmt::format("cannot write '{}': {}", path_.string(), std::strerror(errno)));
  }
  events_.flush();
}

}  // namespace sana
