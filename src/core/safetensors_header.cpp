#include "core/safetensors_header.h"

#include <c10/core/ScalarType.h>
#include <spdlog/fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/json_dump.h"
#include "core/json_text.h"

namespace sana::detail {
namespace {

using nlohmann::json;

// In the order in which the reference implementation writes the tensors of a file.
constexpr std::array<std::pair<const char*, at::ScalarType>, 12> kDtypes = {{
    {"I64", at::kLong},
    {"F64", at::kDouble},
    {"F32", at::kFloat},
    {"I32", at::kInt},
    {"BF16", at::kBFloat16},
    {"F16", at::kHalf},
    {"I16", at::kShort},
    {"F8_E4M3", at::kFloat8_e4m3fn},
    {"F8_E5M2", at::kFloat8_e5m2},
    {"I8", at::kChar},
    {"U8", at::kByte},
    {"BOOL", at::kBool},
}};

// Object keys seen so far at each depth: json itself silently keeps the last of two equal keys.
class DuplicateGuard {
 public:
  bool operator()(int depth, json::parse_event_t event, const json& parsed) {
    require(depth <= 4, "the header is nested too deeply");
    if (event == json::parse_event_t::object_start) {
      keys_.resize(static_cast<size_t>(depth) + 1);
      keys_.back().clear();
    } else if (event == json::parse_event_t::key) {
      const auto key = parsed.get<std::string>();
      require(keys_.at(static_cast<size_t>(depth) - 1).insert(key).second,
              "the header names '{}' twice", key);
    }
    return true;
  }

 private:
  std::vector<std::set<std::string>> keys_;
};

json parse_header_json(std::string_view text) {
  try {
    // By reference: json copies its callback.
    DuplicateGuard guard;
    return json::parse(text, [&guard](int depth, json::parse_event_t event, json& parsed) {
      return guard(depth, event, parsed);
    });
  } catch (const json::exception& error) {
    throw UserError(fmt::format("the header is not valid JSON: {}", json_reason(error)));
  }
}

Metadata parse_metadata(const json& value) {
  require(value.is_object(), "__metadata__ is not an object");
  Metadata metadata;
  for (const auto& [key, text] : value.items()) {
    require(text.is_string(), "__metadata__ '{}' is not a string", key);
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

at::ScalarType parse_dtype_name(const json& value) {
  const std::string name = value.is_string() ? value.get<std::string>() : dump_json(value);
  std::vector<std::string> known;
  for (const auto& [known_name, dtype] : kDtypes) {
    if (name == known_name) return dtype;
    known.emplace_back(known_name);
  }
  throw UserError(fmt::format("dtype {} is not one of {}", name, fmt::join(known, ", ")));
}

// Bytes of a tensor; throws where the product does not fit.
uint64_t byte_size(const std::vector<int64_t>& shape, at::ScalarType dtype) {
  // A zero anywhere makes the tensor empty, but the others must still have a product.
  int64_t bytes = static_cast<int64_t>(c10::elementSize(dtype));
  bool empty = false;
  for (int64_t size : shape) {
    empty = empty || size == 0;
    require(!__builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes),
            "shape [{}] is too large", fmt::join(shape, ", "));
  }
  return empty ? 0 : static_cast<uint64_t>(bytes);
}

std::vector<int64_t> parse_shape(const json& value) {
  require(value.is_array(), "shape is not a list");
  require(value.size() <= 16, "shape has {} dimensions", value.size());
  std::vector<int64_t> shape;
  for (const json& size : value) {
    require(size.is_number_unsigned() && size.get<uint64_t>() <= uint64_t{INT64_MAX},
            "shape {} holds something other than sizes", dump_json(value));
    shape.push_back(size.get<int64_t>());
  }
  return shape;
}

TensorEntry parse_entry(const json& value, uint64_t data_bytes) {
  require(value.is_object(), "its entry is not an object");
  for (const auto& [key, unused] : value.items()) {
    require(key == "dtype" || key == "shape" || key == "data_offsets", "unknown field '{}'", key);
  }
  for (const char* key : {"dtype", "shape", "data_offsets"}) {
    require(value.contains(key), "{} is missing", key);
  }
  TensorEntry entry;
  entry.dtype = parse_dtype_name(value["dtype"]);
  entry.shape = parse_shape(value["shape"]);
  const json& offsets = value["data_offsets"];
  require(offsets.is_array() && offsets.size() == 2 && offsets[0].is_number_unsigned() &&
              offsets[1].is_number_unsigned(),
          "data_offsets {} are not two positions", dump_json(offsets));
  entry.begin = offsets[0].get<uint64_t>();
  entry.end = offsets[1].get<uint64_t>();
  require(entry.begin <= entry.end, "data_offsets [{}, {}] run backwards", entry.begin, entry.end);
  require(entry.end <= data_bytes,
          "data_offsets [{}, {}] lie outside the {} bytes of data (is the file truncated?)",
          entry.begin, entry.end, data_bytes);
  const uint64_t expected = byte_size(entry.shape, entry.dtype);
  require(entry.end - entry.begin == expected,
          "data_offsets hold {} bytes, but shape [{}] of {} needs {}", entry.end - entry.begin,
          fmt::join(entry.shape, ", "), safetensors_dtype_name(entry.dtype), expected);
  return entry;
}

void check_layout(const std::map<std::string, TensorEntry>& entries, uint64_t data_bytes) {
  std::vector<std::pair<const std::string*, const TensorEntry*>> order;
  for (const auto& [name, entry] : entries) order.emplace_back(&name, &entry);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second->begin, a.second->end) < std::pair(b.second->begin, b.second->end);
  });
  uint64_t end = 0;
  const std::string* previous = nullptr;
  for (const auto& [name, entry] : order) {
    require(entry->begin >= end, "tensors '{}' and '{}' overlap", previous ? *previous : "", *name);
    require(entry->begin == end, "{} bytes before tensor '{}' belong to no tensor",
            entry->begin - end, *name);
    end = entry->end;
    previous = name;
  }
  require(end == data_bytes, "the last {} bytes belong to no tensor", data_bytes - end);
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view text, uint64_t data_bytes) {
  const json parsed = parse_header_json(text);
  require(parsed.is_object(), "the header is not a JSON object");
  SafetensorsHeader header;
  for (const auto& [name, value] : parsed.items()) {
    if (name == "__metadata__") {
      header.metadata = parse_metadata(value);
    } else {
      header.entries[name] = with_context(fmt::format("tensor '{}'", name),
                                          [&] { return parse_entry(value, data_bytes); });
    }
  }
  check_layout(header.entries, data_bytes);
  return header;
}

size_t safetensors_dtype_rank(at::ScalarType dtype) {
  for (size_t rank = 0; rank < kDtypes.size(); ++rank) {
    if (dtype == kDtypes[rank].second) return rank;
  }
  throw UserError(fmt::format("safetensors files cannot hold {} tensors", c10::toString(dtype)));
}

std::string safetensors_dtype_name(at::ScalarType dtype) {
  return kDtypes[safetensors_dtype_rank(dtype)].first;
}

}  // namespace sana::detail
