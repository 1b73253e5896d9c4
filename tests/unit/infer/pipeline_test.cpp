// From a public checkpoint to frames.
#include "infer/pipeline.h"

#include <ATen/ATen.h>

#include "checkpoints/convert/convert.h"
#include "core/error.h"
#include "core/torch_file/torch_file.h"
#include "infer/memory_estimate.h"
#include "infer/sample_runner.h"
#include "support/catch.h"
#include "support/temporary_directory.h"
#include "tiny_pipeline.h"

namespace {

namespace fs = std::filesystem;
using sana::checkpoints::Checkpoint;
using sana::infer::JobOutcome;
using sana::infer::RunnerOptions;
using sana::infer::SampleJob;
using sana::infer::SampleRunner;
using sana_test::ContainsSubstring;
using sana_test::TemporaryDirectory;

SampleJob small_job(const fs::path& out) {
  SampleJob job;
  job.prompt = "A bee on a flower.";
  job.size = {32, 48, 5};
  job.sampler.steps = 2;
  job.out = out;
  return job;
}

Checkpoint open_exact(const fs::path& folder) {
  Checkpoint checkpoint = sana::checkpoints::open_checkpoint(folder);
  checkpoint.bins.clear();  // no binning: small sizes
  return checkpoint;
}

at::Tensor latents_of(const fs::path& out) {
  const std::string stem = fs::path(out).replace_extension("").string();
  return sana::SafetensorsFile(stem + ".latents.safetensors").tensor("latents").clone();
}

// The outcomes of all jobs, and if asked for how many networks were in memory at once.
std::vector<JobOutcome> run(Checkpoint checkpoint, const std::vector<SampleJob>& jobs,
                            const RunnerOptions& options = {}, int64_t* most_loaded = nullptr) {
  const auto progress = sana::make_silent_progress();
  SampleRunner runner(std::move(checkpoint), options, *progress);
  std::vector<JobOutcome> outcomes;
  runner.run(jobs, [&](const SampleJob&, JobOutcome outcome, const sana::media::WrittenVideo&) {
    outcomes.push_back(outcome);
  });
  if (most_loaded != nullptr) *most_loaded = runner.most_parts_loaded();
  return outcomes;
}

}  // namespace

TEST_CASE("a diffusers folder alone says everything that sampling needs", "[infer][pipeline]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pipeline(folder / "public");
  const Checkpoint checkpoint = sana::checkpoints::open_checkpoint(folder / "public");
  CHECK(checkpoint.is_video());
  CHECK(checkpoint.pipeline.fps == 16.0);
  CHECK(checkpoint.pipeline.sampler.name == "dpm-solver++");
  CHECK(checkpoint.pipeline.sampler.shift == 8.0);
  CHECK(checkpoint.pipeline.sampler.steps == 50);
  CHECK(checkpoint.pipeline.sampler.guidance == 6.0);
  CHECK(checkpoint.pipeline.text_encoder.instruction == "diffusers_video");
  CHECK(checkpoint.pipeline.text_encoder.max_tokens == 300);
  const auto size = sana::checkpoints::default_clip_size(checkpoint.pipeline);
  CHECK(size.height == 480);
  CHECK(size.frames == 81);
  CHECK(sana::checkpoints::generated_size({700, 700, 9}, checkpoint).height == 624);

  const fs::path out = folder / "a.mp4";
  CHECK((run(open_exact(folder / "public"), {small_job(out)}) ==
         std::vector<JobOutcome>{JobOutcome::kWritten}));
  CHECK(latents_of(out).sizes() == at::IntArrayRef({1, 16, 2, 4, 6}));
  CHECK((run(open_exact(folder / "public"), {small_job(out)}) ==
         std::vector<JobOutcome>{JobOutcome::kSkipped}));
}

TEST_CASE("releasing each part after its use changes nothing", "[infer][pipeline]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pipeline(folder / "public");
  std::vector<SampleJob> jobs = {small_job(folder / "kept/a.mp4"),
                                 small_job(folder / "kept/b.mp4")};
  jobs[1].prompt = "Rain on a window.";
  jobs[1].seed = 3;
  SECTION("text alone") {}
  SECTION("with a first frame") {
    sana::save_safetensors(folder / "image.safetensors",
                           {{"image", at::full({40, 50, 3}, 90, at::kByte)}});
    jobs[1].image = folder / "image.safetensors";
    jobs[1].sampler.name = "euler";
  }
  int64_t most_loaded = 0;
  run(open_exact(folder / "public"), jobs, {}, &most_loaded);
  CHECK(most_loaded == 3);
  for (SampleJob& job : jobs) job.out = folder / "released" / job.out.filename().string();
  RunnerOptions options;
  options.offload = true;
  CHECK(run(open_exact(folder / "public"), jobs, options, &most_loaded).size() == 2);
  CHECK(most_loaded == 1);
  for (const char* name : {"a.mp4", "b.mp4"}) {
    CHECK(at::equal(latents_of(folder / "kept" / name), latents_of(folder / "released" / name)));
  }
  CHECK_FALSE(at::equal(latents_of(folder / "kept/a.mp4"), latents_of(folder / "kept/b.mp4")));

  fs::remove_all(folder / "released/a.mp4");  // what is left of a run that was stopped
  fs::remove_all(folder / "released/a");
  run(open_exact(folder / "public"), jobs, options, &most_loaded);
  CHECK(most_loaded == 1);
}

TEST_CASE("a given first frame stays as it is, and changes the others", "[infer][pipeline]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pipeline(folder / "public");
  Checkpoint checkpoint = open_exact(folder / "public");
  sana::infer::PipelineParts parts(checkpoint, at::kCPU, at::kFloat, at::kFloat);
  sana::infer::LatentRequest request;
  request.prompt = parts.text_encoder().encode({"A bee."});
  request.negative = parts.text_encoder().encode_negative({""});
  request.size = {3, 4, 6};
  request.sampler.name = "euler";
  request.sampler.steps = 2;
  const auto progress = sana::make_silent_progress();
  const auto sample = [&] {
    return sana::infer::sample_latents(parts.denoiser(), request, at::kCPU, at::kFloat, *progress);
  };
  const at::Tensor free = sample();
  request.first_frame = at::ones({1, 16, 1, 4, 6});
  const at::Tensor given = sample();
  CHECK(given.sizes() == free.sizes());
  CHECK(at::equal(given.narrow(2, 0, 1), request.first_frame));
  CHECK_FALSE(at::allclose(given.narrow(2, 1, 2), free.narrow(2, 1, 2), 1e-3, 1e-3));
}

TEST_CASE("the denoiser is told timestep 0 for a given first frame", "[infer][pipeline]") {
  std::vector<at::Tensor> told;
  sana::infer::Denoiser denoiser;
  denoiser.latent_channels = 2;
  denoiser.velocity = [&](const at::Tensor& x, const at::Tensor& t, const at::Tensor&,
                          const at::Tensor&) {
    told.push_back(t.clone());
    CHECK(at::equal(x.narrow(2, 0, 1), at::full_like(x.narrow(2, 0, 1), 5.0)));
    return at::ones_like(x);
  };
  sana::infer::LatentRequest request;
  request.prompt = request.negative = {at::zeros({1, 3, 4}), at::ones({1, 3}, at::kLong)};
  request.size = {4, 2, 2};
  request.first_frame = at::full({1, 2, 1, 2, 2}, 5.0);
  request.sampler.name = "euler";
  request.sampler.steps = 3;
  const auto progress = sana::make_silent_progress();
  sana::infer::sample_latents(denoiser, request, at::kCPU, at::kFloat, *progress);
  REQUIRE(told.size() == 3);
  CHECK(told[0].sizes() == at::IntArrayRef({2, 4}));  // guidance: two halves
  CHECK(told[0][0][0].item<float>() == 0.0f);
  CHECK(told[0][1][3].item<float>() == 1000.0f);
}

TEST_CASE("an original .pth samples with a VAE and a text encoder from elsewhere",
          "[infer][pipeline]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pipeline(folder / "public");
  sana::checkpoints::ConvertOptions convert;
  convert.source = folder / "public";
  convert.target = folder / "SANA_tiny.pth";
  convert.format = sana::checkpoints::parse_checkpoint_format("original");
  sana::checkpoints::convert_checkpoint(convert);

  CHECK_THROWS_WITH(sana::checkpoints::open_checkpoint(convert.target), ContainsSubstring("--vae"));
  sana::checkpoints::CheckpointParts parts;
  parts.vae = folder / "public/vae";
  CHECK_THROWS_WITH(sana::checkpoints::open_checkpoint(convert.target, parts),
                    ContainsSubstring("--text-encoder"));
  parts.text_encoder = folder / "public";
  parts.config = folder / "public/transformer/config.json";
  Checkpoint checkpoint = sana::checkpoints::open_checkpoint(convert.target, parts);
  CHECK(checkpoint.pipeline.text_encoder.instruction == "nvlabs");
  CHECK(checkpoint.pipeline.text_encoder.motion_score == 10);
  // The same prompt style: then the same latents, bit for bit.
  checkpoint.pipeline.text_encoder = open_exact(folder / "public").pipeline.text_encoder;
  checkpoint.pipeline.text_encoder.path = (folder / "public").string();
  checkpoint.bins.clear();
  run(std::move(checkpoint), {small_job(folder / "from_pth.mp4")});
  run(open_exact(folder / "public"), {small_job(folder / "from_public.mp4")});
  CHECK(at::equal(latents_of(folder / "from_pth.mp4"), latents_of(folder / "from_public.mp4")));
}

TEST_CASE("a job that does not suit the checkpoint is refused before anything runs",
          "[infer][pipeline]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pipeline(folder / "public");
  const Checkpoint checkpoint = open_exact(folder / "public");
  SampleJob job = small_job(folder / "a.mp4");
  job.size.frames = 6;
  CHECK_THROWS_WITH(sana::infer::check_job(job, checkpoint), ContainsSubstring("4k+1"));
  job.size = {40, 48, 5};
  CHECK_THROWS_WITH(sana::infer::check_job(job, checkpoint), ContainsSubstring("multiple of 16"));
  job.size = {32, 48, 1};
  job.image = "cat.png";
  Checkpoint without_first = checkpoint;
  without_first.vae.geometry.first_frame_alone = false;
  job.size.frames = 8;
  CHECK_THROWS_WITH(sana::infer::check_job(job, without_first), ContainsSubstring("first frame"));
  job.size.frames = 1;
  CHECK_THROWS_WITH(sana::infer::check_job(job, checkpoint), ContainsSubstring("image"));
}

TEST_CASE("the estimate of memory names each part and grows with the clip", "[infer][pipeline]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pipeline(folder / "public");
  const Checkpoint checkpoint = open_exact(folder / "public");
  SampleJob job = small_job(folder / "a.mp4");
  job.size = {64, 96, 17};
  const auto small = sana::infer::estimate_sampling(checkpoint, job, at::kFloat, at::kFloat, {});
  CHECK(small.transformer.weights == 935'600 * 4);
  CHECK(small.vae.weights > 0);
  CHECK(small.text_encoder.weights > 0);
  CHECK(small.peak_offloaded() < small.peak());
  const auto half = sana::infer::estimate_sampling(checkpoint, job, at::kBFloat16, at::kFloat, {});
  CHECK(half.transformer.weights == 935'600 * 2);
  CHECK(half.vae.activations == small.vae.activations);
  job.size.height = 128;
  const auto large = sana::infer::estimate_sampling(checkpoint, job, at::kFloat, at::kFloat, {});
  const int64_t fixed = int64_t(32) << 20;  // scratch memory that does not grow
  CHECK(large.vae.activations - fixed > 1.8 * double(small.vae.activations - fixed));
  CHECK(large.transformer.activations - fixed >
        1.8 * double(small.transformer.activations - fixed));
  sana::model::TilingConfig tiles;
  tiles.tile_height = tiles.tile_width = 64;
  tiles.overlap = 16;
  const auto tiled = sana::infer::estimate_sampling(checkpoint, job, at::kFloat, at::kFloat, tiles);
  CHECK(tiled.vae.activations < large.vae.activations);
}
