// Reads the wire format of protocol buffers, every length checked against the bytes that are there.
#pragma once
#include <cstdint>
#include <string_view>

namespace sana::model {

// One field of a message. `bytes` is set for strings and messages, `number` for the rest.
struct ProtobufField {
  enum class Wire { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
  uint32_t tag = 0;
  Wire wire = Wire::kVarint;
  uint64_t number = 0;
  std::string_view bytes;
};

class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view message) : rest_(message) {}
  // False at the end. Throws UserError when the message is cut off or malformed.
  bool next(ProtobufField& field);

 private:
  uint64_t varint();
  uint64_t fixed(size_t size);

  std::string_view rest_;
};

}  // namespace sana::model
