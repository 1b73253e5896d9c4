#include "data/prepared/hdf5_listing.h"

#include <ATen/ATen.h>
#include <unistd.h>

#include <chrono>

#include "core/error.h"
#include "core/isolated.h"
#include "core/json_dump.h"
#include "core/text.h"
#include "data/prepared/hdf5_library.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxRank = 8;
constexpr int64_t kMaxChunks = int64_t{1} << 22;
// A file on which the library dies again and again is given up.
constexpr int kMaxDeaths = 16;
constexpr double kPatienceS = 10;
// What a file can make of the library is a loop, which this ends; a disk may take its time.
constexpr int64_t kCpuS = 8;
constexpr double kSilenceS = 60;

using Handle = Hdf5Handle;

// Of a link of a kind that leads out of the file, or nothing. Each part of the name is looked at
// before the next is: looking behind a link would follow it.
std::string complaint_of_links(hid_t file, const std::string& name) {
  for (size_t end = name.find('/');; end = name.find('/', end + 1)) {
    const std::string part = name.substr(0, end);
    H5L_info_t info{};
    if (H5Lget_info(file, part.c_str(), &info, H5P_DEFAULT) < 0) {
      return fmt::format("there is no {} ({})", part, hdf5_reason());
    }
    if (info.type == H5L_TYPE_SOFT) return part + " is a soft link, and links are not followed";
    if (info.type == H5L_TYPE_EXTERNAL) {
      return part + " is a link to another file, and these are not followed";
    }
    if (info.type != H5L_TYPE_HARD) return part + " is a link of an unknown kind";
    if (end == std::string::npos) return "";
  }
}

std::string read_dtype(hid_t type, StoredTensor& tensor) {
  if (H5Tequal(type, H5T_STD_U8LE) > 0) {
    tensor.dtype = at::kByte;
  } else if (H5Tequal(type, H5T_IEEE_F32LE) > 0) {
    tensor.dtype = at::kFloat;
  } else if (H5Tequal(type, H5T_STD_I64LE) > 0) {
    tensor.dtype = at::kLong;
  } else {
    const auto kind = H5Tget_class(type);
    const bool is_number = kind == H5T_INTEGER || kind == H5T_FLOAT;
    return fmt::format(
        "it holds {}, only uint8, float32 and int64 are read, in little-endian order",
        !is_number                           ? "no plain numbers"
        : H5Tget_order(type) == H5T_ORDER_BE ? "big-endian numbers"
                                             : "numbers of another type");
  }
  return "";
}

std::string read_shape(hid_t space, StoredTensor& tensor) {
  const int rank = H5Sget_simple_extent_ndims(space);
  if (H5Sget_simple_extent_type(space) == H5S_NULL || rank < 0 || rank > kMaxRank) {
    return "it has no size, or too many dimensions";
  }
  std::vector<hsize_t> dims(static_cast<size_t>(rank));
  H5Sget_simple_extent_dims(space, dims.data(), nullptr);
  for (const hsize_t dim : dims) {
    if (dim > hsize_t{1} << 61) return "its size is no size";
    tensor.shape.push_back(static_cast<int64_t>(dim));
  }
  return "";
}

std::string read_filters(hid_t properties, StoredTensor& tensor) {
  const int count = H5Pget_nfilters(properties);
  if (count < 0) return hdf5_reason();
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0, config = 0;
    size_t num_values = 0;
    const H5Z_filter_t filter = H5Pget_filter2(properties, static_cast<unsigned>(i), &flags,
                                               &num_values, nullptr, 0, nullptr, &config);
    if (filter == H5Z_FILTER_SHUFFLE && i == 0) {
      tensor.shuffle = true;
    } else if (filter == H5Z_FILTER_DEFLATE && !tensor.gzip) {
      tensor.gzip = true;
    } else {
      return fmt::format("it is packed by filter {}, only gzip with or without shuffle is read",
                         filter);
    }
  }
  return "";
}

std::string read_chunks(hid_t set, hid_t properties, StoredTensor& tensor) {
  const size_t rank = tensor.shape.size();
  std::vector<hsize_t> chunk(rank);
  if (H5Pget_chunk(properties, static_cast<int>(rank), chunk.data()) != static_cast<int>(rank)) {
    return hdf5_reason();
  }
  tensor.chunk.assign(chunk.begin(), chunk.end());
  auto problem = read_filters(properties, tensor);
  if (!problem.empty()) return problem;
  const int64_t count = grid_size(tensor.shape, tensor.chunk);
  if (count < 0 || count > kMaxChunks) return "it has too many pieces";
  std::vector<hsize_t> corner(rank, 0);
  for (int64_t i = 0; i < count; ++i) {
    unsigned mask = 0;
    haddr_t address = HADDR_UNDEF;
    hsize_t bytes = 0;
    if (H5Dget_chunk_info_by_coord(set, corner.data(), &mask, &address, &bytes) < 0) {
      return hdf5_reason();
    }
    if (address == HADDR_UNDEF) return "a piece of it was never written";
    if (mask != 0) return "a piece of it is packed otherwise than the rest";
    tensor.pieces.push_back({static_cast<int64_t>(address), static_cast<int64_t>(bytes)});
    for (size_t d = rank; d-- > 0;) {
      corner[d] += chunk[d];
      if (corner[d] < static_cast<hsize_t>(tensor.shape[d])) break;
      corner[d] = 0;
    }
  }
  return "";
}

std::string read_pieces(hid_t set, StoredTensor& tensor) {
  const Handle properties(H5Dget_create_plist(set), H5Pclose);
  switch (H5Pget_layout(properties.get())) {
    case H5D_CHUNKED:
      return read_chunks(set, properties.get(), tensor);
    case H5D_COMPACT:
      return "it is stored in its own description, which is not read";
    case H5D_VIRTUAL:
      return "it is put together of other files (virtual), which are not read";
    case H5D_CONTIGUOUS:
      break;
    default:
      return "it is stored in an unknown way";
  }
  if (H5Pget_external_count(properties.get()) != 0) {
    return "its numbers lie in another file (external storage), which is not read";
  }
  const int64_t bytes = bytes_of_shape(tensor.dtype, tensor.shape);
  if (bytes == 0) return "";
  const haddr_t address = H5Dget_offset(set);
  if (address == HADDR_UNDEF) return "its numbers were never written";
  tensor.pieces.push_back({static_cast<int64_t>(address), bytes});
  return "";
}

// A line of the child's answer.
std::string line_of(hid_t file, const std::string& name) {
  std::string problem;
  const StoredTensor tensor = describe_tensor(file, name, problem);
  nlohmann::ordered_json json = {{"problem", problem}};
  if (problem.empty()) json = tensor_to_json(tensor);
  return dump_json(json) + "\n";
}

// In the child: a line for each name from `first` on.
void answer(const fs::path& shard, const std::vector<std::string>& names, size_t first,
            const Emit& emit) {
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(access.get(), /*use_file_locking=*/false, /*ignore_when_disabled=*/true);
#endif
  const Handle file(H5Fopen(shard.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose);
  std::string problem;
  if (!file.ok()) {
    problem = hdf5_reason();
  } else {
    const Handle properties(H5Fget_create_plist(file.get()), H5Pclose);
    hsize_t block = 0;
    H5Pget_userblock(properties.get(), &block);
    if (block != 0) problem = "it begins with a block of another program (userblock)";
  }
  const std::string same = dump_json(nlohmann::ordered_json{{"problem", problem}}) + "\n";
  for (size_t i = first; i < names.size(); ++i) {
    emit(problem.empty() ? line_of(file.get(), names[i]) : same);
  }
  ::_exit(0);  // what closing does with a damaged file is of no interest
}

// What the child says is no more to be trusted than the file is.
void take_line(const std::string& line, const std::string& name, ShardIndex& index) {
  try {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    const JsonObject object(json, "HDF5's library");
    std::string problem = object.value_or("problem", std::string());
    StoredTensor tensor;
    if (problem.empty()) {
      tensor = tensor_from_json(object);
      problem = complaint_of(tensor, index.bytes);
    }
    if (problem.empty()) {
      index.tensors.insert_or_assign(name, std::move(tensor));
    } else {
      index.problems.insert_or_assign(name, valid_utf8(problem));
    }
  } catch (const UserError& error) {
    index.problems.insert_or_assign(name, error.what());
  }
}

// The lines that are whole; how many.
size_t take_lines(const std::string& text, const std::vector<std::string>& names, size_t first,
                  ShardIndex& index) {
  size_t taken = 0;
  for (size_t begin = 0; first + taken < names.size();) {
    const size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;
    take_line(text.substr(begin, end - begin), names[first + taken], index);
    begin = end + 1;
    ++taken;
  }
  return taken;
}

}  // namespace

StoredTensor describe_tensor(int64_t file, const std::string& name, std::string& problem) {
  StoredTensor tensor;
  problem = complaint_of_links(file, name);
  if (!problem.empty()) return tensor;
  const Handle set(H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose);
  if (!set.ok()) {
    problem = hdf5_reason();
    return tensor;
  }
  const Handle type(H5Dget_type(set.get()), H5Tclose);
  const Handle space(H5Dget_space(set.get()), H5Sclose);
  problem = read_dtype(type.get(), tensor);
  if (problem.empty()) problem = read_shape(space.get(), tensor);
  if (problem.empty()) problem = read_pieces(set.get(), tensor);
  return tensor;
}

ShardIndex list_tensors(const fs::path& shard, int64_t bytes,
                        const std::vector<std::string>& names) {
  ShardIndex index;
  index.bytes = bytes;
  IsolationLimits limits;
  limits.cpu_s = kCpuS;
  limits.silence_s = kSilenceS;
  const auto begin = std::chrono::steady_clock::now();
  const Hdf5Guard guard;
  size_t done = 0;
  for (int deaths = 0; done < names.size(); ++deaths) {
    const IsolatedOutput output =
        run_isolated(limits, [&](const Emit& emit) { answer(shard, names, done, emit); });
    done += take_lines(output.text, names, done, index);
    if (done == names.size()) break;
    // One damaged sample is no reason to lose those behind it.
    const std::string problem =
        fmt::format("HDF5's library, looking for it in a process of its own: {}",
                    output.problem.empty() ? "no answer" : output.problem);
    index.problems.emplace(names[done++], problem);
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    if (deaths + 1 < kMaxDeaths && spent.count() < kPatienceS) continue;
    while (done < names.size()) index.problems.emplace(names[done++], problem);
  }
  return index;
}

}  // namespace sana::data
