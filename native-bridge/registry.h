// What JavaScript names by number, in every thread. A number belongs to the thread that registered it, and is forgotten
// at its end if not before: a thread that is terminated releases nothing itself.
#pragma once
#include <v8.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace plasmoid {

template <typename Thing>
class Registry {
 public:
  uint32_t Add(v8::Isolate* owner, std::shared_ptr<Thing> thing) {
    std::lock_guard<std::mutex> guard(lock_);
    const uint32_t number = next_number_++;
    entries_.emplace(number, Entry{owner, std::move(thing)});
    return number;
  }

  std::shared_ptr<Thing> Find(uint32_t number) {
    std::lock_guard<std::mutex> guard(lock_);
    auto found = entries_.find(number);
    return found == entries_.end() ? nullptr : found->second.thing;
  }

  // What it was is the caller's to let go of, without the lock.
  std::shared_ptr<Thing> Forget(uint32_t number) {
    std::lock_guard<std::mutex> guard(lock_);
    auto found = entries_.find(number);
    if (found == entries_.end()) return nullptr;
    std::shared_ptr<Thing> thing = std::move(found->second.thing);
    entries_.erase(found);
    return thing;
  }

  std::vector<std::shared_ptr<Thing>> ForgetAllOf(v8::Isolate* owner) {
    std::vector<std::shared_ptr<Thing>> things;
    std::lock_guard<std::mutex> guard(lock_);
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      if (entry->second.owner != owner) {
        ++entry;
        continue;
      }
      things.push_back(std::move(entry->second.thing));
      entry = entries_.erase(entry);
    }
    return things;
  }

  size_t size() {
    std::lock_guard<std::mutex> guard(lock_);
    return entries_.size();
  }

 private:
  struct Entry {
    v8::Isolate* owner;
    std::shared_ptr<Thing> thing;
  };

  std::mutex lock_;
  std::map<uint32_t, Entry> entries_;
  uint32_t next_number_ = 1;
};

}  // namespace plasmoid
