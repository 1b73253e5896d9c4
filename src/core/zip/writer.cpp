#include "core/zip/writer.h"

#include <zlib.h>

#include <algorithm>

#include "core/error.h"
#include "core/zip/format.h"

namespace sana::zip {
namespace {

constexpr uint64_t kAlignment = 64;
constexpr uint16_t kPlainVersion = 20, kZip64Version = 45;
// Sizes and checksum follow the data; names are UTF-8.
constexpr uint16_t kFlags = 0x0808;
// "FB" is the extra field that torch.save pads with.
constexpr uint16_t kPaddingExtra = 0x4246;

uint32_t checksum_of(std::string_view data) {
  return static_cast<uint32_t>(
      ::crc32_z(0, reinterpret_cast<const unsigned char*>(data.data()), data.size()));
}

// Extra fields of a local header that ends `used` bytes after a multiple of 64: a zip64 field (its
// sizes are in the data descriptor) and padding up to the next multiple.
std::string local_extra(uint64_t used, bool is_large) {
  std::string extra;
  if (is_large) {
    append_number(extra, kZip64Extra);
    append_number<uint16_t>(extra, 16);
    extra.append(16, '\0');
  }
  const uint64_t bare = used + extra.size() + 4;
  const uint64_t padding = (kAlignment - bare % kAlignment) % kAlignment;
  append_number(extra, kPaddingExtra);
  append_number(extra, static_cast<uint16_t>(padding));
  extra.append(padding, 'Z');
  return extra;
}

// What local and central headers have in common, from the version to the length of the name.
std::string common_fields(bool is_large, uint32_t checksum, uint32_t bytes, size_t name_bytes) {
  std::string fields;
  append_number(fields, is_large ? kZip64Version : kPlainVersion);
  append_number(fields, kFlags);
  append_number<uint16_t>(fields, 0);  // stored
  append_number<uint32_t>(fields, 0);  // no time
  append_number(fields, checksum);
  append_number(fields, bytes);
  append_number(fields, bytes);
  append_number(fields, static_cast<uint16_t>(name_bytes));
  return fields;
}

std::string data_descriptor(uint32_t checksum, uint64_t bytes, bool is_large) {
  std::string record;
  append_number(record, kDataDescriptor);
  append_number(record, checksum);
  for (int i = 0; i < 2; ++i) {
    if (is_large) {
      append_number(record, bytes);
    } else {
      append_number(record, static_cast<uint32_t>(bytes));
    }
  }
  return record;
}

std::string central_header(std::string_view name, uint32_t checksum, uint64_t bytes,
                           uint64_t offset) {
  std::string extra;
  const bool large_bytes = bytes >= kIn64Bits32, large_offset = offset >= kIn64Bits32;
  for (int i = 0; i < 2 && large_bytes; ++i) append_number(extra, bytes);
  if (large_offset) append_number(extra, offset);
  if (!extra.empty()) {
    std::string field;
    append_number(field, kZip64Extra);
    append_number(field, static_cast<uint16_t>(extra.size()));
    extra.insert(0, field);
  }
  std::string header;
  append_number(header, kCentralHeader);
  append_number(header, extra.empty() ? kPlainVersion : kZip64Version);  // made by
  header += common_fields(!extra.empty(), checksum,
                          large_bytes ? kIn64Bits32 : static_cast<uint32_t>(bytes), name.size());
  append_number(header, static_cast<uint16_t>(extra.size()));
  header.append(10, '\0');  // no comment, disk 0, no attributes
  append_number(header, large_offset ? kIn64Bits32 : static_cast<uint32_t>(offset));
  header += name;
  return header + extra;
}

std::string zip64_end(uint64_t entries, uint64_t bytes, uint64_t offset) {
  std::string record;
  append_number(record, kZip64End);
  append_number<uint64_t>(record, kZip64EndBytes - 12);
  append_number(record, kZip64Version);
  append_number(record, kZip64Version);
  append_number<uint64_t>(record, 0);  // disks
  for (uint64_t value : {entries, entries, bytes, offset}) append_number(record, value);
  append_number(record, kZip64Locator);
  append_number<uint32_t>(record, 0);
  append_number(record, offset + bytes);
  append_number<uint32_t>(record, 1);
  return record;
}

}  // namespace

void Writer::write(std::string_view bytes) {
  file_.write(bytes);
  position_ += bytes.size();
}

void Writer::add(std::string_view name, std::string_view data) {
  SANA_ASSERT(name.size() < kIn64Bits16);
  const uint64_t offset = position_;
  const bool is_large = data.size() >= kIn64Bits32;
  const std::string extra = local_extra(offset + kLocalHeaderBytes + name.size(), is_large);
  std::string header;
  append_number(header, kLocalHeader);
  header += common_fields(is_large, 0, is_large ? kIn64Bits32 : 0, name.size());
  append_number(header, static_cast<uint16_t>(extra.size()));
  header += name;
  write(header + extra);
  write(data);
  const uint32_t checksum = checksum_of(data);
  write(data_descriptor(checksum, data.size(), is_large));
  directory_ += central_header(name, checksum, data.size(), offset);
  ++num_entries_;
}

void Writer::finish() {
  const uint64_t offset = position_, bytes = directory_.size();
  write(directory_);
  if (num_entries_ >= kIn64Bits16 || bytes >= kIn64Bits32 || offset >= kIn64Bits32) {
    write(zip64_end(num_entries_, bytes, offset));
  }
  std::string end;
  append_number(end, kEnd);
  append_number<uint32_t>(end, 0);  // disks
  const auto entries = static_cast<uint16_t>(std::min<uint64_t>(num_entries_, kIn64Bits16));
  append_number(end, entries);
  append_number(end, entries);
  append_number(end, static_cast<uint32_t>(std::min<uint64_t>(bytes, kIn64Bits32)));
  append_number(end, static_cast<uint32_t>(std::min<uint64_t>(offset, kIn64Bits32)));
  append_number<uint16_t>(end, 0);  // no comment
  write(end);
}

}  // namespace sana::zip
