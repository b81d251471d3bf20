#include "copy.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "copy_helper.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace plasmoid {

#if defined(__x86_64__)
namespace {

constexpr size_t kLineBytes = 64;

void CopyNonTemporal(uint8_t* target, const uint8_t* source, size_t bytes) {
  // All of a last piece that ends before its first whole line.
  const size_t head = std::min(bytes, (kLineBytes - reinterpret_cast<uintptr_t>(target) % kLineBytes) % kLineBytes);
  std::memcpy(target, source, head);
  target += head;
  source += head;
  bytes -= head;
  const size_t lines = bytes / kLineBytes;
  for (size_t line = 0; line < lines; line++, target += kLineBytes, source += kLineBytes) {
    const auto* from = reinterpret_cast<const __m128i*>(source);
    auto* to = reinterpret_cast<__m128i*>(target);
    const __m128i a = _mm_loadu_si128(from);
    const __m128i b = _mm_loadu_si128(from + 1);
    const __m128i c = _mm_loadu_si128(from + 2);
    const __m128i d = _mm_loadu_si128(from + 3);
    _mm_stream_si128(to, a);
    _mm_stream_si128(to + 1, b);
    _mm_stream_si128(to + 2, c);
    _mm_stream_si128(to + 3, d);
  }
  // Streamed stores are ordered neither by the sealing compare-exchange alone nor by a helper's lock.
  _mm_sfence();
  std::memcpy(target, source, bytes % kLineBytes);
}

}  // namespace
#endif

void CopyBytes(void* target, const void* source, size_t bytes) {
#if defined(__x86_64__)
  if (bytes >= kNonTemporalBytes) {
    PiecedCopy copy(static_cast<uint8_t*>(target), static_cast<const uint8_t*>(source), bytes, CopyNonTemporal);
    CopyWithHelp(copy);
    return;
  }
#endif
  if (bytes != 0) std::memcpy(target, source, bytes);
}

}  // namespace plasmoid
