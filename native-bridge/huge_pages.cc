#include "huge_pages.h"

#include <sys/mman.h>

#include <cstdint>

namespace plasmoid {

void AskForHugePages(void* start, size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr uintptr_t kHugePageBytes = 2u << 20;
  const auto address = reinterpret_cast<uintptr_t>(start);
  const uintptr_t first = (address + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  const uintptr_t end = (address + bytes) / kHugePageBytes * kHugePageBytes;
  if (first < end) static_cast<void>(madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE));
#else
  static_cast<void>(start);
  static_cast<void>(bytes);
#endif
}

}  // namespace plasmoid
