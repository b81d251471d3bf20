// The 64-bit header word: decoding, and the one place where the transition table is obeyed.
#pragma once
#include "generated/layout.h"
#include "words.h"

namespace plasmoid {

inline State StateOf(uint64_t header) {
  return static_cast<State>(header & ((1u << header_word::kStateBits) - 1));
}
inline uint32_t PinsOf(uint64_t header) {
  return static_cast<uint32_t>(header) >> header_word::kPinsShift;
}
inline uint32_t GenerationOf(uint64_t header) {
  return static_cast<uint32_t>(header >> header_word::kGenerationShift);
}
inline bool IsFallback(uint64_t header) { return (header >> header_word::kLocationShift) & 1; }
inline bool IsNamed(uint64_t header) { return (header >> header_word::kFlagNamedShift) & 1; }

inline bool IsAwaited(uint64_t header) { return (header >> header_word::kFlagAwaitedShift) & 1; }

inline bool IsEvictable(uint64_t header) { return (header >> header_word::kFlagEvictableShift) & 1; }

inline constexpr uint64_t kEvictableFlag = uint64_t{1} << header_word::kFlagEvictableShift;
inline constexpr uint64_t kAwaitedFlag = uint64_t{1} << header_word::kFlagAwaitedShift;
inline constexpr uint64_t kNamedFlag = uint64_t{1} << header_word::kFlagNamedShift;
inline constexpr uint64_t kFallbackFlag = uint64_t{1} << header_word::kLocationShift;
inline constexpr uint64_t kOnePin = uint64_t{1} << header_word::kPinsShift;
inline constexpr uint32_t kMaxPins = (1u << header_word::kPinsBits) - 1;

// The word after `event`, or false when the table forbids it. A step that starts a new generation clears the flags:
// they describe the object that has gone.
inline bool NextHeader(uint64_t header, Event event, uint64_t* next) {
  const auto state = static_cast<uint32_t>(StateOf(header));
  const uint8_t cell = kTransitions[state][static_cast<uint32_t>(event)];
  if (cell == kIllegal) return false;
  uint64_t word = (header & ~uint64_t{(1u << header_word::kStateBits) - 1}) | (cell & ~kBumpBit);
  if (event == Event::kPin) word += kOnePin;
  if (event == Event::kUnpin || event == Event::kUnpinLast) word -= kOnePin;
  if (event == Event::kSpill) word |= kFallbackFlag;
  // Who ends the writing tells those who wait for it, once.
  if (event == Event::kSeal || event == Event::kAbort) word &= ~kAwaitedFlag;
  if (cell & kBumpBit) {
    word &= ~(kNamedFlag | kFallbackFlag | kAwaitedFlag | kEvictableFlag);
    word += uint64_t{1} << header_word::kGenerationShift;
  }
  *next = word;
  return true;
}

inline bool IsBeingWritten(State state) { return state == State::kCreated || state == State::kWriting; }

inline bool IsLive(State state) {
  return state == State::kCreated || state == State::kWriting || state == State::kSealed ||
         state == State::kReferenced;
}

}  // namespace plasmoid
