// A checksum for debug mode: any change of a single word changes the 64 bits that it is folded from, because each step is a
// bijection of what came before.
#pragma once
#include <cstdint>
#include <cstring>

#include "header_word.h"

namespace plasmoid {

inline uint32_t ChecksumOf(const uint8_t* bytes, uint64_t size) {
  // Odd, so that multiplying by it loses nothing (splitmix64's).
  constexpr uint64_t kFactor = 0xbf58476d1ce4e5b9;
  uint64_t sum = size;
  const auto mix = [&sum](uint64_t word) {
    sum = (sum ^ word) * kFactor;
    sum ^= sum >> 29;
  };
  uint64_t at = 0;
  for (; at + 8 <= size; at += 8) {
    uint64_t word;
    std::memcpy(&word, bytes + at, 8);
    mix(word);
  }
  uint64_t rest = 0;
  std::memcpy(&rest, bytes + at, size - at);
  mix(rest);
  const uint32_t folded = static_cast<uint32_t>(sum ^ (sum >> 32));
  const bool has_other_meaning =
      folded == checksum::kNone || folded == checksum::kDamaged || folded == checksum::kEvidence;
  return has_other_meaning ? 1 : folded;
}

}  // namespace plasmoid
