// What `filter` is given, as a list of videos.
#include "filter/video_list.h"

#include <algorithm>
#include <set>

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
  return list_videos(sources, 4096, *progress);
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

TEST_CASE("sources of one name are told apart, whatever is appended", "[filter]") {
  const TemporaryDirectory folder;
  std::vector<std::string> sources;
  for (const char* name : {"disk1/videos", "disk2/videos", "disk2", "a/disk2/videos"}) {
    write(folder, std::string(name) + "/0001.mp4", "x");
  }
  const auto add = [&](const char* name) {
    sources.push_back((folder / name).string());
    return ids_of(listed(sources));
  };
  add("disk1/videos");
  const Ids two = {"disk2/videos/0001.mp4", "videos/0001.mp4"};
  CHECK(add("disk2/videos") == two);
  // The third holds the second, and could give its ids.
  const Ids four = add("disk2"), five = add("a/disk2/videos");
  CHECK(four.size() == 4);
  CHECK(five.size() == 5);
  CHECK(std::set<std::string>(five.begin(), five.end()).size() == 5);
  CHECK(std::includes(four.begin(), four.end(), two.begin(), two.end()));
  CHECK(std::includes(five.begin(), five.end(), four.begin(), four.end()));
  sources.push_back(folder.path().string() + "/disk1/../disk1/videos/");
  CHECK(contains(complaint(sources), "are the same; name it once"));
}

TEST_CASE("a source that is missing or empty is refused, a video that is listed twice is told",
          "[filter]") {
  const TemporaryDirectory folder;
  write(folder, "in/a.mp4", "x");
  write(folder, "none/a.txt", "x");
  write(folder, "twice.txt", "in/a.mp4\nin/a.mp4\n");
  CHECK(contains(complaint({(folder / "gone").string()}), "gone does not exist"));
  CHECK(contains(complaint({(folder / "none").string()}), "no videos are listed"));
  const auto videos = listed({(folder / "twice.txt").string()});
  CHECK(ids_of(videos) == Ids{"in/a.mp4", "in/a.mp4 (line 2)"});
  CHECK_FALSE(videos[0].problem);
  REQUIRE(videos[1].problem);
  CHECK(videos[1].problem->reason == "listed twice");
}

TEST_CASE("lists may be UTF-16 with a mark; another encoding is named with its line and byte",
          "[filter]") {
  const TemporaryDirectory folder;
  write(folder, "wide.txt",
        std::string("\xff\xfe"
                    "a\0.\0m\0p\0004\0\r\0\n\0b\0.\0m\0p\0004\0",
                    26));
  CHECK(ids_of(listed({(folder / "wide.txt").string()})) == Ids{"a.mp4", "b.mp4"});
  write(folder, "latin.txt", "a.mp4\ncaf\xe9.mp4\n");
  CHECK(contains(complaint({(folder / "latin.txt").string()}), "latin.txt:2: byte 9"));
  write(folder, "long.txt", "a.mp4\n" + std::string((16 << 20) + 300000, 'x') + "\n");
  CHECK(
      contains(complaint({(folder / "long.txt").string()}), "long.txt:2: the line has more than"));
}

TEST_CASE("names that are no UTF-8 keep their videos apart, with paths that lead to them",
          "[filter]") {
  const TemporaryDirectory folder;
  for (int byte = 0xe0; byte < 0xe6; ++byte) {
    write(folder, std::string("d\xe9/caf") + char(byte) + ".mp4", "x");
  }
  const auto videos = listed({folder.path().string()});
  REQUIRE(videos.size() == 6);
  std::set<std::string> ids;
  for (const VideoFile& video : videos) {
    ids.insert(video.id);
    VideoRecord record;
    record.file = video;
    record.problem = sana::media::UnusedClip{video.id, "reason", "detail", "remedy"};
    const auto read = video_from_json(nlohmann::json::parse(to_json(record).dump()));
    CHECK(read.file.place.path == video.place.path);
    CHECK(std::filesystem::exists(read.file.place.path));
  }
  CHECK(ids.size() == 6);
}

#if SANA_HAS_ARCHIVES
TEST_CASE("shards in folders and lists are opened, and a damaged one stops nothing", "[filter]") {
  const TemporaryDirectory folder;
  std::filesystem::create_directories(folder / "in");
  pack(folder / "in",
       "import zipfile\nz = zipfile.ZipFile(\"s.zip\", \"w\")\n"
       "z.writestr(\"k.mp4\", \"one\"), z.writestr(\"k.txt\", \"words\")\n"
       "z.writestr(\"i.png\", \"picture\"), z.writestr(\".l.mp4\", \"two\")\n"
       "z.writestr(\"__MACOSX/._k.mp4\", \"litter\")\nz.close()\n");
  const auto videos = listed({(folder / "in").string()});
  CHECK(ids_of(videos) == Ids{"s.zip/k.mp4"});
  CHECK(videos[0].place.path == folder / "in/s.zip");
  CHECK(videos[0].place.member == "k.mp4");
  CHECK(videos[0].place.position >= 0);
  CHECK(videos[0].bytes == int64_t(std::filesystem::file_size(folder / "in/s.zip")));
  write(folder, "in/list.txt", "s.zip\n");
  CHECK(ids_of(listed({(folder / "in/list.txt").string()})) == ids_of(videos));
  CHECK(ids_of(listed({(folder / "in/s.zip").string()})) == ids_of(videos));
  write(folder, "in/bad.zip", "PK\x03\x04 and nothing more");
  const auto with_bad = listed({(folder / "in").string()});
  CHECK(ids_of(with_bad) == Ids{"bad.zip", "s.zip/k.mp4"});
  REQUIRE(with_bad[0].problem);
  CHECK(with_bad[0].problem->reason == "damaged shard");
  CHECK(contains(with_bad[0].problem->detail, "bad.zip"));
}
#endif

}  // namespace
