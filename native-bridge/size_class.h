// Size classes, 8 per octave: the twin of src/pools/allocator/size-class.ts, compared with it by a test.
#pragma once
#include <cstdint>

namespace plasmoid {

inline constexpr uint32_t kClassesPerOctaveLog2 = 3;
inline constexpr uint32_t kClassCount = 240;

// Units rounded up to their class. Sizes below 8 units are classes of their own.
inline uint64_t RoundToClass(uint64_t units) {
  if (units <= (1u << kClassesPerOctaveLog2)) return units == 0 ? 1 : units;
  const uint32_t octave = 63 - __builtin_clzll(units);
  const uint64_t step = uint64_t{1} << (octave - kClassesPerOctaveLog2);
  return (units + step - 1) & ~(step - 1);
}

// Dense number of the class of a rounded size.
inline uint32_t ClassOfRounded(uint64_t units) {
  if (units < (1u << kClassesPerOctaveLog2)) return static_cast<uint32_t>(units) - 1;
  const uint32_t octave = 63 - __builtin_clzll(units);
  const uint32_t shift = octave - kClassesPerOctaveLog2;
  const auto within = static_cast<uint32_t>(units >> shift) - (1u << kClassesPerOctaveLog2);
  return ((shift + 1) << kClassesPerOctaveLog2) + within - 1;
}

}  // namespace plasmoid
