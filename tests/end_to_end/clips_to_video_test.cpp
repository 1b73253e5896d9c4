// The whole way through the program: clips, VAE, latents, video DiT, sampled video.
#include <ATen/ATen.h>

#include "core/build_config.h"
#include "support/catch.h"
#include "support/skip.h"

#if SANA_HAS_VIDEO_IO
#include <nlohmann/json.hpp>
#include <opencv2/videoio.hpp>
#include <set>

#include "core/json_file.h"
#include "core/safetensors.h"
#include "end_to_end/run_program.h"
#include "media/encode/video_encoder.h"
#include "media/encode/video_writer.h"
#include "media/picture/png.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace {

namespace fs = std::filesystem;
using sana_test::contains;
using sana_test::describe;
using sana_test::file_bytes;
using sana_test::Outcome;
using sana_test::run_program;
using sana_test::TemporaryDirectory;

constexpr const char* kPrepareYaml = R"(source: clips
output: pixels
kind: pixels
fps: 16
frames: 9
buckets: {sizes: [32x64]}
device: cpu
)";
constexpr const char* kVaeYaml = R"(task: vae
device: cpu
run: {dir: runs/vae, seed: 1}
vae: {base_dim: 4, latent_channels: 4, dim_mult: [1, 2, 2, 2], num_res_blocks: 1}
data:
  videos: pixels
  images: image_pixels
  image_every_steps: 2
  batch_size: 1
  image_batch_size: 2
  crop: {frames: 5, height: 32, width: 32}
train: {steps: 4, log_every_steps: 1, latent_statistics_samples: 3}
preview: {every_steps: 4}
)";
constexpr const char* kDitYaml = R"(task: video_dit
device: cpu
precision: float32
vae_checkpoint: vae
run: {dir: runs/dit, seed: 1}
model: {latent_channels: 4, num_layers: 2, num_heads: 2, head_dim: 12, num_cross_heads: 2,
        text_dim: 384}
data: {videos: latents, images: image_latents, image_every_steps: 2, batch_size: 2,
       image_batch_size: 2}
train: {steps: 4, log_every_steps: 1, checkpoint_every_steps: 2}
preview:
  every_steps: 4
  prompts: [waves]
  sampler: {steps: 3, guidance: 2.0}
)";

// Waves that run through a picture of 64 x 128: [F, 64, 128, 3].
at::Tensor wave_frames(int64_t frames, double phase) {
  const at::Tensor t = at::arange(frames, at::kFloat).view({frames, 1, 1, 1});
  const at::Tensor y = at::arange(64, at::kFloat).view({1, 64, 1, 1});
  const at::Tensor x = at::arange(128, at::kFloat).view({1, 1, 128, 1});
  const at::Tensor color = at::tensor({0.0f, 0.7f, 1.4f}).view({1, 1, 1, 3});
  const at::Tensor wave = (0.05 * x + 0.03 * y + 0.4 * t + color + phase).sin();
  return (wave * 110.0 + 128.0).to(at::kByte).contiguous();
}

// A folder as a user has it: clips, pictures, captions, configurations.
void write_project(const TemporaryDirectory& folder) {
  fs::create_directories(folder / "clips");
  fs::create_directories(folder / "images");
  for (int i = 0; i < 3; ++i) {
    const std::string name = "wave" + std::to_string(i);
    const std::string caption = "waves of kind " + std::to_string(i);
    sana::media::write_video(folder / ("clips/" + name + ".mp4"), wave_frames(12, i), 16.0);
    folder.file("clips/" + name + ".txt", caption);
    sana::media::write_png(folder / ("images/" + name + ".png"), wave_frames(1, i)[0]);
    folder.file("images/" + name + ".txt", caption);
  }
  folder.file("prepare.yaml", kPrepareYaml);
  folder.file("vae.yaml", kVaeYaml);
  folder.file("dit.yaml", kDitYaml);
}

Outcome run_well(const TemporaryDirectory& folder, const std::vector<std::string>& words) {
  Outcome outcome = run_program(words, folder.path());
  INFO(words[0] << ": " << describe(outcome));
  REQUIRE(outcome.exit_code == 0);
  return outcome;
}

// Clips and pictures to a trained DiT in runs/dit.
void prepare_and_train(const TemporaryDirectory& folder) {
  const Outcome pixels = run_well(folder, {"prepare", "prepare.yaml"});
  CHECK(contains(pixels.out, "pixels: 3 samples from 3 clips, 0 unused"));
  run_well(folder, {"prepare", "prepare.yaml", "source=images", "output=image_pixels"});
  run_well(folder, {"train", "vae.yaml"});
  run_well(folder, {"export", "runs/vae", "vae", "--dtype", "float32"});
  const Outcome latents =
      run_well(folder, {"prepare", "prepare.yaml", "kind=latents", "output=latents", "vae=vae"});
  CHECK(contains(latents.out, "latents: 3 samples from 3 clips, 0 unused"));
  // Pixels that are there already need no decoding.
  run_well(folder, {"prepare", "prepare.yaml", "kind=latents", "source=image_pixels",
                    "output=image_latents", "vae=vae"});
  run_well(folder, {"train", "dit.yaml"});
  CHECK(fs::exists(folder / "runs/dit/step-00000004/model.json"));
  CHECK(fs::exists(folder / "runs/dit/previews/step-00000004"));
}

std::vector<std::string> sample_words(const std::string& out, const std::string& seed) {
  return {"sample", "--checkpoint", "runs/dit", "--prompt", "waves of kind 1", "--steps", "3",
          "--seed", seed,           "--device", "cpu",      "--out",           out};
}

at::Tensor latents_of(const TemporaryDirectory& folder, const std::string& stem) {
  return sana::load_safetensors(folder / (stem + ".latents.safetensors")).at("latents");
}

void check_is_video(const fs::path& file, int frames, int height, int width) {
  INFO(file);
  cv::VideoCapture video(file.string());
  REQUIRE(video.isOpened());
  cv::Mat frame;
  int count = 0;
  for (; video.read(frame); ++count) {
    REQUIRE(frame.rows == height);
    REQUIRE(frame.cols == width);
  }
  CHECK(count == frames);
  CHECK(video.get(cv::CAP_PROP_FPS) == sana_test::Approx(16.0));
}

void check_one_sample(const TemporaryDirectory& folder) {
  const Outcome outcome = run_well(folder, sample_words("out/a.mp4", "7"));
  CHECK(outcome.out == "out/a.mp4\n");
  check_is_video(folder / "out/a.mp4", 9, 32, 64);
  const auto provenance = sana::read_json_file(folder / "out/a.json");
  CHECK(provenance.at("prompt") == "waves of kind 1");
  CHECK(provenance.at("seed") == 7);
  CHECK(provenance.at("frames") == 9);
  CHECK(provenance.at("sampler").at("steps") == 3);
  CHECK(contains(provenance.at("checkpoint").get<std::string>(), "runs/dit/step-00000004"));
  CHECK(latents_of(folder, "out/a").sizes() == at::IntArrayRef({1, 4, 3, 4, 8}));
}

void check_seeds(const TemporaryDirectory& folder) {
  run_well(folder, sample_words("again.mp4", "7"));
  run_well(folder, sample_words("other.mp4", "8"));
  CHECK(at::equal(latents_of(folder, "again"), latents_of(folder, "out/a")));
  CHECK_FALSE(at::equal(latents_of(folder, "other"), latents_of(folder, "out/a")));
}

void check_overwrite(const TemporaryDirectory& folder) {
  folder.file("out/a.mp4", "not a video");
  const Outcome skipped = run_well(folder, sample_words("out/a.mp4", "7"));
  CHECK(contains(skipped.err, "skipped"));
  CHECK(file_bytes(folder / "out/a.mp4") == "not a video");
  auto words = sample_words("out/a.mp4", "7");
  words.push_back("--overwrite");
  run_well(folder, words);
  check_is_video(folder / "out/a.mp4", 9, 32, 64);
}

// Of a run that was killed when its output was finished.
void check_remains(const TemporaryDirectory& folder) {
  folder.file("out/.a.mp4.lock", "process 1 on nowhere\n");
  folder.file("out/a.json.partial", "{");
  REQUIRE(fs::exists(folder / "out/a.latents.safetensors"));
  auto words = sample_words("out/a.mp4", "7");
  words.push_back("--discard-latents");
  CHECK(contains(run_well(folder, words).err, "skipped"));
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder / "out")) {
    names.insert(entry.path().filename().string());
  }
  CHECK(names == std::set<std::string>{"a.json", "a.mp4"});
}

void check_prompts_file(const TemporaryDirectory& folder) {
  folder.file("prompts.txt", "waves of kind 0\n\nwaves of kind 2\n");
  run_well(folder, {"sample", "--checkpoint", "runs/dit", "--prompts-file", "prompts.txt",
                    "--steps", "2", "--frames", "5", "--device", "cpu", "--out", "many"});
  check_is_video(folder / "many/00000-waves-of-kind-0.mp4", 5, 32, 64);
  check_is_video(folder / "many/00001-waves-of-kind-2.mp4", 5, 32, 64);
}

// Of a checkpoint in shards, which two processes wrote.
void check_shards(const TemporaryDirectory& folder) {
  if (!SANA_HAS_C10D) return;
  run_well(folder, {"launch", "--nproc", "2", "train", "dit.yaml", "run.dir=runs/two",
                    "data.batch_size=1", "data.image_batch_size=1", "preview.every_steps=0"});
  CHECK(fs::exists(folder / "runs/two/step-00000004/model.safetensors.index.json"));
  auto words = sample_words("two.mp4", "7");
  words[2] = "runs/two";
  run_well(folder, words);
  check_is_video(folder / "two.mp4", 9, 32, 64);
  CHECK(sana::read_json_file(folder / "two.json").at("checkpoint_verified") == "yes");
  run_well(folder, {"check", "--checkpoint", "runs/two", "--device", "cpu"});
}

void check_refusals(const TemporaryDirectory& folder) {
  folder.file("occupied", "a file\n");
  const Outcome blocked = run_program(sample_words("occupied/a.mp4", "7"), folder.path());
  INFO(describe(blocked));
  CHECK(blocked.exit_code == 3);
  CHECK(contains(blocked.err, "occupied"));
  auto words = sample_words("b.mp4", "7");
  words.insert(words.end(), {"--frames", "80"});
  const Outcome frames = run_program(words, folder.path());
  INFO(describe(frames));
  CHECK(frames.exit_code == 2);
  CHECK(contains(frames.err, "77"));
  CHECK(contains(frames.err, "81"));
  CHECK_FALSE(fs::exists(folder / "b.mp4"));
}

}  // namespace

TEST_CASE("a folder of clips becomes a sampled video", "[end_to_end][video]") {
  if (!sana::media::can_encode_h264()) SANA_SKIP("this machine has no H.264 encoder");
  const TemporaryDirectory folder;
  write_project(folder);
  prepare_and_train(folder);
  check_one_sample(folder);
  check_seeds(folder);
  check_overwrite(folder);
  check_remains(folder);
  check_prompts_file(folder);
  check_shards(folder);
  check_refusals(folder);
}

TEST_CASE("clips that cannot be used are listed with reason and remedy; the rest is prepared",
          "[end_to_end][video]") {
  if (!sana::media::can_encode_h264()) SANA_SKIP("this machine has no H.264 encoder");
  const TemporaryDirectory folder;
  write_project(folder);
  sana::media::write_video(folder / "clips/short.mp4", wave_frames(4, 0), 16.0);
  folder.file("clips/short.txt", "a short wave");
  folder.file("clips/empty.mp4", "");
  folder.file("clips/empty.txt", "nothing");
  folder.file("clips/text.mp4", "this is no video");
  folder.file("clips/text.txt", "a text");
  folder.file("clips/cut.mp4", file_bytes(folder / "clips/wave0.mp4").substr(0, 700));
  folder.file("clips/cut.txt", "half a wave");
  fs::remove(folder / "clips/wave0.txt");

  const Outcome outcome = run_well(folder, {"prepare", "prepare.yaml"});
  INFO(describe(outcome));
  CHECK(contains(outcome.out, "pixels: 2 samples from 7 clips, 5 unused"));
  const std::string list = file_bytes(folder / "pixels/unused_clips.jsonl");
  for (const char* clip : {"short.mp4", "empty.mp4", "text.mp4", "cut.mp4", "wave0.mp4"}) {
    CHECK(contains(list, clip));
  }
  CHECK(contains(list, "too short"));
  CHECK(contains(list, "caption missing"));
}

#else

TEST_CASE("a folder of clips becomes a sampled video", "[end_to_end][video]") {
  SANA_SKIP("this build has no OpenCV");
}

#endif
