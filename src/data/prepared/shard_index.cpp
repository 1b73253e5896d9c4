#include "data/prepared/shard_index.h"

#include "core/error.h"
#include "core/json_dump.h"
#include "core/text.h"

namespace sana::data {
namespace {

constexpr const char* kFormat = "sana-video shard index";
constexpr int64_t kVersion = 1;

}  // namespace

const StoredTensor& ShardIndex::at(const std::string& name) const {
  const auto problem = problems.find(name);
  if (problem != problems.end()) {
    throw UserError(fmt::format("{} cannot be read: {}", name, problem->second));
  }
  const auto found = tensors.find(name);
  require(found != tensors.end(), "{} cannot be read: there is none", name);
  return found->second;
}

std::filesystem::path index_path(const std::filesystem::path& shard) {
  return std::filesystem::path(shard).replace_extension(".index.json");
}

// A line for each tensor.
std::string index_to_text(const ShardIndex& index) {
  std::string text = fmt::format(
      "{{\"format\": \"{}\", \"format_version\": {}, \"bytes\": {}, \"hash\": \"{}\", "
      "\"tensors\": {{",
      kFormat, kVersion, index.bytes, index.hash);
  bool is_first = true;
  for (const auto& [name, tensor] : index.tensors) {
    text += is_first ? "\n" : ",\n";
    text += dump_json(nlohmann::ordered_json(name)) + ": " + dump_json(tensor_to_json(tensor));
    is_first = false;
  }
  return text + "\n}}\n";
}

ShardIndex index_from_json(const nlohmann::json& json, const std::string& where) {
  const JsonObject object(json, where);
  if (object.required<std::string>("format") != kFormat) object.refuse("format", kFormat);
  object.integer("format_version", {kVersion, kVersion});
  ShardIndex index;
  index.bytes = object.long_integer("bytes", {0, INT64_MAX});
  index.hash = object.required<std::string>("hash");
  const auto tensors = object.object("tensors");
  if (!tensors) object.refuse("tensors", "an object");
  for (const auto& [name, value] : json.at("tensors").items()) {
    StoredTensor tensor = tensor_from_json(JsonObject(value, where + ": " + valid_utf8(name)));
    const std::string complaint = complaint_of(tensor, index.bytes);
    if (complaint.empty()) {
      index.tensors.emplace(name, std::move(tensor));
    } else {
      index.problems.emplace(name, complaint);
    }
  }
  return index;
}

}  // namespace sana::data
