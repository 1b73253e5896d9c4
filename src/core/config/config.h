// Typed configuration. A struct describes itself once:
//
//   struct OptimizerConfig {
//     double lr = 5e-5;
//     template <class Binder>
//     void bind(Binder& b) {
//       b.field("lr", lr, "Peak learning rate.", config::at_least(0.0));
//     }
//     void validate(config::Problems& problems) const;   // optional: checks across fields
//   };
//
// and that one description reads YAML, applies overrides, writes the resolved file and generates
// configs/reference.yaml. b.field takes bool, int64_t, double, std::string, std::vector of these,
// std::optional of these, or another struct with bind (a nested section). b.required is a field with
// no default: leaving it out is a problem.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "core/config/checks.h"
#include "core/config/reader.h"
#include "core/config/writer.h"

namespace sana::config {

struct Source {
  std::filesystem::path file;           // empty: defaults and overrides only
  std::vector<std::string> overrides;   // "train.steps=100"; values are YAML
};

// Reads file (with at most one level of `extends: base.yaml`, relative to the file), then overrides;
// later wins. Throws one UserError that lists every problem: unknown keys with the nearest right
// name, wrong types, values out of range, keys given twice, missing required keys, and what
// validate() of any section says; each with file, line and dotted key.
template <class Config>
Config load(const Source& source) {
  Document document = Document::read(source.file, source.overrides);
  Config config;
  document.bind(config);
  document.throw_if_problems();
  return config;
}

// The whole configuration as YAML, defaults included, each value followed by a comment that says
// where it came from when `origins` is given (from Document::origins()).
template <class Config>
std::string to_yaml(Config config) {
  Writer writer(/*with_help=*/false);
  writer.root(config);
  return writer.text();
}

// The same with each field's help and range as comments: a section of configs/reference.yaml.
template <class Config>
std::string reference_yaml() {
  Writer writer(/*with_help=*/true);
  Config config;
  writer.root(config);
  return writer.text();
}

}  // namespace sana::config
