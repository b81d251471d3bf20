// A clock that costs a few nanoseconds and ticks every few milliseconds.
#pragma once
#include <time.h>

#include <cstdint>

namespace plasmoid {

// Milliseconds since some moment in the past, the same one for all threads. Wraps after 49 days: compare differences.
inline uint32_t CoarseNowMs() {
#ifdef CLOCK_MONOTONIC_COARSE
  constexpr clockid_t kClock = CLOCK_MONOTONIC_COARSE;
#else
  constexpr clockid_t kClock = CLOCK_MONOTONIC;
#endif
  timespec now;
  clock_gettime(kClock, &now);
  return static_cast<uint32_t>(static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000);
}

}  // namespace plasmoid
