#include "core/metrics.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <sstream>
#include <vector>

#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/file_size_limit.h"
#include "support/temporary_directory.h"

using sana_test::contains;
using sana_test::file_bytes;
using sana_test::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

// CRC-32C bit by bit: another algorithm than the writer's table.
uint32_t crc32c(const std::string& bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78u : crc >> 1;
  }
  return ~crc;
}

uint32_t masked(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u; }

template <class T>
T number_at(const std::string& bytes, size_t position) {
  T value{};
  REQUIRE(position + sizeof value <= bytes.size());
  std::memcpy(&value, bytes.data() + position, sizeof value);
  return value;
}

// The messages of an event file, both checksums of each verified.
std::vector<std::string> records(const std::string& bytes) {
  std::vector<std::string> result;
  size_t at = 0;
  while (at < bytes.size()) {
    const auto length = number_at<uint64_t>(bytes, at);
    CHECK(number_at<uint32_t>(bytes, at + 8) == masked(crc32c(bytes.substr(at, 8))));
    result.push_back(bytes.substr(at + 12, length));
    REQUIRE(result.back().size() == length);
    CHECK(number_at<uint32_t>(bytes, at + 12 + length) == masked(crc32c(result.back())));
    at += 16 + length;
  }
  return result;
}

uint64_t read_varint(const std::string& bytes, size_t& at) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.at(at++));
    value |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return value;
  }
}

// Field number -> raw bytes; a varint as its eight bytes.
std::map<uint64_t, std::string> fields(const std::string& message) {
  std::map<uint64_t, std::string> result;
  for (size_t at = 0; at < message.size();) {
    const uint64_t key = read_varint(message, at);
    size_t length = 0;
    switch (key & 7) {
      case 0: {
        const uint64_t value = read_varint(message, at);
        result[key >> 3] = std::string(reinterpret_cast<const char*>(&value), 8);
        continue;
      }
      case 1:
        length = 8;
        break;
      case 2:
        length = read_varint(message, at);
        break;
      case 5:
        length = 4;
        break;
      default:
        FAIL("unknown wire type");
    }
    REQUIRE(at + length <= message.size());
    result[key >> 3] = message.substr(at, length);
    at += length;
  }
  return result;
}

struct Scalar {
  int64_t step;
  std::string tag;
  float value;
};

std::vector<Scalar> scalars_in(const fs::path& directory) {
  std::vector<Scalar> result;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (!contains(entry.path().filename().string(), "tfevents")) continue;
    for (const std::string& record : records(file_bytes(entry.path()))) {
      auto event = fields(record);
      if (event.count(5) == 0) continue;
      auto value = fields(fields(event.at(5)).at(1));
      result.push_back(
          {number_at<int64_t>(event.at(2), 0), value.at(1), number_at<float>(value.at(2), 0)});
    }
  }
  return result;
}

std::vector<nlohmann::json> lines_of(const fs::path& path) {
  std::istringstream in(file_bytes(path));
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

}  // namespace

TEST_CASE("event files decode to what was written", "[metrics]") {
  REQUIRE(crc32c("123456789") == 0xE3069283);  // the checksum's published check value
  const TemporaryDirectory folder;
  sana::EventFileWriter writer(folder.path());
  writer.add_scalar("loss/train", 0.25, 1);
  writer.add_scalar("größe", -3e20, int64_t{1} << 40);
  writer.flush();
  const auto all = records(file_bytes(writer.path()));
  REQUIRE(all.size() == 3);
  CHECK(fields(all[0]).at(3) == "brain.Event:2");
  CHECK(number_at<double>(fields(all[0]).at(1), 0) > 1.6e9);  // wall time in seconds
  const auto scalars = scalars_in(folder.path());
  CHECK(scalars.at(0).step == 1);
  CHECK(scalars.at(0).tag == "loss/train");
  CHECK(scalars.at(0).value == 0.25f);
  CHECK(scalars.at(1).step == int64_t{1} << 40);
  CHECK(scalars.at(1).value == -3e20f);
}

TEST_CASE("a resumed event file tells which steps are void", "[metrics]") {
  const TemporaryDirectory folder;
  const sana::EventFileWriter writer(folder.path(), 11);
  const auto all = records(file_bytes(writer.path()));
  REQUIRE(all.size() == 2);
  const auto event = fields(all[1]);
  CHECK(number_at<int64_t>(event.at(2), 0) == 11);
  CHECK(number_at<uint64_t>(fields(event.at(7)).at(1), 0) == 1);  // SessionLog.START
}

TEST_CASE("one call writes the line and the scalars", "[metrics]") {
  const TemporaryDirectory folder;
  sana::MetricsWriter writer(folder / "run", 0);
  writer.write(3, {{"loss", 1.5},
                   {"bands", {0.1, 0.2}},
                   {"clip", "a.mp4"},
                   {"count", 7},
                   {"norm", {{"grad", 2.0}}},
                   {"bad", std::numeric_limits<double>::quiet_NaN()}});
  const auto lines = lines_of(folder / "run/metrics.jsonl");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0]["step"] == 3);
  CHECK(lines[0]["loss"] == 1.5);
  CHECK(lines[0]["clip"] == "a.mp4");
  CHECK(lines[0]["bad"].is_null());
  const auto time = lines[0]["time"].get<std::string>();
  CHECK(time.size() == std::string("2026-03-01T12:00:00.250Z").size());
  CHECK(time.back() == 'Z');
  std::map<std::string, float> scalars;
  for (const Scalar& scalar : scalars_in(folder / "run")) {
    CHECK(scalar.step == 3);
    scalars[scalar.tag] = scalar.value;
  }
  CHECK(scalars.size() == 6);
  CHECK(scalars.at("bands/1") == 0.2f);
  CHECK(scalars.at("norm/grad") == 2.0f);
  CHECK(scalars.at("count") == 7.0f);
  CHECK(std::isnan(scalars.at("bad")));
}

TEST_CASE("resuming removes the lines beyond the checkpoint and a broken last one", "[metrics]") {
  const TemporaryDirectory folder;
  const std::string kept = "{\"step\": 1, \"loss\":  0.5}\n{\"step\":2}\n";
  folder.file("metrics.jsonl", kept + "{\"step\":3}\n{\"step\":4,\"lo");
  { const sana::MetricsWriter writer(folder.path(), 2); }
  CHECK(file_bytes(folder / "metrics.jsonl") == kept);
  {
    sana::MetricsWriter writer(folder.path(), 2);
    writer.write(3, {{"loss", 0.25}});
  }
  const auto lines = lines_of(folder / "metrics.jsonl");
  REQUIRE(lines.size() == 3);
  CHECK(lines[2]["step"] == 3);
  CHECK(lines[2]["loss"] == 0.25);
}

TEST_CASE("metrics that cannot be written are an environment error", "[metrics]") {
  const TemporaryDirectory folder;
  const auto file = folder.file("file", "x");
  CHECK_THROWS_AS(sana::MetricsWriter(file / "run", 0), sana::EnvironmentError);
  CHECK_THROWS_AS(sana::EventFileWriter(folder / "none"), sana::EnvironmentError);
  sana::MetricsWriter writer(folder / "run", 0);
  bool failed = false;
  {
    const sana_test::FileSizeLimit limit(2000);
    for (int64_t step = 1; step < 1000 && !failed; ++step) {
      try {
        writer.write(step, {{"loss", 0.5}});
      } catch (const sana::EnvironmentError& error) {
        failed = contains(error.what(), "cannot write");
      }
    }
  }
  CHECK(failed);
}

TEST_CASE("a metric may not take the place of step or time", "[metrics]") {
  const TemporaryDirectory folder;
  sana::MetricsWriter writer(folder.path(), 0);
  CHECK_THROWS_AS(writer.write(1, {{"step", 2}}), sana::InternalError);
  CHECK_THROWS_AS(writer.write(1, nlohmann::ordered_json::array()), sana::InternalError);
}
