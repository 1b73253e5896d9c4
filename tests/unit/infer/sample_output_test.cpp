#include "infer/sample_output.h"

#include "core/error.h"
#include "core/safetensors.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using namespace sana::infer;
using sana_test::contains;
using sana_test::message_of;
using sana_test::TemporaryDirectory;

const nlohmann::json kRequest = {{"prompt", "a cat"}, {"seed", 7}, {"weights_sha1", "00"}};
constexpr const char* kVae = "vae:1";

nlohmann::json provenance() {
  nlohmann::json json = kRequest;
  json["program"] = "sana-video";
  json["vae"] = kVae;
  json["output"] = "cat.mp4";
  json["text_encoder"] = "known only afterwards";
  return json;
}

class Folder {
 public:
  Folder() { job.out = folder_ / "cat.mp4"; }
  void video() { folder_.file("cat.mp4", "video"); }
  void provenance(const nlohmann::json& json) { folder_.file("cat.json", json.dump()); }
  void latents(const nlohmann::json& request) const {
    save_safetensors(folder_ / "cat.latents.safetensors", {{"latents", at::zeros({1})}},
                     {{"request", request.dump()}});
  }
  OutputState state() const { return state_of_output(job, kRequest, kVae); }
  const TemporaryDirectory& path() const { return folder_; }

  SampleJob job;

 private:
  TemporaryDirectory folder_;
};

TEST_CASE("an output is done when it and its provenance are of the same request", "[infer]") {
  Folder folder;
  CHECK(folder.state() == OutputState::kAbsent);
  folder.video();
  CHECK(folder.state() == OutputState::kForeign);
  folder.provenance(provenance());
  CHECK(folder.state() == OutputState::kDone);

  auto other = provenance();
  other["prompt"] = "a dog";
  folder.provenance(other);
  CHECK(folder.state() == OutputState::kOther);
  other = provenance();
  other["vae"] = "vae:2";
  folder.provenance(other);
  CHECK(folder.state() == OutputState::kOther);

  // A seed that was drawn is no wish.
  other = provenance();
  other["seed"] = 8;
  folder.provenance(other);
  CHECK(folder.state() == OutputState::kOther);
  folder.job.has_random_seed = true;
  CHECK(folder.state() == OutputState::kDone);
}

TEST_CASE("a video without its provenance is made again where its latents are", "[infer]") {
  Folder folder;
  folder.video();
  folder.latents(kRequest);
  CHECK(folder.state() == OutputState::kAbsent);
  auto other = kRequest;
  other["seed"] = 8;
  folder.latents(other);
  CHECK(folder.state() == OutputState::kForeign);
}

TEST_CASE("what kills left beside a finished output is known, and nothing else is", "[infer]") {
  const Folder folder;
  CHECK(remains_of(folder.job, kRequest, false).empty());
  folder.latents({{"prompt", "a dog"}});
  CHECK(remains_of(folder.job, kRequest, false).empty());  // of another request
  folder.latents(kRequest);
  CHECK(remains_of(folder.job, kRequest, true).empty());
  CHECK(remains_of(folder.job, kRequest, false) ==
        std::vector{folder.path() / "cat.latents.safetensors"});
  for (const char* name : {"cat.mp4.partial", "cat.json.partial", "cat.latents.safetensors.partial",
                           "dog.mp4.partial"}) {
    folder.path().file(name, "half");
  }
  CHECK(remains_of(folder.job, kRequest, true) ==
        std::vector{folder.path() / "cat.mp4.partial", folder.path() / "cat.json.partial",
                    folder.path() / "cat.latents.safetensors.partial"});
}

TEST_CASE("files of others are no provenance, and are not taken for one", "[infer]") {
  Folder folder;
  folder.provenance({{"prompt", "MY DATA"}});
  CHECK(folder.state() == OutputState::kForeign);
  folder.video();
  CHECK(folder.state() == OutputState::kForeign);
  auto of_another = provenance();
  of_another["output"] = "cat.png";
  folder.provenance(of_another);
  CHECK(folder.state() == OutputState::kForeign);
  OutputComplaints complaints;
  complaints.add(folder.job, folder.state());
  const std::string message = message_of<UserError>([&] { complaints.throw_if_any(); });
  CHECK(contains(message, "cat.mp4"));
  CHECK(contains(message, "--overwrite"));
}

TEST_CASE("names of outputs are judged before anything is made", "[infer]") {
  const TemporaryDirectory folder;
  SampleJob job;
  job.size.frames = 5;
  const auto refusal = [&](const fs::path& out) {
    job.out = out;
    return message_of<UserError>([&] { check_output_name(job); });
  };
  for (const char* name : {"x.mov", "x.jpg", "x.webp", "x", "run.v1", "x.mp4.bak"}) {
    CHECK(contains(refusal(name), "must end in .mp4"));
  }
  CHECK(contains(refusal("p.png"), "5 frames"));
  CHECK(contains(refusal(folder.path()), "is a folder"));
  CHECK(contains(refusal("newfolder/"), "is a folder"));
  job.out = "X.MP4";
  CHECK_NOTHROW(check_output_name(job));
  job.size.frames = 1;
  job.out = "p.png";
  CHECK_NOTHROW(check_output_name(job));
  CHECK(provenance_file("a/cat.mp4") == "a/cat.json");
  CHECK(provenance_file("a/cat.mkv") == "a/cat.mkv.json");
  CHECK(latents_file("run.v1.mp4") == "run.v1.latents.safetensors");
}

}  // namespace
