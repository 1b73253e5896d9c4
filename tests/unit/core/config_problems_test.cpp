// Everything that is wrong with a configuration, said at once.
#include "core/error.h"
#include "sample_config.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

using sana::UserError;
using sana_test::contains;
using sana_test::message_of;
using sana_test::parse;
using sana_test::SampleConfig;
namespace config = sana::config;

namespace {
std::string complaint_about(const std::string& yaml) {
  return message_of<UserError>([&] { parse(yaml); });
}
std::string complaint_about_overrides(const std::vector<std::string>& overrides) {
  return message_of<UserError>([&] { config::load<SampleConfig>({{}, overrides}); });
}
}  // namespace

TEST_CASE("all problems stand in one message, by line", "[config]") {
  CHECK(complaint_about("steps: ten\n"
                        "optimizer:\n"
                        "  lr: -1\n"
                        "  weigth_decay: 0.1\n"
                        "  lr: 0.1\n"
                        "qqq: 1\n") ==
        "test.yaml: 4 problems\n"
        "  line 1: steps: cannot read 'ten' as an integer\n"
        "  line 4: optimizer.weigth_decay: unknown key (did you mean 'weight_decay'?)\n"
        "  line 5: optimizer.lr: given twice\n"
        "  line 6: qqq: unknown key");
}

TEST_CASE("a value outside its range is refused with both", "[config]") {
  CHECK(complaint_about("steps: -3") ==
        "test.yaml: 1 problem\n  line 1: steps: must be at least 0, got -3");
  CHECK(contains(complaint_about("optimizer: {weight_decay: 1.5}"),
                 "optimizer.weight_decay: must be between 0 and 1, got 1.5"));
  CHECK(contains(complaint_about("mode: tran"), "mode: must be one of train, sample, got 'tran'"));
  CHECK(contains(complaint_about("seed: -1"), "seed: must be at least 0, got -1"));
  CHECK(contains(complaint_about("optimizer: {lr: .nan}"), "must be at least 0, got nan"));
  CHECK(contains(complaint_about("video: {patch: [1, 0, 2]}"),
                 "video.patch: item 2: must be at least 1, got 0"));
}

TEST_CASE("an integer in scientific notation is refused and told how to write it", "[config]") {
  CHECK(contains(complaint_about("steps: 1e6"),
                 "steps: cannot read '1e6' as an integer: write 1000000"));
  CHECK(contains(complaint_about("steps: 2.5"), "cannot read '2.5' as an integer"));
  CHECK(contains(complaint_about("steps: 99999999999999999999"), "more than 64 bits"));
  CHECK(contains(complaint_about("steps: 0x10"), "cannot read '0x10' as an integer"));
  CHECK(contains(complaint_about("steps: \"10\""), "the quoted text '10' as an integer"));
  CHECK(contains(complaint_about("steps:"), "cannot read nothing (null) as an integer"));
  CHECK(contains(complaint_about("steps: [1]"), "cannot read a list as an integer"));
}

TEST_CASE("only true and false are booleans", "[config]") {
  for (const char* word : {"yes", "on", "True", "1", "'true'"}) {
    CHECK(contains(complaint_about(std::string("resume: ") + word), "(true or false)"));
  }
  CHECK(parse("resume: true").resume);
}

TEST_CASE("numbers, texts, lists and sections are not confused", "[config]") {
  CHECK(contains(complaint_about("optimizer: {lr: fast}"), "cannot read 'fast' as a number"));
  CHECK(contains(complaint_about("optimizer: {lr: inf}"), "cannot read 'inf' as a number"));
  CHECK(contains(complaint_about("optimizer: {lr: 1e999}"), "does not fit a double"));
  CHECK(contains(complaint_about("mode: {a: b}"), "mode: cannot read a section as text"));
  CHECK(contains(complaint_about("mode:"), "write \"\" for an empty text"));
  CHECK(contains(complaint_about("weights: 3"), "cannot read '3' as a list"));
  CHECK(contains(complaint_about("weights:"), "write [] for an empty one"));
  CHECK(contains(complaint_about("flags: [true, maybe]"), "flags: item 2: cannot read 'maybe'"));
  CHECK(contains(complaint_about("optimizer: 3"), "optimizer: expected a section"));
  CHECK(contains(complaint_about("stages: [3]"), "stages.0: expected a section"));
}

TEST_CASE("a missing required key is a problem", "[config]") {
  CHECK(contains(complaint_about("mode: train\nstages:\n  - name: a\n  - steps: 3\n"),
                 "line 4: stages.1.name: is required, but not given"));
}

TEST_CASE("complaints across fields carry the section's keys and lines", "[config]") {
  CHECK(contains(complaint_about("mode: train\nvideo:\n  num_frames: 80\n"),
                 "line 3: video.num_frames: (80) must be 4k+1"));
  CHECK(contains(complaint_about("stages: [{name: a, video: {num_frames: 6}}]"),
                 "line 1: stages.0.video.num_frames: (6) must be 4k+1"));
  CHECK(contains(complaint_about("steps: 200\nmode: sample"),
                 "line 1: steps: (200) is too much for mode sample"));
}

TEST_CASE("a section with a wrong value is not asked about its fields together", "[config]") {
  // num_frames stays at its default of 81; -2 would not be 4k+1.
  CHECK(complaint_about("video: {num_frames: -2}") ==
        "test.yaml: 1 problem\n  line 1: video.num_frames: must be at least 1, got -2");
}

TEST_CASE("problems of overrides name the command line", "[config]") {
  CHECK(complaint_about_overrides({"stepz=3"}) ==
        "configuration: 1 problem\n"
        "  command line: stepz: unknown key (did you mean 'steps'?)");
  CHECK(contains(complaint_about_overrides({"optimizer.lr=fast"}),
                 "command line: optimizer.lr: cannot read 'fast' as a number"));
  CHECK(contains(complaint_about_overrides({"steps"}), "of the form section.key=value"));
  CHECK(contains(complaint_about_overrides({"a..b=1"}), "of the form section.key=value"));
  CHECK(contains(complaint_about_overrides({"steps=[1"}), "command line: steps: not valid YAML"));
  CHECK(contains(complaint_about_overrides({"steps.x=1"}), "steps: cannot read a section"));
  CHECK(contains(complaint_about_overrides({"note=cat #1"}), "put the value in quotes"));
  CHECK(contains(complaint_about_overrides({"video.num_frames=82"}),
                 "command line: video.num_frames: (82) must be 4k+1"));
}

TEST_CASE("problems of a base file name that file", "[config]") {
  const sana_test::TemporaryDirectory folder;
  const auto base = folder.file("base.yaml", "steps: 1\nstepz: 2\n");
  const auto file = folder.file("run.yaml", "extends: base.yaml\nmod: train\n");
  CHECK(message_of<UserError>([&] {
          config::load<SampleConfig>({file, {}});
        }) == file.string() +
                  ": 2 problems\n  line 2: mod: unknown key (did you mean 'mode'?)\n  " +
                  base.string() + " line 2: stepz: unknown key (did you mean 'steps'?)");
}

TEST_CASE("a base file may not extend another", "[config]") {
  const sana_test::TemporaryDirectory folder;
  folder.file("a.yaml", "steps: 1\n");
  folder.file("b.yaml", "extends: a.yaml\n");
  const auto file = folder.file("c.yaml", "extends: b.yaml\n");
  const auto message = message_of<UserError>([&] { config::load<SampleConfig>({file, {}}); });
  CHECK(contains(message, "line 1: extends: a base file cannot extend a further one"));
}

TEST_CASE("missing files are named, and who asked for them", "[config]") {
  const sana_test::TemporaryDirectory folder;
  const auto missing = folder / "none.yaml";
  CHECK(contains(message_of<UserError>([&] {
                   config::load<SampleConfig>({missing, {}});
                 }),
                 "cannot read '" + missing.string() + "'"));
  const auto file = folder.file("run.yaml", "steps: 1\nextends: none.yaml\n");
  const auto message = message_of<UserError>([&] { config::load<SampleConfig>({file, {}}); });
  CHECK(contains(message, "run.yaml:2: extends: cannot read '" + missing.string() + "'"));
}

TEST_CASE("broken YAML is refused with file and line", "[config]") {
  CHECK(contains(complaint_about("steps: 1\nmode: [train\n"), "test.yaml:"));
  CHECK(contains(complaint_about("steps: 1\nmode: [train\n"), "not valid YAML"));
  CHECK(contains(complaint_about("steps: 1\n  mode: train\n"), "test.yaml:2: not valid YAML"));
  CHECK(contains(complaint_about("- 1\n"), "test.yaml:1: expected lines of the form key: value"));
  CHECK(contains(complaint_about("steps: 1\n---\nsteps: 2\n"), "more than one YAML document"));
  CHECK(contains(complaint_about("[a]: 1\n"), "a key must be a word"));
}

TEST_CASE("endless or exploding aliases are refused", "[config]") {
  CHECK(contains(complaint_about("weights: &a [*a]"), "test.yaml:1: "));
  std::string bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  CHECK(contains(complaint_about(bomb), "more than 100000 values"));
}

TEST_CASE("a key given twice in an item of a list is a problem", "[config]") {
  CHECK(contains(complaint_about("stages:\n  - name: a\n    name: b\n"),
                 "line 3: stages.0.name: given twice"));
}
