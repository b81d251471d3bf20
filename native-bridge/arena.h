// An arena: one store's regions, and the steps on its object slots that take more than one word.
//
// Everything here is free of V8, and but for the id index and for places (places.cc) of locks, so that backing-store
// deleters may call it from any thread, also in the middle of another bridge call of the same thread.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <mutex>

#include "allocator.h"
#include "doorbell.h"
#include "header_word.h"
#include "region.h"

namespace plasmoid {

// Must equal MAX_CLIENTS of the layout; checked when an arena is opened.
inline constexpr uint32_t kMaxClients = 256;
inline constexpr uint32_t kNobody = 0xffffffff;

// What one hold less leaves of an object.
enum class HoldsLeft {
  kSome,
  kNone,
  // None, and the slot went back to the client as leased: it puts it into its stock.
  kNoneRecycled,
};

class Arena {
 public:
  // The allocator is the primary region's.
  Arena(std::shared_ptr<Region> control, std::shared_ptr<Region> primary, std::shared_ptr<Region> fallback,
        std::shared_ptr<Allocator> allocator);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // --- words ---
  uint32_t* Word(uint32_t index) const { return control_words_ + index; }
  uint32_t HeaderValue(uint32_t index) const { return control_words_[index]; }
  uint32_t max_objects() const { return max_objects_; }
  uint32_t HighWater() const { return Load(Word(actor::kObjectHighWater)); }
  uint32_t* Slot(uint32_t number) const {
    return reinterpret_cast<uint32_t*>(objects_ + uint64_t{number} * kSlotBytes);
  }
  uint32_t* Name(uint32_t number) const {
    return reinterpret_cast<uint32_t*>(names_ + uint64_t{number} * kNameBytes);
  }
  uint64_t* Header(uint32_t number) const { return reinterpret_cast<uint64_t*>(Slot(number)); }
  // The client that a slot was leased to last, or kNobody.
  uint32_t OwnerOf(uint32_t number) const {
    return static_cast<uint32_t>(Load(owners_ + number) & owner::kClientMask) - 1;
  }
  bool IsAnswer(uint32_t number) const { return (Load(owners_ + number) & owner::kAnswerBit) != 0; }
  void SetOwner(uint32_t number, uint32_t client, bool is_answer) {
    Store(owners_ + number, static_cast<uint16_t>((client + 1) | (is_answer ? owner::kAnswerBit : 0)));
  }
  uint32_t* ClientWord(uint32_t client, uint32_t word) const {
    return reinterpret_cast<uint32_t*>(clients_ + uint64_t{client} * client_bytes_) + word;
  }
  uint8_t* Bytes(uint32_t number, uint64_t header) const {
    const uint32_t* record = Slot(number);
    return IsFallback(header) ? fallback_base_ + uint64_t{Load(record + slot::kFallbackOffsetUnits)} * kUnitBytes
                              : primary_base_ + uint64_t{record[slot::kOffsetUnits]} * kUnitBytes;
  }
  uint64_t Size(uint32_t number) const {
    const uint32_t* record = Slot(number);
    return record[slot::kSizeLow] | (uint64_t{record[slot::kSizeHigh]} << 32);
  }
  const std::shared_ptr<Region>& primary() const { return primary_; }
  const std::shared_ptr<Region>& fallback() const { return fallback_; }
  bool IsClosed() const { return Load(Word(actor::kClosed)) != closed::kOpen; }
  // True when `address` lies in one of the pools.
  bool Contains(const void* address) const;

  // --- single-word steps ---
  // Applies `event` to the slot if its generation is still the given one; false when the table forbids it. A slot that
  // it releases goes onto the freed stack.
  bool Apply(uint32_t number, uint32_t generation, Event event, uint64_t extra_flags = 0);
  // Pins a sealed object for a new window: a status, and the header after it.
  int32_t Pin(uint32_t number, uint32_t generation, uint64_t* header);
  // Gives a pin back. Runs in deleters.
  void Unpin(uint32_t number);

  // --- holds ---
  // A client's first ref: fails when nobody else holds the object (it is being deleted then).
  int32_t AddHold(uint32_t client, uint32_t number, uint32_t generation);
  // The first hold of a slot that its caller alone knows.
  void StartHold(uint32_t client, uint32_t number);
  // A client's last ref goes. What becomes the client's own again has the generation `recycled`; not allowed without it.
  HoldsLeft DropHold(uint32_t client, uint32_t number, uint32_t* recycled);
  // The store's own hold of a sealed object that the caller holds: from now on it outlives its last ref. A status.
  int32_t Keep(uint32_t number, uint32_t generation);
  // Gives the store's hold up, if it is the only one and nobody views the object: by the actor, or by the client that
  // deletes it.
  HoldsLeft Evict(uint32_t client, uint32_t number, uint32_t generation, uint32_t* recycled);

  // --- debug mode (arena_debug.cc): not to be called out of it, but for CheckBytes ---
  bool debug() const { return debug_; }
  // Notes what the bytes are; before the step that seals them.
  void StoreChecksum(uint32_t number);
  // Whether the bytes are still those that were sealed; if not, says so to the actor, once. The caller has a pin or
  // has just had the last hold; or it is the actor. A block that changes hands meanwhile has another checksum by then.
  bool CheckBytes(uint32_t number);
  bool IsMarkedDamaged(uint32_t number) const;
  // The same check at the end of a window. True when the window's pin must stay, so that nobody gets the block.
  bool KeepEvidence(uint32_t number);
  // The same check of an object that is about to go: a damaged one keeps a pin.
  void PinEvidence(uint32_t number, uint32_t generation);

  // Makes an object unreachable for new views; a status.
  int32_t Delete(uint32_t number, uint32_t generation);

  // --- places (places.cc): slots and blocks. With locks: not for deleters ---
  // A free slot, or kNobody.
  uint32_t TakeSlot();
  void GiveSlot(uint32_t number);
  // Attaches a block to a slot just taken, for a client to create an object in; its generation.
  uint32_t Lease(uint32_t number, const Block& block, bool fallback, uint32_t client);
  // A slot with a block for the caller, a client, without asking the actor. False when that has to be asked: others wait,
  // or what there is lies beyond what clients may take by themselves, or nothing is free.
  bool LeaseHere(uint32_t client, uint64_t units, uint32_t* number, uint32_t* generation);
  // Gives a leased slot back unused.
  void HandBack(uint32_t number, uint32_t generation);
  // Takes everything back that was freed, but for what lies on disk; how many slots gave something back. By the actor.
  uint32_t ReclaimFreed();
  // Takes back what stands in stocks, of blocks of at least this size; their number.
  uint32_t RecallLeases(uint32_t least_units, bool* has_smaller);
  // Slots whose blocks lie on disk, as a stack: the first number plus one, or 0. Follow slot::kNextFreed.
  uint32_t TakeFreedOnDisk() { return Exchange(Word(actor::kFreedOnDiskHead), uint32_t{0}); }
  // After the block was taken back: true when the slot is free, false when refs keep a tombstone.
  bool FinishReclaim(uint32_t number);

  // --- the settled stack ---
  // Asks whoever seals or aborts the object to put it there: kNotSealed when that is to come, kOk when it is sealed.
  int32_t Await(uint32_t number, uint32_t generation);
  // Takes the whole stack, as TakeFreedOnDisk does. Follow TakeSettledLink.
  uint32_t TakeSettled() { return Exchange(Word(actor::kSettledHead), uint32_t{0}); }
  // Takes one slot off the stack that was taken; its successor plus one, or 0.
  uint32_t TakeSettledLink(uint32_t number);

  // --- spilling ---
  // Where a sealed object lies in memory, in bytes, and how large it is; false when it is not there any more.
  bool PlaceInMemory(uint32_t number, uint32_t generation, uint64_t* offset, uint64_t* bytes) const;
  // Makes the copy at `offset_units` of the fallback pool the object's only place; false when somebody views the other
  // one, or the object has gone.
  bool CommitSpill(uint32_t number, uint32_t generation, uint32_t offset_units);
  // Tells the actor, wherever it is, that there is something to look at.
  void AlertActor();

  // --- recovery ---
  // Returns everything that a dead client's own ledger and ownership name; the number of slots touched.
  uint32_t RecoverClient(uint32_t client);

  // --- the id index ---
  // Enters a slot of the caller's that was created with kNamedFlag; kOk or kExists. Created first, so that a slot in
  // the index always carries the flag, and its reclaim always erases it.
  int32_t InsertId(const uint8_t* id, uint32_t number);
  // Finds a living object by id.
  int32_t LookUpId(const uint8_t* id, uint32_t* number, uint32_t* generation);
  void EraseId(uint32_t number, uint32_t generation);

  // --- waking ---
  // Rings if the actor sleeps.
  void WakeActor();
  Doorbell& ActorDoorbell() { return actor_doorbell_; }
  Doorbell& ClientDoorbell(uint32_t client) { return client_doorbells_[client]; }
  void RingAllClients();

 private:
  HoldsLeft LowerHolds(uint32_t client, uint32_t number, uint32_t* recycled);
  // The compare-exchange of Apply alone; `next` is the header after it.
  bool Step(uint32_t number, uint32_t generation, Event event, uint64_t extra_flags, uint64_t* next);
  // Of the primary pool.
  void FreeBlock(uint32_t number);
  // One slot of those released; whether a block or the slot is free now.
  bool Reclaim(uint32_t number);
  // A number of those on the freed stack; `more` when there are others. With the lock.
  uint32_t ReclaimSome(bool* more);
  // By a client, for itself in the first place, if nobody else is at it.
  uint32_t ReclaimForOthers();
  void TellWhoWaits();
  // On a stack of released slots.
  void Push(uint32_t head_word, uint32_t number);
  void PushFreed(uint32_t number);
  void PushSettled(uint32_t number);
  // A client alone writes its ledger; the actor does when the client is dead. So no two steps meet in one byte.
  void SetLedgerBit(uint32_t client, uint32_t number, bool held) {
    uint8_t* byte = LedgerByte(client, number);
    const auto bit = static_cast<uint8_t>(1u << (number % 8));
    StoreRelease(byte, static_cast<uint8_t>(held ? LoadAcquire(byte) | bit : LoadAcquire(byte) & ~bit));
  }
  uint8_t* LedgerByte(uint32_t client, uint32_t number) const {
    return ledgers_ + uint64_t{client} * ledger_bytes_ + number / 8;
  }
  uint32_t* Bucket(const uint8_t* id) const;

  std::shared_ptr<Region> control_;
  std::shared_ptr<Region> primary_;
  std::shared_ptr<Region> fallback_;
  uint32_t* control_words_;
  uint8_t* primary_base_;
  uint8_t* fallback_base_;
  uint32_t max_objects_;
  bool debug_;
  uint8_t* objects_;
  uint8_t* names_;
  uint16_t* owners_;
  uint8_t* clients_;
  uint32_t client_bytes_;
  uint8_t* ledgers_;
  uint32_t ledger_bytes_;
  uint32_t* buckets_;
  uint32_t bucket_count_;
  // Held by insert, erase and look-up alone; never across a V8 call, never by a deleter.
  std::mutex index_lock_;
  // Held while a slot is taken from the free ones or given to them, and no longer.
  std::mutex slots_lock_;
  // Held while something is neither in use nor free, nor on the freed stack. The actor waits for it, and so sees all that was
  // given back; nobody else does. Before the other locks.
  std::mutex reclaim_lock_;
  // The part of the freed stack that was taken and is still to be looked at: slot number plus one, or 0.
  uint32_t taken_ = 0;
  std::shared_ptr<Allocator> allocator_;
  Doorbell actor_doorbell_;
  std::array<Doorbell, kMaxClients> client_doorbells_;
};

void ForgetArenasOf(v8::Isolate* owner);
std::shared_ptr<Arena> FindArena(uint32_t number);

void AddArenaFunctions(v8::Isolate* isolate, v8::Local<v8::Object> exports);

}  // namespace plasmoid
