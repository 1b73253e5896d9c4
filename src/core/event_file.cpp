// TensorBoard event files. A record is
//   uint64 length, uint32 masked CRC-32C of those 8 bytes, data, uint32 masked CRC-32C of the data
// and its data a protobuf message
//   Event   { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5;
//             SessionLog session_log = 7; }
//   Summary { repeated Value value = 1; }  Value { string tag = 1; float simple_value = 2; }
//   SessionLog { enum status = 1; }  START = 1
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>

#include "core/environment.h"
#include "core/error.h"
#include "core/metrics.h"

namespace sana {
namespace {

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);
    table[i] = crc;
  }
  return table;
}

uint32_t masked_crc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = make_crc_table();
  uint32_t crc = 0xFFFFFFFF;
  for (char c : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u;
}

template <class T>
std::string little_endian(T value) {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

enum WireType : uint64_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

std::string proto_key(uint64_t field, WireType type) { return varint(field << 3 | type); }

std::string proto_bytes(uint64_t field, const std::string& bytes) {
  return proto_key(field, kLengthDelimited) + varint(bytes.size()) + bytes;
}

double wall_time_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

// Event with wall_time and step; the caller adds the rest.
std::string event_head(int64_t step) {
  return proto_key(1, kFixed64) + little_endian(wall_time_seconds()) + proto_key(2, kVarint) +
         varint(static_cast<uint64_t>(step));
}

std::string event_file_name() {
  static int counter = 0;
  return fmt::format("events.out.tfevents.{:010}.{}.{}.{}",
                     static_cast<int64_t>(wall_time_seconds()), host_name(), ::getpid(), counter++);
}

}  // namespace

EventFileWriter::EventFileWriter(const std::filesystem::path& directory,
                                 std::optional<int64_t> restart_step)
    : path_(directory / event_file_name()), out_(path_, std::ios::binary) {
  if (!out_) {
    throw EnvironmentError(
        fmt::format("cannot write '{}': {}", path_.string(), std::strerror(errno)));
  }
  write_record(event_head(0) + proto_bytes(3, "brain.Event:2"));
  if (restart_step) {
    write_record(event_head(*restart_step) + proto_bytes(7, proto_key(1, kVarint) + varint(1)));
  }
  flush();
}

void EventFileWriter::add_scalar(const std::string& tag, double value, int64_t step) {
  const std::string entry =
      proto_bytes(1, tag) + proto_key(2, kFixed32) + little_endian(static_cast<float>(value));
  write_record(event_head(step) + proto_bytes(5, proto_bytes(1, entry)));
}

void EventFileWriter::flush() {
  out_.flush();
  if (!out_) {
    throw EnvironmentError(
        fmt::format("cannot write '{}': {}", path_.string(), std::strerror(errno)));
  }
}

void EventFileWriter::write_record(const std::string& event) {
  const std::string length = little_endian(static_cast<uint64_t>(event.size()));
  out_ << length << little_endian(masked_crc32c(length)) << event
       << little_endian(masked_crc32c(event));
}

}  // namespace sana
