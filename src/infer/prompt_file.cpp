#include "infer/prompt_file.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string_view>

#include "core/error.h"
#include "core/files.h"
#include "core/json_object.h"
#include "core/json_text.h"
#include "core/log.h"
#include "core/text.h"

namespace sana::infer {
namespace fs = std::filesystem;
namespace {

enum class Form { kText, kJsonLines, kJsonList };

char first_character(const std::string& text) {
  const size_t at = text.find_first_not_of(" \t\n");
  return at == std::string::npos ? '\0' : text[at];
}

Form form_of(const std::string& text, const fs::path& file) {
  const std::string ending = lower_ending(file);
  const char first = first_character(text);
  const bool has_json_name = ending == ".json" || ending == ".jsonl" || ending == ".ndjson";
  require(
      !has_json_name || first == '{' || first == '[' || first == '\0',
      "'{}' is called {}, but begins with neither {{ nor [; call it .txt if each line is a prompt",
      file.string(), ending);
  if (first == '{') return Form::kJsonLines;
  if (first != '[') return Form::kText;
  const bool is_json = nlohmann::json::accept(text);
  require(is_json || !has_json_name, "'{}' is no JSON list", file.string());
  return is_json ? Form::kJsonList : Form::kText;
}

void take_seed(const nlohmann::json& json, SampleJob& job) {
  const auto found = json.find("seed");
  if (found == json.end()) return;
  const bool is_random = found->is_number_integer() && *found == -1;
  require(is_random || found->is_number_unsigned(),
          "'seed' is {}, expected a whole number from 0 on, or -1 for a random one",
          json_text(*found));
  job.seed = is_random ? random_seed() : found->get<uint64_t>();
  job.has_random_seed = is_random;
}

SampleJob job_from_json(const nlohmann::json& json, const fs::path& folder,
                        const SampleJob& defaults) {
  SampleJob job = defaults;
  if (json.is_string()) {
    job.prompt = json.get<std::string>();
    return job;
  }
  const JsonObject object(json, "the prompt");
  static const std::set<std::string> known = {"prompt", "negative", "seed", "height",
                                              "width",  "frames",   "image"};
  for (const auto& item : json.items()) {
    require(known.count(item.key()) != 0,
            "unknown key '{}'; known are prompt, negative, seed, height, width, frames, image",
            item.key());
  }
  job.prompt = object.required<std::string>("prompt");
  job.negative = object.value_or<std::string>("negative", defaults.negative);
  take_seed(json, job);
  job.size = {object.value_or<int64_t>("height", defaults.size.height),
              object.value_or<int64_t>("width", defaults.size.width),
              object.value_or<int64_t>("frames", defaults.size.frames)};
  if (object.has("image")) job.image = folder / object.required<std::string>("image");
  return job;
}

void check_depth(const std::string& json, const std::string& where) {
  require(json_depth(json) <= kMaxJsonDepth, "{}: nested deeper than {} levels", where,
          kMaxJsonDepth);
}

// Each job with the words that say where it is from.
using Entries = std::vector<std::pair<std::string, nlohmann::json>>;

Entries entries_of_list(const std::string& text, const fs::path& file) {
  check_depth(text, file.string());
  Entries entries;
  const nlohmann::json list = nlohmann::json::parse(text);
  for (size_t i = 0; i < list.size(); ++i) {
    entries.emplace_back(fmt::format("{}: entry {}", file.string(), i + 1), list[i]);
  }
  return entries;
}

// "... --n 3": what other programs take for an option. By hand, since std::regex recurses for every
// character of a line, however long that is.
bool has_option(std::string_view line) {
  constexpr std::string_view kSpace = " \t\r\f\v";
  for (size_t at = line.find("--"); at != line.npos; at = line.find("--", at + 1)) {
    const bool stands_apart = at > 0 && kSpace.find(line[at - 1]) != kSpace.npos;
    const size_t end = at + 3;
    if (!stands_apart || end >= line.size() || line[at + 2] < 'a' || line[at + 2] > 'z') continue;
    const size_t value = line.find_first_not_of(kSpace, end);
    if (value != line.npos && value > end) return true;
  }
  return false;
}

Entries entries_of_lines(const std::string& text, const fs::path& file, Form form) {
  Entries entries;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const char first = first_character(line);
    const std::string where = fmt::format("{}:{}", file.string(), number);
    if (first == '\0' || (form == Form::kText && first == '#')) continue;
    if (form == Form::kText) {
      require(first != '{', "{}: JSON among lines of text; make every line an object, or none",
              where);
      if (has_option(line)) {
        log::warning(
            "{}: what stands behind '--' is taken for a part of the prompt; sizes and seeds of "
            "single prompts are given in JSON lines",
            where);
      }
      entries.emplace_back(where, line);
      continue;
    }
    check_depth(line, where);
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    require(json.is_object(), "{}: expected a JSON object in one line", where);
    entries.emplace_back(where, json);
  }
  return entries;
}

}  // namespace

std::string output_stem(size_t number, const std::string& prompt) {
  std::string words;
  for (const char c : prompt) {
    if (words.size() >= 40) break;
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      words.push_back(char(std::tolower(static_cast<unsigned char>(c))));
    } else if (!words.empty() && words.back() != '-') {
      words.push_back('-');
    }
  }
  while (!words.empty() && words.back() == '-') words.pop_back();
  return fmt::format("{:05}{}{}", number, words.empty() ? "" : "-", words);
}

std::vector<SampleJob> read_prompt_file(const fs::path& file, const fs::path& folder,
                                        const SampleJob& defaults) {
  const std::string text = read_user_text(file, kMaxConfigBytes);
  const Form form = form_of(text, file);
  const Entries entries =
      form == Form::kJsonList ? entries_of_list(text, file) : entries_of_lines(text, file, form);
  std::vector<SampleJob> jobs;
  for (const auto& [where, json] : entries) {
    SampleJob start = defaults;
    start.seed = defaults.has_random_seed ? random_seed() : defaults.seed + jobs.size();
    SampleJob job = with_context(
        where, [&, &json = json] { return job_from_json(json, file.parent_path(), start); });
    const char* extension = job.size.frames == 1 ? ".png" : ".mp4";
    job.out = folder / (output_stem(jobs.size(), job.prompt) + extension);
    jobs.push_back(std::move(job));
  }
  require(!jobs.empty(), "{}: no prompt in it", file.string());
  return jobs;
}

}  // namespace sana::infer
