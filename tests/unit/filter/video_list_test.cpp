// What `filter` is given, as a list of videos.
#include "filter/video_list.h"

#include "core/build_config.h"
#include "core/error.h"
#include "support/errors.h"
#include "support/pack.h"
#include "support/temporary_directory.h"

namespace {
using namespace sana::filter;
using sana_test::contains;
using sana_test::message_of;
using sana_test::pack;
using sana_test::TemporaryDirectory;
using Ids = std::vector<std::string>;

std::vector<VideoFile> listed(const std::vector<std::string>& sources) {
  const auto progress = sana::make_silent_progress();
  return list_videos(sources, *progress);
}

Ids ids_of(const std::vector<VideoFile>& videos) {
  Ids ids;
  for (const VideoFile& video : videos) ids.push_back(video.id);
  return ids;
}

std::string complaint(const std::vector<std::string>& sources) {
  return message_of<sana::UserError>([&] { listed(sources); });
}

void write(const TemporaryDirectory& folder, const std::string& name, const std::string& bytes) {
  std::filesystem::create_directories((folder / name).parent_path());
  folder.file(name, bytes);
}

TEST_CASE("a folder gives its videos, sub-folders too, without images and hidden names",
          "[filter]") {
  const TemporaryDirectory folder;
  for (const char* name : {"in/b.MP4", "in/a/c.mkv", "in/a/d.jpg", "in/e.txt", "in/.f.mp4",
                           "in/.hidden/g.mp4", "in/a/.hidden/h.mp4"}) {
    write(folder, name, "four");
  }
  const auto videos = listed({(folder / "in").string()});
  CHECK(ids_of(videos) == Ids{"a/c.mkv", "b.MP4"});
  CHECK(videos[0].place.path == folder / "in/a/c.mkv");
  CHECK(videos[0].place.member.empty());
  CHECK(videos[0].bytes == 4);
  CHECK(videos[0].modified_ns > 0);
}

TEST_CASE("a list names files by path or JSON object, and those that are gone, too", "[filter]") {
  const TemporaryDirectory folder;
  write(folder, "in/a.mp4", "four");
  write(folder, "in/list.txt",
        "a.mp4\r\n\n{\"path\": \"sub/b.avi\", \"caption\": \"passed over\"}\n/no/where.jpg  \n");
  const auto videos = listed({(folder / "in/list.txt").string()});
  CHECK(ids_of(videos) == Ids{"/no/where.jpg", "a.mp4", "sub/b.avi"});
  CHECK(videos[0].place.path == "/no/where.jpg");
  CHECK(videos[0].bytes == 0);
  CHECK(videos[1].bytes == 4);
  CHECK(videos[2].place.path == folder / "in/sub/b.avi");
  write(folder, "in/bad.jsonl", "{\"path\": \"a.mp4\"}\n{\"file\": \"a.mp4\"}\n");
  CHECK(contains(complaint({(folder / "in/bad.jsonl").string()}), "bad.jsonl:2"));
}

TEST_CASE("ids begin with the name of the source when there are several", "[filter]") {
  const TemporaryDirectory folder;
  write(folder, "one/a.mp4", "x");
  write(folder, "two/a.mp4", "x");
  write(folder, "b.mp4", "x");
  CHECK(ids_of(listed({(folder / "one").string() + "/", (folder / "two").string(),
                       (folder / "b.mp4").string()})) ==
        Ids{"b.mp4/b.mp4", "one/a.mp4", "two/a.mp4"});
  CHECK(ids_of(listed({(folder / "b.mp4").string()})) == Ids{"b.mp4"});
}

TEST_CASE("a source that is missing, empty or given twice is refused", "[filter]") {
  const TemporaryDirectory folder;
  write(folder, "in/a.mp4", "x");
  write(folder, "none/a.txt", "x");
  write(folder, "twice.txt", "in/a.mp4\nin/a.mp4\n");
  CHECK(contains(complaint({(folder / "gone").string()}), "gone does not exist"));
  CHECK(contains(complaint({(folder / "none").string()}), "no videos are listed"));
  CHECK(contains(complaint({(folder / "twice.txt").string()}), "'in/a.mp4' is listed twice"));
}

#if SANA_HAS_ARCHIVES
TEST_CASE("shards in folders and lists are opened, and a damaged one stops the listing",
          "[filter]") {
  const TemporaryDirectory folder;
  std::filesystem::create_directories(folder / "in");
  pack(folder / "in",
       "import zipfile\nz = zipfile.ZipFile(\"s.zip\", \"w\")\n"
       "z.writestr(\"k.mp4\", \"one\"), z.writestr(\"k.txt\", \"words\")\n"
       "z.writestr(\"i.png\", \"picture\"), z.writestr(\".l.mp4\", \"two\")\nz.close()\n");
  const auto videos = listed({(folder / "in").string()});
  CHECK(ids_of(videos) == Ids{"s.zip/.l.mp4", "s.zip/k.mp4"});
  CHECK(videos[1].place.path == folder / "in/s.zip");
  CHECK(videos[1].place.member == "k.mp4");
  CHECK(videos[1].place.position >= 0);
  CHECK(videos[1].bytes == int64_t(std::filesystem::file_size(folder / "in/s.zip")));
  CHECK(videos[0].bytes == videos[1].bytes);
  write(folder, "in/list.txt", "s.zip\n");
  CHECK(ids_of(listed({(folder / "in/list.txt").string()})) == ids_of(videos));
  CHECK(ids_of(listed({(folder / "in/s.zip").string()})) == ids_of(videos));
  write(folder, "in/bad.zip", "PK\x03\x04 and nothing more");
  CHECK(contains(complaint({(folder / "in").string()}), "bad.zip"));
}
#endif

}  // namespace
