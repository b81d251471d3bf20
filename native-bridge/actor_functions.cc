// The allocator actor's side of an arena, as JavaScript sees it. One actor per arena.
#include <vector>

#include "arguments.h"
#include "arena.h"
#include "collection.h"
#include "failure.h"
#include "loop_bell.h"
#include "registry.h"
#include "spill_writer.h"

namespace plasmoid {

namespace {

struct ActorSide {
  std::shared_ptr<Arena> arena;
  LoopBell* bell;
  // The parts of the stacks that were taken but did not fit into the caller's array.
  uint32_t taken = 0;
  uint32_t settled = 0;
  // Made with the first spill.
  std::shared_ptr<SpillWriter> spill_writer = nullptr;

  void StopSpilling() {
    if (spill_writer) spill_writer->Stop();
    spill_writer.reset();
  }
};

ActorSide* Self(const Arguments& arguments) {
  auto* self = static_cast<ActorSide*>(arguments.Data().As<v8::External>()->Value());
  if (self->arena) return self;
  ThrowMessage(arguments.GetIsolate(), "the actor has ended");
  return nullptr;
}

struct Output {
  uint32_t* words;
  uint32_t length;
};
Output OutputArray(const Arguments& arguments, int index) {
  auto array = arguments[index].As<v8::Uint32Array>();
  auto* words = reinterpret_cast<uint32_t*>(static_cast<uint8_t*>(array->Buffer()->Data()) + array->ByteOffset());
  return {words, static_cast<uint32_t>(array->Length())};
}

// reclaimFreed() → how many slots gave something back
void ReclaimFreed(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self != nullptr) arguments.GetReturnValue().Set(self->arena->ReclaimFreed());
}

// takeFreedOnDisk(out) → count. Call until it is 0; the blocks, and the slots by finishReclaim, are the caller's to free.
void TakeFreedOnDisk(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self == nullptr) return;
  const Output out = OutputArray(arguments, 0);
  if (self->taken == 0) self->taken = self->arena->TakeFreedOnDisk();
  uint32_t count = 0;
  while (self->taken != 0 && count < out.length) {
    const uint32_t number = self->taken - 1;
    out.words[count++] = number;
    self->taken = self->arena->Slot(number)[slot::kNextFreed];
  }
  arguments.GetReturnValue().Set(count);
}

// takeSettled(out) → count. Call until it is 0.
void TakeSettled(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self == nullptr) return;
  const Output out = OutputArray(arguments, 0);
  if (self->settled == 0) self->settled = self->arena->TakeSettled();
  uint32_t count = 0;
  while (self->settled != 0 && count < out.length) {
    const uint32_t number = self->settled - 1;
    out.words[count++] = number;
    self->settled = self->arena->TakeSettledLink(number);
  }
  arguments.GetReturnValue().Set(count);
}

// awaitSettled(slot, generation) → status: kNotSealed when the slot will come by the settled stack
void AwaitSettled(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self == nullptr) return;
  const uint32_t number = Unsigned(arguments, 0);
  const bool is_slot = number < self->arena->HighWater();
  arguments.GetReturnValue().Set(is_slot ? self->arena->Await(number, Unsigned(arguments, 1)) : status::kNotFound);
}

// lookUp(id, out) → status; out: slot, generation
void LookUp(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self == nullptr) return;
  uint8_t id[kIdBytes];
  IdBytes(arguments, 0, id, kIdBytes);
  const Output out = OutputArray(arguments, 1);
  arguments.GetReturnValue().Set(self->arena->LookUpId(id, &out.words[0], &out.words[1]));
}

// lease(block, offsetUnits, units, fallback, client, out) → whether there was a free slot; out: slot, generation
void Lease(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self == nullptr) return;
  const Block block = {Unsigned(arguments, 0), Unsigned(arguments, 1), Unsigned(arguments, 2)};
  const uint32_t number = self->arena->TakeSlot();
  if (number == kNobody) return arguments.GetReturnValue().Set(false);
  const Output out = OutputArray(arguments, 5);
  out.words[0] = number;
  out.words[1] = self->arena->Lease(number, block, Boolean(arguments, 3), Unsigned(arguments, 4));
  arguments.GetReturnValue().Set(true);
}

// startSpill(slot, generation, targetOffset, targetBytes) → 0 or an error number; the slot comes back by takeSpilled. A status
// when the object is not in memory any more, or is larger than that.
void StartSpill(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self == nullptr) return;
  const std::shared_ptr<Arena>& arena = self->arena;
  SpillJob job = {.number = Unsigned(arguments, 0), .source_offset = 0, .target_offset = Integer(arguments, 2), .bytes = 0};
  if (!arena->PlaceInMemory(job.number, Unsigned(arguments, 1), &job.source_offset, &job.bytes) ||
      job.bytes > Integer(arguments, 3)) {
    return arguments.GetReturnValue().Set(status::kNotFound);
  }
  if (!self->spill_writer) {
    self->spill_writer =
        std::make_shared<SpillWriter>(arena->primary(), arena->fallback(), [arena] { arena->AlertActor(); });
  }
  arguments.GetReturnValue().Set(self->spill_writer->Write(job));
}

// hasSpilled() → whether takeSpilled has something
void HasSpilled(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self != nullptr) arguments.GetReturnValue().Set(self->spill_writer && self->spill_writer->HasDone());
}

// takeSpilled() → [job, error number, job, error number, …]
void TakeSpilled(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self == nullptr) return;
  v8::Isolate* isolate = arguments.GetIsolate();
  std::vector<v8::Local<v8::Value>> words;
  if (self->spill_writer) {
    for (const SpillJob& job : self->spill_writer->TakeDone()) {
      words.push_back(v8::Integer::NewFromUnsigned(isolate, job.number));
      words.push_back(v8::Integer::New(isolate, job.error));
    }
  }
  arguments.GetReturnValue().Set(v8::Array::New(isolate, words.data(), words.size()));
}

// commitSpill(slot, generation, offsetUnits) → whether the object lies there now
void CommitSpill(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self == nullptr) return;
  arguments.GetReturnValue().Set(
      self->arena->CommitSpill(Unsigned(arguments, 0), Unsigned(arguments, 1), Unsigned(arguments, 2)));
}

// check(slot) → whether the bytes of a sealed object are those that were sealed; always so but in debug mode
void Check(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self == nullptr) return;
  arguments.GetReturnValue().Set(self->arena->CheckBytes(Unsigned(arguments, 0)));
}

// evict(slot, generation) → whether the object has gone
void Evict(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self == nullptr) return;
  const HoldsLeft left = self->arena->Evict(kMaxClients, Unsigned(arguments, 0), Unsigned(arguments, 1), nullptr);
  arguments.GetReturnValue().Set(left != HoldsLeft::kSome);
}

// finishReclaim(slot): its block was taken back
void FinishReclaim(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self == nullptr) return;
  const uint32_t number = Unsigned(arguments, 0);
  self->arena->Slot(number)[slot::kCapacityUnits] = 0;
  if (self->arena->FinishReclaim(number)) self->arena->GiveSlot(number);
}

// recallLeases(leastUnits) → number of blocks, or -1 - number when smaller ones were passed over
void RecallLeases(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self == nullptr) return;
  bool has_smaller;
  const auto blocks = static_cast<int32_t>(self->arena->RecallLeases(Unsigned(arguments, 0), &has_smaller));
  arguments.GetReturnValue().Set(has_smaller ? -1 - blocks : blocks);
}

// deleteObject(slot, generation) → status
void DeleteObject(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self == nullptr) return;
  arguments.GetReturnValue().Set(self->arena->Delete(Unsigned(arguments, 0), Unsigned(arguments, 1)));
}

// recoverClient(client) → slots touched
void RecoverClient(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self != nullptr) arguments.GetReturnValue().Set(self->arena->RecoverClient(Unsigned(arguments, 0)));
}

// ringClient(client)
void RingClient(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self != nullptr) self->arena->ClientDoorbell(Unsigned(arguments, 0)).Ring();
}

// requestCollection(client, full) → whether its thread is alive
void RequestCollection(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self == nullptr) return;
  arguments.GetReturnValue().Set(
      RequestCollection(self->arena, Unsigned(arguments, 0), Boolean(arguments, 1)));
}

// keepAlive(keep)
void KeepAlive(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self != nullptr) self->bell->KeepAlive(Boolean(arguments, 0));
}

// end(): orderly end of the actor; the arena lives on under its windows
void End(const Arguments& arguments) {
  ActorSide* self = Self(arguments);
  if (self == nullptr) return;
  self->bell->Close();
  self->StopSpilling();
  self->arena->RingAllClients();
  self->arena.reset();
}

// The actor's thread ends without having been asked to: tell everybody who could wait for it.
void OnThreadEnd(void* data) {
  auto* self = static_cast<ActorSide*>(data);
  self->StopSpilling();
  if (self->arena) {
    uint32_t open = closed::kOpen;
    CompareExchange(self->arena->Word(actor::kClosed), &open, closed::kActorDied);
    self->arena->RingAllClients();
  }
  delete self;
}

// attachActor(arena, onRing) → functions
void AttachActor(const Arguments& arguments) {
  v8::Isolate* isolate = arguments.GetIsolate();
  std::shared_ptr<Arena> arena = FindArena(Unsigned(arguments, 0));
  if (!arena) return ThrowMessage(isolate, "no such arena");
  LoopBell* bell = LoopBell::Open(isolate, arena, arena->ActorDoorbell(), arguments[1].As<v8::Function>());
  if (bell == nullptr) return ThrowSystemError(isolate, ENOMEM, "uv_async_init", 0);
  auto* self = new ActorSide{.arena = std::move(arena), .bell = bell};
  node::AddEnvironmentCleanupHook(isolate, OnThreadEnd, self);
  v8::Local<v8::Object> object = v8::Object::New(isolate);
  v8::Local<v8::External> data = v8::External::New(isolate, self);
  const std::pair<const char*, v8::FunctionCallback> methods[] = {
      {"reclaimFreed", ReclaimFreed},
      {"takeFreedOnDisk", TakeFreedOnDisk},
      {"takeSettled", TakeSettled},
      {"awaitSettled", AwaitSettled},
      {"lookUp", LookUp},
      {"lease", Lease},
      {"startSpill", StartSpill},
      {"hasSpilled", HasSpilled},
      {"takeSpilled", TakeSpilled},
      {"commitSpill", CommitSpill},
      {"evict", Evict},
      {"check", Check},
      {"finishReclaim", FinishReclaim},
      {"recallLeases", RecallLeases},
      {"deleteObject", DeleteObject},
      {"recoverClient", RecoverClient},
      {"ringClient", RingClient},
      {"requestCollection", RequestCollection},
      {"keepAlive", KeepAlive},
      {"end", End},
  };
  for (const auto& [name, callback] : methods) AddMethod(isolate, object, name, callback, data);
  arguments.GetReturnValue().Set(object);
}

// --- the registry of arenas ---

Registry<Arena>& Arenas() {
  static auto* registry = new Registry<Arena>();
  return *registry;
}

// openArena(control, primary, fallback or 0, the primary's allocator) → arena. The control region's header is written by then.
void OpenArena(const Arguments& arguments) {
  v8::Isolate* isolate = arguments.GetIsolate();
  auto control = FindRegion(Unsigned(arguments, 0));
  auto primary = FindRegion(Unsigned(arguments, 1));
  auto fallback = FindRegion(Unsigned(arguments, 2));
  auto allocator = FindAllocator(Unsigned(arguments, 3));
  if (!control || !primary || !allocator) return ThrowMessage(isolate, "no such region or allocator");
  auto arena =
      std::make_shared<Arena>(std::move(control), std::move(primary), std::move(fallback), std::move(allocator));
  if (arena->HeaderValue(store_header::kMaxClients) != kMaxClients) {
    return ThrowMessage(isolate, "the layout's number of clients is not the bridge's");
  }
  arguments.GetReturnValue().Set(Arenas().Add(isolate, std::move(arena)));
}

// releaseArena(arena): the number is forgotten; the arena lives as long as a window, a client or the actor
void ReleaseArena(const Arguments& arguments) { Arenas().Forget(Unsigned(arguments, 0)); }

}  // namespace

void ForgetArenasOf(v8::Isolate* owner) { Arenas().ForgetAllOf(owner); }

std::shared_ptr<Arena> FindArena(uint32_t number) { return Arenas().Find(number); }

void AddArenaFunctions(v8::Isolate* isolate, v8::Local<v8::Object> exports) {
  (void)isolate;
  NODE_SET_METHOD(exports, "attachActor", AttachActor);
  NODE_SET_METHOD(exports, "openArena", OpenArena);
  NODE_SET_METHOD(exports, "releaseArena", ReleaseArena);
}

}  // namespace plasmoid
