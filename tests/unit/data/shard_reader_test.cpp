// What is read without HDF5's library equals what the library reads.
#include "data/prepared/hdf5_listing.h"
#include "data/prepared/tensor_reader.h"
#include "unit/data/odd_sets.h"

namespace sana::data {
namespace {

at::Tensor read_by(const ShardIndex& index, const fs::path& path, const std::string& name) {
  return read_tensor(open_plain_file(path), index.at(name));
}

bool are_same(const at::Tensor& a, const at::Tensor& b) {
  return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() && a.equal(b);
}

TEST_CASE("tensors as they are written read the same with and without HDF5's library", "[data]") {
  const TempFolder folder;
  const fs::path path = folder / "shard.h5";
  const std::vector<at::Tensor> tensors = {
      test_pixels(5, 16, 24, 1),        at::randn({4, 3, 8, 8}), at::randn({7, 5}),
      at::tensor({1, 1, 0}, at::kLong), at::randn({0, 5}),       at::scalar_tensor(3.5)};
  Hdf5File file = Hdf5File::create();
  std::vector<std::string> names;
  for (size_t i = 0; i < tensors.size(); ++i) {
    for (const bool compress : {false, true}) {
      names.push_back(fmt::format("group{}/{}", i, compress));
      file.write(names.back(), tensors[i], compress);
    }
  }
  const std::string image = file.image();
  write_file_atomically(path, image);
  const ShardIndex index = file.index(image, names);
  CHECK(index.bytes == int64_t(image.size()));
  CHECK(index.hash == hash_text(image));
  const ShardIndex from_text = index_from_json(nlohmann::json::parse(index_to_text(index)), "test");
  const ShardIndex listed = list_tensors(path, index.bytes, names);
  for (size_t i = 0; i < names.size(); ++i) {
    INFO(names[i]);
    CHECK(are_same(read_with_library(path, names[i]), tensors[i / 2]));
    for (const ShardIndex* one : {&index, &from_text, &listed}) {
      CHECK(are_same(read_by(*one, path, names[i]), tensors[i / 2]));
    }
  }
}

struct Layout {
  std::vector<hsize_t> dims, chunk;
  bool shuffle, gzip;
};

TEST_CASE("pieces of any shape, shuffled or not, are put together as the library does", "[data]") {
  const TempFolder folder;
  const fs::path path = folder / "shard.h5";
  const std::vector<Layout> layouts = {{{5, 16, 24, 3}, {1, 16, 24, 3}, false, true},
                                       {{5, 16, 24, 3}, {2, 16, 24, 3}, false, true},
                                       {{5, 16, 24, 3}, {2, 7, 5, 2}, true, true},
                                       {{7, 5}, {3, 3}, true, false},
                                       {{7, 5}, {16, 16}, false, true},
                                       {{9}, {4}, true, true},
                                       {{6, 4}, {1, 4}, false, false}};
  for (const hid_t type : {H5T_STD_U8LE, H5T_IEEE_F32LE, H5T_STD_I64LE}) {
    for (const Layout& layout : layouts) {
      const int rank = int(layout.dims.size());
      write_with_library(path, [&](hid_t file) {
        const std::vector<hsize_t> most(layout.dims.size(), H5S_UNLIMITED);
        const hid_t space = H5Screate_simple(rank, layout.dims.data(), most.data()),
                    create = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_chunk(create, rank, layout.chunk.data());
        if (layout.shuffle) H5Pset_shuffle(create);
        if (layout.gzip) H5Pset_deflate(create, 4);
        const hid_t set =
            H5Dcreate2(file, "sample-00000000/a", type, space, H5P_DEFAULT, create, H5P_DEFAULT);
        std::vector<int64_t> bytes(5 * 16 * 24 * 3);
        for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = int64_t(i * 7919 % 1009);
        CHECK(H5Dwrite(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) >= 0);
        H5Dclose(set), H5Pclose(create), H5Sclose(space);
      });
      const auto index = list_tensors(path, int64_t(fs::file_size(path)), {"sample-00000000/a"});
      CHECK(are_same(read_by(index, path, "sample-00000000/a"),
                     read_with_library(path, "sample-00000000/a")));
    }
  }
}

TEST_CASE("an index says no sizes that the file does not justify", "[data]") {
  const auto complaint = [](const std::function<void(StoredTensor&)>& edit) {
    StoredTensor tensor{at::kFloat, {4, 6}, {2, 6}, true, false, {{100, 40}, {140, 40}}};
    edit(tensor);
    return complaint_of(tensor, 1000);
  };
  CHECK(complaint([](StoredTensor&) {}).empty());
  CHECK(contains(complaint([](auto& t) { t.pieces[1].offset = 961; }), "outside"));
  CHECK(contains(complaint([](auto& t) { t.pieces[1].bytes = INT64_MAX; }), "outside"));
  CHECK(contains(complaint([](auto& t) { t.pieces[1].bytes = 0; }), "outside"));
  CHECK(contains(complaint([](auto& t) { t.pieces.pop_back(); }), "missing"));
  CHECK(contains(complaint([](auto& t) { t.shape[0] = 5; }), "missing"));
  CHECK(contains(complaint([](auto& t) { t.gzip = false; }), "wrong size"));
  CHECK(contains(complaint([](auto& t) { t.chunk = {2}; }), "do not fit"));
  CHECK(contains(complaint([](auto& t) {
                   t.shape = {int64_t{1} << 40, int64_t{1} << 40};
                 }),
                 "no size"));
  CHECK(contains(complaint([](auto& t) { t.chunk = {2, 1 << 20}; }), "cannot hold"));
  CHECK(contains(complaint([](auto& t) { t.chunk.clear(); }), "do not fit"));
  CHECK(contains(complaint([](auto& t) {
                   t.chunk.clear(), t.gzip = false, t.pieces = {{100, 97}};
                 }),
                 "wrong size"));
}

// 10 MB of zlib make 10 GB of zeros, which are numbers like any other.
TEST_CASE("more numbers than bytes are allowed up to a limit only", "[data]") {
  StoredTensor tensor{at::kByte, {1000, 1 << 20}, {1, 1 << 20}, true, false, {}};
  tensor.pieces.assign(1000, {0, 1100});
  CHECK(complaint_of(tensor, 10'000'000).empty());
  tensor.shape[0] = 2000;
  tensor.pieces.assign(2000, {0, 1100});
  CHECK(contains(complaint_of(tensor, 10'000'000), "cannot be"));
  tensor.pieces.assign(2000, {0, 20000});
  CHECK(complaint_of(tensor, 100'000'000).empty());
  CHECK(contains(complaint_of(tensor, 10'000'000), "cannot be"));
}

}  // namespace
}  // namespace sana::data
