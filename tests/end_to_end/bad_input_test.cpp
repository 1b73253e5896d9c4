// What a user can get wrong, through the program: message and exit code.
#include <ATen/ATen.h>

#include "core/build_config.h"
#include "core/safetensors.h"
#include "end_to_end/tiny_project.h"
#include "media/picture/png.h"
#include "support/catch.h"
#include "support/errors.h"

namespace {

namespace fs = std::filesystem;
using sana_test::contains;
using sana_test::describe;
using sana_test::Outcome;
using sana_test::TinyProject;

// The program fails with this code and every one of these words on stderr.
void check_fails(const Outcome& outcome, int code, const std::vector<std::string>& words) {
  INFO(describe(outcome));
  CHECK(outcome.exit_code == code);
  for (const std::string& word : words) {
    INFO("expected: " << word);
    CHECK(contains(outcome.err, word));
  }
}

void write_clips_yaml(const TinyProject& project) {
  project.folder().file("clips.yaml",
                        "source: clips\noutput: prepared\nkind: pixels\nframes: 9\n"
                        "buckets: {sizes: [32x64]}\n");
  fs::create_directories(project.path("clips"));
}

void shorten(const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); }

}  // namespace

TEST_CASE("the command line explains itself", "[end_to_end]") {
  const TinyProject project;
  check_fails(project.run({"tarin"}), 2, {"unknown command 'tarin'", "did you mean 'train'?"});
  check_fails(project.run({}), 2, {"usage: sana-video COMMAND", "prepare", "train", "sample"});
  check_fails(project.run({"train", "absent.yaml"}), 2, {"absent.yaml"});
  check_fails(project.run({"sample", "--chekpoint", "x"}), 2, {"--checkpoint"});
  const Outcome help = project.run({"help"});
  CHECK(help.exit_code == 0);
  CHECK(contains(help.out, "usage: sana-video COMMAND"));
}

TEST_CASE("every wrong configuration key is named with its line before anything is touched",
          "[end_to_end]") {
  const TinyProject project;
  project.folder().file("typo.yaml",
                        "extends: train.yaml\noptimizer:\n  lrr: 1.0e-3\ntrain: {stepz: 3}\n");
  check_fails(project.run({"train", "typo.yaml", "run.dir=typo"}), 2,
              {"line 3: optimizer.lrr", "'lr'", "line 4: train.stepz", "'steps'"});
  CHECK_FALSE(fs::exists(project.path("typo")));
}

TEST_CASE("clips that cannot be prepared are refused with a remedy", "[end_to_end]") {
  const TinyProject project;
  write_clips_yaml(project);
  if (!SANA_HAS_VIDEO_IO) {
    check_fails(project.run({"prepare", "clips.yaml"}), 3, {"OpenCV", "decode_clips.py"});
    return;
  }
  check_fails(project.run({"prepare", "clips.yaml"}), 2, {"clips", ".txt"});
  check_fails(project.run({"prepare", "clips.yaml", "source=absent"}), 2, {"absent"});
  for (const char* name : {"a.png", "b.png"}) {
    sana::media::write_png(project.path("clips") / name, at::zeros({32, 64, 3}, at::kByte));
  }
  check_fails(project.run({"prepare", "clips.yaml"}), 2,
              {"no clip is usable", "caption missing", "a.png"});
  CHECK_FALSE(fs::exists(project.path("prepared/dataset.json")));
}

TEST_CASE("an output path that cannot be written is said at the start", "[end_to_end]") {
  const TinyProject project;
  // A file in the place of a folder stops root, too.
  project.folder().file("occupied", "a file\n");
  check_fails(project.train("occupied/run", 2), 3, {"occupied/run"});
  if (SANA_HAS_VIDEO_IO) {
    write_clips_yaml(project);
    sana::media::write_png(project.path("clips/a.png"), at::zeros({32, 64, 3}, at::kByte));
    project.folder().file("clips/a.txt", "a black picture");
    check_fails(project.run({"prepare", "clips.yaml", "output=occupied/prepared"}), 3,
                {"occupied/prepared"});
  }
  CHECK(sana_test::file_bytes(project.path("occupied")) == "a file\n");
}

TEST_CASE("a damaged checkpoint is refused and the older one still serves", "[end_to_end]") {
  const TinyProject project;
  REQUIRE(project.train("run", 4).exit_code == 0);
  const fs::path newest = project.checkpoint("run", 4);
  const std::string weights = (newest / "model.safetensors").string();
  shorten(weights);
  check_fails(project.train("run", 6), 2, {newest.filename().string(), "model.safetensors"});
  check_fails(project.train("other", 2, {"init.from=" + weights}), 2, {"model.safetensors"});
  check_fails(project.run({"inspect", weights}), 2, {"model.safetensors"});
  CHECK_FALSE(fs::exists(project.checkpoint("other", 0)));

  fs::remove_all(newest);
  const Outcome rest = project.train("run", 6);
  INFO(describe(rest));
  CHECK(rest.exit_code == 0);
  CHECK(contains(rest.err, "resuming from run/step-00000002"));
}

TEST_CASE("a checkpoint of another shape: every name that does not fit, in one message",
          "[end_to_end]") {
  const TinyProject project;
  REQUIRE(project.train("run", 2).exit_code == 0);
  sana::TensorMap tensors =
      sana::load_safetensors(project.checkpoint("run", 2) / "ema.safetensors");
  REQUIRE(tensors.size() > 3);
  const std::string missing = tensors.begin()->first, reshaped = std::next(tensors.begin())->first;
  tensors.erase(missing);
  tensors[reshaped] = at::zeros({7, 11});
  tensors["surplus.weight"] = at::zeros({3});
  sana::save_safetensors(project.path("odd.safetensors"), tensors);
  check_fails(project.train("other", 2, {"init.from=odd.safetensors"}), 2,
              {"1 missing", missing, "1 unexpected", "surplus.weight", "1 of another shape",
               reshaped + " is [7, 11]"});

  check_fails(project.train("other", 2, {"model.num_layers=3", "init.from=run/step-00000002"}), 2,
              {"missing", "2."});
  check_fails(project.train("run", 4, {"model.head_dim=16"}), 2, {"of another shape"});
}
