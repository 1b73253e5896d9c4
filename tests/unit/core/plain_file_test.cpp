#include "core/plain_file.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json_file.h"
#include "core/mapped_file.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using sana_test::contains;
using sana_test::message_of;
using sana_test::TemporaryDirectory;

TEST_CASE("what is not a plain file is refused by name at once", "[files]") {
  const TemporaryDirectory folder;
  const fs::path fifo = folder / "fifo", link = folder / "link", socket = folder / "socket";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  fs::create_symlink(fifo, link);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const std::pair<fs::path, std::string> cases[] = {{fifo, "it is a FIFO"},
                                                    {link, "it is a FIFO"},
                                                    {socket, "it is a socket"},
                                                    {"/dev/zero", "it is a device"},
                                                    {folder.path(), "it is a folder"},
                                                    {"/proc/self/status", "made by the kernel"},
                                                    {folder / "none", "No such file"}};
  for (const auto& [path, reason] : cases) {
    INFO(path);
    const auto refused = [&](const std::function<void()>& body) {
      const std::string message = message_of<UserError>(body);
      CHECK(contains(message, reason));
      CHECK(contains(message, path.string()));
    };
    refused([&, path = path] { read_text_file(path); });
    refused([&, path = path] { read_json_file(path); });
    refused([&, path = path] { map_file(path); });
    refused([&, path = path] { hash_file(path); });
    refused([&, path = path] { hash_file_sample(path); });
  }
  ::close(listener);
}

TEST_CASE("a Git LFS pointer is told as one, with the remedy, whatever was expected", "[files]") {
  const TemporaryDirectory folder;
  const fs::path file = folder.file("model.safetensors",
                                    "version https://git-lfs.github.com/spec/v1\n"
                                    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa\n"
                                    "size 8192\n");
  const std::function<void()> readers[] = {
      [&] { read_text_file(file); }, [&] { read_json_file(file); }, [&] { map_file(file); },
      [&] { hash_file(file); }, [&] { copy_whole_file(file, folder / "copy"); }};
  for (const auto& reader : readers) {
    const std::string message = message_of<UserError>(reader);
    CHECK(contains(message, file.string() + "' is a Git LFS pointer"));
    CHECK(contains(message, "git lfs pull"));
  }
  folder.file("near", "version https://git-lfs.github.com");
  CHECK(read_text_file(folder / "near").size() == 34);
}

TEST_CASE("a file that is larger than expected is refused before it is read", "[files]") {
  const TemporaryDirectory folder;
  folder.file("hole", "x");
  fs::resize_file(folder / "hole", uintmax_t(1) << 40);  // takes no room on the disk
  CHECK(contains(message_of<UserError>([&] { read_text_file(folder / "hole"); }), "at most"));
  folder.file("small", "four");
  CHECK(read_text_file(folder / "small", 4) == "four");
  CHECK(contains(message_of<UserError>([&] { read_text_file(folder / "small", 3); }),
                 "it has 4 bytes, expected at most 3"));
}

TEST_CASE("probing a folder leaves nothing in it, and takes old probes away", "[files]") {
  const TemporaryDirectory folder;
  folder.file(".write-test-123", "x");
  ensure_writable_directory(folder.path());
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("a copy is a file of its own", "[files]") {
  const TemporaryDirectory folder;
  folder.file("a", "first");
  copy_whole_file(folder / "a", folder / "b");
  folder.file("a", "other");
  CHECK(read_text_file(folder / "b") == "first");
  CHECK(contains(message_of<UserError>([&] { copy_whole_file(folder / "none", folder / "c"); }),
                 "none"));
  CHECK_FALSE(fs::exists(folder / "c"));
}

}  // namespace
