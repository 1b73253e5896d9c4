// Typed configuration. A struct describes itself once:
//
//   struct OptimizerConfig {
//     double lr = 5e-5;
//     template <class Binder>
//     void bind(Binder& b) {
//       b.field("lr", lr, "Peak learning rate.", config::at_least(0.0));
//     }
//     void validate(config::Problems& problems) const;   // optional: checks across fields, called
//                                                        // only when each value by itself is right
//   };
//
// and that one description reads YAML, applies overrides, writes the resolved file and generates
// configs/reference.yaml. b.field takes bool, int64_t, double, std::string, std::vector of these,
// std::optional of these, another struct with bind (a nested section), or a std::vector of such
// structs. b.required is a field with no default: leaving it out is a problem.
// b.elsewhere names a key that other values of this configuration rule out, and says why.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "core/config/checks.h"
#include "core/config/document.h"
#include "core/config/problems.h"
#include "core/config/reader.h"
#include "core/config/writer.h"

namespace sana::config {

struct Source {
  std::filesystem::path file;          // empty: defaults and overrides only
  std::vector<std::string> overrides;  // "train.steps=100"; values are YAML
};

// A configuration and its resolved file.
template <class Config>
struct Loaded {
  Config config;
  // The whole configuration as YAML, defaults included; a comment behind each value says where it
  // came from: "default", "base.yaml:3", "run.yaml:12" or "command line". Reading it gives `config`
  // again.
  std::string resolved_yaml;
};

// The whole configuration as YAML, defaults included.
template <class Config>
std::string to_yaml(Config config, const Origins* origins = nullptr) {
  Writer writer(/*with_help=*/false, origins);
  writer.root(config);
  return writer.text();
}

// The same with each field's help and range as comments: a section of configs/reference.yaml.
template <class Config>
std::string reference_yaml(Config config = {}) {
  Writer writer(/*with_help=*/true);
  writer.root(config);
  return writer.text();
}

namespace detail {
template <class Config>
Loaded<Config> bind_document(Document document) {
  Loaded<Config> loaded;
  document.bind(loaded.config);
  document.throw_if_problems();
  loaded.resolved_yaml = to_yaml(loaded.config, &document.origins());
  return loaded;
}
}  // namespace detail

// Reads file (with at most one level of `extends: base.yaml`, relative to the file), then
// overrides; later wins. Sections merge key by key, lists are replaced (an override may name one
// item: "stages.0.steps=5"). Throws one UserError that lists every problem: unknown keys with the
// nearest right name, wrong types, values out of range, keys given twice, missing required keys,
// and what validate() of any section says; each with file, line and dotted key.
template <class Config>
Loaded<Config> load_with_origins(const Source& source) {
  return detail::bind_document<Config>(Document::read(source.file, source.overrides));
}
template <class Config>
Config load(const Source& source) {
  return load_with_origins<Config>(source).config;
}

// The same for YAML or JSON text at hand, called `name` in messages.
template <class Config>
Config load_text(const std::string& text, const std::string& name) {
  return detail::bind_document<Config>(Document::parse(text, name)).config;
}

}  // namespace sana::config
