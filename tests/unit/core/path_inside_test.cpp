#include "core/path_inside.h"

#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using sana_test::message_of;
using sana_test::TemporaryDirectory;

TEST_CASE("a name that a file says stays in its folder", "[files]") {
  const TemporaryDirectory folder;
  fs::create_directories(folder / "home/vae");
  const fs::path home = folder / "home";
  folder.file("secret", "s");
  fs::create_symlink("../secret", home / "link");
  fs::create_directory_symlink("..", home / "up");
  fs::create_symlink("vae", home / "inner");
  for (const char* name : {"vae", "vae/absent", "a..b", "inner/x", "./vae"}) {
    INFO(name);
    CHECK(path_inside(home, name, "it") == home / name);
  }
  for (const char* name : {"", "/etc/passwd", "..", "../secret", "vae/../../secret", "vae/.."}) {
    INFO(name);
    CHECK(sana_test::contains(message_of<UserError>([&] { path_inside(home, name, "'m': vae"); }),
                              std::string("'m': vae: '") + name + "' is no name inside"));
  }
  for (const char* name : {"link", "up/secret", "up"}) {
    INFO(name);
    CHECK(sana_test::contains(message_of<UserError>([&] { path_inside(home, name, "it"); }),
                              "leads out of its folder through a link"));
  }
}

TEST_CASE("links of a download cache lead to its own files and no further", "[files]") {
  const TemporaryDirectory folder;
  fs::create_directories(folder / "models--a/snapshots/rev/vae");
  fs::create_directories(folder / "models--a/blobs");
  folder.file("models--a/blobs/0123abcd", "weights");
  folder.file("secret", "s");
  const fs::path snapshot = folder / "models--a/snapshots/rev";
  fs::create_symlink("../../../blobs/0123abcd", snapshot / "vae/model");
  fs::create_symlink("../../../../secret", snapshot / "vae/secret");
  fs::create_symlink(folder / "secret", folder / "models--a/blobs/ffff");
  fs::create_symlink("../../blobs/ffff", snapshot / "through");
  fs::create_symlink("absent", snapshot / "dangling");
  fs::create_directory_symlink("../../blobs", snapshot / "all");
  CHECK(stays_inside(snapshot, snapshot / "vae/model"));
  CHECK(stays_inside(snapshot / "vae", snapshot / "vae/model"));
  CHECK(stays_inside(snapshot, snapshot / "vae"));
  for (const char* name : {"vae/secret", "through", "dangling", "all"}) {
    INFO(name);
    CHECK_FALSE(stays_inside(snapshot, snapshot / name));
  }
}

}  // namespace
