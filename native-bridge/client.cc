#include "client.h"

#include <algorithm>
#include <cstring>

#include "coarse_clock.h"
#include "copy.h"

namespace plasmoid {

namespace {

// A window on an object that is pinned for it. The pin goes back with the last use of the backing store, on whatever
// thread and by whatever way (collection, detaching, the end of an isolate, a transferred window's end elsewhere); the
// arena is held until then, so that the bytes stay mapped after the store was closed.
//
// The deleter belongs to the shared pointer and not to the backing store: V8 counts the bytes of a store that has one of
// its own as external memory, and then runs a full collection for every 64 MiB of them, which are not its memory at all.
// With the empty deleter it counts nothing; the store asks for collections when it is short.
std::shared_ptr<v8::BackingStore> MakeWindow(std::shared_ptr<Arena> arena, uint32_t number, uint64_t header) {
  std::unique_ptr<v8::BackingStore> plain = v8::ArrayBuffer::NewBackingStore(
      arena->Bytes(number, header), arena->Size(number), v8::BackingStore::EmptyDeleter, nullptr);
  // Moved all the way: each copy of the arena's pointer would cost two atomic steps.
  return {plain.release(), [arena = std::move(arena), number](v8::BackingStore* gone) {
            delete gone;
            if (!arena->debug() || !arena->KeepEvidence(number)) arena->Unpin(number);
          }};
}

// One size class of one client's stock never holds more than this many slots.
constexpr size_t kStockEntriesPerClass = 64;

void OnRefCollected(const v8::WeakCallbackInfo<TrackedRef>& info) {
  TrackedRef* ref = info.GetParameter();
  ref->object.Reset();
  // Nobody can seal it any more, whoever else holds it: a forgotten slot is an aborted one.
  if (ref->is_slot) ref->client->arena->Apply(ref->number, ref->generation, Event::kAbort);
  ref->client->ReleaseTracked(ref->index, ref->number);
}

}  // namespace

Client::Client(std::shared_ptr<Arena> the_arena, uint32_t the_index, v8::Isolate* the_isolate,
               uint64_t stock_limit_bytes, v8::Local<v8::Function> mark_as_untransferable)
    : arena(std::move(the_arena)),
      arena_of_windows(arena),
      index(the_index),
      isolate(the_isolate),
      environment(node::GetCurrentEnvironment(the_isolate->GetCurrentContext())),
      hot_windows(the_isolate, mark_as_untransferable),
      window_arena_(arena.get(), [keep = arena](Arena*) {}),
      stock_(kClassCount),
      stock_limit_bytes_(stock_limit_bytes) {
  v8::Local<v8::ArrayBuffer> buffer = v8::ArrayBuffer::New(isolate, result_word::kWords * sizeof(uint32_t));
  result = static_cast<uint32_t*>(buffer->Data());
  result_array.Reset(isolate, v8::Uint32Array::New(buffer, 0, result_word::kWords));
}

void Client::Disconnect() {
  if (!connected) return;
  connected = false;
  // No count changes here: the holds of this thread stand in its ledger, and the actor recovers them by a scan.
  for (TrackedRef& ref : tracked_) ref.object.Reset();
  tracked_.clear();
  tracked_free_.clear();
  local_holds_ = {};
  stock_ = {};
  result_array.Reset();
  window_arena_.reset();
  // SYNC client-death: everything above is done before the actor may see the record dead.
  uint32_t* state = arena->ClientWord(index, client::kState);
  Store(state, (Load(state) & ~client_state::kMask) | client_state::kDead);
  arena->WakeActor();
  arena.reset();
}

void Client::EndOfThread() {
  for (WritableWindow& window : writables_) {
    window.buffer.Reset();
    window.store.reset();
  }
  writables_.clear();
  for (QuarantinedWindow& window : quarantined_) window.buffer.Reset();
  quarantined_.clear();
  hot_windows.Clear();
}

// --- stock ---

bool Client::IsStillLeased(uint32_t number, uint32_t generation) const {
  const uint64_t header = Load(arena->Header(number));
  return GenerationOf(header) == generation && StateOf(header) == State::kLeased;
}

void Client::AddStock(uint32_t number, uint32_t generation) {
  // Recalled already, or just now: another's, or nobody's.
  if (!IsStillLeased(number, generation)) return;
  const uint32_t units = arena->Slot(number)[slot::kCapacityUnits];
  if (units == 0) return;
  const uint64_t bytes = uint64_t{units} * kUnitBytes;
  if (stock_bytes_ + bytes > stock_limit_bytes_) ForgetRecalled();
  std::vector<StockEntry>& entries = stock_[ClassOfRounded(units)];
  const bool fits = units <= kStockBlockUnits && RoundToClass(units) == units &&
                    entries.size() < kStockEntriesPerClass && stock_bytes_ + bytes <= stock_limit_bytes_;
  if (!fits) return arena->HandBack(number, generation);
  entries.push_back({number, generation, units});
  stock_bytes_ += bytes;
}

// The actor recalls leases without a word to their client. Entries of classes that are not asked for again would count
// against the limit for ever.
void Client::ForgetRecalled() {
  // SYNC recall: the counter is read before the headers; the actor changes the headers before the counter.
  const uint32_t recalls = Load(arena->Word(actor::kRecalls));
  if (recalls == recalls_seen_) return;
  recalls_seen_ = recalls;
  for (std::vector<StockEntry>& entries : stock_) {
    std::erase_if(entries, [this](const StockEntry& entry) {
      const bool gone = !IsStillLeased(entry.number, entry.generation);
      if (gone) stock_bytes_ -= uint64_t{entry.units} * kUnitBytes;
      return gone;
    });
  }
}

bool Client::CreateLeased(uint32_t number, uint32_t generation, uint64_t bytes, uint32_t format, uint64_t flags) {
  // A resizable source may have grown since the block was asked for.
  if (bytes > uint64_t{arena->Slot(number)[slot::kCapacityUnits]} * kUnitBytes) {
    arena->HandBack(number, generation);
    return false;
  }
  if (!arena->Apply(number, generation, Event::kCreate, flags)) return false;
  uint32_t* record = arena->Slot(number);
  record[slot::kSizeLow] = static_cast<uint32_t>(bytes);
  record[slot::kSizeHigh] = static_cast<uint32_t>(bytes >> 32);
  record[slot::kFormat] = format;
  const uint32_t now = CoarseNowMs();
  record[slot::kCreatedMs] = now;
  StoreRelaxed(record + slot::kLastUseMs, now);
  if (arena->debug()) {
    Store(record + slot::kChecksum, checksum::kNone);
    Store(record + slot::kCallSite, result[result_word::kCallSite]);
  }
  HoldFirst(number);
  return true;
}

bool Client::CreateHere(uint64_t bytes, uint32_t format, uint64_t flags, uint32_t* number, uint32_t* generation) {
  // The class of an absurd size would lie outside the table.
  if (bytes > arena->primary()->bytes()) return false;
  const uint64_t units = std::max<uint64_t>(1, (bytes + kUnitBytes - 1) / kUnitBytes);
  std::vector<StockEntry>& entries = stock_[ClassOfRounded(RoundToClass(units))];
  while (!entries.empty()) {
    const StockEntry entry = entries.back();
    entries.pop_back();
    stock_bytes_ -= uint64_t{entry.units} * kUnitBytes;
    // The actor may have recalled it meanwhile; its generation tells.
    if (!CreateLeased(entry.number, entry.generation, bytes, format, flags)) continue;
    *number = entry.number;
    *generation = entry.generation;
    return true;
  }
  return result[result_word::kWaitingCreates] == 0 && arena->LeaseHere(index, units, number, generation) &&
         CreateLeased(*number, *generation, bytes, format, flags);
}

void Client::ForgetCreated(uint32_t number) {
  // The last hold of an unsealed object aborts it.
  DropLocal(number);
}

// --- refs ---

void Client::HoldFirst(uint32_t number) {
  if (number >= local_holds_.size()) local_holds_.resize(number + number / 2 + 64);
  local_holds_[number] = 1;
  arena->StartHold(index, number);
}

int32_t Client::HoldAgain(uint32_t number, uint32_t generation) {
  if (number >= local_holds_.size()) local_holds_.resize(number + number / 2 + 64);
  if (local_holds_[number] == 0) {
    const int32_t answer = arena->AddHold(index, number, generation);
    if (answer == status::kOk) local_holds_[number] = 1;
    return answer;
  }
  const uint64_t header = Load(arena->Header(number));
  if (GenerationOf(header) != generation || !IsLive(StateOf(header))) return status::kNotFound;
  local_holds_[number]++;
  return status::kOk;
}

void Client::DropLocal(uint32_t number) {
  if (--local_holds_[number] != 0) return;
  uint32_t recycled;
  const HoldsLeft left = arena->DropHold(index, number, MayRecycle() ? &recycled : nullptr);
  if (left == HoldsLeft::kNoneRecycled) AddStock(number, recycled);
}

int32_t Client::Delete(uint32_t number, uint32_t generation) {
  // What the store alone keeps ends as if this thread had its last ref: its block is at hand for the put that follows.
  uint32_t recycled;
  const HoldsLeft left = arena->Evict(index, number, generation, MayRecycle() ? &recycled : nullptr);
  if (left == HoldsLeft::kSome) return arena->Delete(number, generation);
  if (left == HoldsLeft::kNoneRecycled) AddStock(number, recycled);
  return status::kOk;
}

uint32_t Client::Track(v8::Local<v8::Object> object, uint32_t number) {
  if (tracked_free_.empty()) {
    TrackedRef& fresh = tracked_.emplace_back();
    fresh.client = this;
    fresh.index = static_cast<uint32_t>(tracked_.size() - 1);
    tracked_free_.push_back(fresh.index);
  }
  const uint32_t track = tracked_free_.back();
  tracked_free_.pop_back();
  TrackedRef& ref = tracked_[track];
  ref.number = number;
  ref.in_use = true;
  Retrack(track, object);
  return track;
}

uint32_t Client::TrackSlot(v8::Local<v8::Object> object, uint32_t number, uint32_t generation) {
  const uint32_t track = Track(object, number);
  tracked_[track].is_slot = true;
  tracked_[track].generation = generation;
  return track;
}

void Client::Retrack(uint32_t track, v8::Local<v8::Object> object) {
  TrackedRef& ref = tracked_[track];
  ref.is_slot = false;
  ref.object.Reset(isolate, object);
  ref.object.SetWeak(&ref, OnRefCollected, v8::WeakCallbackType::kParameter);
}

bool Client::ReleaseTracked(uint32_t track, uint32_t number) {
  if (track >= tracked_.size()) return false;
  TrackedRef& ref = tracked_[track];
  if (!ref.in_use || ref.number != number) return false;
  ref.object.Reset();
  ref.in_use = false;
  tracked_free_.push_back(track);
  DropLocal(number);
  return true;
}

// --- windows ---

v8::Local<v8::ArrayBuffer> Client::HotWindow(uint32_t number, uint32_t generation) {
  if (!HotWindows::kAvailable) return {};
  // Its window pins it, so that it is in this state or gone; and nobody else can have sealed it meanwhile.
  const uint64_t header = Load(arena->Header(number));
  if (StateOf(header) != State::kReferenced || GenerationOf(header) != generation) return {};
  return hot_windows.Find(number, generation);
}

uint32_t Client::CopyOut(uint32_t number, uint64_t header, v8::Local<v8::ArrayBuffer> target, uint32_t format) {
  // In debug mode a window's end is where its bytes are checked.
  if (arena->Slot(number)[slot::kFormat] != format || arena->debug()) return 0;
  const uint64_t size = arena->Size(number);
  if (size == 0 || size > target->ByteLength()) return 0;
  std::memcpy(target->Data(), arena->Bytes(number, header), size);
  arena->Unpin(number);
  return static_cast<uint32_t>(size);
}

int32_t Client::CopyInto(uint32_t number, uint32_t generation, uint32_t formats, const Target& target,
                         uint64_t* bytes) {
  uint64_t header;
  const int32_t answer = arena->Pin(number, generation, &header);
  if (answer != status::kOk) return answer;
  const uint64_t size = arena->Size(number);
  int32_t outcome = status::kOk;
  if (arena->Slot(number)[slot::kFormat] >= formats) {
    outcome = status::kNotAView;
  } else if (size > target.bytes) {
    outcome = status::kTargetTooSmall;
  } else if (!arena->CheckBytes(number)) {
    outcome = status::kDamaged;
  } else {
    PrepareLarge(target.data, size);
    CopyBytes(target.data, arena->Bytes(number, header), size);
    *bytes = size;
  }
  arena->Unpin(number);
  return outcome;
}

v8::Local<v8::ArrayBuffer> Client::ReadWindow(uint32_t number, uint64_t header) {
  // Whoever gets an object looks at its bytes next: they come into the caches while the window is made.
  __builtin_prefetch(arena->Bytes(number, header));
  return v8::ArrayBuffer::New(isolate, MakeWindow(window_arena_, number, header));
}

v8::MaybeLocal<v8::ArrayBuffer> Client::WriteWindow(uint32_t number, uint32_t generation, uint32_t* out_index) {
  if (!arena->Apply(number, generation, Event::kPin)) return {};
  std::shared_ptr<v8::BackingStore> store = MakeWindow(window_arena_, number, Load(arena->Header(number)));
  v8::Local<v8::ArrayBuffer> buffer = v8::ArrayBuffer::New(isolate, store);
  if (writables_free_.empty()) {
    WritableWindow& fresh = writables_.emplace_back();
    fresh.client = this;
    fresh.index = static_cast<uint32_t>(writables_.size() - 1);
    writables_free_.push_back(fresh.index);
  }
  *out_index = writables_free_.back();
  writables_free_.pop_back();
  WritableWindow& window = writables_[*out_index];
  window.number = number;
  window.generation = generation;
  window.in_use = true;
  open_writables_.insert(store->Data());
  window.store = std::move(store);
  window.buffer.Reset(isolate, buffer);
  window.buffer.SetWeak(
      &window,
      [](const v8::WeakCallbackInfo<WritableWindow>& info) {
        WritableWindow* gone = info.GetParameter();
        gone->buffer.Reset();
        gone->in_use = false;
        gone->client->open_writables_.erase(gone->store->Data());
        gone->client->writables_free_.push_back(gone->index);
        // Last, because it may run the deleter: the pin returns now.
        std::shared_ptr<v8::BackingStore> store = std::move(gone->store);
      },
      v8::WeakCallbackType::kParameter);
  return buffer;
}

void Client::Quarantine(v8::Local<v8::ArrayBuffer> buffer) {
  QuarantinedWindow& window = quarantined_.emplace_front();
  window.client = this;
  window.self = quarantined_.begin();
  window.store = buffer->GetBackingStore();
  window.buffer.Reset(isolate, buffer);
  window.buffer.SetWeak(
      &window,
      [](const v8::WeakCallbackInfo<QuarantinedWindow>& info) {
        QuarantinedWindow* gone = info.GetParameter();
        gone->buffer.Reset();
        // It may run the deleter: last, when the list knows nothing of it any more.
        std::shared_ptr<v8::BackingStore> store = std::move(gone->store);
        gone->client->quarantined_.erase(gone->self);
      },
      v8::WeakCallbackType::kParameter);
}

WritableWindow* Client::FindWritable(uint32_t window_index, uint32_t number, uint32_t generation) {
  if (window_index >= writables_.size()) return nullptr;
  WritableWindow& window = writables_[window_index];
  const bool is_it = window.in_use && window.number == number && window.generation == generation;
  return is_it ? &window : nullptr;
}

}  // namespace plasmoid
