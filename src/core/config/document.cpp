#include "core/config/document.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"

namespace sana::config {
namespace fs = std::filesystem;
namespace {

constexpr const char* kExtends = "extends";
const Origin kCommandLine = {Origin::Place::kCommandLine, "", 0};

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::vector<std::string> split_dots(const std::string& key) {
  std::vector<std::string> parts(1);
  for (char c : key) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// The value below `under` that one part of a dotted key names; created where it is missing.
Value& descend(Value& under, const std::string& part) {
  if (under.kind == Value::Kind::kList) {
    size_t index = 0;
    const char* end = part.data() + part.size();
    const auto [stop, error] = std::from_chars(part.data(), end, index);
    if (error == std::errc{} && stop == end && index < under.items.size()) {
      return under.items[index];
    }
  }
  if (under.kind != Value::Kind::kMap) {
    under = Value{};
    under.kind = Value::Kind::kMap;
    under.origin = kCommandLine;
  }
  if (Value* found = under.find(part)) return *found;
  under.entries.push_back({part, Value{}});
  under.entries.back().value.origin = kCommandLine;
  return under.entries.back().value;
}

}  // namespace

Document Document::read(const fs::path& file, const std::vector<std::string>& overrides) {
  Document document(file.empty() ? "configuration" : file.string());
  if (!file.empty()) document.add_file(file, Origin::Place::kFile);
  for (const std::string& text : overrides) document.add_override(text);
  return document;
}

Document Document::parse(const std::string& text, const std::string& name,
                         const std::vector<std::string>& overrides) {
  Document document(name);
  document.add_text(text, {Origin::Place::kFile, name, 0});
  for (const std::string& override_text : overrides) document.add_override(override_text);
  return document;
}

// The base goes in first, so that the file's own values are laid upon it.
void Document::add_file(const fs::path& file, Origin::Place place) {
  const std::string text = read_user_text(file, kMaxConfigBytes);
  const Origin origin = {place, file.string(), 0};
  Document own(file.string());
  own.add_text(text, origin);
  std::erase_if(own.root_.entries, [&](const Entry& entry) {
    if (entry.key != kExtends) return false;
    std::string base;
    if (place == Origin::Place::kBase) {
      own.report(entry.value.origin, kExtends,
                 "a base file cannot extend a further one (one level only)");
    } else if (const auto complaint = convert(entry.value, base)) {
      own.report(entry.value.origin, kExtends, *complaint);
    } else {
      with_context(fmt::format("{}:{}: {}", file.string(), entry.value.origin.line, kExtends),
                   [&] { add_file(file.parent_path() / base, Origin::Place::kBase); });
    }
    return true;
  });
  merge(root_, own.root_);
  reports_.insert(reports_.end(), own.reports_.begin(), own.reports_.end());
}

void Document::add_text(const std::string& text, const Origin& origin) {
  try {
    Value value = parse_yaml(text, origin);
    if (value.kind == Value::Kind::kNull) return;
    if (value.kind != Value::Kind::kMap)
      throw SyntaxError(1, "expected lines of the form key: value");
    merge(root_, value);
  } catch (const SyntaxError& error) {
    throw UserError(fmt::format("{}:{}: {}", origin.file, error.line, error.what()));
  }
}

void Document::add_override(const std::string& text) {
  const size_t equals = text.find('=');
  const std::string key = trimmed(text.substr(0, equals));
  const std::vector<std::string> parts = split_dots(key);
  const bool empty_part = std::find(parts.begin(), parts.end(), "") != parts.end();
  if (equals == std::string::npos || empty_part) {
    return report(kCommandLine, text, "expected an override of the form section.key=value");
  }
  const std::string value_text = text.substr(equals + 1);
  try {
    Value value = parse_yaml(value_text, kCommandLine);
    if (value.kind == Value::Kind::kScalar && !value.quoted && value.text != trimmed(value_text)) {
      return report(kCommandLine, key,
                    "YAML reads this only as '" + value.text + "'; put the value in quotes");
    }
    Value* target = &root_;
    for (const std::string& part : parts) target = &descend(*target, part);
    merge(*target, value);
  } catch (const SyntaxError& error) {
    report(kCommandLine, key, error.what());
  }
}

void Document::report(const Origin& origin, const std::string& key, const std::string& message) {
  const std::string subject = key.empty() ? "" : key + ": ";
  std::string place;
  switch (origin.place) {
    case Origin::Place::kFile:
      place = fmt::format("line {}: ", origin.line);
      break;
    case Origin::Place::kBase:
      place = fmt::format("{} line {}: ", origin.file, origin.line);
      break;
    case Origin::Place::kCommandLine:
      place = "command line: ";
      break;
    case Origin::Place::kNowhere:
      break;
  }
  reports_.push_back({origin, place + subject + message});
}

void Document::record_origin(const std::string& key, const Origin& origin) {
  origins_[key] =
      origin.place == Origin::Place::kCommandLine
          ? "command line"
          : fmt::format("{}:{}", fs::path(origin.file).filename().string(), origin.line);
}

void Document::throw_if_problems() const {
  if (reports_.empty()) return;
  std::vector<Report> ordered = reports_;
  std::stable_sort(ordered.begin(), ordered.end(), [](const Report& a, const Report& b) {
    return std::tie(a.origin.place, a.origin.line) < std::tie(b.origin.place, b.origin.line);
  });
  std::string message =
      fmt::format("{}: {} problem{}", name_, ordered.size(), ordered.size() == 1 ? "" : "s");
  for (const Report& report : ordered) message += "\n  " + report.text;
  throw UserError(message);
}

}  // namespace sana::config
