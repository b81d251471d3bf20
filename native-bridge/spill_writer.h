// Writes object bytes into the file of the fallback pool, in the background and around the page cache, so that neither
// the actor nor the caches wait for the disk.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "region.h"

namespace plasmoid {

// One copy of a range of the source region into a range of the target's file. The source may be overwritten meanwhile:
// whoever asked for the copy finds that out, and throws it away.
struct SpillJob {
  uint32_t number;
  uint64_t source_offset;
  uint64_t target_offset;
  uint64_t bytes;
  // 0 or an error number.
  int error = 0;
};

class SpillWriter : public std::enable_shared_from_this<SpillWriter> {
 public:
  // `on_done` runs on the writer's thread behind each job.
  SpillWriter(std::shared_ptr<Region> source, std::shared_ptr<Region> target, std::function<void()> on_done);

  // Queues a job, and starts the thread when none runs; 0 or an error number.
  int Write(const SpillJob& job);
  bool HasDone();
  // Jobs that were finished since the last call.
  std::vector<SpillJob> TakeDone();
  // No job is begun any more, and nobody is told any more.
  void Stop();

 private:
  void Run();
  int Copy(const SpillJob& job);
  int CopyThroughPiece(const uint8_t* source, uint64_t target_offset, uint64_t bytes);

  std::shared_ptr<Region> source_;
  std::shared_ptr<Region> target_;
  std::function<void()> on_done_;
  std::mutex lock_;
  bool running_ = false;
  bool stopped_ = false;
  std::deque<SpillJob> waiting_;
  std::vector<SpillJob> done_;
};

}  // namespace plasmoid
