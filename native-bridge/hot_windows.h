// Windows on small objects that a thread gets again and again: as long as somebody looks through one, the next get of the
// same object gives it out again, which costs a tenth of making another.
//
// Windows are held weakly here, so nobody keeps an object's memory for the sake of a get to come. A window given out
// twice has several owners who know nothing of each other: from then on it can neither be transferred nor released
// early, and goes when the last view of it is collected. Large objects have a window for each get, so that releasing one
// returns its memory at once.
//
// Only where nobody can transfer such a window: from V8 13 on (Node 24) Node's mark is one that the engine heeds. Before,
// web streams and `ArrayBuffer.prototype.transfer` pass by it, and would empty the views of other owners.
#pragma once
#include <node.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace plasmoid {

class HotWindows {
 public:
  static constexpr bool kAvailable = V8_MAJOR_VERSION >= 13;

  // `mark_as_untransferable` is Node's function of that name.
  HotWindows(v8::Isolate* isolate, v8::Local<v8::Function> mark_as_untransferable)
      : isolate_(isolate), mark_as_untransferable_(isolate, mark_as_untransferable) {}

  // The window to give out once more, or nothing. The caller has seen that the object may still be got.
  v8::Local<v8::ArrayBuffer> Find(uint32_t number, uint32_t generation);
  // A window was made; it is kept when this is not the first for the object.
  void Made(uint32_t number, uint32_t generation, v8::Local<v8::ArrayBuffer> window);
  // Whether the window, which lies at `address`, was given out twice. Its object gets a new one from now on.
  bool GiveUp(v8::Local<v8::ArrayBuffer> window, const void* address);
  // The thread ends.
  void Clear();

 private:
  enum class Stage : uint8_t {
    kEmpty,
    // One window was made and forgotten here: objects that are got once cost no handle.
    kSeen,
    // Held weakly, and given out once.
    kKept,
    // Given out several times.
    kShared,
    // Shared, and somebody has released it: not to be given out any more.
    kGivenUp,
    // Its windows are released early: they are not worth a handle.
    kReleased,
  };
  struct Entry {
    HotWindows* table = nullptr;
    uint32_t number = 0;
    uint32_t generation = 0;
    Stage stage = Stage::kEmpty;
    v8::Global<v8::ArrayBuffer> window;
  };
  // A power of two. An object has one place, by its number.
  static constexpr size_t kEntries = 4096;

  // False when the thread is being terminated.
  bool MarkAsUntransferable(v8::Local<v8::ArrayBuffer> window);
  Entry* EntryOf(uint32_t number) { return &entries_[number & (kEntries - 1)]; }

  v8::Isolate* const isolate_;
  v8::Global<v8::Function> mark_as_untransferable_;
  std::vector<Entry> entries_;
  std::unordered_map<const void*, Entry*> shared_;
};

}  // namespace plasmoid
