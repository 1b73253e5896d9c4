#include "model/text_encoder/tokenizer/protobuf_reader.h"

#include "core/error.h"

namespace sana::model {

uint64_t ProtobufReader::varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    require(!rest_.empty(), "a field is cut off");
    const auto byte = static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    if (shift < 64) value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  throw UserError("a number has more than ten bytes");
}

uint64_t ProtobufReader::fixed(size_t size) {
  require(rest_.size() >= size, "a field is cut off");
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) {
    value |= static_cast<uint64_t>(static_cast<uint8_t>(rest_[i])) << (8 * i);
  }
  rest_.remove_prefix(size);
  return value;
}

bool ProtobufReader::next(ProtobufField& field) {
  if (rest_.empty()) return false;
  const uint64_t key = varint();
  require(key >> 3 != 0 && key >> 3 < (1U << 29), "a field has the number {}", key >> 3);
  field = {static_cast<uint32_t>(key >> 3), static_cast<ProtobufField::Wire>(key & 7), 0, {}};
  switch (field.wire) {
    case ProtobufField::Wire::kVarint:
      field.number = varint();
      return true;
    case ProtobufField::Wire::kFixed64:
      field.number = fixed(8);
      return true;
    case ProtobufField::Wire::kFixed32:
      field.number = fixed(4);
      return true;
    case ProtobufField::Wire::kBytes: {
      const uint64_t size = varint();
      require(size <= rest_.size(), "a field of {} bytes is cut off, {} are there", size,
              rest_.size());
      field.bytes = rest_.substr(0, size);
      rest_.remove_prefix(size);
      return true;
    }
  }
  throw UserError(fmt::format("a field has the wire type {}, which is not in use", key & 7));
}

}  // namespace sana::model
