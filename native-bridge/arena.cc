#include "arena.h"

#include "coarse_clock.h"
#include "live_arenas.h"

namespace plasmoid {

namespace {

// A deleter rings a sleeping actor only when this much waits for it (or a create waits): 4 MiB.
constexpr uint32_t kRingAfterUnits = (4u << 20) / kUnitBytes;

}  // namespace

Arena::Arena(std::shared_ptr<Region> control, std::shared_ptr<Region> primary, std::shared_ptr<Region> fallback,
             std::shared_ptr<Allocator> allocator)
    : control_(std::move(control)),
      primary_(std::move(primary)),
      fallback_(std::move(fallback)),
      allocator_(std::move(allocator)) {
  uint8_t* base = control_->base();
  control_words_ = reinterpret_cast<uint32_t*>(base);
  primary_base_ = primary_->base();
  fallback_base_ = fallback_ ? fallback_->base() : nullptr;
  max_objects_ = HeaderValue(store_header::kMaxObjects);
  debug_ = HeaderValue(store_header::kDebug) != 0;
  objects_ = base + HeaderValue(store_header::kObjectsOffset);
  names_ = base + HeaderValue(store_header::kNamesOffset);
  owners_ = reinterpret_cast<uint16_t*>(base + HeaderValue(store_header::kOwnersOffset));
  clients_ = base + HeaderValue(store_header::kClientsOffset);
  client_bytes_ = HeaderValue(store_header::kClientBytes);
  ledgers_ = base + HeaderValue(store_header::kLedgersOffset);
  ledger_bytes_ = HeaderValue(store_header::kLedgerBytes);
  buckets_ = reinterpret_cast<uint32_t*>(base + HeaderValue(store_header::kBucketsOffset));
  bucket_count_ = HeaderValue(store_header::kBucketCount);
  AddLiveArena(this);
}

Arena::~Arena() { RemoveLiveArena(this); }

bool Arena::Contains(const void* address) const {
  const auto* byte = static_cast<const uint8_t*>(address);
  if (byte >= primary_base_ && byte < primary_base_ + primary_->bytes()) return true;
  return fallback_ && byte >= fallback_base_ && byte < fallback_base_ + fallback_->bytes();
}

bool Arena::Step(uint32_t number, uint32_t generation, Event event, uint64_t extra_flags, uint64_t* next) {
  uint64_t header = Load(Header(number));
  do {
    if (GenerationOf(header) != generation || !NextHeader(header, event, next)) return false;
    *next |= extra_flags;
  } while (!CompareExchange(Header(number), &header, *next));
  if (IsAwaited(header) && !IsAwaited(*next)) PushSettled(number);
  return true;
}

bool Arena::Apply(uint32_t number, uint32_t generation, Event event, uint64_t extra_flags) {
  uint64_t next;
  if (!Step(number, generation, event, extra_flags, &next)) return false;
  if (StateOf(next) == State::kReleased) PushFreed(number);
  return true;
}

int32_t Arena::Pin(uint32_t number, uint32_t generation, uint64_t* result) {
  // SYNC seal-get: acquires what the writer stored before its sealing compare-exchange.
  uint64_t header = Load(Header(number));
  for (;;) {
    if (GenerationOf(header) != generation) return status::kNotFound;
    const State state = StateOf(header);
    if (state == State::kCreated || state == State::kWriting) return status::kNotSealed;
    if (state != State::kSealed && state != State::kReferenced) return status::kNotFound;
    if (PinsOf(header) == kMaxPins) return status::kTooManyPins;
    uint64_t next;
    if (!NextHeader(header, Event::kPin, &next)) return status::kNotFound;
    if (CompareExchange(Header(number), &header, next)) {
      *result = next;
      return status::kOk;
    }
  }
}

void Arena::Unpin(uint32_t number) {
  StoreRelaxed(Slot(number) + slot::kLastUseMs, CoarseNowMs());
  uint64_t header = Load(Header(number));
  for (;;) {
    const Event event = PinsOf(header) == 1 ? Event::kUnpinLast : Event::kUnpin;
    uint64_t next;
    if (!NextHeader(header, event, &next)) __builtin_trap();  // a pin was given back twice: memory is not safe
    if (CompareExchange(Header(number), &header, next)) {
      if (StateOf(next) == State::kReleased) PushFreed(number);
      return;
    }
  }
}

int32_t Arena::AddHold(uint32_t client, uint32_t number, uint32_t generation) {
  uint32_t* holds = Slot(number) + slot::kHolds;
  uint32_t count = Load(holds);
  do {
    // The last holder's step from 1 to 0 decides the object's end; nobody revives it after that.
    if (count == 0) return status::kNotFound;
  } while (!CompareExchange(holds, &count, count + 1));
  SetLedgerBit(client, number, true);
  // Only now is the slot sure not to be recycled, so only now does its generation mean anything.
  const uint64_t header = Load(Header(number));
  if (GenerationOf(header) == generation && IsLive(StateOf(header))) return status::kOk;
  DropHold(client, number, nullptr);
  return status::kNotFound;
}

void Arena::StartHold(uint32_t client, uint32_t number) {
  SetLedgerBit(client, number, true);
  // Nobody else looks before the slot is sealed, or its token sent.
  StoreRelease(Slot(number) + slot::kHolds, uint32_t{1});
}

HoldsLeft Arena::DropHold(uint32_t client, uint32_t number, uint32_t* recycled) {
  SetLedgerBit(client, number, false);
  return LowerHolds(client, number, recycled);
}

int32_t Arena::Keep(uint32_t number, uint32_t generation) {
  // Raised first: whoever sees the flag finds the hold. The caller's own hold keeps the object meanwhile.
  FetchAdd(Slot(number) + slot::kHolds, uint32_t{1});
  uint64_t header = Load(Header(number));
  for (;;) {
    const State state = StateOf(header);
    const bool sealed = state == State::kSealed || state == State::kReferenced;
    if (GenerationOf(header) != generation || !sealed || IsEvictable(header)) {
      FetchSub(Slot(number) + slot::kHolds, uint32_t{1});
      return sealed && GenerationOf(header) == generation ? status::kOk : status::kNotFound;
    }
    if (CompareExchange(Header(number), &header, header | kEvictableFlag)) return status::kOk;
  }
}

HoldsLeft Arena::Evict(uint32_t client, uint32_t number, uint32_t generation, uint32_t* recycled) {
  uint64_t header = Load(Header(number));
  do {
    const bool idle = GenerationOf(header) == generation && StateOf(header) == State::kSealed && IsEvictable(header);
    if (!idle || Load(Slot(number) + slot::kHolds) != 1) return HoldsLeft::kSome;
  } while (!CompareExchange(Header(number), &header, header & ~kEvictableFlag));
  // Whoever has got a ref since keeps the object, as any other that the store does not keep.
  return LowerHolds(client, number, recycled);
}

HoldsLeft Arena::LowerHolds(uint32_t client, uint32_t number, uint32_t* recycled) {
  // The hold keeps the slot from being anybody else's; without it a deleted object's slot may be, at any time.
  const uint32_t generation = GenerationOf(Load(Header(number)));
  // SYNC tombstone: holds are lowered before the header is read; who reclaims the slot reads them in the opposite order.
  if (FetchSub(Slot(number) + slot::kHolds, uint32_t{1}) != 1) return HoldsLeft::kSome;
  if (debug_) PinEvidence(number, generation);
  uint64_t header = Load(Header(number));
  for (;;) {
    if (GenerationOf(header) != generation) return HoldsLeft::kNone;
    Event event;
    switch (StateOf(header)) {
      case State::kSealed:
        event = recycled != nullptr && !IsFallback(header) && OwnerOf(number) == client ? Event::kRecycle
                                                                                         : Event::kDelete;
        // Out of the index before somebody else may have the slot. If it is viewed meanwhile, it is deleted, and who
        // reclaims it finds nothing to erase.
        if (event == Event::kRecycle && IsNamed(header)) EraseId(number, generation);
        break;
      case State::kReferenced:
        event = Event::kDelete;
        break;
      case State::kCreated:
      case State::kWriting:
        event = Event::kAbort;
        break;
      case State::kTombstone:
        event = Event::kVacate;
        break;
      default:
        return HoldsLeft::kNone;  // on its way already; who reclaims it looks at the holds
    }
    // Nobody recalls it while it says so; and without it, it may be another's at once.
    const bool was_answer = IsAnswer(number);
    uint64_t next;
    if (!NextHeader(header, event, &next)) return HoldsLeft::kNone;
    if (!CompareExchange(Header(number), &header, next)) continue;
    if (IsAwaited(header) && !IsAwaited(next)) PushSettled(number);
    if (StateOf(next) == State::kReleased) PushFreed(number);
    if (event != Event::kRecycle) return HoldsLeft::kNone;
    if (was_answer) SetOwner(number, client, false);
    *recycled = GenerationOf(next);
    return HoldsLeft::kNoneRecycled;
  }
}

int32_t Arena::Delete(uint32_t number, uint32_t generation) {
  if (debug_) PinEvidence(number, generation);
  while (!Apply(number, generation, Event::kDelete)) {
    const uint64_t header = Load(Header(number));
    if (GenerationOf(header) != generation) return status::kNotFound;
    const State state = StateOf(header);
    if (state == State::kCreated || state == State::kWriting) return status::kNotSealed;
    // Sealed since the attempt: try again.
    if (state != State::kSealed && state != State::kReferenced) return status::kNotFound;
  }
  return status::kOk;
}

void Arena::Push(uint32_t head_word, uint32_t number) {
  uint32_t* head = Word(head_word);
  uint32_t first = Load(head);
  do {
    Slot(number)[slot::kNextFreed] = first;
  } while (!CompareExchange(head, &first, number + 1));
}

void Arena::PushFreed(uint32_t number) {
  // Read before it is another's.
  const uint32_t units = Slot(number)[slot::kCapacityUnits];
  Push(actor::kFreedHead, number);
  const uint32_t waiting = FetchAdd(Word(actor::kFreedUnits), units) + units;
  if (waiting >= kRingAfterUnits || Load(Word(actor::kWanted)) != 0) WakeActor();
}

int32_t Arena::Await(uint32_t number, uint32_t generation) {
  uint64_t header = Load(Header(number));
  for (;;) {
    if (GenerationOf(header) != generation || !IsLive(StateOf(header))) return status::kNotFound;
    if (!IsBeingWritten(StateOf(header))) return status::kOk;
    if (CompareExchange(Header(number), &header, header | kAwaitedFlag)) return status::kNotSealed;
  }
}

void Arena::PushSettled(uint32_t number) {
  uint32_t* link = Slot(number) + slot::kNextSettled;
  uint32_t nowhere = 0;
  // SYNC settled: the header was changed before this look at the link. A slot that is on the stack already, for an
  // object before this one, is taken off it before the actor reads the header: it will see this change, too.
  if (CompareExchange(link, &nowhere, kStackEnd)) {
    uint32_t* head = Word(actor::kSettledHead);
    uint32_t first = Load(head);
    do {
      Store(link, first == 0 ? kStackEnd : first);
    } while (!CompareExchange(head, &first, number + 1));
  }
  AlertActor();
}

uint32_t Arena::TakeSettledLink(uint32_t number) {
  // SYNC settled: off the stack before the header is read.
  const uint32_t next = Exchange(Slot(number) + slot::kNextSettled, uint32_t{0});
  return next == kStackEnd ? 0 : next;
}

bool Arena::PlaceInMemory(uint32_t number, uint32_t generation, uint64_t* offset, uint64_t* bytes) const {
  auto is_there = [&] {
    const uint64_t header = Load(Header(number));
    const bool is_sealed = StateOf(header) == State::kSealed || StateOf(header) == State::kReferenced;
    return GenerationOf(header) == generation && is_sealed && !IsFallback(header);
  };
  if (!is_there()) return false;
  const uint32_t* record = Slot(number);
  *offset = uint64_t{LoadAcquire(record + slot::kOffsetUnits)} * kUnitBytes;
  *bytes = LoadAcquire(record + slot::kSizeLow) | (uint64_t{LoadAcquire(record + slot::kSizeHigh)} << 32);
  // Whoever writes these words has changed the generation before.
  return is_there();
}

bool Arena::CommitSpill(uint32_t number, uint32_t generation, uint32_t offset_units) {
  const uint64_t header = Load(Header(number));
  // Only the actor, which calls this, gives blocks of the fallback pool away: the cell is nobody's while the generation
  // is this one and its object lies in memory.
  if (GenerationOf(header) != generation || IsFallback(header)) return false;
  // SYNC spill-cell: stored before the header says so. Who pins the object after that step reads this cell.
  Store(Slot(number) + slot::kFallbackOffsetUnits, offset_units);
  return Apply(number, generation, Event::kSpill);
}

bool Arena::FinishReclaim(uint32_t number) {
  uint64_t header = Load(Header(number));
  const uint32_t generation = GenerationOf(header);
  if (IsNamed(header)) EraseId(number, generation);
  // Deleted by somebody: the store's own hold goes with the object, before the holds are looked at.
  while (IsEvictable(header)) {
    if (!CompareExchange(Header(number), &header, header & ~kEvictableFlag)) continue;
    FetchSub(Slot(number) + slot::kHolds, uint32_t{1});
    break;
  }
  uint64_t next;
  if (Load(Slot(number) + slot::kHolds) == 0) return Step(number, generation, Event::kReclaim, 0, &next);
  Step(number, generation, Event::kEntomb, 0, &next);
  // SYNC tombstone: the state is set before the holds are read again. Either this thread sees that the last ref has
  // gone meanwhile, or its holder sees the tombstone; the compare-exchange lets exactly one of them go on.
  // By steps, because what is vacated here is reclaimed at once and has no business on the freed stack.
  return Load(Slot(number) + slot::kHolds) == 0 && Step(number, generation, Event::kVacate, 0, &next) &&
         Step(number, generation, Event::kReclaim, 0, &next);
}

uint32_t Arena::RecoverClient(uint32_t client) {
  uint32_t touched = 0;
  const uint32_t end = HighWater();
  for (uint32_t number = 0; number < end; number++) {
    // The owner behind the header: whoever leases the slot says so first, and then both are another's.
    const uint64_t header = Load(Header(number));
    if (OwnerOf(number) != client) continue;
    const State state = StateOf(header);
    if (state == State::kLeased) {
      if (Apply(number, GenerationOf(header), Event::kHandBack)) touched++;
    } else if (state == State::kCreated || state == State::kWriting) {
      if (Apply(number, GenerationOf(header), Event::kAbort)) touched++;
    }
  }
  // A slot aborted above may still have its hold: the ledger knows, and the tombstone rules do the rest.
  for (uint32_t byte = 0; byte * 8 < end; byte++) {
    uint8_t bits = __atomic_load_n(LedgerByte(client, byte * 8), __ATOMIC_SEQ_CST);
    for (uint32_t bit = 0; bits != 0; bit++, bits >>= 1) {
      if ((bits & 1) == 0) continue;
      DropHold(client, byte * 8 + bit, nullptr);
      touched++;
    }
  }
  return touched;
}

void Arena::AlertActor() {
  // SYNC actor-alert: behind what the actor shall see. It reads the word before it looks.
  FetchAdd(Word(actor::kActivity), uint32_t{1});
  WakeActor();
}

void Arena::WakeActor() {
  // SYNC actor-sleep: the caller published before this exchange; the actor sets the flag before its last look.
  if (Exchange(Word(actor::kSleeping), uint32_t{0}) == 1) actor_doorbell_.Ring();
}

void Arena::RingAllClients() {
  const uint32_t end = Load(Word(actor::kClientHighWater));
  for (uint32_t client = 0; client < end && client < kMaxClients; client++) client_doorbells_[client].Ring();
}

}  // namespace plasmoid
