// The binder that writes a configuration as YAML.
#pragma once
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/config/document.h"
#include "core/config/fields.h"

namespace sana::config {

// YAML of a value; reading it gives the value back exactly (doubles in their shortest exact form).
std::string yaml_text(bool value);
std::string yaml_text(int64_t value);
std::string yaml_text(double value);
std::string yaml_text(const std::string& value);

// "an integer", ...: what the reference says of a field.
template <class T>
constexpr std::string_view type_name() {
  if constexpr (std::is_same_v<T, bool>) return "true or false";
  if constexpr (std::is_same_v<T, int64_t>) return "integer";
  if constexpr (std::is_same_v<T, double>) return "number";
  if constexpr (std::is_same_v<T, std::string>) return "text";
  return "";
}

class Writer {
 public:
  // with_help: each field's help, type and range as comments above it. origins (may be null; must
  // outlive the writer): behind each value a comment says where it came from.
  explicit Writer(bool with_help, const Origins* origins = nullptr)
      : with_help_(with_help), origins_(origins) {}

  template <Section T>
  void root(T& config) {
    config.bind(*this);
  }

  template <Field T, class... Checks>
  void field(std::string_view name, T& value, std::string_view help, const Checks&... checks) {
    write(name, value, help, /*required=*/false, checks...);
  }

  template <Field T, class... Checks>
  void required(std::string_view name, T& value, std::string_view help, const Checks&... checks) {
    write(name, value, help, /*required=*/true, checks...);
  }

  void elsewhere(std::string_view /*name*/, const std::string& /*reason*/) {}

  const std::string& text() const { return text_; }

 private:
  // What a comment says beside the help.
  struct Facts {
    std::string type;
    std::vector<std::string> ranges;
    bool required = false;
  };

  template <class T, class... Checks>
  void write(std::string_view name, T& value, std::string_view help, bool required,
             const Checks&... checks) {
    Facts facts{describe_type<T>(), {}, required};
    (describe(facts, checks), ...);
    if constexpr (Section<T>) {
      begin_section(name, help, facts);
      value.bind(*this);
      end_section();
    } else if constexpr (SectionList<T>) {
      if (value.empty()) return write_empty_section_list<typename T::value_type>(name, help, facts);
      begin_section(name, help, facts);
      for (size_t i = 0; i < value.size(); ++i) {
        begin_item(i);
        value[i].bind(*this);
        end_section();
      }
      end_section();
    } else if constexpr (Scalar<T>) {
      leaf(name, yaml_text(value), help, facts);
    } else if constexpr (OptionalScalar<T>) {
      leaf(name, value ? yaml_text(*value) : "null", help, facts);
    } else {
      std::vector<std::string> items;
      for (const auto& item : value) {
        items.push_back(yaml_text(static_cast<const typename T::value_type&>(item)));
      }
      list(name, items, help, facts);
    }
  }

  template <class Item>
  void write_empty_section_list(std::string_view name, std::string_view help, const Facts& facts) {
    leaf(name, "[]", help, facts);
    if (!with_help_) return;
    Writer example(/*with_help=*/true);
    Item item;
    item.bind(example);
    comment_out(example.text());
  }

  template <class T>
  static std::string describe_type() {
    using Item = typename ListTraits<T>::Item;
    if constexpr (Section<T>) return "";
    if constexpr (SectionList<T>) return "list of sections";
    if constexpr (ListTraits<T>::is_list) return "list of " + std::string(type_name<Item>());
    if constexpr (ListTraits<T>::is_optional) return std::string(type_name<Item>()) + " or null";
    return std::string(type_name<Item>());
  }
  template <class Check>
  static void describe(Facts& facts, const Check& check) {
    if constexpr (requires { check.describe(); }) facts.ranges.push_back(check.describe());
  }

  void leaf(std::string_view name, const std::string& value, std::string_view help,
            const Facts& facts);
  void list(std::string_view name, const std::vector<std::string>& items, std::string_view help,
            const Facts& facts);
  void begin_section(std::string_view name, std::string_view help, const Facts& facts);
  void begin_item(size_t index);
  void end_section();
  void comment(std::string_view help, const Facts& facts);
  void comment_out(const std::string& yaml);
  void add_line(const std::string& line);
  std::string origin_comment(std::string_view name) const;

  bool with_help_;
  const Origins* origins_;
  std::string text_;
  std::vector<std::string> path_;   // keys of the open sections
  std::vector<size_t> text_sizes_;  // of text_ when each was opened
  bool dash_pending_ = false;       // the next line begins a list item
};

}  // namespace sana::config
