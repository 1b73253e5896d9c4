#include "train/step_flops.h"

#include <ATen/ATen.h>

#include "support/catch.h"
#include "support/temporary_directory.h"
#include "train/measuring_memory.h"
#include "unit/train/tiny_run.h"

namespace {
using namespace sana;
using train::TrainConfig;

TrainConfig dit(const std::filesystem::path& folder) {
  sana_test::write_tiny_latents(folder / "latents", {});
  TrainConfig config = sana_test::tiny_dit_config(folder);
  config.model.num_heads = config.model.num_cross_heads = 4;
  config.model.head_dim = 64;
  config.model.mlp_ratio = 4;
  return config;
}

TEST_CASE("a step of the DiT computes what its products say", "[train][flops]") {
  const sana_test::TemporaryDirectory folder;
  const TrainConfig config = dit(folder.path());
  const train::Datasets datasets = train::build_datasets(config, at::kMeta);
  train::StepFlops flops(config, datasets);
  const data::Batch one = train::largest_batch(*datasets.videos, 1);
  const data::Batch two = train::largest_batch(*datasets.videos, 2);
  CHECK(flops.of(two) == 2 * flops.of(one));

  // The products of a block with its tokens, the text once; attention, norms and gates aside.
  const auto& model = config.model;
  const int64_t width = model.num_heads * model.head_dim;
  const int64_t hidden = int64_t(double(width) * model.mlp_ratio);
  const at::IntArrayRef size = one.data.sizes();
  const int64_t tokens = size[2] / model.patch_size[0] * (size[3] / model.patch_size[1]) *
                         (size[4] / model.patch_size[2]);
  const int64_t text = one.text.size(1);
  const int64_t per_token = 4 * width * width     // self-attention
                            + 2 * width * width   // cross-attention, queries and output
                            + 2 * width * hidden  // into the Mix-FFN
                            + hidden * width      // out of it
                            + 2 * hidden * 9      // spatial convolution
                            + 3 * width * width;  // temporal convolution
  const int64_t per_word = 2 * width * width;     // cross-attention, keys and values
  const double expected =
      3.0 * 2.0 * double(model.num_layers) * double(tokens * per_token + text * per_word);
  INFO("counted " << flops.of(one) << ", of the blocks " << expected);
  CHECK(double(flops.of(one)) > expected);
  CHECK(double(flops.of(one)) < 1.25 * expected);
}

TEST_CASE("the mean step takes each stream as often as its turn comes", "[train][flops]") {
  const sana_test::TemporaryDirectory folder;
  TrainConfig config = dit(folder.path());
  const train::Datasets datasets = train::build_datasets(config, at::kMeta);
  train::StepFlops flops(config, datasets);
  const double one = flops.mean_step(1);
  CHECK(flops.mean_step(3) == sana_test::Approx(3 * one));
  config.train.accumulation = 2;
  CHECK(train::StepFlops(config, datasets).mean_step(1) == sana_test::Approx(2 * one));
}

}  // namespace
