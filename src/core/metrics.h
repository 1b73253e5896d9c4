// Numbers that a run leaves behind: metrics.jsonl (one object per line) and a TensorBoard event
// file, both fed from the same call so that a metric is declared once.
#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace sana {

// TensorBoard's record format: length, masked CRC-32C, protobuf Event with scalar summaries.
class EventFileWriter {
 public:
  // A new file in the directory. With restart_step, TensorBoard is told to forget what older files
  // say of that step and later ones. Throws EnvironmentError, as the members do.
  explicit EventFileWriter(const std::filesystem::path& directory,
                           std::optional<int64_t> restart_step = std::nullopt);
  void add_scalar(const std::string& tag, double value, int64_t step);
  void flush();
  const std::filesystem::path& path() const { return path_; }

 private:
  void write_record(const std::string& event);

  std::filesystem::path path_;
  std::ofstream out_;
};

class MetricsWriter {
 public:
  // Appends to directory/metrics.jsonl; lines of steps after `resume_step` (left by a killed run)
  // are removed first. Throws EnvironmentError.
  MetricsWriter(const std::filesystem::path& directory, int64_t resume_step);

  // Adds "step" and "time" (UTC) and writes. Numbers become scalars under their own name, arrays of
  // numbers under name/0, name/1, ..., objects under name/key; all else goes to the JSON line only.
  // NaN and infinities, for which JSON has no number, are null in the line and themselves in the
  // event file. Throws EnvironmentError.
  void write(int64_t step, nlohmann::ordered_json values);

 private:
  std::filesystem::path path_;
  std::ofstream lines_;
  EventFileWriter events_;
};

}  // namespace sana
