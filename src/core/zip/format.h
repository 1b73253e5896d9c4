// Layout of ZIP records (PKWARE's APPNOTE.TXT 6.3.10, section 4.3), shared by readers and writer.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sana::zip {

inline constexpr uint32_t kLocalHeader = 0x04034b50;
inline constexpr uint32_t kDataDescriptor = 0x08074b50;
inline constexpr uint32_t kCentralHeader = 0x02014b50;
inline constexpr uint32_t kZip64End = 0x06064b50;
inline constexpr uint32_t kZip64Locator = 0x07064b50;
inline constexpr uint32_t kEnd = 0x06054b50;

// Fixed parts of the records, without names and extra fields.
inline constexpr uint64_t kLocalHeaderBytes = 30;
inline constexpr uint64_t kCentralHeaderBytes = 46;
inline constexpr uint64_t kZip64EndBytes = 56;
inline constexpr uint64_t kZip64LocatorBytes = 20;
inline constexpr uint64_t kEndBytes = 22;

// Where a value needs 64 bits, its 16- or 32-bit field holds only ones and a zip64 record the
// value.
inline constexpr uint16_t kIn64Bits16 = 0xffff;
inline constexpr uint32_t kIn64Bits32 = 0xffffffff;
inline constexpr uint16_t kZip64Extra = 0x0001;

// Flags of an entry.
inline constexpr uint16_t kEncrypted = 0x0001;
inline constexpr uint16_t kSizesFollow = 0x0008;  // its own header lacks them: they follow the data

// Whether `bytes` from `offset` on lie inside of `size`; no sum can overflow.
inline bool lies_inside(uint64_t offset, uint64_t bytes, uint64_t size) {
  return offset <= size && bytes <= size - offset;
}

// Little-endian number at `offset`; the caller has checked that it lies inside.
template <class T>
T number_at(std::string_view bytes, uint64_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

template <class T>
void append_number(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace sana::zip
