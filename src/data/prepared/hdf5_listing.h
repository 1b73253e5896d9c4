// Where the tensors of a shard lie, asked of HDF5's library. Nothing outside this folder needs it.
//
// The library crashes on damaged files (release 1.10.8 of Debian 12: eight wrong bytes are enough),
// and follows names to other files. So a file that came from outside is opened by it in a process
// of its own only, and no number of a tensor is ever read by it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/prepared/shard_index.h"

namespace sana::data {

// Of an open file: the tensor of this name, or why it cannot be read (`problem`): it is a link, its
// numbers lie elsewhere, are packed by a filter that is not known here, or are of another type. The
// caller holds the library's lock.
StoredTensor describe_tensor(int64_t file, const std::string& name, std::string& problem);

// Tensors of a shard by name; those that cannot be read are problems of the index. `bytes`: of the
// file. What the library says is compared with that, but no number of it can be trusted. Throws
// EnvironmentError when no process can be begun.
ShardIndex list_tensors(const std::filesystem::path& shard, int64_t bytes,
                        const std::vector<std::string>& names);

}  // namespace sana::data
