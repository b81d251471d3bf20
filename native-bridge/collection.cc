#include "collection.h"

#include <map>
#include <mutex>
#include <utility>

#include "arguments.h"

namespace plasmoid {

namespace {

// V8 collects on request only while its expose-gc flag is set. It is set for the moment of the call: a context made
// with it on would show users a global `gc`. The count keeps one thread from clearing it under another's call.
std::mutex flag_lock;
int flag_users = 0;

void CollectHere(v8::Isolate* isolate, bool full) {
  {
    std::lock_guard<std::mutex> guard(flag_lock);
    if (flag_users++ == 0) v8::V8::SetFlagsFromString("--expose-gc");
  }
  isolate->RequestGarbageCollectionForTesting(full ? v8::Isolate::kFullGarbageCollection
                                                   : v8::Isolate::kMinorGarbageCollection);
  std::lock_guard<std::mutex> guard(flag_lock);
  if (--flag_users == 0) v8::V8::SetFlagsFromString("--no-expose-gc");
}

using ThreadKey = std::pair<const Arena*, uint32_t>;

std::mutex threads_lock;
std::map<ThreadKey, node::Environment*>& Threads() {
  static auto* threads = new std::map<ThreadKey, node::Environment*>();
  return *threads;
}

// Weak, because a thread that ends first never runs its interrupts: a request must not keep a closed store mapped.
struct CollectionRequest {
  std::weak_ptr<Arena> arena;
  uint32_t client;
  bool full;
};

void OnInterrupt(void* data) {
  std::unique_ptr<CollectionRequest> request(static_cast<CollectionRequest*>(data));
  CollectHere(v8::Isolate::GetCurrent(), request->full);
  const std::shared_ptr<Arena> arena = request->arena.lock();
  if (!arena) return;
  FetchAdd(arena->ClientWord(request->client, client::kCollections), uint32_t{1});
  arena->WakeActor();
}

// collect(full): on this thread, now
void Collect(const Arguments& arguments) { CollectHere(arguments.GetIsolate(), Boolean(arguments, 0)); }

}  // namespace

void RegisterForCollection(node::Environment* environment, const Arena* arena, uint32_t client) {
  std::lock_guard<std::mutex> guard(threads_lock);
  Threads()[{arena, client}] = environment;
}

void UnregisterForCollection(node::Environment* environment, const Arena* arena, uint32_t client) {
  std::lock_guard<std::mutex> guard(threads_lock);
  auto found = Threads().find({arena, client});
  if (found != Threads().end() && found->second == environment) Threads().erase(found);
}

bool RequestCollection(const std::shared_ptr<Arena>& arena, uint32_t client, bool full) {
  // The lock keeps the environment from ending between the look-up and the request; nothing in the request runs
  // JavaScript or waits for this lock.
  std::lock_guard<std::mutex> guard(threads_lock);
  auto found = Threads().find({arena.get(), client});
  if (found == Threads().end()) return false;
  node::RequestInterrupt(found->second, OnInterrupt, new CollectionRequest{arena, client, full});
  return true;
}

void AddCollectionFunctions(v8::Isolate* isolate, v8::Local<v8::Object> exports) {
  (void)isolate;
  NODE_SET_METHOD(exports, "collect", Collect);
}

}  // namespace plasmoid
