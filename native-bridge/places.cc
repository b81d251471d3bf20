// An arena's slots and blocks: giving them to clients, and taking them back.
#include "arena.h"

namespace plasmoid {

namespace {

// A client that takes a block for itself takes back first what others have freed, when it is as much as this: 1 MiB.
constexpr uint32_t kReclaimAfterUnits = (1u << 20) / kUnitBytes;
// And no more slots than this at a time: whoever calls wants to go on, or others do.
constexpr uint32_t kReclaimSlots = 512;

}  // namespace

// --- slots ---

uint32_t Arena::TakeSlot() {
  std::lock_guard<std::mutex> guard(slots_lock_);
  uint32_t* head = Word(actor::kFreeSlots);
  if (*head != 0) {
    const uint32_t number = *head - 1;
    Store(head, Slot(number)[slot::kNextFreed]);
    return number;
  }
  const uint32_t fresh = HighWater();
  if (fresh == max_objects_) return kNobody;
  Store(Word(actor::kObjectHighWater), fresh + 1);
  return fresh;
}

// Last in, first out, so that warm records are used again.
void Arena::GiveSlot(uint32_t number) {
  std::lock_guard<std::mutex> guard(slots_lock_);
  uint32_t* head = Word(actor::kFreeSlots);
  Slot(number)[slot::kNextFreed] = *head;
  Store(head, number + 1);
}

// --- giving ---

uint32_t Arena::Lease(uint32_t number, const Block& block, bool fallback, uint32_t client) {
  uint32_t* record = Slot(number);
  record[fallback ? slot::kFallbackOffsetUnits : slot::kOffsetUnits] = block.offset_units;
  record[slot::kCapacityUnits] = block.units;
  record[slot::kBlock] = block.row;
  SetOwner(number, client, true);
  const uint32_t generation = GenerationOf(Load(Header(number)));
  // A slot from the list is free, and nobody else's.
  if (!Apply(number, generation, Event::kLease, fallback ? kFallbackFlag : 0)) __builtin_trap();
  return generation;
}

bool Arena::LeaseHere(uint32_t client, uint64_t units, uint32_t* number, uint32_t* generation) {
  // Others wait, and were first; the actor knows whose turn it is.
  if (Load(Word(actor::kWanted)) != 0) return false;
  if (!debug_ && Load(Word(actor::kFreedUnits)) >= kReclaimAfterUnits) ReclaimForOthers();
  const uint32_t end_units = Load(Word(actor::kOwnEndUnits));
  Block block = allocator_->AllocateBelow(units, end_units);
  if (!block && !debug_ && ReclaimForOthers() > 0) block = allocator_->AllocateBelow(units, end_units);
  if (!block) return false;
  *number = TakeSlot();
  if (*number == kNobody) {
    allocator_->Free(block.row);
    TellWhoWaits();
    return false;
  }
  *generation = Lease(*number, block, false, client);
  // SYNC store-close: leased before the look. The actor closes before it looks which blocks are somebody's, and gives all
  // other memory back to the system.
  if (IsClosed()) {
    HandBack(*number, *generation);
    return false;
  }
  // SYNC watch-level: allocated before the look. The actor sets the word before its own look at what is allocated.
  if (allocator_->AllocatedUnits() > Load(Word(actor::kWatchAboveUnits)) &&
      Exchange(Word(actor::kWatchAboveUnits), kNoWatch) != kNoWatch) {
    AlertActor();
  }
  return true;
}

// --- taking back ---

void Arena::HandBack(uint32_t number, uint32_t generation) {
  const std::unique_lock<std::mutex> guard(reclaim_lock_, std::try_to_lock);
  uint64_t next;
  if (!Step(number, generation, Event::kHandBack, 0, &next)) return;
  // Nobody waits for somebody who is taking back. And in debug mode the actor looks at bytes before anybody else may have
  // them.
  if (!guard || debug_ || IsFallback(next)) return PushFreed(number);
  Reclaim(number);
  TellWhoWaits();
}

void Arena::FreeBlock(uint32_t number) {
  uint32_t* record = Slot(number);
  // Given back twice: memory is not safe.
  if (!allocator_->Free(record[slot::kBlock])) __builtin_trap();
  record[slot::kCapacityUnits] = 0;
}

bool Arena::Reclaim(uint32_t number) {
  const bool has_block = Slot(number)[slot::kCapacityUnits] != 0;
  if (has_block && IsFallback(Load(Header(number)))) {
    // Its room goes back to the file system as well, which is the actor's work.
    Push(actor::kFreedOnDiskHead, number);
    WakeActor();
    return false;
  }
  // A tombstone comes a second time, without a block.
  if (has_block) FreeBlock(number);
  const bool is_free = FinishReclaim(number);
  if (is_free) GiveSlot(number);
  return has_block || is_free;
}

uint32_t Arena::ReclaimSome(bool* more) {
  if (taken_ == 0) {
    Store(Word(actor::kFreedUnits), uint32_t{0});
    taken_ = Exchange(Word(actor::kFreedHead), uint32_t{0});
  }
  uint32_t returned = 0;
  for (uint32_t looked = 0; taken_ != 0 && looked < kReclaimSlots; looked++) {
    const uint32_t number = taken_ - 1;
    taken_ = Slot(number)[slot::kNextFreed];
    if (Reclaim(number)) returned++;
  }
  *more = taken_ != 0;
  return returned;
}

uint32_t Arena::ReclaimFreed() {
  uint32_t returned = 0;
  // Twice: what a client has left, and what is on the stack. Neither for ever, while others go on freeing.
  for (int taking = 0; taking < 2; taking++) {
    bool more = true;
    for (uint32_t batch = 0; more && batch <= HighWater() / kReclaimSlots; batch++) {
      std::lock_guard<std::mutex> guard(reclaim_lock_);
      returned += ReclaimSome(&more);
    }
  }
  return returned;
}

uint32_t Arena::ReclaimForOthers() {
  const std::unique_lock<std::mutex> guard(reclaim_lock_, std::try_to_lock);
  if (!guard) return 0;
  bool more;
  const uint32_t returned = ReclaimSome(&more);
  TellWhoWaits();
  return returned;
}

// SYNC wanted: blocks are free before this look. The actor sets the word before its last attempt to find one: either that
// finds them, or this thread sees that somebody waits. What was taken off the freed stack and not looked at is the actor's to
// see then.
void Arena::TellWhoWaits() {
  if (Load(Word(actor::kWanted)) != 0) AlertActor();
}

uint32_t Arena::RecallLeases(uint32_t least_units, bool* has_smaller) {
  uint32_t blocks = 0;
  *has_smaller = false;
  const uint32_t end = HighWater();
  for (uint32_t number = 0; number < end; number++) {
    const uint64_t header = Load(Header(number));
    if (StateOf(header) != State::kLeased || IsAnswer(number)) continue;
    // If it changes meanwhile, the generation does, too.
    if (Slot(number)[slot::kCapacityUnits] < least_units) {
      *has_smaller = true;
      continue;
    }
    if (!Apply(number, GenerationOf(header), Event::kRecall)) continue;
    // Only blocks of memory stay in stocks.
    FreeBlock(number);
    GiveSlot(number);
    blocks++;
  }
  // SYNC recall: behind the headers, so that who sees this number finds them all changed.
  if (blocks > 0) FetchAdd(Word(actor::kRecalls), uint32_t{1});
  return blocks;
}

}  // namespace plasmoid
