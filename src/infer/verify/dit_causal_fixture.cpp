// The linear video DiT block by block with carried state: velocities, and the state after every
// block of frames.
#include <ATen/ATen.h>

#include <cstdlib>

#include "checkpoints/public/transformer_public.h"
#include "core/error.h"
#include "infer/verify/verify.h"
#include "model/sana_video.h"
#include "model/state_dict.h"

namespace sana::infer {
namespace {

// A number of the header, or `otherwise` where the file does not say.
double header_number(const Fixture& fixture, const std::string& key, double otherwise) {
  const auto found = fixture.metadata.find(key);
  if (found == fixture.metadata.end()) return otherwise;
  char* end = nullptr;
  const double value = std::strtod(found->second.c_str(), &end);
  require(end != found->second.c_str() && *end == 0, "{}: {} of the header is not a number: '{}'",
          fixture.where, key, found->second);
  return value;
}

// The public setting, for a file without "cuts": blocks of the size of the second one, the
// remainder goes to the first.
std::vector<int64_t> inferred_cuts(const Fixture& fixture, int64_t frames) {
  int64_t count = 0;
  while (fixture.stored.lower_bound(fmt::format("out.state.chunk{}.", count)) !=
         fixture.stored.lower_bound(fmt::format("out.state.chunk{}/", count))) {
    ++count;
  }
  const auto second = fixture.stored.find("out.chunk1_after_clean_chunk0");
  require(count <= 1 || second != fixture.stored.end(),
          "{}: neither 'cuts' in the header nor out.chunk1_after_clean_chunk0 tell the blocks of "
          "frames",
          fixture.where);
  std::vector<int64_t> cuts = {0};
  for (int64_t later = count - 1; later >= 1; --later) {
    cuts.push_back(frames - later * second->second.size(2));
  }
  cuts.push_back(frames);
  return cuts;
}

// Where blocks of frames start, and the end: 0, ..., T.
std::vector<int64_t> block_cuts(const Fixture& fixture, int64_t frames) {
  std::vector<int64_t> cuts;
  if (const auto found = fixture.metadata.find("cuts"); found != fixture.metadata.end()) {
    const auto json = nlohmann::json::parse(found->second, nullptr, false);
    require(json.is_array(), "{}: cuts of the header are not a list: {}", fixture.where,
            found->second);
    for (const auto& cut : json) cuts.push_back(cut.is_number_integer() ? cut.get<int64_t>() : -1);
  } else {
    cuts = inferred_cuts(fixture, frames);
  }
  bool rising = cuts.size() >= 2 && cuts.front() == 0 && cuts.back() == frames;
  for (size_t i = 1; i < cuts.size(); ++i) rising = rising && cuts[i - 1] < cuts[i];
  require(rising, "{}: blocks of frames must rise from 0 to the {} of in.x", fixture.where, frames);
  return cuts;
}

struct CausalRun {
  model::SanaVideo model;
  std::vector<int64_t> cuts;
  at::Tensor x, timestep, text, mask;

  at::Tensor latents(size_t block) const {
    return x.narrow(2, cuts[block], cuts[block + 1] - cuts[block]);
  }
};

CausalRun prepare_run(const Fixture& fixture, const VerifyOptions& options) {
  model::SanaVideoConfig config =
      checkpoints::sana_video_config_from_diffusers(fixture.config, fixture.where);
  config.attention_eps = header_number(fixture, "eps", 1e-8);
  CausalRun run{model::SanaVideo(config), {}, {}, {}, {}, {}};
  model::load_state_dict(*run.model, fixture.weights, fixture.where);
  run.model->to(options.device, options.dtype);
  run.x = fixture.input("x").to(options.device);
  require(run.x.dim() == 5, "{}: in.x is not [B, C, T, H, W]", fixture.where);
  run.timestep = fixture.input("timestep").to(options.device);
  run.text = fixture.input("text").to(options.device);
  if (fixture.has_input("text_mask")) {
    run.mask = fixture.input("text_mask").to(options.device);
  }
  run.cuts = block_cuts(fixture, run.x.size(2));
  return run;
}

void add_state(size_t chunk, const model::CausalState& state,
               std::vector<ComputedTensor>& results) {
  for (size_t k = 0; k < state.blocks.size(); ++k) {
    const std::string name = fmt::format("out.state.chunk{}.block{}.", chunk, k);
    results.push_back({name + "S", state.blocks[k].sums.s, ""});
    results.push_back({name + "z", state.blocks[k].sums.z, ""});
    results.push_back({name + "tail", state.blocks[k].tail, ""});
  }
}

}  // namespace

std::vector<ComputedTensor> run_dit_causal_fixture(const Fixture& fixture,
                                                   const VerifyOptions& options) {
  at::NoGradGuard no_grad;
  CausalRun run = prepare_run(fixture, options);
  std::vector<ComputedTensor> results;
  std::vector<at::Tensor> samples;
  model::CausalState state;
  for (size_t i = 0; i + 1 < run.cuts.size(); ++i) {
    const at::Tensor x = run.latents(i);
    samples.push_back(run.model->forward_block(x, run.timestep, run.text, run.mask, state));
    state.commit(run.model->block_contribution(x, run.timestep, run.text, run.mask, state));
    add_state(i, state, results);
  }
  results.push_back({"out.sample", at::cat(samples, 2), ""});

  if (run.cuts.size() > 2) {
    model::CausalState first;
    const at::Tensor clean = at::zeros_like(run.timestep);
    first.commit(run.model->block_contribution(run.latents(0), clean, run.text, run.mask, first));
    results.push_back(
        {"out.chunk1_after_clean_chunk0",
         run.model->forward_block(run.latents(1), run.timestep, run.text, run.mask, first), ""});
  }
  return results;
}

}  // namespace sana::infer
