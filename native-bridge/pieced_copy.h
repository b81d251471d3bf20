// One large copy that several threads work on.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace plasmoid {

// Copies one piece; what it wrote is visible to whoever the thread synchronizes with afterwards, streamed or not.
using CopyPiece = void(uint8_t* target, const uint8_t* source, size_t bytes);

// Whoever comes takes the next piece, so that a thread that gets no processor delays nobody.
class PiecedCopy {
 public:
  PiecedCopy(uint8_t* target, const uint8_t* source, size_t bytes, CopyPiece* copy_piece)
      : target_(target), source_(source), bytes_(bytes), copy_piece_(copy_piece) {}

  // False when no piece is left; others may still be at theirs.
  bool CopyNext() {
    const size_t at = next_.fetch_add(kPieceBytes, std::memory_order_relaxed);
    if (at >= bytes_) return false;
    copy_piece_(target_ + at, source_ + at, std::min(kPieceBytes, bytes_ - at));
    return true;
  }

 private:
  // In the end one waits for the other's piece: some 0.1 ms.
  static constexpr size_t kPieceBytes = 1u << 20;

  uint8_t* const target_;
  const uint8_t* const source_;
  const size_t bytes_;
  CopyPiece* const copy_piece_;
  // Hands out pieces, and orders none of their bytes.
  std::atomic<size_t> next_{0};
};

}  // namespace plasmoid
