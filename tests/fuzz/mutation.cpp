#include "mutation.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace sana_fuzz {
namespace {

// At most `limit`; the remainder's bias does not matter here, other than being the same everywhere.
size_t below_or_equal(size_t limit, std::mt19937_64& random) { return random() % (limit + 1); }

void flip_bit(std::string& bytes, std::mt19937_64& random) {
  const size_t bit = below_or_equal(8 * bytes.size() - 1, random);
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
}

// A number that is likely to be at or beyond some limit, over 1, 2, 4 or 8 bytes.
void edit_number(std::string& bytes, std::mt19937_64& random) {
  const size_t width = size_t{1} << below_or_equal(3, random);
  if (bytes.size() < width) return;
  const size_t at = below_or_equal(bytes.size() - width, random);
  uint64_t old = 0;
  std::memcpy(&old, bytes.data() + at, width);
  const uint64_t numbers[] = {0,
                              1,
                              ~uint64_t{0},
                              uint64_t{1} << (8 * width - 1),
                              old + 1,
                              old - 1,
                              (uint64_t{1} << (8 * width - 1)) - 1,
                              old * 2,
                              random(),
                              bytes.size()};
  const uint64_t number = numbers[below_or_equal(std::size(numbers) - 1, random)];
  std::memcpy(bytes.data() + at, &number, width);
}

void splice(std::string& bytes, const std::string& other, std::mt19937_64& random) {
  if (other.empty()) return;
  const size_t from = below_or_equal(other.size() - 1, random);
  const size_t count = 1 + below_or_equal(std::min<size_t>(other.size() - from - 1, 64), random);
  const size_t at = below_or_equal(bytes.size(), random);
  const size_t replaced = below_or_equal(std::min(bytes.size() - at, count), random);
  bytes.replace(at, replaced, other, from, count);
}

void mutate_once(std::string& bytes, const std::string& other, std::mt19937_64& random) {
  switch (bytes.empty() ? 5 : below_or_equal(5, random)) {
    case 0:
      return flip_bit(bytes, random);
    case 1:
    case 2:
      return edit_number(bytes, random);
    case 3:
      bytes.resize(below_or_equal(bytes.size(), random));
      return;
    case 4: {
      const size_t at = below_or_equal(bytes.size() - 1, random);
      bytes.erase(at, 1 + below_or_equal(8, random));
      return;
    }
    default:
      return splice(bytes, below_or_equal(1, random) == 0 ? bytes : other, random);
  }
}

}  // namespace

std::string mutate(std::string seed, const std::string& other, std::mt19937_64& random) {
  const size_t changes = 1 + below_or_equal(3, random);
  for (size_t i = 0; i < changes; ++i) mutate_once(seed, other, random);
  return seed;
}

}  // namespace sana_fuzz
