#include "infer/sample_output.h"

#include <array>
#include <optional>

#include "core/error.h"
#include "core/files.h"
#include "core/safetensors.h"
#include "core/text.h"
#include "media/encode/video_format.h"

namespace sana::infer {
namespace fs = std::filesystem;
namespace {

// Keys that every provenance of this program has.
constexpr std::array kOwnKeys = {"prompt", "seed", "weights_sha1", "program"};
constexpr int64_t kMostListed = 10;
constexpr int64_t kMostProvenanceBytes = 16 << 20;

fs::path beside(const fs::path& out, const char* ending) {
  const bool is_usual = out.extension() == ".mp4" || out.extension() == ".png";
  return (is_usual ? fs::path(out).replace_extension("") : out).string() + ending;
}

// A provenance of this program for this output; nothing when it is anything else.
std::optional<nlohmann::json> read_provenance(const fs::path& file, const fs::path& out) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return std::nullopt;
  const auto json = nlohmann::json::parse(read_text_file(file, kMostProvenanceBytes), nullptr,
                                          /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  for (const char* key : kOwnKeys) {
    if (!json.contains(key)) return std::nullopt;
  }
  // Provenances of earlier versions do not name it.
  const std::string name = path_as_text(out.filename());
  if (json.contains("output") && json["output"] != name) return std::nullopt;
  return json;
}

bool has_latents_of(const SampleJob& job, const nlohmann::json& request) {
  const fs::path file = latents_file(job.out);
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return false;
  try {
    const SafetensorsFile latents(file);
    const auto found = latents.metadata().find("request");
    if (found == latents.metadata().end()) return false;
    const auto stored = nlohmann::json::parse(found->second, nullptr, /*allow_exceptions=*/false);
    return is_same_request(stored, request, job.has_random_seed);
  } catch (const UserError&) {
    return false;  // damaged, so it is made again
  }
}

}  // namespace

fs::path provenance_file(const fs::path& out) { return beside(out, ".json"); }
fs::path latents_file(const fs::path& out) { return beside(out, ".latents.safetensors"); }

bool is_same_request(const nlohmann::json& stored, const nlohmann::json& wanted,
                     bool has_random_seed) {
  if (!stored.is_object()) return false;
  for (const auto& [key, value] : wanted.items()) {
    if (has_random_seed && key == "seed") continue;
    if (!stored.contains(key) || stored[key] != value) return false;
  }
  return true;
}

OutputState state_of_output(const SampleJob& job, const nlohmann::json& request,
                            const std::string& vae) {
  const fs::path file = provenance_file(job.out);
  // Without an encoder a video is a folder of pictures.
  const fs::path pictures = fs::path(job.out).replace_extension("");
  const bool is_there = fs::exists(job.out) ||
                        (job.out.extension() != ".png" && fs::exists(pictures / "frame-00000.png"));
  const auto provenance = read_provenance(file, job.out);
  if (!provenance && fs::exists(file)) return OutputState::kForeign;
  if (!is_there) return OutputState::kAbsent;
  if (provenance) {
    const bool same = is_same_request(*provenance, request, job.has_random_seed) &&
                      provenance->value("vae", nlohmann::json()) == vae;
    return same ? OutputState::kDone : OutputState::kOther;
  }
  return has_latents_of(job, request) ? OutputState::kAbsent : OutputState::kForeign;
}

std::vector<fs::path> remains_of(const SampleJob& job, const nlohmann::json& request,
                                 bool keeps_latents) {
  std::vector<fs::path> remains;
  for (const fs::path& file : {job.out, provenance_file(job.out), latents_file(job.out)}) {
    const fs::path partial = file.string() + ".partial";
    std::error_code error;
    if (fs::is_regular_file(partial, error)) remains.push_back(partial);
  }
  if (!keeps_latents && has_latents_of(job, request)) remains.push_back(latents_file(job.out));
  return remains;
}

void OutputComplaints::add(const SampleJob& job, OutputState state) {
  if (state != OutputState::kOther && state != OutputState::kForeign) return;
  if (++count_ > kMostListed) return;
  const fs::path file = provenance_file(job.out);
  const bool is_side_file = state == OutputState::kForeign && !fs::exists(job.out);
  list_ += fmt::format("\n  {}: {}", (is_side_file ? file : job.out).string(),
                       state == OutputState::kOther ? "was made of another prompt, seed or setting"
                                                    : "was not made by this program");
}

void OutputComplaints::throw_if_any() const {
  if (count_ == 0) return;
  throw UserError(fmt::format(
      "{} output{} would replace what is there:{}{}\n  Choose another --out, or give --overwrite.",
      count_, count_ == 1 ? "" : "s", list_,
      count_ > kMostListed ? fmt::format("\n  ... and {} more", count_ - kMostListed) : ""));
}

void check_output_name(const SampleJob& job) {
  const fs::path& out = job.out;
  require(out.has_filename() && !fs::is_directory(out),
          "--out: '{}' is a folder; name a file in it that ends in {}", out.string(),
          media::video_endings());
  if (out.extension() == ".png") {
    require(job.size.frames == 1,
            "--out: '{}' is one picture, and the video has {} frames; give a name that ends in {}",
            out.string(), job.size.frames, media::video_endings());
    return;
  }
  require(media::is_video_name(out), "--out: '{}' must end in {}, or in .png for one frame",
          out.string(), media::video_endings());
}

}  // namespace sana::infer
