#include "core/counter_random.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>

#include "core/error.h"
#include "core/random.h"

namespace sana {
namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;
constexpr int64_t kMask = 0xFFFFFFFF;
constexpr float kWordUnit = 1.0f / 4294967296.0f;  // 2^-32
constexpr float kTurn = 6.28318530717958648f;

uint32_t as_word(int64_t number) {
  SANA_ASSERT(number >= 0 && number <= kMask);
  return static_cast<uint32_t>(number);
}

// Two standard normal numbers of two words (Box and Muller, 1958). The half keeps the logarithm
// finite.
std::array<float, 2> normal_pair(uint32_t a, uint32_t b) {
  const float radius = std::sqrt(-2.0f * std::log((float(a) + 0.5f) * kWordUnit));
  const float angle = kTurn * (float(b) * kWordUnit);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

// Counters of a plane of pixels: one for four of them.
int64_t groups_of(const NoiseShape& shape) { return (shape.height * shape.width + 3) / 4; }

void fill_plane(float* out, int64_t count, PhiloxWords counter, uint64_t key) {
  for (int64_t at = 0; at < count; at += 4, ++counter[0]) {
    const PhiloxWords words = philox(counter, key);
    const auto first = normal_pair(words[0], words[1]), second = normal_pair(words[2], words[3]);
    const std::array<float, 4> four = {first[0], first[1], second[0], second[1]};
    for (int64_t i = 0; i < std::min<int64_t>(4, count - at); ++i) out[at + i] = four[size_t(i)];
  }
}

// The rounds of philox() on tensors of words in int64; products wrap around, as they do there.
std::array<at::Tensor, 4> philox_tensors(std::array<at::Tensor, 4> c, uint64_t key) {
  auto key0 = static_cast<uint32_t>(key), key1 = static_cast<uint32_t>(key >> 32);
  const auto high = [](const at::Tensor& product) {
    return at::bitwise_right_shift(product, 32).bitwise_and(kMask);
  };
  for (int round = 0; round < kRounds; ++round) {
    const at::Tensor product0 = c[0] * int64_t(kMultiplier0);
    const at::Tensor product1 = c[2] * int64_t(kMultiplier1);
    c = {high(product1).bitwise_xor(c[1]).bitwise_xor(int64_t(key0)), product1.bitwise_and(kMask),
         high(product0).bitwise_xor(c[3]).bitwise_xor(int64_t(key1)), product0.bitwise_and(kMask)};
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  return c;
}

std::array<at::Tensor, 2> normal_pair(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor radius = ((a.to(at::kFloat) + 0.5f) * kWordUnit).log().mul(-2.0f).sqrt();
  const at::Tensor angle = (b.to(at::kFloat) * kWordUnit) * kTurn;
  return {radius * angle.cos(), radius * angle.sin()};
}

}  // namespace

PhiloxWords philox(PhiloxWords c, uint64_t key) {
  auto key0 = static_cast<uint32_t>(key), key1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t product0 = uint64_t(kMultiplier0) * c[0];
    const uint64_t product1 = uint64_t(kMultiplier1) * c[2];
    c = {static_cast<uint32_t>(product1 >> 32) ^ c[1] ^ key0, static_cast<uint32_t>(product1),
         static_cast<uint32_t>(product0 >> 32) ^ c[3] ^ key1, static_cast<uint32_t>(product0)};
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  return c;
}

RandomStream StepRandom::stream(const std::string& purpose) const {
  return {stream_seed(seed_, purpose), step_};
}

// The second word is the frame in noise(), so single draws never meet it: a stream gives one or the
// other.
PhiloxWords RandomStream::words(int64_t sample, int64_t draw) const {
  return philox({as_word(draw), 0, as_word(sample), as_word(step_)}, key_);
}

double RandomStream::uniform(int64_t sample, int64_t draw) const {
  const PhiloxWords w = words(sample, draw);
  const uint64_t bits = (uint64_t(w[0]) << 21) ^ (w[1] >> 11);
  return std::ldexp(static_cast<double>(bits), -53);
}

double RandomStream::normal(int64_t sample, int64_t draw) const {
  const PhiloxWords w = words(sample, draw);
  const double radius = std::sqrt(-2.0 * std::log(std::ldexp(double(w[0]) + 0.5, -32)));
  return radius * std::cos(2.0 * M_PI * std::ldexp(double(w[1]), -32));
}

int64_t RandomStream::below(int64_t bound, int64_t sample, int64_t draw) const {
  SANA_ASSERT(bound > 0);
  return std::min(bound - 1, static_cast<int64_t>(uniform(sample, draw) * double(bound)));
}

at::Tensor noise_by_loop(const NoiseBlock& block) {
  const NoiseShape& shape = block.shape;
  const int64_t plane = shape.height * shape.width;
  const at::Tensor out = at::empty(
      {block.samples, shape.channels, shape.frames, shape.height, shape.width}, at::kFloat);
  auto* values = out.mutable_data_ptr<float>();
  const int64_t planes = block.samples * shape.channels * shape.frames;
  at::parallel_for(0, planes, /*grain_size=*/1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t frame = i % shape.frames, channel = i / shape.frames % shape.channels;
      const int64_t sample = i / (shape.frames * shape.channels);
      const PhiloxWords counter = {as_word(channel * groups_of(shape)),
                                   as_word(shape.first_frame + frame),
                                   as_word(block.first_sample + sample), as_word(block.step)};
      fill_plane(values + i * plane, plane, counter, block.key);
    }
  });
  return out;
}

at::Tensor noise_by_tensors(const NoiseBlock& block, c10::Device device) {
  const NoiseShape& shape = block.shape;
  const int64_t plane = shape.height * shape.width, groups = groups_of(shape);
  const auto count = [&](int64_t first, int64_t n, at::IntArrayRef view) {
    as_word(first + n);
    return at::arange(first, first + n, at::device(device).dtype(at::kLong)).view(view);
  };
  const at::Tensor index =
      count(0, shape.channels * groups, {1, shape.channels, 1, groups});  // [1, C, 1, groups]
  const at::Tensor frame = count(shape.first_frame, shape.frames, {1, 1, shape.frames, 1});
  const at::Tensor sample = count(block.first_sample, block.samples, {block.samples, 1, 1, 1});
  const at::Tensor step = at::full({1, 1, 1, 1}, int64_t(as_word(block.step)), index.options());
  const auto words = philox_tensors({index, frame, sample, step}, block.key);
  const auto first = normal_pair(words[0], words[1]), second = normal_pair(words[2], words[3]);
  return at::stack({first[0], first[1], second[0], second[1]}, -1)  // [B, C, T, groups, 4]
      .flatten(3)
      .narrow(3, 0, plane)
      .reshape({block.samples, shape.channels, shape.frames, shape.height, shape.width});
}

at::Tensor RandomStream::noise(int64_t first_sample, int64_t samples, const NoiseShape& shape,
                               c10::Device device) const {
  const NoiseBlock block = {key_, step_, first_sample, samples, shape};
  return device.is_cpu() ? noise_by_loop(block) : noise_by_tensors(block, device);
}

}  // namespace sana
