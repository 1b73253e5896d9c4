// What a work folder says that is damaged.
#include <sstream>

#include "support/data_fixtures.h"

namespace sana::data {
namespace {

const nlohmann::ordered_json kPlan = {{"test", true}};

// Three samples that are finished, and no shard.
void begin_work(const fs::path& folder) {
  WorkFolder work(folder, kPlan, 1 << 20);
  for (int64_t i = 0; i < 3; ++i) {
    Sample sample;
    sample.pixels = test_pixels(1, 8, 8, i);
    const std::string name = "clip" + std::to_string(i);
    work.add_sample({name, "a caption", {8, 8, 1}, 0, sample_hash(sample), 16, {}, 1}, sample);
    work.finish_source(name, std::nullopt);
  }
}

std::vector<nlohmann::json> journal_lines(const fs::path& file) {
  std::istringstream in(read_all(file));
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

std::string text_of(const std::vector<nlohmann::json>& lines) {
  std::string text;
  for (const auto& line : lines) text += line.dump() + "\n";
  return text;
}

TEST_CASE("a journal's line of a wrong type is named", "[data]") {
  const TempFolder folder;
  begin_work(folder / "out");
  const fs::path journal = folder / "out/work/journal.jsonl";
  const auto lines = journal_lines(journal);
  REQUIRE(lines.size() == 6);
  const auto refusal = [&](const std::function<void(std::vector<nlohmann::json>&)>& edit) {
    auto edited = lines;
    edit(edited);
    write_text(journal, text_of(edited));
    return message_of<UserError>([&] { WorkFolder work(folder / "out", kPlan, 1 << 20); });
  };
  using Json = nlohmann::json;
  const std::vector<std::function<void(std::vector<Json>&)>> sample_edits = {
      [](auto& l) { l[2] = 5; },
      [](auto& l) { l[2] = Json::array({1}); },
      [](auto& l) { l[2]["sample"] = "a"; },
      [](auto& l) { l[2]["sample"]["id"] = 5; },
      [](auto& l) { l[2]["sample"]["bucket"] = "0x0x0"; },
      [](auto& l) { l[2]["sample"]["weight"] = 1e15; },
      [](auto& l) { l[2]["sample"].erase("hash"); },
      [](auto& l) { l[2]["bytes"] = -1; },
      [](auto& l) { l[2]["bytes"] = UINT64_MAX; },
      [](auto& l) { l[2]["bytes"] = "a"; },
      [](auto& l) { l[2]["file_hash"] = 5; },
      [](auto& l) {
        l[2] = Json{{"source", 5}, {"unused", nullptr}};
      },
      [](auto& l) {
        l[2] = Json{{"source", "a"}, {"unused", 5}};
      },
      [](auto& l) {
        l[2] = Json{{"source", "a"}, {"unused", {{"reason", 5}}}};
      }};
  for (const auto& edit : sample_edits) {
    const auto message = refusal(edit);
    CHECK(contains(message, "journal.jsonl:3"));
    CHECK(contains(message, "prepare again"));
  }
  write_text(journal, "nonsense\n");
  CHECK(contains(message_of<UserError>([&] { WorkFolder work(folder / "out", kPlan, 1 << 20); }),
                 "journal.jsonl:1: damaged: not JSON"));
}

TEST_CASE("a plan that is none is named", "[data]") {
  const TempFolder folder;
  begin_work(folder / "out");
  for (const char* text : {"{}", "[]", "5", "null", "\"a\""}) {
    write_text(folder / "out/work/plan.json", text);
    CHECK(contains(message_of<UserError>([&] { WorkFolder work(folder / "out", kPlan, 1 << 20); }),
                   "plan.json"));
  }
}

TEST_CASE("a finished sample whose file is damaged is named before HDF5 sees it", "[data]") {
  const TempFolder folder;
  begin_work(folder / "out");
  const fs::path staged = folder / "out/work/sample-00000001.h5";
  std::string bytes = read_all(staged);
  bytes[bytes.size() / 2] = char(bytes[bytes.size() / 2] ^ 1);
  write_text(staged, bytes);
  WorkFolder work(folder / "out", kPlan, 1 << 20);
  const auto message = message_of<UserError>([&] { work.finish_shards(); });
  CHECK(contains(message, "sample-00000001.h5: damaged"));
  CHECK(contains(message, "delete it and prepare again"));
}

TEST_CASE("a work folder of an earlier version goes on", "[data]") {
  const TempFolder folder;
  begin_work(folder / "out");
  const fs::path journal = folder / "out/work/journal.jsonl";
  auto lines = journal_lines(journal);
  for (auto& line : lines) line.erase("file_hash");
  write_text(journal, text_of(lines));
  {
    WorkFolder work(folder / "out", kPlan, 1 << 20);
    const auto shards = work.finish_shards();
    REQUIRE(shards.size() == 1);
    CHECK(shards[0].index_hash.size() == 40);
  }
  // Shards that it has packed have no index.
  fs::remove(folder / "out/shard-00000.index.json");
  WorkFolder work(folder / "out", kPlan, 1 << 20);
  CHECK(work.finish_shards()[0].index_hash.empty());
}

}  // namespace
}  // namespace sana::data
