#include "live_arenas.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

#include "arena.h"

namespace plasmoid {

namespace {

std::mutex lock;
// Never destroyed: windows may go while the process ends.
std::vector<const Arena*>& All() {
  static auto* all = new std::vector<const Arena*>();
  return *all;
}
// Mostly one, and then nobody needs the lock.
std::atomic<size_t> count{0};

}  // namespace

void AddLiveArena(const Arena* arena) {
  std::lock_guard<std::mutex> guard(lock);
  All().push_back(arena);
  count.store(All().size());
}

void RemoveLiveArena(const Arena* arena) {
  std::lock_guard<std::mutex> guard(lock);
  std::erase(All(), arena);
  count.store(All().size());
}

bool IsInOtherArena(const Arena* arena, const void* address) {
  // The caller has this one, and whoever shows it a window of another has that.
  if (count.load() == 1) return false;
  std::lock_guard<std::mutex> guard(lock);
  return std::any_of(All().begin(), All().end(),
                     [=](const Arena* other) { return other != arena && other->Contains(address); });
}

}  // namespace plasmoid
