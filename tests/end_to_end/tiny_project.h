// A folder with prepared data and a configuration for a model of two layers, as a user has it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "end_to_end/run_program.h"
#include "support/temporary_directory.h"

namespace sana_test {

class TinyProject {
 public:
  // Writes latents (videos), image_latents and train.yaml, which trains on both; no clip is
  // decoded, so this works in every build.
  TinyProject();

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }
  const TemporaryDirectory& folder() const { return folder_; }

  // `sana-video WORDS...` here, to its end.
  Outcome run(const std::vector<std::string>& words, int64_t file_size_limit = 0) const;
  // `sana-video train train.yaml run.dir=RUN train.steps=STEPS OVERRIDES...`
  std::vector<std::string> train_words(const std::string& run, int64_t steps,
                                       const std::vector<std::string>& overrides = {}) const;
  Outcome train(const std::string& run, int64_t steps,
                const std::vector<std::string>& overrides = {}) const;

  // RUN/step-NNNNNNNN
  std::filesystem::path checkpoint(const std::string& run, int64_t step) const;
  // Step of the newest complete checkpoint of a run; -1: none.
  int64_t newest_step(const std::string& run) const;

 private:
  TemporaryDirectory folder_;
};

}  // namespace sana_test
