// The binder that fills a configuration from a Document.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/document.h"
#include "core/config/fields.h"
#include "core/config/problems.h"

namespace sana::config {

// Reads one section. Fields that are absent keep the value that the struct gave them; a value that
// cannot be read or fails a check is reported and leaves the field as it was.
class Reader {
 public:
  // `section` may be null: nothing was given.
  Reader(Document& document, const Value* section, std::string prefix);

  template <Field T, class... Checks>
  void field(std::string_view name, T& value, std::string_view /*help*/, const Checks&... checks) {
    read(name, value, checks...);
  }

  template <Field T, class... Checks>
  void required(std::string_view name, T& value, std::string_view /*help*/,
                const Checks&... checks) {
    if (!read(name, value, checks...)) report_missing(name);
  }

  // A key that has no place here, with the reason: a better complaint than "unknown key".
  void elsewhere(std::string_view name, const std::string& reason) {
    if (const Value* given = take(name)) fail(name, *given, reason);
  }

  // Binds, reports unknown keys and keys given twice, and lets the section validate itself, unless
  // some of its values are wrong already: then complaints across fields would mislead.
  template <Section T>
  void read_section(T& value) {
    value.bind(*this);
    report_unknown_keys();
    if constexpr (Validated<T>) {
      if (failed_) return;
      Problems problems;
      value.validate(problems);
      report_problems(problems);
    }
  }

 private:
  // False when the key is absent.
  template <class T, class... Checks>
  bool read(std::string_view name, T& value, const Checks&... checks) {
    const Value* given = take(name);
    if constexpr (Section<T>) {
      if (given != nullptr && !accept_section(name, *given)) return true;
      read_child(value, given, dotted(name));
    } else if constexpr (SectionList<T>) {
      if (given == nullptr) return false;
      if (const auto complaint = expect_list(*given)) return fail(name, *given, *complaint);
      value.clear();
      for (size_t i = 0; i < given->items.size(); ++i) {
        const std::string item_name = std::string(name) + "." + std::to_string(i);
        if (!accept_section(item_name, given->items[i])) continue;
        read_child(value.emplace_back(), &given->items[i], dotted(item_name));
      }
      record(name, *given);
    } else {
      if (given == nullptr) return false;
      T parsed{};
      if (const auto complaint = parse(*given, parsed)) return fail(name, *given, *complaint);
      const bool complained = (int(check(name, *given, parsed, checks)) + ... + 0) != 0;
      if (!complained) value = std::move(parsed);
      record(name, *given);
    }
    return given != nullptr;
  }

  template <Section T>
  void read_child(T& value, const Value* given, std::string prefix) {
    Reader child(*document_, given, std::move(prefix));
    child.read_section(value);
    failed_ = failed_ || child.failed_;
  }

  template <class T>
  static std::optional<std::string> parse(const Value& given, T& out) {
    if constexpr (Scalar<T>) {
      return convert(given, out);
    } else if constexpr (OptionalScalar<T>) {
      if (given.kind == Value::Kind::kNull) return std::nullopt;
      return convert(given, out.emplace());
    } else {
      if (const auto complaint = expect_list(given)) return complaint;
      for (size_t i = 0; i < given.items.size(); ++i) {
        typename T::value_type item{};
        if (const auto complaint = convert(given.items[i], item)) return in_item(i, *complaint);
        out.push_back(std::move(item));
      }
      return std::nullopt;
    }
  }

  // True when it complained.
  template <class T, class Check>
  bool check(std::string_view name, const Value& given, const T& value, const Check& rule) {
    if constexpr (std::is_invocable_v<const Check&, const T&>) {
      const auto complaint = rule(value);
      return complaint && fail(name, given, *complaint);
    } else if constexpr (ListTraits<T>::is_optional) {
      return value && check(name, given, *value, rule);
    } else {
      bool complained = false;
      for (size_t i = 0; i < value.size(); ++i) {
        const typename T::value_type item = value[i];
        const auto complaint = rule(item);
        complained = (complaint && fail(name, given, in_item(i, *complaint))) || complained;
      }
      return complained;
    }
  }

  const Value* take(std::string_view name);
  bool accept_section(std::string_view name, const Value& given);
  // Reports and returns true.
  bool fail(std::string_view name, const Value& given, const std::string& complaint);
  void record(std::string_view name, const Value& given);
  void report_missing(std::string_view name);
  void report_unknown_keys();
  void report_problems(const Problems& problems);
  std::string dotted(std::string_view name) const;
  static std::string in_item(size_t index, const std::string& complaint);

  Document* document_;
  const Value* section_;
  std::string prefix_;
  std::vector<std::string> known_;
  bool failed_ = false;
};

template <class Config>
void Document::bind(Config& config) {
  Reader(*this, &root_, "").read_section(config);
}

}  // namespace sana::config
