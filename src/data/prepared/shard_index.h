// shard-00000.index.json: where every tensor of a shard lies, so that samples are read without
// HDF5's library (src/data/README.md says why). Nothing outside this folder needs it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "data/prepared/stored_tensor.h"

namespace sana::data {

struct ShardIndex {
  int64_t bytes = 0;  // of the shard
  std::string hash;   // SHA-1 of the shard's bytes; empty where nobody has computed it
  std::map<std::string, StoredTensor> tensors;  // by name: "sample-00000000/pixels"
  std::map<std::string, std::string> problems;  // tensors that cannot be read, and why

  // Throws UserError: there is no such tensor, or what speaks against reading it.
  const StoredTensor& at(const std::string& name) const;
};

// Of the index beside a shard: shard-00000.h5 -> shard-00000.index.json
std::filesystem::path index_path(const std::filesystem::path& shard);

std::string index_to_text(const ShardIndex& index);
// `where` names the file for messages. Throws UserError when it is no index, or one of another
// version; a tensor whose sizes do not fit is a problem of its own.
ShardIndex index_from_json(const nlohmann::json& json, const std::string& where);

}  // namespace sana::data
