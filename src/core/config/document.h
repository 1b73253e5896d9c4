// One configuration as read from its files and the command line, with the complaints about it.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/value.h"

namespace sana::config {

// Dotted key -> "config.yaml:12" or "command line". Keys left at their default are not there.
using Origins = std::map<std::string, std::string>;

class Document {
 public:
  // Reads file (its `extends` first), then overrides. An empty file name stands for no file. Throws
  // UserError when a file is missing or is broken YAML; lesser problems wait for throw_if_problems.
  static Document read(const std::filesystem::path& file,
                       const std::vector<std::string>& overrides);
  // The same for text at hand (YAML or JSON), called `name` in messages; it may not extend.
  static Document parse(const std::string& text, const std::string& name,
                        const std::vector<std::string>& overrides = {});

  // Fills a configuration (see config.h), recording problems and origins. Defined in reader.h.
  template <class Config>
  void bind(Config& config);

  // Throws the UserError that lists all problems in the order of files and lines, if there are any.
  void throw_if_problems() const;
  const Origins& origins() const { return origins_; }

  // For Reader.
  void report(const Origin& origin, const std::string& key, const std::string& message);
  void record_origin(const std::string& key, const Origin& origin);

 private:
  struct Report {
    Origin origin;
    std::string text;
  };

  explicit Document(std::string name) : name_(std::move(name)) { root_.kind = Value::Kind::kMap; }
  void add_file(const std::filesystem::path& file, Origin::Place place);
  void add_text(const std::string& text, const Origin& origin);
  void add_override(const std::string& text);

  std::string name_;
  Value root_;
  std::vector<Report> reports_;
  Origins origins_;
};

}  // namespace sana::config
