// A client: one thread's side of an arena. It counts the thread's refs, keeps its stock of leased slots, makes its
// windows, and hears of the end of the thread.
#pragma once
#include <node.h>
#include <uv.h>

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <unordered_set>
#include <vector>

#include "arena.h"
#include "hot_windows.h"
#include "size_class.h"
#include "source.h"

namespace plasmoid {

class Client;

// A JavaScript object whose collection gives a ref back. V8 calls the weak callback on this thread, also from minor
// collections and in the middle of synchronous loops, where a FinalizationRegistry would never be heard.
struct TrackedRef {
  Client* client = nullptr;
  uint32_t number = 0;
  uint32_t index = 0;
  bool in_use = false;
  // A slot being written, of this generation: its collection aborts the object as well.
  bool is_slot = false;
  uint32_t generation = 0;
  v8::Global<v8::Object> object;
};

// A writable window. Its backing store is kept until the ArrayBuffer *object* is collected: a pending fs.read keeps
// that object alive, not the backing store, and would otherwise write into the block's next owner.
struct WritableWindow {
  Client* client = nullptr;
  uint32_t number = 0;
  uint32_t generation = 0;
  uint32_t index = 0;
  bool in_use = false;
  v8::Global<v8::ArrayBuffer> buffer;
  std::shared_ptr<v8::BackingStore> store;
};

// In debug mode, a read window that was released early. Kept as a writable one is, and for the same reason: a native
// operation that was still under way neither reads nor writes another's bytes, and what it wrote is found out.
struct QuarantinedWindow {
  Client* client = nullptr;
  std::list<QuarantinedWindow>::iterator self;
  v8::Global<v8::ArrayBuffer> buffer;
  std::shared_ptr<v8::BackingStore> store;
};

struct StockEntry {
  uint32_t number;
  uint32_t generation;
  uint32_t units;
};

class Client {
 public:
  Client(std::shared_ptr<Arena> arena, uint32_t index, v8::Isolate* isolate, uint64_t stock_limit_bytes,
         v8::Local<v8::Function> mark_as_untransferable);

  // Ends the thread's part in the store: refs and stock are forgotten here, and recovered by the actor from the
  // ledger. Windows stay true, and writable ones stay quarantined. Idempotent.
  void Disconnect();
  // The thread itself ends, and no native operation of its own is under way any more: quarantine is over.
  void EndOfThread();

  // --- stock ---
  // Creates an object in a slot of the stock, or in one with a block that this thread takes; false when the actor has to be
  // asked for one.
  bool CreateHere(uint64_t bytes, uint32_t format, uint64_t flags, uint32_t* number, uint32_t* generation);
  bool CreateLeased(uint32_t number, uint32_t generation, uint64_t bytes, uint32_t format, uint64_t flags);
  // Aborts an object created a moment ago, before anything knew of it.
  void ForgetCreated(uint32_t number);

  // --- refs ---
  uint32_t Track(v8::Local<v8::Object> object, uint32_t number);
  uint32_t TrackSlot(v8::Local<v8::Object> object, uint32_t number, uint32_t generation);
  // The object takes the place of the one tracked before: a ref, that of the slot it was sealed from.
  void Retrack(uint32_t index, v8::Local<v8::Object> object);
  bool ReleaseTracked(uint32_t index, uint32_t number);
  // A further or first ref of this thread; a status.
  int32_t HoldAgain(uint32_t number, uint32_t generation);
  void HoldFirst(uint32_t number);
  // Makes an object unreachable for new views, whoever holds it; a status.
  int32_t Delete(uint32_t number, uint32_t generation);

  // --- windows ---
  // A window that this thread has given out before, on an object that may still be got; or nothing.
  v8::Local<v8::ArrayBuffer> HotWindow(uint32_t number, uint32_t generation);
  // Instead of a window, for which it was pinned: copies an object of this format that fits. Its size, or 0.
  uint32_t CopyOut(uint32_t number, uint64_t header, v8::Local<v8::ArrayBuffer> target, uint32_t format);
  // Copies an object whose format has a code below `formats` if it fits; a status.
  int32_t CopyInto(uint32_t number, uint32_t generation, uint32_t formats, const Target& target, uint64_t* bytes);
  v8::Local<v8::ArrayBuffer> ReadWindow(uint32_t number, uint64_t header);
  // A writable window on an object just created; undefined index on failure.
  v8::MaybeLocal<v8::ArrayBuffer> WriteWindow(uint32_t number, uint32_t generation, uint32_t* index);
  WritableWindow* FindWritable(uint32_t index, uint32_t number, uint32_t generation);
  bool IsWritable(const void* data) const { return open_writables_.count(data) != 0; }
  // Keeps the pin of a window that is about to be detached until its ArrayBuffer object is collected.
  void Quarantine(v8::Local<v8::ArrayBuffer> buffer);
  // After sealing or aborting: the address may be read through windows from now on.
  void CloseWritable(const WritableWindow& window) { open_writables_.erase(window.store->Data()); }

  std::shared_ptr<Arena> arena;
  // The arena for as long as it lives, also after Disconnect: every window keeps it.
  const std::weak_ptr<Arena> arena_of_windows;
  const uint32_t index;
  v8::Isolate* const isolate;
  node::Environment* const environment;
  // What calls answer beside their return value, and are told beside their arguments. Indexed by result_word.
  uint32_t* result = nullptr;
  v8::Global<v8::Uint32Array> result_array;
  bool connected = true;
  HotWindows hot_windows;

 private:
  void DropLocal(uint32_t number);
  // Keeps a leased slot for later creates, or hands it back when the stock has enough.
  void AddStock(uint32_t number, uint32_t generation);
  // While somebody waits for memory, nothing may slip into a stock behind the actor, which has just looked there.
  bool MayRecycle() const { return Load(arena->Word(actor::kWanted)) == 0; }
  bool IsStillLeased(uint32_t number, uint32_t generation) const;
  void ForgetRecalled();

  // The arena as this thread's windows keep it: counted apart, so that threads do not write to one line at every get.
  std::shared_ptr<Arena> window_arena_;
  std::vector<uint32_t> local_holds_;
  std::deque<TrackedRef> tracked_;
  std::vector<uint32_t> tracked_free_;
  std::deque<WritableWindow> writables_;
  std::vector<uint32_t> writables_free_;
  std::list<QuarantinedWindow> quarantined_;
  // Addresses of windows that are still being written. No two are equal: a block has one owner while it is pinned.
  std::unordered_set<const void*> open_writables_;
  std::vector<std::vector<StockEntry>> stock_;
  uint64_t stock_bytes_ = 0;
  // Recalls of the actor up to which the stock has been cleared of what it lost.
  uint32_t recalls_seen_ = 0;
  uint64_t stock_limit_bytes_;
};

void AddClientFunctions(v8::Isolate* isolate, v8::Local<v8::Object> exports);

}  // namespace plasmoid
