#include "infer/provenance.h"

#include <torch/headeronly/version.h>

#include "core/build_config.h"
#include "core/clock.h"
#include "core/config/json.h"
#include "core/device.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json_dump.h"
#include "core/text.h"
#include "infer/sample_output.h"

namespace sana::infer {

nlohmann::ordered_json request_json(const SampleJob& job, const ClipSize& generated,
                                    const std::string& weights_identity,
                                    const std::string& text_identity) {
  nlohmann::ordered_json request = {{"prompt", job.prompt},
                                    {"negative", job.negative},
                                    {"seed", job.seed},
                                    {"height", job.size.height},
                                    {"width", job.size.width},
                                    {"frames", job.size.frames},
                                    {"generated_height", generated.height},
                                    {"generated_width", generated.width},
                                    {"sampler", config::to_json(job.sampler)},
                                    {"weights_sha1", weights_identity},
                                    {"text_encoder", text_identity}};
  if (!job.image.empty()) request["image_sha1"] = hash_file(job.image);
  return request;
}

std::string vae_name(const checkpoints::Checkpoint& checkpoint) {
  const std::string& identity = checkpoint.pipeline.vae_identity;
  return identity.empty() ? checkpoint.vae.name : identity;
}

void write_provenance(const std::filesystem::path& out, nlohmann::ordered_json request,
                      const checkpoints::Checkpoint& checkpoint, c10::Device device,
                      c10::ScalarType dtype, const TextLengths& lengths, const Timings& timings) {
  request["output"] = path_as_text(out.filename());
  request["fps"] = checkpoint.pipeline.fps;
  request["checkpoint"] = path_as_text(std::filesystem::absolute(checkpoint.path));
  request["checkpoint_verified"] = checkpoint.verified;
  request["vae"] = vae_name(checkpoint);
  request["max_tokens"] = lengths.prompt.limit;
  request["prompt_tokens"] = lengths.prompt.tokens;
  request["negative_tokens"] = lengths.negative.tokens;
  request["cut_texts"] = int64_t(lengths.prompt.is_cut()) + int64_t(lengths.negative.is_cut());
  request["program"] = "sana-video " SANA_VERSION;
  request["libtorch"] = TORCH_VERSION;
  request["device"] = device.str();
  request["dtype"] = dtype_name(dtype);
  request["sampling_s"] = timings.sampling_s;
  request["decode_and_write_s"] = timings.decode_and_write_s;
  request["peak_device_memory_bytes"] = peak_device_memory(device);
  request["peak_host_memory_bytes"] = host_memory().peak_resident;
  request["time"] = utc_now();
  write_file_atomically(provenance_file(out), dump_json(request, 2) + "\n");
}

}  // namespace sana::infer
