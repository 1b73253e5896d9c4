// Numbers that a run leaves behind: metrics.jsonl (one object per line) and a TensorBoard event
// file, both fed from the same call so that a metric is declared once.
#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace sana {

// TensorBoard's record format: length, masked CRC-32C, protobuf Event with scalar summaries.
class EventFileWriter {
 public:
  explicit EventFileWriter(const std::filesystem::path& directory);
  void add_scalar(const std::string& tag, double value, int64_t step);
  void flush();

 private:
  std::ofstream out_;
};

class MetricsWriter {
 public:
  // Appends to directory/metrics.jsonl; lines of steps after `resume_step` (left by a killed run)
  // are removed first. Throws EnvironmentError.
  MetricsWriter(const std::filesystem::path& directory, int64_t resume_step);

  // Adds "step" and "time" (UTC) and writes. Numbers become scalars under their own name, arrays of
  // numbers under name/0, name/1, ...; strings go to the JSON line only.
  void write(int64_t step, nlohmann::ordered_json values);

 private:
  std::ofstream lines_;
  EventFileWriter events_;
};

}  // namespace sana
