// `sana-video convert` and `inspect` on what a user downloads.
#include <filesystem>

#include "end_to_end/run_program.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"
#include "support/tiny_dit.h"

namespace {

namespace fs = std::filesystem;
using sana_test::contains;
using sana_test::describe;
using sana_test::file_bytes;
using sana_test::Outcome;
using sana_test::run_program;
using sana_test::TemporaryDirectory;

Outcome run(const TemporaryDirectory& folder, const std::vector<std::string>& words) {
  const Outcome outcome = run_program(words, folder.path());
  INFO(describe(outcome));
  CHECK(outcome.exit_code == 0);
  return outcome;
}

// A repository as the authors publish it, and its configuration.
void save_repository(const TemporaryDirectory& folder) {
  fs::create_directories(folder / "SANA-Video_tiny/checkpoints");
  sana::save_torch_file(folder / "SANA-Video_tiny/checkpoints/SANA_Video_tiny.pth",
                        sana_test::original_checkpoint());
  folder.file("config.json", sana_test::tiny_dit_json().dump());
}

}  // namespace

TEST_CASE("an original checkpoint goes through every layout and comes back", "[end_to_end]") {
  const TemporaryDirectory folder;
  save_repository(folder);
  const Outcome first = run(folder, {"convert", "SANA-Video_tiny", "diffusers", "--to", "diffusers",
                                     "--config", "config.json"});
  CHECK(contains(first.out, "step          1234"));
  CHECK(contains(first.out, "left out      y_embedder.y_embedding"));
  CHECK(contains(first.out, "a whole pipeline also needs model_index.json"));
  CHECK(contains(first.out, "written       diffusers"));
  run(folder, {"convert", "diffusers", "native", "--to", "native"});
  run(folder, {"convert", "native", "back.pth", "--to", "original"});
  run(folder, {"convert", "back.pth", "again", "--to", "diffusers", "--config", "config.json"});
  const std::string weights = "transformer/diffusion_pytorch_model.safetensors";
  CHECK(file_bytes(folder / ("again/" + weights)) == file_bytes(folder / ("diffusers/" + weights)));
  CHECK(file_bytes(folder / "native/model.safetensors") ==
        file_bytes(folder / ("diffusers/" + weights)));

  const Outcome refused =
      run_program({"convert", "native", "back.pth", "--to", "original"}, folder.path());
  CHECK(refused.exit_code == 2);
  CHECK(contains(refused.err, "--overwrite"));
  run(folder, {"convert", "native", "back.pth", "--to", "original", "--overwrite", "--dtype",
               "bfloat16", "--wrapper", "generator"});
  const Outcome seen = run(folder, {"inspect", "back.pth"});
  CHECK(contains(seen.out, "inside        generator"));
  CHECK(contains(seen.out, "76 of BFloat16"));
}

TEST_CASE("inspect says which model a checkpoint holds and whether it fits", "[end_to_end]") {
  const TemporaryDirectory folder;
  save_repository(folder);
  const Outcome original = run(folder, {"inspect", "SANA-Video_tiny", "--tensors"});
  CHECK(contains(original.out, "layout        original repository"));
  CHECK(contains(original.out, "step          1234"));
  CHECK(contains(original.out, "epoch         3"));
  CHECK(contains(original.out, "unknown sizes: video, 3 blocks of 112 channels"));
  CHECK(contains(original.out, "left over     y_embedder.y_embedding, pos_embed"));
  CHECK(contains(original.out, "fits          yes"));
  CHECK(contains(original.out, "blocks.2.attn.qkv.weight"));
  CHECK(contains(original.out, "use           sana-video convert"));

  sana::TorchValue::Dict damaged = sana_test::original_dit();
  std::erase_if(damaged, [](const auto& item) { return item.first == "t_block.1.bias"; });
  sana::save_torch_file(folder / "damaged.pth", {std::move(damaged)});
  const Outcome misfit = run(folder, {"inspect", "damaged.pth"});
  CHECK(contains(misfit.out, "fits          no:"));
  CHECK(contains(misfit.out, "1 missing:\n    t_block.1.bias"));

  sana::save_safetensors(folder / "vae.safetensors",
                         {{"encoder.downsamples.0.residual.0.gamma", at::ones({96, 1, 1, 1})}});
  CHECK(contains(run(folder, {"inspect", "vae.safetensors"}).out, "Wan VAE, original names"));
}

TEST_CASE("convert names what is wrong with its input", "[end_to_end]") {
  const TemporaryDirectory folder;
  folder.file("junk.pth", "PK no archive");
  folder.file("notes.txt", "text");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"convert", "junk.pth", "out", "--to", "diffusers"},
                                             {"convert", "notes.txt", "out", "--to", "diffusers"},
                                             {"convert", "absent", "out", "--to", "diffusers"}}) {
    const Outcome outcome = run_program(words, folder.path());
    INFO(describe(outcome));
    CHECK(outcome.exit_code == 2);
    CHECK(contains(outcome.err, words[1]));
    CHECK_FALSE(fs::exists(folder / "out"));
  }
}
