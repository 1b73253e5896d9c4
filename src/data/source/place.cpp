#include "data/source/place.h"

#include "media/bytes/shard.h"

namespace sana::data {

std::shared_ptr<const media::ByteSource> open_bytes(const Place& place) {
  if (place.member.empty()) return media::open_bytes(place.path);
  return media::own_bytes(media::read_shard_entry(place.path, place.member, place.position));
}

}  // namespace sana::data
