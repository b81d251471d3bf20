#include "spill_writer.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <thread>

namespace plasmoid {

namespace {

// Direct writes want aligned memory, aligned offsets and whole blocks; the objects' places are aligned to 64 bytes only.
constexpr uint64_t kAlignBytes = 4096;
// Large enough that the disk is busy while the next piece is copied, small enough to stay in the cache.
constexpr uint64_t kPieceBytes = 1u << 20;

struct FreeMemory {
  void operator()(uint8_t* memory) const { std::free(memory); }
};

}  // namespace

SpillWriter::SpillWriter(std::shared_ptr<Region> source, std::shared_ptr<Region> target, std::function<void()> on_done)
    : source_(std::move(source)), target_(std::move(target)), on_done_(std::move(on_done)) {}

int SpillWriter::Write(const SpillJob& job) {
  std::lock_guard<std::mutex> guard(lock_);
  waiting_.push_back(job);
  if (running_) return 0;
  try {
    // The thread holds the writer, and with it the regions, until its last job is done.
    std::thread([self = shared_from_this()] { self->Run(); }).detach();
  } catch (const std::system_error& failure) {
    waiting_.pop_back();
    return failure.code().value();
  }
  running_ = true;
  return 0;
}

bool SpillWriter::HasDone() {
  std::lock_guard<std::mutex> guard(lock_);
  return !done_.empty();
}

std::vector<SpillJob> SpillWriter::TakeDone() {
  std::lock_guard<std::mutex> guard(lock_);
  return std::exchange(done_, {});
}

void SpillWriter::Stop() {
  std::lock_guard<std::mutex> guard(lock_);
  stopped_ = true;
  waiting_.clear();
}

void SpillWriter::Run() {
  for (;;) {
    SpillJob job;
    {
      std::lock_guard<std::mutex> guard(lock_);
      if (waiting_.empty()) {
        running_ = false;
        return;
      }
      job = waiting_.front();
      waiting_.pop_front();
    }
    job.error = Copy(job);
    std::lock_guard<std::mutex> guard(lock_);
    if (stopped_) continue;
    // SYNC actor-sleep: published before it is told.
    done_.push_back(job);
    on_done_();
  }
}

int SpillWriter::Copy(const SpillJob& job) {
  const uint8_t* source = source_->base() + job.source_offset;
  // What happens to be aligned is written from where it lies: a third faster. The end, less than a page, never is: behind
  // it are bytes of others.
  const bool aligned = reinterpret_cast<uintptr_t>(source) % kAlignBytes == 0;
  const uint64_t direct = aligned ? job.bytes / kAlignBytes * kAlignBytes : 0;
  const int error = direct == 0 ? 0 : target_->WriteDirect(job.target_offset, source, direct);
  if (error != 0 || direct == job.bytes) return error;
  return CopyThroughPiece(source + direct, job.target_offset + direct, job.bytes - direct);
}

int SpillWriter::CopyThroughPiece(const uint8_t* source, uint64_t target_offset, uint64_t bytes) {
  std::unique_ptr<uint8_t, FreeMemory> piece(static_cast<uint8_t*>(std::aligned_alloc(kAlignBytes, kPieceBytes)));
  if (!piece) return ENOMEM;
  for (uint64_t at = 0; at < bytes; at += kPieceBytes) {
    const uint64_t part = std::min(kPieceBytes, bytes - at);
    // The block's end is a whole page of the file, too.
    const uint64_t whole = (part + kAlignBytes - 1) / kAlignBytes * kAlignBytes;
    std::memcpy(piece.get(), source + at, part);
    std::memset(piece.get() + part, 0, whole - part);
    const int error = target_->WriteDirect(target_offset + at, piece.get(), whole);
    if (error != 0) return error;
  }
  return 0;
}

}  // namespace plasmoid
