// Prepared sets with random damage, hashes made right again where a stranger would. Each must end in
// an error of the user's or in samples that are what they were. SANA_MUTATIONS=5000 and SANA_SEED=1
// in the environment try others.
#include <cstdlib>
#include <map>
#include <random>

#include "core/hash.h"
#include "data/loading/epoch_plan.h"
#include "unit/data/odd_sets.h"

namespace sana::data {
namespace {

using Json = nlohmann::json;

uint64_t setting(const char* name, uint64_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  size_t below(size_t bound) { return size_t(engine_() % bound); }
  template <class T>
  const T& one_of(const std::vector<T>& items) {
    return items[below(items.size())];
  }

 private:
  std::mt19937_64 engine_;
};

using Files = std::map<std::string, std::string>;

struct Base {
  Files files;
  std::vector<Sample> samples;
};

Base make_base(bool has_index, bool has_geometry, Kind kind) {
  const TempFolder folder;
  OddSet set = latents_set(3);
  set.has_index = has_index;
  set.has_geometry = has_geometry;
  set.kind = kind;
  if (kind == Kind::kPixels) {
    set.bucket = {8, 8, 3};
    for (size_t i = 0; i < set.samples.size(); ++i) {
      set.samples[i] = {};
      set.samples[i].pixels = test_pixels(3, 8, 8, int64_t(i));
    }
  }
  write_odd_set(folder / "set", set);
  Base base{{}, set.samples};
  for (const auto& entry : fs::directory_iterator(folder / "set")) {
    base.files[entry.path().filename().string()] = read_all(entry.path());
  }
  return base;
}

void damage_bytes(std::string& bytes, Dice& dice) {
  const size_t at = dice.below(bytes.size());
  const size_t count = std::min(bytes.size() - at, size_t(1) << dice.below(6));
  switch (dice.below(4)) {
    case 0:
      bytes[at] = char(bytes[at] ^ (1 << dice.below(8)));
      break;
    case 1:
      std::fill_n(bytes.begin() + ptrdiff_t(at), count, dice.below(2) == 0 ? '\xFF' : '\0');
      break;
    case 2:
      for (size_t i = 0; i < count; ++i) bytes[at + i] = char(dice.below(256));
      break;
    default:
      std::copy_n(bytes.begin() + ptrdiff_t(dice.below(bytes.size() - count + 1)), count,
                  bytes.begin() + ptrdiff_t(at));
  }
}

// Replaces, removes or doubles a value anywhere in the document.
void damage_json(Json& json, Dice& dice) {
  const std::vector<Json> values = {0,
                                    -1,
                                    1,
                                    2,
                                    7,
                                    INT32_MAX,
                                    INT64_MAX,
                                    1e300,
                                    0.5,
                                    UINT64_MAX,
                                    "a",
                                    "",
                                    nullptr,
                                    true,
                                    "../a",
                                    "/etc/passwd",
                                    Json::array(),
                                    Json::object(),
                                    "float32",
                                    "uint8",
                                    "int64",
                                    "60000x60000x1000000",
                                    4096,
                                    1 << 20};
  Json* value = &json;
  while (value->is_structured() && !value->empty() && dice.below(12) != 0) {
    auto child = value->begin();
    std::advance(child, ptrdiff_t(dice.below(value->size())));
    value = &*child;
  }
  if (value->is_array() && value->size() > 1 && dice.below(2) == 0) {
    std::swap((*value)[dice.below(value->size())], (*value)[dice.below(value->size())]);
  } else if (value->is_number_integer() && dice.below(2) == 0) {
    *value = int64_t(value->get<uint64_t>() + dice.below(9) - 4);
  } else {
    *value = dice.one_of(values);
  }
}

// What write_dataset_file() would write, as far as the document can be understood.
void mend_fingerprint(Json& json) {
  try {
    Hasher hasher;
    const auto null_text = json.at("null_text");
    hasher.add(fmt::format("{} {}\n{}\n{:.6f}\n{}\n{}\n{}\n", kDatasetFormat, kDatasetVersion,
                           json.at("kind").get<std::string>(),
                           json.at("settings").at("fps").get<double>(),
                           json.at("encoders").at("vae").get<std::string>(),
                           json.at("encoders").at("text").get<std::string>(),
                           null_text.is_null() ? "" : null_text.at("hash").get<std::string>()));
    for (const Json& sample : json.at("samples")) {
      hasher.add(sample.at("id").get<std::string>() + "\t" +
                 sample.at("caption").get<std::string>() + "\t" +
                 sample.at("bucket").get<std::string>() + "\t" +
                 sample.at("hash").get<std::string>());
      if (sample.contains("weight") && sample["weight"] != 1) {
        hasher.add(fmt::format("\tweight {:.17g}", sample["weight"].get<double>()));
      }
      hasher.add("\n");
    }
    json["fingerprint"] = hasher.hex();
  } catch (const Json::exception&) {
    // Then it is wrong, as the rest is.
  }
}

// Damages one file; false when samples may now be others than they were.
bool damage(Files& files, Dice& dice) {
  Json dataset = Json::parse(files.at("dataset.json"));
  const bool has_index = files.count("shard-00000.index.json") != 0;
  const size_t what = dice.below(8);
  if (what <= 2 || (what <= 4 && !has_index)) {
    damage_bytes(files.at("shard-00000.h5"), dice);
    return true;
  }
  if (what <= 4) {
    std::string& text = files.at("shard-00000.index.json");
    Json index = Json::parse(text);
    const size_t times = 1 + dice.below(3);
    for (size_t i = 0; i < times; ++i) damage_json(index, dice);
    text = index.dump();
    if (dice.below(8) == 0) damage_bytes(text, dice);
    dataset["shards"][0]["index_hash"] = hash_text(text);
    files["dataset.json"] = dataset.dump();
    // Else shapes are what the first samples say.
    return dataset["kind"] == "pixels" || dataset["encoders"].contains("geometry");
  }
  if (what == 5 && files.count("null_text.h5") != 0) {
    damage_bytes(files.at("null_text.h5"), dice);
    return true;
  }
  damage_json(dataset, dice);
  mend_fingerprint(dataset);
  files["dataset.json"] = dataset.dump();
  if (dice.below(8) == 0) damage_bytes(files["dataset.json"], dice);
  return false;
}

void check_equal(const Sample& a, const Sample& b) {
  for (const auto part : {&Sample::pixels, &Sample::latents, &Sample::text, &Sample::mask}) {
    CHECK((a.*part).defined() == (b.*part).defined());
    if ((a.*part).defined()) CHECK((a.*part).equal(b.*part));
  }
}

// Reads the set as inspect and training do; how many samples are whole.
int64_t read_whole_set(const fs::path& folder, const Base& base, bool is_same) {
  const PreparedDataset dataset(folder);
  dataset.damaged_files();
  std::map<ClipSize, std::pair<std::vector<int64_t>, std::vector<Sample>>> whole;
  int64_t count = 0;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    try {
      const Sample sample = dataset.sample(i);
      if (is_same) check_equal(sample, base.samples.at(size_t(i)));
      whole[dataset.info(i).bucket].first.push_back(i);
      whole[dataset.info(i).bucket].second.push_back(sample);
      ++count;
    } catch (const UnusableClip&) {
      continue;
    }
  }
  for (const auto& [bucket, samples] : whole) {
    stack_samples(dataset, samples.first, samples.second);
  }
  plan_epoch(dataset, {2, 0}, 0);
  return count;
}

TEST_CASE("randomly damaged sets end in errors of the user's or in equal samples", "[data]") {
  const uint64_t seed = setting("SANA_SEED", 20261130), trials = setting("SANA_MUTATIONS", 200);
  const std::vector<Base> indexed = {make_base(true, true, Kind::kLatents),
                                     make_base(true, false, Kind::kLatents),
                                     make_base(true, false, Kind::kPixels)};
  // Each costs two processes.
  const std::vector<Base> foreign = {make_base(false, true, Kind::kLatents),
                                     make_base(false, false, Kind::kPixels)};
  const TempFolder folder;
  int64_t refused = 0, whole = 0;
  for (uint64_t trial = 0; trial < trials; ++trial) {
    INFO("SANA_SEED=" << seed << ", trial " << trial);
    Dice dice(seed * 1000003 + trial);
    const Base& base = dice.one_of(dice.below(10) == 0 ? foreign : indexed);
    Files files = base.files;
    const bool is_same = damage(files, dice);
    fs::remove_all(folder / "set");
    for (const auto& [name, bytes] : files) write_text(folder / "set" / name, bytes);
    try {
      whole += read_whole_set(folder / "set", base, is_same);
    } catch (const UserError&) {
      ++refused;
    }
  }
  WARN(fmt::format("seed {}: {} of {} damaged sets refused, {} samples of the others whole", seed,
                   refused, trials, whole));
  CHECK(whole > 0);
  CHECK(refused > 0);
}

}  // namespace
}  // namespace sana::data
