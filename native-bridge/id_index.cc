// The id index: object id → slot, for objects whose id the caller chose. Buckets and chains lie in the control region.
#include <cstring>

#include "arena.h"

namespace plasmoid {

namespace {

uint64_t Hash(const uint8_t* id) {
  // Ids are random or hashed already; mixing four words spreads those that differ in one place only.
  uint64_t words[4] = {};
  std::memcpy(words, id, kIdBytes);
  uint64_t hash = 0x9e3779b97f4a7c15;
  for (const uint64_t word : words) {
    hash = (hash ^ word) * 0xff51afd7ed558ccd;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

uint32_t* Arena::Bucket(const uint8_t* id) const { return buckets_ + (Hash(id) & (bucket_count_ - 1)); }

int32_t Arena::InsertId(const uint8_t* id, uint32_t number) {
  std::lock_guard<std::mutex> guard(index_lock_);
  uint32_t* bucket = Bucket(id);
  for (uint32_t link = *bucket; link != 0; link = Name(link - 1)[name::kNextInBucket]) {
    if (std::memcmp(Name(link - 1) + name::kId, id, kIdBytes) != 0) continue;
    // A deleted object's entry stays until the actor reclaims its slot, and hides nothing meanwhile.
    if (IsLive(StateOf(Load(Header(link - 1))))) return status::kExists;
  }
  uint32_t* record = Name(number);
  std::memcpy(record + name::kId, id, kIdBytes);
  record[name::kNextInBucket] = *bucket;
  *bucket = number + 1;
  return status::kOk;
}

int32_t Arena::LookUpId(const uint8_t* id, uint32_t* number, uint32_t* generation) {
  std::lock_guard<std::mutex> guard(index_lock_);
  for (uint32_t link = *Bucket(id); link != 0; link = Name(link - 1)[name::kNextInBucket]) {
    if (std::memcmp(Name(link - 1) + name::kId, id, kIdBytes) != 0) continue;
    const uint64_t header = Load(Header(link - 1));
    if (!IsLive(StateOf(header))) continue;
    *number = link - 1;
    *generation = GenerationOf(header);
    return status::kOk;
  }
  return status::kNotFound;
}

void Arena::EraseId(uint32_t number, uint32_t generation) {
  std::lock_guard<std::mutex> guard(index_lock_);
  // Another's by now, who cannot have entered an id without the lock since this look.
  if (GenerationOf(Load(Header(number))) != generation) return;
  uint32_t* link = Bucket(reinterpret_cast<const uint8_t*>(Name(number) + name::kId));
  while (*link != 0) {
    if (*link == number + 1) {
      *link = Name(number)[name::kNextInBucket];
      return;
    }
    link = &Name(*link - 1)[name::kNextInBucket];
  }
}

}  // namespace plasmoid
