// Our models against outputs and gradients of the public PyTorch implementation.
#include <ATen/ATen.h>

#include <filesystem>

#include "core/device.h"
#include "core/error.h"
#include "infer/verify/verify.h"
#include "support/catch.h"
#include "support/skip.h"
#include "support/temporary_directory.h"

namespace {

namespace fs = std::filesystem;
using sana::infer::verify_file;
using sana::infer::VerifyLine;

fs::path fixture(const std::string& name) {
  return fs::path(SANA_TEST_DATA) / (name + ".safetensors");
}

// Writes a copy of a fixture whose weights with `part` in their name grew by one per cent.
fs::path perturbed_copy(const fs::path& folder, const std::string& name, const std::string& part) {
  const sana::SafetensorsFile file(fixture(name));
  sana::TensorMap tensors = file.tensors();
  for (auto& [key, tensor] : tensors) {
    if (key.rfind("w.", 0) == 0 && key.find(part) != std::string::npos) tensor = tensor * 1.01;
  }
  const fs::path copy = folder / (name + ".safetensors");
  sana::save_safetensors(copy, tensors, file.metadata());
  return copy;
}

// The block-causal run has the weights of another fixture.
std::optional<fs::path> weights_of(const std::string& name) {
  return name == "dit_480_causal" ? std::make_optional(fixture("dit_480_tiny")) : std::nullopt;
}

void check_all(const std::vector<std::string>& names, c10::ScalarType dtype, c10::Device device) {
  for (const std::string& name : names) {
    sana::infer::VerifyOptions options;
    options.device = device;
    options.dtype = dtype;
    options.weights = weights_of(name);
    for (const VerifyLine& line : verify_file(fixture(name), options)) {
      INFO(name << " on " << device.str() << ": " << line.name << " error " << line.error
                << " bound " << line.bound);
      CHECK(line.computed);
      CHECK(line.ok());
    }
  }
}

const std::vector<std::string> kFixtures = {
    "samplers",         "dit_480_tiny",      "dit_480_causal",    "dit_720_tiny",
    "sana_image_plain", "sana_image_normed", "sana_image_guided", "wan_vae_tiny",
    "ltx2_vae_tiny",    "ltx2_vae_variant",  "dcae_tiny",         "dc_ae_shuffle_tiny",
    "dc_ae_video_tiny", "gemma2_tiny"};

const std::vector<std::string> kBfloat16Fixtures = {
    "dit_480_tiny",      "dit_480_causal",     "dit_720_tiny",     "sana_image_plain",
    "sana_image_normed", "sana_image_guided",  "wan_vae_tiny",     "ltx2_vae_tiny",
    "dcae_tiny",         "dc_ae_shuffle_tiny", "dc_ae_video_tiny", "gemma2_tiny"};

size_t failures(const std::vector<VerifyLine>& lines) {
  size_t count = 0;
  for (const VerifyLine& line : lines) count += line.ok() ? 0 : 1;
  return count;
}

}  // namespace

TEST_CASE("every stored tensor of the fixtures is reproduced in float32", "[parity]") {
  check_all(kFixtures, at::kFloat, at::kCPU);
}

TEST_CASE("a GPU reproduces every stored tensor in float32", "[parity][gpu]") {
  SANA_SKIP_WITHOUT_GPU();
  check_all(kFixtures, at::kFloat, sana::parse_device("auto"));
}

TEST_CASE("bfloat16 stays within its bounds", "[parity]") {
  check_all(kBfloat16Fixtures, at::kBFloat16, at::kCPU);
}

TEST_CASE("bfloat16 on a GPU stays within its bounds", "[parity][gpu]") {
  SANA_SKIP_WITHOUT_GPU();
  check_all(kBfloat16Fixtures, at::kBFloat16, sana::parse_device("auto"));
}

TEST_CASE("one per cent more in one weight is noticed", "[parity]") {
  const sana_test::TemporaryDirectory folder;
  CHECK(failures(verify_file(perturbed_copy(folder.path(), "dit_480_tiny", "attn1.to_v"), {})) > 0);
  CHECK(failures(verify_file(perturbed_copy(folder.path(), "dit_720_tiny", "conv_temp"), {})) > 0);
  CHECK(failures(verify_file(perturbed_copy(folder.path(), "wan_vae_tiny", "time_conv"), {})) > 0);
  CHECK(failures(verify_file(perturbed_copy(folder.path(), "dcae_tiny", "proj_out"), {})) > 0);
  CHECK(failures(verify_file(perturbed_copy(folder.path(), "dc_ae_video_tiny", "main.conv2"), {})) >
        0);
  CHECK(failures(verify_file(perturbed_copy(folder.path(), "gemma2_tiny", "mlp.gate"), {})) > 0);
  CHECK(failures(verify_file(perturbed_copy(folder.path(), "ltx2_vae_tiny", "upsamplers"), {})) >
        0);
  CHECK(failures(verify_file(perturbed_copy(folder.path(), "ltx2_vae_variant", "norm3"), {})) > 0);
}

TEST_CASE("one per cent more in one weight of an image model is noticed", "[parity]") {
  const sana_test::TemporaryDirectory folder;
  const auto [name, part] = GENERATE(table<std::string, std::string>({
      {"sana_image_plain", "patch_embed.proj.weight"},
      {"sana_image_plain", "attn1.to_v"},
      {"sana_image_normed", "attn2.norm_k"},
      {"sana_image_normed", "conv_depth"},
      {"sana_image_guided", "guidance_embedder.linear_1"},
  }));
  INFO(name << " " << part);
  CHECK(failures(verify_file(perturbed_copy(folder.path(), name, part), {})) > 0);
}

TEST_CASE("one per cent more in a weight of the carried state is noticed", "[parity]") {
  const sana_test::TemporaryDirectory folder;
  // One of S, one of z, one of the tail.
  for (const std::string part : {"attn1.to_v", "attn1.norm_k", "ff.conv_point"}) {
    sana::infer::VerifyOptions options;
    options.weights = perturbed_copy(folder.path(), "dit_480_tiny", part);
    INFO(part);
    CHECK(failures(verify_file(fixture("dit_480_causal"), options)) > 0);
  }
}

// Copy of the block-causal fixture with another header.
fs::path causal_copy(const fs::path& folder, const std::optional<std::string>& cuts) {
  const sana::SafetensorsFile file(fixture("dit_480_causal"));
  sana::Metadata metadata = file.metadata();
  metadata.erase("cuts");
  if (cuts) metadata["cuts"] = *cuts;
  const fs::path copy = folder / "causal.safetensors";
  sana::save_safetensors(copy, file.tensors(), metadata);
  return copy;
}

TEST_CASE("blocks of frames that the header does not tell follow from what is stored", "[parity]") {
  const sana_test::TemporaryDirectory folder;
  sana::infer::VerifyOptions options;
  options.weights = fixture("dit_480_tiny");
  CHECK(failures(verify_file(causal_copy(folder.path(), std::nullopt), options)) == 0);
}

TEST_CASE("blocks of frames that do not fit the latents are refused", "[parity]") {
  const sana_test::TemporaryDirectory folder;
  sana::infer::VerifyOptions options;
  options.weights = fixture("dit_480_tiny");
  for (const std::string cuts :
       {"[0, 3, 5, 8]", "[0, 5, 3, 7]", "[]", "[0, -1, 7]", "three", "[7]"}) {
    INFO(cuts);
    CHECK_THROWS_AS(verify_file(causal_copy(folder.path(), cuts), options), sana::UserError);
  }
}

TEST_CASE("a stored output that no model computes is a failure", "[parity]") {
  const sana::SafetensorsFile file(fixture("samplers"));
  sana::TensorMap tensors = file.tensors();
  tensors["out.unipc.shift3.steps4"] = at::zeros({2, 3, 4});
  const sana_test::TemporaryDirectory folder;
  const fs::path copy = folder / "unknown_output.safetensors";
  sana::save_safetensors(copy, tensors, file.metadata());
  const auto lines = verify_file(copy, {});
  REQUIRE(failures(lines) == 1);
  CHECK_FALSE(lines.back().computed);
}

TEST_CASE("a fixture of an unknown model is refused by name", "[parity]") {
  const sana_test::TemporaryDirectory folder;
  const fs::path copy = folder / "unknown_model.safetensors";
  sana::save_safetensors(copy, {{"out.x", at::zeros({1})}}, {{"model", "UnheardOf"}});
  CHECK_THROWS_WITH(verify_file(copy, {}), sana_test::ContainsSubstring("UnheardOf"));
}
