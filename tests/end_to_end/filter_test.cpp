// `sana-video filter` as a user runs it, on the example clips.
#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <signal.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "end_to_end/run_program.h"
#include "support/catch.h"
#include "support/temporary_directory.h"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using sana_test::ContainsSubstring;
using sana_test::describe;
using sana_test::file_bytes;
using sana_test::Outcome;
using sana_test::Program;
using sana_test::run_program;
using sana_test::TemporaryDirectory;

const fs::path kExamples = fs::path(SANA_SOURCE_DIR) / "examples";
const fs::path kVideos = fs::path(SANA_TEST_DATA) / "videos";

void write_config(const TemporaryDirectory& folder, const std::string& output) {
  folder.file("filter.yaml",
              "sources: [raw]\noutput: " + output +
                  "\nstages:\n"
                  "  - name: all\n    criteria: [{score: seconds, min: 0.5}]\n"
                  "  - name: moving\n    preset: 256p\n    needs_caption: true\n"
                  "    criteria: [{score: short_side, min: 100}, {score: seconds, min: 2}]\n");
}

void copy_examples(const TemporaryDirectory& folder, int count) {
  fs::create_directories(folder / "raw");
  std::set<fs::path> clips;
  for (const auto& entry : fs::directory_iterator(kExamples / "clips")) {
    if (entry.path().extension() == ".mp4") clips.insert(entry.path());
  }
  for (const fs::path& clip : clips) {
    if (count-- == 0) break;
    fs::copy_file(clip, folder.path() / "raw" / clip.filename());
    const fs::path text = fs::path(clip).replace_extension(".txt");
    fs::copy_file(text, folder.path() / "raw" / text.filename());
  }
}

std::vector<json> lines_of(const fs::path& file) {
  std::ifstream in(file);
  std::vector<json> lines;
  std::string line;
  while (std::getline(in, line)) lines.push_back(json::parse(line));
  return lines;
}

// What a run must give again from the same files.
std::map<std::string, std::string> results_of(const fs::path& output) {
  std::map<std::string, std::string> results;
  for (const char* name : {"scores.jsonl", "stage-all.jsonl", "stage-moving.jsonl",
                           "verdicts.jsonl", "unusable.jsonl"}) {
    results[name] = file_bytes(output / name);
  }
  // Both carry the name of their folder.
  json report = json::parse(file_bytes(output / "report.json"));
  report.erase("name");
  results["report.json"] = report.dump();
  return results;
}

}  // namespace

TEST_CASE("filter gives scores, manifests and a report, and decides again without decoding",
          "[end_to_end]") {
  const TemporaryDirectory folder;
  copy_examples(folder, 6);
  write_config(folder, "out");
  const Outcome outcome = run_program({"filter", "filter.yaml"}, folder.path());
  INFO(describe(outcome));
  REQUIRE(outcome.exit_code == 0);
  CHECK_THAT(outcome.out, ContainsSubstring("6 videos, 0 of them unusable"));
  const auto all = lines_of(folder / "out/stage-all.jsonl");
  REQUIRE(all.size() >= 6);
  for (const json& clip : all) {
    INFO(clip.dump());
    CHECK(fs::exists(folder.path() / "out" / clip.at("path").get<std::string>()));
    CHECK(clip.at("end_s").get<double>() > clip.at("start_s").get<double>());
    CHECK(clip.at("scores").contains("motion"));
    CHECK_FALSE(clip.at("caption").get<std::string>().empty());
  }
  CHECK(file_bytes(folder / "out/report/index.html").size() > 50'000);

  // The videos may be gone by now.
  fs::rename(folder / "raw", folder / "elsewhere");
  const Outcome again = run_program(
      {"filter", "filter.yaml", "--decide", "stages.0.criteria.0.min=1000"}, folder.path());
  INFO(describe(again));
  REQUIRE(again.exit_code == 0);
  CHECK(lines_of(folder / "out/stage-all.jsonl").empty());
}

TEST_CASE("a filter that is killed goes on, and ends as one that was not", "[end_to_end]") {
  const TemporaryDirectory folder;
  copy_examples(folder, 10);
  write_config(folder, "whole");
  REQUIRE(run_program({"filter", "filter.yaml"}, folder.path()).exit_code == 0);
  const auto expected = results_of(folder / "whole");

  std::mt19937_64 random(7);
  bool has_ended = false;
  int kills = 0;
  for (int64_t lines = 1; !has_ended; lines += 2) {
    Program program({"filter", "filter.yaml", "output=killed"}, folder.path());
    const bool is_there = program.wait_until([&] {
      std::error_code error;
      const fs::path journal = folder / "killed/journal.jsonl";
      return fs::exists(journal, error) && int64_t(lines_of(journal).size()) >= lines;
    });
    if (is_there) program.send(SIGKILL);
    const Outcome outcome = program.wait();
    kills += outcome.signal == SIGKILL ? 1 : 0;
    has_ended = outcome.exit_code == 0;
    REQUIRE((has_ended || outcome.signal == SIGKILL));
  }
  CHECK(kills >= 2);
  CHECK(results_of(folder / "killed") == expected);

  // And another whole run, on one thread, gives the same bytes.
  REQUIRE(run_program({"filter", "filter.yaml", "output=single", "num_workers=1"}, folder.path())
              .exit_code == 0);
  CHECK(results_of(folder / "single") == expected);
}

TEST_CASE("no damaged file stops a filter, and each has its reason", "[end_to_end]") {
  const TemporaryDirectory folder;
  copy_examples(folder, 1);
  for (const auto& entry : fs::directory_iterator(kVideos)) {
    fs::copy_file(entry.path(), folder.path() / "raw" / entry.path().filename());
  }
  const std::string whole = file_bytes(kExamples / "clips" / "waterfall.mp4");
  folder.file("raw/half.mp4", whole.substr(0, whole.size() / 2));
  folder.file("raw/empty.mp4", "");
  folder.file("raw/text.mp4", "only words, and enough of them to be looked at");
  std::string flipped = whole;
  for (size_t i = whole.size() / 2; i < whole.size() / 2 + 300; ++i) flipped[i] ^= 0x5a;
  folder.file("raw/flipped.mp4", flipped);
  folder.file("raw/list.txt", "not a source by itself\n");
  write_config(folder, "out");
  const Outcome outcome = run_program({"filter", "filter.yaml"}, folder.path());
  INFO(describe(outcome));
  REQUIRE(outcome.exit_code == 0);

  std::map<std::string, std::string> reasons;
  for (const json& line : lines_of(folder / "out/unusable.jsonl")) {
    reasons[line.at("id")] = line.at("reason");
    CHECK_FALSE(line.at("remedy").get<std::string>().empty());
  }
  CHECK(reasons == std::map<std::string, std::string>{{"audio_only.mp4", "no video"},
                                                      {"empty.mp4", "zero bytes"},
                                                      {"flipped.mp4", "damaged"},
                                                      {"half.mp4", "truncated"},
                                                      {"text.mp4", "wrong type"}});
  std::set<std::string> measured;
  for (const json& line : lines_of(folder / "out/verdicts.jsonl")) {
    measured.insert(line.at("id").get<std::string>());
  }
  for (const char* name : {"rotated.mp4#0", "ten_bit.mp4#0", "odd_size.avi#0", "no_rate.wmv#0",
                           "variable_rate.mp4#0"}) {
    INFO(name);
    CHECK(measured.count(name) == 1);
  }
}

TEST_CASE("shards, sidecars and a learned score reach the manifest", "[end_to_end]") {
  const TemporaryDirectory folder;
  copy_examples(folder, 2);
  const std::string pack =
      "cd '" + (folder / "raw").string() +
      "' && python3 -c 'import glob, json, os, zipfile\n"
      "z = zipfile.ZipFile(\"s.zip\", \"w\")\n"
      "for name in sorted(glob.glob(\"*.mp4\")):\n"
      "  key = name[:-4]\n"
      "  z.write(name); os.remove(name)\n"
      "  z.writestr(key + \".json\", json.dumps({\"prompt\": open(key + \".txt\").read()}))\n"
      "  last = key\n"
      "z.close()\n"
      "json.dump({last: {\"_unimatch\": 12.5}}, open(\"s_unimatch.json\", \"w\"))\n'";
  REQUIRE(std::system(pack.c_str()) == 0);
  const fs::path model = fs::path(SANA_TEST_DATA) / "onnx" / "colour_means.onnx";
  folder.file("filter.yaml",
              "sources: [raw/s.zip]\noutput: out\nsidecars: {scores: [_unimatch]}\n"
              "learned:\n  - {name: redness, file: " +
                  model.string() +
                  ", width: 8, height: 8, mean: [0, 0, 0], deviation: [1, 1, 1]}\n"
                  "stages: [{name: s, criteria: [{score: seconds, min: 0.5}]}]\n");
  const Outcome outcome = run_program({"filter", "filter.yaml"}, folder.path());
  INFO(describe(outcome));
  REQUIRE(outcome.exit_code == 0);
  const auto clips = lines_of(folder / "out/stage-s.jsonl");
  REQUIRE(clips.size() >= 2);
  CHECK_THAT(clips[0].at("member").get<std::string>(), ContainsSubstring(".mp4"));
  CHECK(clips[0].at("caption_source") == "prompt");
  CHECK_FALSE(clips[0].at("scores").contains("_unimatch"));
  CHECK(clips.back().at("scores").at("_unimatch") == 12.5);
  // The mean of red plus a quarter.
  const double redness = clips[0].at("scores").at("redness");
  CHECK(redness > 0.25);
  CHECK(redness < 1.25);

  // What `prepare` makes of that manifest.
  folder.file("prepare.yaml",
              "source: out/stage-s.jsonl\noutput: prepared\nkind: pixels\nframes: 9\n"
              "buckets: {sizes: [64x96, 96x64]}\n");
  const Outcome prepared = run_program({"prepare", "prepare.yaml"}, folder.path());
  INFO(describe(prepared));
  REQUIRE(prepared.exit_code == 0);
  const json dataset = json::parse(file_bytes(folder / "prepared/dataset.json"));
  CHECK(dataset.at("samples").size() == clips.size());
}

TEST_CASE("exported clips are what the manifest says", "[end_to_end]") {
  const TemporaryDirectory folder;
  copy_examples(folder, 2);
  write_config(folder, "out");
  const Outcome outcome =
      run_program({"filter", "filter.yaml", "--export", "clips"}, folder.path());
  INFO(describe(outcome));
  REQUIRE(outcome.exit_code == 0);
  int64_t exported = 0;
  for (const auto& entry : fs::directory_iterator(folder / "clips/all")) {
    exported += entry.path().extension() == ".mp4" ? 1 : 0;
  }
  CHECK(exported == int64_t(lines_of(folder / "out/stage-all.jsonl").size()));
}

TEST_CASE("a mistaken filter configuration names every mistake at once", "[end_to_end]") {
  const TemporaryDirectory folder;
  folder.file(
      "filter.yaml",
      "sources: [nowhere]\noutput: out\nstages:\n  - name: a\n    criteria:\n"
      "      - {score: moton, min: 1}\n      - {score: motion}\n  - {name: b, prest: 480p}\n");
  const Outcome outcome = run_program({"filter", "filter.yaml"}, folder.path());
  INFO(describe(outcome));
  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.err, ContainsSubstring("did you mean 'preset'"));
  CHECK_THAT(outcome.err, ContainsSubstring("needs min or max"));
  CHECK_FALSE(fs::exists(folder / "out"));
  folder.file(
      "filter.yaml",
      "sources: [nowhere]\noutput: out\nstages: [{name: a, criteria: [{score: moton, min: 1}]}]\n");
  const Outcome unknown = run_program({"filter", "filter.yaml"}, folder.path());
  CHECK_THAT(unknown.err, ContainsSubstring("'moton' is no score"));
  CHECK_FALSE(fs::exists(folder / "out"));
}
#endif
