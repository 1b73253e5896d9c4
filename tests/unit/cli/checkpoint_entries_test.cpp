// Every layout of a checkpoint through every command that takes one.
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "checkpoints/checkpoint.h"
#include "checkpoints/convert/convert.h"
#include "checkpoints/manifest.h"
#include "checkpoints/model_weights.h"
#include "checkpoints/pipeline_config.h"
#include "checkpoints/run_folder.h"
#include "checkpoints/text_encoder_memory.h"
#include "checkpoints/vae_source.h"
#include "cli/runner.h"
#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"
#include "support/tiny_dit.h"
#include "unit/infer/tiny_pipeline.h"

namespace {

namespace fs = std::filesystem;
using namespace sana;
using sana_test::TemporaryDirectory;

// The exit code of a command, whose output is of no interest.
int run_quietly(const std::vector<std::string>& words) {
  std::ostringstream captured;
  std::streambuf* console = std::cout.rdbuf(captured.rdbuf());
  std::vector<std::string> all = words;
  all.insert(all.end(), {"--log-level", "off"});
  const int code = cli::run(all);
  std::cout.rdbuf(console);
  return code;
}

// A run of this program with a checkpoint of the tiny pipeline.
void write_run(const fs::path& pipeline, const fs::path& run) {
  const fs::path step = run / checkpoints::checkpoint_name(20);
  checkpoints::ConvertOptions options;
  options.source = pipeline;
  options.target = step;
  options.format = checkpoints::CheckpointFormat::kNative;
  checkpoints::convert_checkpoint(options);
  checkpoints::copy_vae(checkpoints::find_vae(pipeline), step / "vae");
  checkpoints::PipelineConfig defaults;
  defaults.buckets = {{32, 48, 5}};
  defaults.text_encoder.name = model::kGemma2Name;
  checkpoints::write_pipeline_file(step, defaults);
  checkpoints::write_manifest(step, {20, "video_dit"});
  for (const char* left : {"step-00000030.partial", "step-00000031.deleted", "step-00000032.old"}) {
    fs::copy(step, run / left, fs::copy_options::recursive);
  }
}

}  // namespace

TEST_CASE("every layout goes through every command that takes a checkpoint", "[cli][layout]") {
  const TemporaryDirectory folder;
  const fs::path pipeline = folder / "pipeline", run = folder / "run";
  sana_test::write_tiny_pipeline(pipeline);
  write_run(pipeline, run);
  const fs::path step = run / "step-00000020";
  fs::create_directory_symlink("step-00000020", run / "latest");
  fs::copy(step, folder / "renamed", fs::copy_options::recursive);
  fs::create_directories(folder / "repository/checkpoints");
  save_torch_file(folder / "repository/checkpoints/a.pth", sana_test::original_checkpoint());
  save_torch_file(folder / "b.bin", sana_test::original_checkpoint());
  fs::copy(pipeline / "vae", folder / "repository/vae", fs::copy_options::recursive);
  const std::string config = (pipeline / "transformer/config.json").string();

  struct Row {
    fs::path path;
    bool is_ours, is_original, has_vae;
  };
  const std::vector<Row> rows = {
      {run, true, false, true},
      {step, true, false, true},
      {run / "latest", true, false, true},
      {folder / "renamed", true, false, true},
      {pipeline, false, false, true},
      {pipeline / "transformer", false, false, false},
      {pipeline / "transformer/diffusion_pytorch_model.safetensors", false, false, false},
      {folder / "repository", false, true, true},
      {folder / "repository/checkpoints/a.pth", false, true, false},
      {folder / "b.bin", false, true, false},
  };
  for (const Row& row : rows) {
    const std::string path = row.path.string();
    INFO(path);
    std::vector<std::string> check = {"check",
                                      "--checkpoint",
                                      path,
                                      "--device",
                                      "cpu",
                                      "--height",
                                      "32",
                                      "--width",
                                      "32",
                                      "--frames",
                                      "5",
                                      "--no-binning",
                                      "--text-encoder",
                                      pipeline.string()};
    if (row.is_original) check.insert(check.end(), {"--config", config});
    // Of a part of a pipeline the VAE is found beside it.
    if (row.path == folder / "b.bin") check.insert(check.end(), {"--vae", pipeline.string()});
    CHECK(run_quietly(check) == 0);
    CHECK(run_quietly({"inspect", path}) == 0);
    std::vector<std::string> convert = {"convert", path, (folder / "out").string(), "--to",
                                        "diffusers"};
    if (row.is_original) convert.insert(convert.end(), {"--config", config});
    CHECK(run_quietly(convert) == 0);
    fs::remove_all(folder / "out");
    CHECK(run_quietly({"export", path, (folder / "out").string()}) == (row.is_ours ? 0 : 2));
    fs::remove_all(folder / "out");
    if (!row.is_original) {  // whose sizes a training gives, but no file
      CHECK(sana_test::same_bits(checkpoints::transformer_weights(row.path).tensors,
                                 sana_test::to_map(sana_test::tiny_dit_tensors())));
    }
    if (row.has_vae) CHECK(checkpoints::find_vae(row.path).name == "Wan VAE");
  }
  for (const char* left : {"step-00000030.partial", "step-00000031.deleted", "step-00000032.old"}) {
    const std::string path = (run / left).string();
    INFO(path);
    CHECK(run_quietly({"check", "--checkpoint", path}) == 2);
    CHECK(run_quietly({"convert", path, (folder / "out").string(), "--to", "diffusers"}) == 2);
    CHECK(run_quietly({"export", path, (folder / "out").string()}) == 2);
    CHECK_THROWS_AS(checkpoints::transformer_weights(run / left), UserError);
    CHECK_THROWS_AS(checkpoints::find_vae(run / left), UserError);
  }
}

TEST_CASE("damaged weights are refused when a command reads them, unless it is told not to compare",
          "[cli][layout]") {
  const TemporaryDirectory folder;
  const fs::path pipeline = folder / "pipeline", run = folder / "run";
  sana_test::write_tiny_pipeline(pipeline);
  write_run(pipeline, run);
  sana_test::change_byte(run / "step-00000020/model.safetensors", 1);
  const std::string path = run.string(), out = (folder / "out").string();
  const std::vector<std::vector<std::string>> commands = {
      {"check", "--checkpoint", path, "--device", "cpu", "--text-encoder", pipeline.string()},
      {"convert", path, out, "--to", "diffusers"},
      {"export", path, out}};
  for (std::vector<std::string> words : commands) {
    INFO(words[0]);
    CHECK(run_quietly(words) == 2);
    words.emplace_back("--no-verify");
    CHECK(run_quietly(words) == 0);
    fs::remove_all(folder / "out");
  }
}

TEST_CASE("wrong types in files of a checkpoint are wrong input, not an internal error",
          "[cli][layout]") {
  const TemporaryDirectory folder;
  const fs::path pipeline = folder / "pipeline";
  sana_test::write_tiny_pipeline(pipeline);
  // All that `check` reads.
  const auto open = [&] {
    const auto checkpoint = checkpoints::open_checkpoint(pipeline);
    checkpoint.vae.without_weights(at::kFloat);
    checkpoints::text_encoder_memory(checkpoint.pipeline.text_encoder);
  };
  open();
  int refused = 0;
  for (const char* file : {"model_index.json", "transformer/config.json", "vae/config.json",
                           "scheduler/scheduler_config.json", "text_encoder/config.json"}) {
    const std::string original = sana_test::file_bytes(pipeline / file);
    const auto lenient = nlohmann::json::parse(original, nullptr, false);
    std::vector<std::string> texts = {"[]", "null", "3", "\"text\"", "{", "\xff\xfe"};
    const auto keys = lenient.is_object() ? lenient : nlohmann::json::object();
    for (const auto& [key, value] : keys.items()) {
      for (const auto& wrong :
           {nlohmann::json(nullptr), nlohmann::json(-1), nlohmann::json(1e300), nlohmann::json("x"),
            nlohmann::json::array({nullptr}), nlohmann::json::object()}) {
        nlohmann::json changed = lenient;
        changed[key] = wrong;
        texts.push_back(changed.dump());
      }
    }
    for (const std::string& text : texts) {
      INFO(file << ": " << text);
      folder.file("pipeline/" + std::string(file), text);
      try {
        open();
      } catch (const UserError&) {
        ++refused;
      } catch (const std::exception& error) {
        FAIL(error.what());
      }
    }
    folder.file("pipeline/" + std::string(file), original);
  }
  CHECK(refused > 100);
}
