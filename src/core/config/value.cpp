#include "core/config/value.h"

#include <spdlog/fmt/fmt.h>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

namespace sana::config {
namespace {

constexpr int kMaxDepth = 32;
constexpr int kMaxNodes = 100'000;

std::string too_many_values() {
  return fmt::format("holds more than {} values, aliases counted as often as they stand there",
                     kMaxNodes);
}

// Refuses, before yaml-cpp sees it, a text of which yaml-cpp would make gigabytes: it keeps a token
// for each bracket and comma of a value in brackets, and a node for each value. Quotes and comments
// are not looked for, so that the limits lie far above what any file has.
void check_yaml_size(const std::string& text) {
  constexpr int kMaxOpenBrackets = 1000, kMaxMarks = 10 * kMaxNodes;
  int open = 0, marks = 0, line = 1;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_open = c == '[' || c == '{', is_close = c == ']' || c == '}';
    const bool ends_word = i + 1 == text.size() || text[i + 1] == ' ' || text[i + 1] == '\n';
    const bool is_mark = (c == '-' || c == ':' || c == '?') && ends_word;
    if (is_open) ++open;
    if (is_close && open > 0) --open;
    if (is_open || is_mark || c == ',' || c == '\n') ++marks;
    if (open > kMaxOpenBrackets) {
      throw SyntaxError(line, fmt::format("more than {} brackets are open", kMaxOpenBrackets));
    }
    if (marks > kMaxMarks) throw SyntaxError(line, too_many_values());
    if (c == '\n') ++line;
  }
}

// Copies yaml-cpp's nodes. They are only read through const references: a non-const lookup inserts.
class YamlCopier {
 public:
  explicit YamlCopier(const Origin& origin) : origin_(origin) {}

  Value copy(const YAML::Node& node, int line, int depth) {
    if (depth > kMaxDepth) {
      throw SyntaxError(line, fmt::format("nested deeper than {} levels, or an alias that contains "
                                          "itself",
                                          kMaxDepth));
    }
    if (++nodes_ > kMaxNodes) throw SyntaxError(line, too_many_values());
    Value value;
    value.origin = origin_;
    if (origin_.place != Origin::Place::kCommandLine) value.origin.line = line;
    if (node.IsScalar()) {
      value.kind = Value::Kind::kScalar;
      value.text = node.Scalar();
      // yaml-cpp tags plain scalars "?", quoted ones "!".
      value.quoted = node.Tag() != "?" && !node.Tag().empty();
    } else if (node.IsSequence()) {
      value.kind = Value::Kind::kList;
      for (const auto& item : node) {
        value.items.push_back(copy(item, line_of(item, line), depth + 1));
      }
    } else if (node.IsMap()) {
      value.kind = Value::Kind::kMap;
      for (const auto& pair : node) value.entries.push_back(copy_entry(pair, line, depth));
    }
    return value;
  }

 private:
  template <class Pair>
  Entry copy_entry(const Pair& pair, int line, int depth) {
    const int key_line = line_of(pair.first, line);
    if (!pair.first.IsScalar()) throw SyntaxError(key_line, "a key must be a word");
    return {pair.first.Scalar(), copy(pair.second, key_line, depth + 1)};
  }
  static int line_of(const YAML::Node& node, int otherwise) {
    return node.Mark().is_null() ? otherwise : node.Mark().line + 1;
  }

  Origin origin_;
  int nodes_ = 0;
};

std::string shown(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kNull:
      return "nothing (null)";
    case Value::Kind::kList:
      return "a list";
    case Value::Kind::kMap:
      return "a section";
    case Value::Kind::kScalar:
      break;
  }
  return value.quoted ? fmt::format("the quoted text '{}'", value.text)
                      : fmt::format("'{}'", value.text);
}

std::string cannot_read(const Value& value, const char* type) {
  return fmt::format("cannot read {} as {}", shown(value), type);
}

bool is_plain(const Value& value) { return value.kind == Value::Kind::kScalar && !value.quoted; }

// Digits with at most one sign; std::from_chars knows no '+'.
std::string_view without_plus(std::string_view text) {
  const bool plus = text.size() > 1 && text[0] == '+' && text[1] != '-';
  return plus ? text.substr(1) : text;
}

// Hears where documents begin, and nothing of what they hold.
class DocumentStarts final : public YAML::EventHandler {
 public:
  std::optional<YAML::Mark> last;

  void OnDocumentStart(const YAML::Mark& mark) override { last = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {}
  void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/,
                       YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {}
  void OnMapEnd() override {}
};

// Whether there is a document; throws SyntaxError where anything stands behind it. Not
// YAML::LoadAll(), which finds documents without end in "{a: 1}," until memory is out.
bool has_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStarts starts;
  if (!parser.HandleNextDocument(starts)) return false;
  if (parser.HandleNextDocument(starts)) {
    throw SyntaxError(starts.last ? starts.last->line + 1 : 1,
                      "holds more than one YAML document, or something behind its end");
  }
  return true;
}

template <class T>
std::errc parse_number(std::string_view text, T& out) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return error;
  if (end != text.data() + text.size()) return std::errc::invalid_argument;
  out = number;
  return {};
}

}  // namespace

const Value* Value::find(std::string_view key) const {
  const Value* found = nullptr;
  for (const Entry& entry : entries) {
    if (entry.key == key) found = &entry.value;
  }
  return found;
}

Value* Value::find(std::string_view key) {
  return const_cast<Value*>(std::as_const(*this).find(key));
}

Value parse_yaml(const std::string& text, const Origin& origin) {
  check_yaml_size(text);
  try {
    if (!has_document(text)) {
      Value nothing;
      nothing.origin = origin;
      return nothing;
    }
    return YamlCopier(origin).copy(YAML::Load(text), 1, 0);
  } catch (const YAML::Exception& error) {
    throw SyntaxError(error.mark.is_null() ? 1 : error.mark.line + 1,
                      fmt::format("not valid YAML: {}", error.msg));
  }
}

void merge(Value& under, const Value& over) {
  if (under.kind != Value::Kind::kMap || over.kind != Value::Kind::kMap) {
    // An empty section in a later file takes nothing away.
    const bool keep = under.kind == Value::Kind::kMap && over.kind == Value::Kind::kNull;
    if (!keep) under = over;
    return;
  }
  std::vector<std::string_view> seen;
  for (const Entry& entry : over.entries) {
    Value* below = under.find(entry.key);
    const bool twice = std::find(seen.begin(), seen.end(), entry.key) != seen.end();
    seen.push_back(entry.key);
    // A key given twice in one file must stay visible as such.
    if (below == nullptr || twice) {
      under.entries.push_back(entry);
    } else {
      merge(*below, entry.value);
    }
  }
}

std::optional<std::string> convert(const Value& value, bool& out) {
  if (!is_plain(value) || (value.text != "true" && value.text != "false")) {
    return cannot_read(value, "a boolean (true or false)");
  }
  out = value.text == "true";
  return std::nullopt;
}

std::optional<std::string> convert(const Value& value, int64_t& out) {
  if (!is_plain(value)) return cannot_read(value, "an integer");
  const std::string_view text = without_plus(value.text);
  const std::errc error = parse_number(text, out);
  if (error == std::errc{}) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    return cannot_read(value, "an integer: it needs more than 64 bits");
  }
  double number = 0.0;
  if (parse_number(text, number) == std::errc{} && std::isfinite(number) &&
      number == std::floor(number) && std::abs(number) < 9e15) {
    return fmt::format("{}: write {}", cannot_read(value, "an integer"),
                       static_cast<int64_t>(number));
  }
  return cannot_read(value, "an integer");
}

std::optional<std::string> convert(const Value& value, double& out) {
  if (!is_plain(value)) return cannot_read(value, "a number");
  const std::string_view text = without_plus(value.text);
  const double infinity = std::numeric_limits<double>::infinity();
  if (text == ".inf") return out = infinity, std::nullopt;
  if (text == "-.inf") return out = -infinity, std::nullopt;
  if (text == ".nan") return out = std::numeric_limits<double>::quiet_NaN(), std::nullopt;
  // from_chars also takes the words inf and nan, which YAML does not.
  const bool numeric = text.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
  const std::errc error = numeric ? parse_number(text, out) : std::errc::invalid_argument;
  if (error == std::errc::result_out_of_range) {
    return cannot_read(value, "a number: it does not fit a double");
  }
  if (error != std::errc{}) return cannot_read(value, "a number");
  return std::nullopt;
}

std::optional<std::string> convert(const Value& value, std::string& out) {
  if (value.kind == Value::Kind::kNull) {
    return cannot_read(value, "text (write \"\" for an empty text)");
  }
  if (value.kind != Value::Kind::kScalar) {
    return fmt::format("{} (put it in quotes)", cannot_read(value, "text"));
  }
  out = value.text;
  return std::nullopt;
}

std::optional<std::string> expect_list(const Value& value) {
  if (value.kind == Value::Kind::kList) return std::nullopt;
  return cannot_read(value, "a list (write [] for an empty one)");
}

}  // namespace sana::config
