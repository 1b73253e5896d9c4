#include "core/config/reader.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace sana::config {
namespace {

// Damerau-Levenshtein distance: insertions, deletions, exchanges, swaps of neighbours.
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t exchange = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, exchange});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

// " (did you mean 'lr'?)", or nothing when no known key is near.
std::string suggestion(const std::string& key, const std::vector<std::string>& known) {
  if (key.size() > 100) return "";
  const std::string* nearest = nullptr;
  size_t smallest = 1 + key.size() / 4;
  for (const std::string& candidate : known) {
    const size_t distance = edit_distance(key, candidate);
    if (distance < smallest || (distance == smallest && nearest == nullptr)) {
      smallest = distance;
      nearest = &candidate;
    }
  }
  return nearest == nullptr ? "" : fmt::format(" (did you mean '{}'?)", *nearest);
}

// The value that a key relative to `section` names, or the nearest section around it.
const Value* locate(const Value* section, std::string_view key) {
  while (section != nullptr && !key.empty()) {
    const size_t dot = key.find('.');
    const Value* next = section->find(key.substr(0, dot));
    if (next == nullptr) break;
    section = next;
    key = dot == std::string_view::npos ? "" : key.substr(dot + 1);
  }
  return section;
}

}  // namespace

Reader::Reader(Document& document, const Value* section, std::string prefix)
    : document_(&document), section_(section), prefix_(std::move(prefix)) {}

std::string Reader::dotted(std::string_view name) const {
  if (prefix_.empty() || name.empty()) return prefix_ + std::string(name);
  return fmt::format("{}.{}", prefix_, name);
}

std::string Reader::in_item(size_t index, const std::string& complaint) {
  return fmt::format("item {}: {}", index + 1, complaint);
}

const Value* Reader::take(std::string_view name) {
  known_.emplace_back(name);
  return section_ == nullptr ? nullptr : section_->find(name);
}

bool Reader::accept_section(std::string_view name, const Value& given) {
  if (given.kind == Value::Kind::kMap || given.kind == Value::Kind::kNull) return true;
  fail(name, given, "expected a section (key: value lines below it)");
  return false;
}

bool Reader::fail(std::string_view name, const Value& given, const std::string& complaint) {
  document_->report(given.origin, dotted(name), complaint);
  failed_ = true;
  return true;
}

void Reader::record(std::string_view name, const Value& given) {
  document_->record_origin(dotted(name), given.origin);
}

void Reader::report_missing(std::string_view name) {
  const bool located = section_ != nullptr && section_->origin.line > 0 && !prefix_.empty();
  document_->report(located ? section_->origin : Origin{}, dotted(name),
                    "is required, but not given");
  failed_ = true;
}

void Reader::report_unknown_keys() {
  if (section_ == nullptr) return;
  std::vector<std::string> seen;
  for (const Entry& entry : section_->entries) {
    const bool twice = std::find(seen.begin(), seen.end(), entry.key) != seen.end();
    if (std::find(known_.begin(), known_.end(), entry.key) == known_.end()) {
      document_->report(entry.value.origin, dotted(entry.key),
                        "unknown key" + suggestion(entry.key, known_));
    } else if (twice) {
      document_->report(entry.value.origin, dotted(entry.key), "given twice");
    }
    seen.push_back(entry.key);
  }
}

void Reader::report_problems(const Problems& problems) {
  for (const auto& problem : problems.all()) {
    const Value* place = locate(section_, problem.key);
    const bool is_root = place == section_ && prefix_.empty();
    document_->report(place == nullptr || is_root ? Origin{} : place->origin, dotted(problem.key),
                      problem.message);
    failed_ = true;
  }
}

}  // namespace sana::config
