// Files of torch.save that hold something else, or lie about themselves.
#include <ATen/ATen.h>

#include "core/error.h"
#include "core/torch_file/torch_file.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

using sana::load_torch_file;
using sana::UserError;
using sana_test::contains;
using sana_test::message_of;
using sana_test::TemporaryDirectory;

namespace {

// What the reader says of a file of tests/data/torch; also checks that it names the file.
std::string complaint_about_file(const std::string& name) {
  const std::string path = SANA_TEST_DATA "/torch/" + name + ".pt";
  const auto message = message_of<UserError>([&] { load_torch_file(path); });
  CHECK(contains(message, path));
  return message;
}

std::string complaint_about_archive(const std::string& bytes) {
  const TemporaryDirectory folder;
  const auto path = folder.file("bad.pt", bytes);
  return message_of<UserError>([&] { load_torch_file(path); });
}

std::string with_byte(const std::string& bytes, size_t at, char byte) {
  std::string changed = bytes;
  changed[at] = byte;
  return changed;
}

}  // namespace

TEST_CASE("objects other than tensors and plain values are refused by their full name",
          "[torch_file]") {
  CHECK(contains(complaint_about_file("bad_command"),
                 "refuses to build 'posix.system': a checkpoint may hold"));
  CHECK(contains(complaint_about_file("bad_command_beside"), "refuses to build 'posix.system'"));
  CHECK(contains(complaint_about_file("bad_numpy"),
                 "refuses to build 'numpy._core.multiarray.scalar'"));
  CHECK(contains(complaint_about_file("bad_device"), "refuses to build 'torch.device'"));
  CHECK(contains(complaint_about_file("bad_complex"),
                 "refuses to build 'torch.ComplexFloatStorage'"));
  CHECK(contains(complaint_about_file("bad_set"), "refuses to build a set"));
}

TEST_CASE("a dtype is no value, and the message says where it is", "[torch_file]") {
  CHECK(
      contains(complaint_about_file("bad_dtype"), "at 'dtype': refuses to build 'torch.float16'"));
}

TEST_CASE("old formats are refused with a command that rewrites them", "[torch_file]") {
  CHECK(contains(complaint_about_file("bad_old_format"),
                 "has the format of PyTorch before 1.6. Rewrite it: python3 -c \"import torch; "
                 "torch.save(torch.load('bad_old_format.pt'"));
  CHECK(contains(complaint_about_file("bad_tar"), "is a tar archive"));
}

TEST_CASE("compressed entries are refused by name", "[torch_file]") {
  CHECK(contains(complaint_about_file("bad_deflated"),
                 "entry 'archive/data.pkl' is compressed (method 8)"));
}

TEST_CASE("big-endian files are refused", "[torch_file]") {
  CHECK(contains(complaint_about_file("bad_byteorder"), "its byte order is 'big'"));
}

TEST_CASE("files that are no archive are refused", "[torch_file]") {
  CHECK(contains(complaint_about_file("bad_text"), "is no file of torch.save"));
  CHECK(contains(complaint_about_file("bad_truncated"),
                 "no ZIP directory at its end (is the file truncated?)"));
  CHECK(contains(complaint_about_file("bad_truncated_directory"), "no ZIP directory at its end"));
  CHECK(contains(complaint_about_archive(""), "is no file of torch.save"));
  const TemporaryDirectory folder;
  CHECK(contains(message_of<UserError>([&] { load_torch_file(folder.path()); }), "not a file"));
  CHECK(contains(message_of<UserError>([&] { load_torch_file(folder / "no"); }), "No such file"));
}

TEST_CASE("a file cut anywhere is refused", "[torch_file]") {
  const std::string whole = sana_test::file_bytes(SANA_TEST_DATA "/torch/unaligned.pt");
  for (size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    CHECK_FALSE(complaint_about_archive(whole.substr(0, size)).empty());
  }
}

TEST_CASE("entries that are not where the directory says are refused by name", "[torch_file]") {
  const std::string whole = sana_test::file_bytes(SANA_TEST_DATA "/torch/unaligned.pt");
  const size_t first = whole.find("PK\1\2"), second = whole.find("PK\1\2", first + 1);
  CHECK(contains(complaint_about_archive(with_byte(whole, 0x1e, 'x')),
                 "entry 'archive/data.pkl' has another name in its own header"));
  CHECK(contains(complaint_about_archive(with_byte(whole, second + 42, 1)),
                 "is not where the directory says"));
  CHECK(contains(complaint_about_archive(with_byte(whole, first + 26, 1)), "has 65"));
  // A second header for the first entry.
  std::string twice = whole;
  twice.replace(second, 46, whole, first, 46);
  CHECK_FALSE(complaint_about_archive(twice).empty());
  CHECK(contains(complaint_about_archive(with_byte(whole, first + 8, 1)), "is encrypted"));
}
