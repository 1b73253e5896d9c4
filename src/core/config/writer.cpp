#include "core/config/writer.h"

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace sana::config {
namespace {

constexpr size_t kColumns = 100;

bool is_plain_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '/' || c == '.' || c == '-' || c == '+' || c == ' ' || c == '(' || c == ')';
}

// Whether text may stand without quotes: YAML, and other readers of it, take it for text.
bool may_be_plain(const std::string& text) {
  if (text.empty()) return false;
  const char first = text.front();
  const bool letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
  if (!(letter || first == '/' || first == '_') || text.back() == ' ') return false;
  for (char c : text) {
    if (!is_plain_character(c)) return false;
  }
  for (std::string_view word :
       {"null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE",
        "yes",  "Yes",  "YES",  "no",   "No",   "NO",   "on",    "On",    "ON",
        "off",  "Off",  "OFF",  "y",    "Y",    "n",    "N"}) {
    if (text == word) return false;
  }
  return true;
}

std::string double_quoted(const std::string& text) {
  std::string result = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string indentation(size_t depth) { return std::string(2 * depth, ' '); }

}  // namespace

std::string yaml_text(bool value) { return value ? "true" : "false"; }
std::string yaml_text(int64_t value) { return fmt::format("{}", value); }

std::string yaml_text(double value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value > 0 ? ".inf" : "-.inf";
  std::string text = fmt::format("{}", value);
  // Other YAML readers take "1" for an integer and "1e-15" for text.
  const size_t exponent = text.find('e');
  if (text.find('.') == std::string::npos) {
    text.insert(exponent == std::string::npos ? text.size() : exponent, ".0");
  }
  return text;
}

std::string yaml_text(const std::string& value) {
  return may_be_plain(value) ? value : double_quoted(value);
}

void Writer::leaf(std::string_view name, const std::string& value, std::string_view help,
                  const Facts& facts) {
  comment(help, facts);
  add_line(fmt::format("{}: {}{}", name, value, origin_comment(name)));
}

void Writer::list(std::string_view name, const std::vector<std::string>& items,
                  std::string_view help, const Facts& facts) {
  leaf(name, fmt::format("[{}]", fmt::join(items, ", ")), help, facts);
}

void Writer::begin_section(std::string_view name, std::string_view help, const Facts& facts) {
  if (with_help_ && path_.empty() && !text_.empty()) text_ += '\n';
  comment(help, facts);
  add_line(fmt::format("{}:", name));
  path_.emplace_back(name);
  text_sizes_.push_back(text_.size());
}

void Writer::begin_item(size_t index) {
  if (with_help_) {
    add_line("-");
  } else {
    dash_pending_ = true;
  }
  path_.push_back(std::to_string(index));
  text_sizes_.push_back(text_.size());
}

void Writer::end_section() {
  // A section without fields still has to be one.
  const bool nothing = text_.size() == text_sizes_.back();
  path_.pop_back();
  text_sizes_.pop_back();
  if (dash_pending_) {
    add_line("{}");
  } else if (nothing && !text_.empty()) {
    text_.insert(text_.size() - 1, " {}");
  }
}

void Writer::comment(std::string_view help, const Facts& facts) {
  if (!with_help_) return;
  std::vector<std::string> notes;
  if (!facts.type.empty()) notes.push_back(facts.type);
  notes.insert(notes.end(), facts.ranges.begin(), facts.ranges.end());
  if (facts.required) notes.push_back("required");
  std::string whole(help);
  if (!notes.empty()) whole += fmt::format(" ({})", fmt::join(notes, ", "));
  // Broken between words.
  std::string line;
  const size_t room = kColumns - 2 * path_.size() - 2;
  for (size_t begin = 0; begin < whole.size();) {
    const size_t end = std::min(whole.find(' ', begin), whole.size());
    const std::string word = whole.substr(begin, end - begin);
    if (!line.empty() && line.size() + 1 + word.size() > room) {
      add_line("# " + line);
      line.clear();
    }
    line += line.empty() ? word : " " + word;
    begin = end + 1;
  }
  if (!line.empty()) add_line("# " + line);
}

void Writer::comment_out(const std::string& yaml) {
  add_line("# for example:");
  add_line("#   -");
  for (size_t begin = 0; begin < yaml.size();) {
    const size_t end = yaml.find('\n', begin);
    add_line("#     " + yaml.substr(begin, end - begin));
    begin = end + 1;
  }
}

void Writer::add_line(const std::string& line) {
  if (dash_pending_) {
    text_ += indentation(path_.size() - 1) + "- " + line + '\n';
    dash_pending_ = false;
    return;
  }
  text_ += indentation(path_.size()) + line + '\n';
}

std::string Writer::origin_comment(std::string_view name) const {
  if (origins_ == nullptr) return "";
  const std::string key =
      path_.empty() ? std::string(name) : fmt::format("{}.{}", fmt::join(path_, "."), name);
  const auto found = origins_->find(key);
  return "  # " + (found == origins_->end() ? "default" : found->second);
}

}  // namespace sana::config
