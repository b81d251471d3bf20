// Bulk copy into shared memory.
#pragma once
#include <cstddef>

namespace plasmoid {

// Past this size a copy would only push everything else out of the caches, so it goes around them.
inline constexpr size_t kNonTemporalBytes = 32u << 20;

// Copies `bytes` bytes; the ranges must not overlap.
void CopyBytes(void* target, const void* source, size_t bytes);

}  // namespace plasmoid
