#include "collection.h"

#include <map>
#include <mutex>
#include <utility>

#include "arguments.h"

namespace plasmoid {

namespace {

// V8 collects on request only while its expose-gc flag is set, and frees backing stores later, on another thread that may
// be slow to come: asked for now, memory has to be back when the call returns. Both flags are set for the moment of the
// call: a context made with the first on would show users a global `gc`. The count keeps one thread from clearing them
// under another's call.
constexpr char kFlagsDuring[] = "--expose-gc --no-concurrent-array-buffer-sweeping";
constexpr char kFlagsAfter[] = "--no-expose-gc --concurrent-array-buffer-sweeping";
constexpr char kFlagsAfterIfGiven[] = "--concurrent-array-buffer-sweeping";
std::mutex flag_lock;
int flag_users = 0;

// Whether Node was started with --expose-gc: then it stays on, for the contexts and workers to come.
bool gc_was_given = false;
std::once_flag gc_was_looked_for;

void CollectHere(v8::Isolate* isolate, bool full) {
  {
    std::lock_guard<std::mutex> guard(flag_lock);
    if (flag_users++ == 0) v8::V8::SetFlagsFromString(kFlagsDuring);
  }
  isolate->RequestGarbageCollectionForTesting(full ? v8::Isolate::kFullGarbageCollection
                                                   : v8::Isolate::kMinorGarbageCollection);
  std::lock_guard<std::mutex> guard(flag_lock);
  if (--flag_users == 0) v8::V8::SetFlagsFromString(gc_was_given ? kFlagsAfterIfGiven : kFlagsAfter);
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
  std::call_once(gc_was_looked_for, [isolate] {
    v8::Local<v8::Context> context = isolate->GetCurrentContext();
    v8::Local<v8::String> name = v8::String::NewFromUtf8Literal(isolate, "gc");
    gc_was_given = context->Global()->Has(context, name).FromMaybe(false);
  });
  NODE_SET_METHOD(exports, "collect", Collect);
}

}  // namespace plasmoid
