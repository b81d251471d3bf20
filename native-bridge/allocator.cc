#include "allocator.h"

#include "size_class.h"

namespace plasmoid {

namespace {

// Blocks of more than this (4 KiB) merge at once: what waits for its own size is a hole of that size meanwhile, in memory
// that the next large object needs in one piece. Writing them takes longer than the TLSF does; small ones are worth the
// cache.
constexpr uint32_t kLargestCachedUnits = 64;
constexpr uint32_t kSteps = 1u << kListStepsShift;
static_assert(kCacheCount == kClassCount, "a cache for each size class");
// How many cached blocks merge in one hold of the lock: some tenths of a millisecond.
constexpr uint32_t kFlushBatch = 512;
// How many blocks of a list that is only partly large enough are looked at: a bound, so that a call stays short.
constexpr int kTightSearchLimit = 64;

uint32_t LowestBit(uint32_t bits) { return static_cast<uint32_t>(__builtin_ctz(bits)); }

// The list that blocks of this size are in. 32 steps an octave, because then the bits of one fit one word, and because
// every class size is the lower bound of a list: a search for a class size misses no block.
uint32_t ListOf(uint32_t units) {
  if (units < kSteps) return units;
  const uint32_t shift = 31 - kListStepsShift - static_cast<uint32_t>(__builtin_clz(units));
  return (shift << kListStepsShift) + (units >> shift);
}

// The first list in which every block has at least this size; kListCount when there is none.
uint32_t FirstListCovering(uint32_t units) {
  if (units < kSteps) return units;
  const uint32_t shift = 31 - kListStepsShift - static_cast<uint32_t>(__builtin_clz(units));
  return (shift << kListStepsShift) + ((units - 1) >> shift) + 1;
}

// Sums that others read without the lock. It alone orders those who write them.
void Add(uint32_t* word, uint32_t units) { StoreRelaxed(word, *word + units); }
void Subtract(uint32_t* word, uint32_t units) { StoreRelaxed(word, *word - units); }

}  // namespace

Allocator::Allocator(std::shared_ptr<Region> region)
    : region_(std::move(region)), words_(reinterpret_cast<uint32_t*>(region_->base())) {}

void Allocator::Begin(Region& region, uint32_t capacity_units, uint32_t granularity_shift, uint32_t row_count) {
  auto* words = reinterpret_cast<uint32_t*>(region.base());
  words[books::kCapacity] = capacity_units;
  words[books::kGranularityShift] = granularity_shift;
  words[books::kRowCount] = row_count;
  words[books::kRowLimit] = kFirstRow + 1;
  words[books::kFree] = capacity_units;
  uint32_t* first = words + books::kRows + (kFirstRow << kBlockRowShift);
  first[block::kUnits] = capacity_units;
  first[block::kState] = block_state::kFree;
  const uint32_t list = ListOf(capacity_units);
  words[books::kListHeads + list] = kFirstRow;
  words[books::kStepBits + (list >> kListStepsShift)] = 1u << (list % kSteps);
  words[books::kOctaveBits] = 1u << (list >> kListStepsShift);
}

// --- rows ---

uint32_t Allocator::AcquireRow() {
  const uint32_t spare = words_[books::kSpareHead];
  if (spare != kNoRow) {
    words_[books::kSpareHead] = Row(spare)[block::kNextListed];
    return spare;
  }
  const uint32_t fresh = words_[books::kRowLimit];
  if (fresh == words_[books::kRowCount]) return kNoRow;
  words_[books::kRowLimit] = fresh + 1;
  return fresh;
}

// The row last given back is the next one taken, since it is still in the processor's cache.
void Allocator::ReleaseRow(uint32_t row) {
  Row(row)[block::kState] = block_state::kSpare;
  Row(row)[block::kNextListed] = words_[books::kSpareHead];
  words_[books::kSpareHead] = row;
}

// --- free lists ---

// A block of at least this size from the lists of sure success.
uint32_t Allocator::Find(uint64_t units) const {
  if (units > UINT32_MAX) return kNoRow;
  const uint32_t wanted = FirstListCovering(static_cast<uint32_t>(units));
  if (wanted >= kListCount) return kNoRow;
  uint32_t octave = wanted >> kListStepsShift;
  uint32_t steps = words_[books::kStepBits + octave] & (~0u << (wanted % kSteps));
  if (steps == 0) {
    const uint32_t octaves = words_[books::kOctaveBits] & (~1u << octave);
    if (octaves == 0) return kNoRow;
    octave = LowestBit(octaves);
    steps = words_[books::kStepBits + octave];
  }
  return words_[books::kListHeads + (octave << kListStepsShift) + LowestBit(steps)];
}

// A block of at least this size out of the one list that holds larger and smaller ones.
uint32_t Allocator::FindTight(uint64_t units) const {
  if (units > UINT32_MAX) return kNoRow;
  uint32_t row = words_[books::kListHeads + ListOf(static_cast<uint32_t>(units))];
  for (int step = 0; row != kNoRow && step < kTightSearchLimit; step++) {
    if (Row(row)[block::kUnits] >= units) return row;
    row = Row(row)[block::kNextListed];
  }
  return kNoRow;
}

void Allocator::Insert(uint32_t row) {
  uint32_t* words = Row(row);
  const uint32_t list = ListOf(words[block::kUnits]);
  uint32_t& head = words_[books::kListHeads + list];
  words[block::kPreviousListed] = kNoRow;
  words[block::kNextListed] = head;
  Row(head)[block::kPreviousListed] = row;
  if (head == kNoRow) {
    words_[books::kStepBits + (list >> kListStepsShift)] |= 1u << (list % kSteps);
    words_[books::kOctaveBits] |= 1u << (list >> kListStepsShift);
  }
  head = row;
}

void Allocator::Remove(uint32_t row) {
  const uint32_t* words = Row(row);
  const uint32_t previous = words[block::kPreviousListed];
  const uint32_t next = words[block::kNextListed];
  Row(next)[block::kPreviousListed] = previous;
  if (previous != kNoRow) {
    Row(previous)[block::kNextListed] = next;
    return;
  }
  const uint32_t list = ListOf(words[block::kUnits]);
  words_[books::kListHeads + list] = next;
  if (next != kNoRow) return;
  uint32_t& steps = words_[books::kStepBits + (list >> kListStepsShift)];
  steps &= ~(1u << (list % kSteps));
  if (steps == 0) words_[books::kOctaveBits] &= ~(1u << (list >> kListStepsShift));
}

// --- TLSF ---

// Takes a free block that is large enough, and makes a free block of what is left over. None when that has no row.
uint32_t Allocator::TakeFree(uint32_t row, uint64_t wanted_units) {
  const auto units = static_cast<uint32_t>(wanted_units);
  uint32_t* words = Row(row);
  const uint32_t remainder = words[block::kUnits] - units;
  // First of all, because it is the one step that can fail.
  const uint32_t rest = remainder > 0 ? AcquireRow() : kNoRow;
  if (remainder > 0 && rest == kNoRow) return kNoRow;
  Remove(row);
  words[block::kState] = block_state::kAllocated;
  Subtract(words_ + books::kFree, units);
  if (rest != kNoRow) {
    uint32_t* rest_words = Row(rest);
    const uint32_t next = words[block::kNextPhysical];
    words[block::kUnits] = units;
    words[block::kNextPhysical] = rest;
    rest_words[block::kOffset] = words[block::kOffset] + units;
    rest_words[block::kUnits] = remainder;
    rest_words[block::kPreviousPhysical] = row;
    rest_words[block::kNextPhysical] = next;
    rest_words[block::kState] = block_state::kFree;
    Row(next)[block::kPreviousPhysical] = rest;
    Insert(rest);
  }
  return row;
}

// Gives a block back and merges it with free neighbours.
void Allocator::GiveFree(uint32_t row) {
  uint32_t* words = Row(row);
  uint32_t units = words[block::kUnits];
  Add(words_ + books::kFree, units);
  const uint32_t previous = words[block::kPreviousPhysical];
  uint32_t next = words[block::kNextPhysical];
  if (Row(next)[block::kState] == block_state::kFree) {
    const uint32_t merged = next;
    Remove(merged);
    units += Row(merged)[block::kUnits];
    next = Row(merged)[block::kNextPhysical];
    ReleaseRow(merged);
  }
  if (Row(previous)[block::kState] == block_state::kFree) {
    Remove(previous);
    ReleaseRow(row);
    row = previous;
    words = Row(previous);
    units += words[block::kUnits];
  }
  words[block::kUnits] = units;
  words[block::kNextPhysical] = next;
  words[block::kState] = block_state::kFree;
  Row(next)[block::kPreviousPhysical] = row;
  Insert(row);
}

// --- caches: freed blocks kept whole, in one stack per size class. The block freed last is handed out first, while its
// bytes are still in the processor's caches and its pages are in memory. To the TLSF a cached block stays allocated. ---

uint32_t Allocator::PopCached(uint32_t size_class) {
  const uint32_t row = words_[books::kCacheHeads + size_class];
  if (row == kNoRow) return kNoRow;
  words_[books::kCacheHeads + size_class] = Row(row)[block::kNextListed];
  Row(row)[block::kState] = block_state::kAllocated;
  Subtract(words_ + books::kCached, Row(row)[block::kUnits]);
  return row;
}

void Allocator::PushCached(uint32_t row, uint32_t size_class) {
  uint32_t* words = Row(row);
  words[block::kState] = block_state::kCached;
  words[block::kNextListed] = words_[books::kCacheHeads + size_class];
  words_[books::kCacheHeads + size_class] = row;
  Add(words_ + books::kCached, words[block::kUnits]);
}

bool Allocator::FlushSome() {
  if (words_[books::kCached] == 0) return false;
  uint32_t flushed = 0;
  for (uint32_t size_class = 0; size_class < kCacheCount; size_class++) {
    for (uint32_t row = PopCached(size_class); row != kNoRow; row = PopCached(size_class)) {
      GiveFree(row);
      if (++flushed == kFlushBatch) return true;
    }
  }
  return true;
}

void Allocator::FlushCache() {
  for (bool more = true; more;) {
    std::lock_guard<std::mutex> guard(lock_);
    more = FlushSome();
  }
}

// --- allocation ---

uint64_t Allocator::GranulesOf(uint64_t units) const {
  return units == 0 ? 1 : ((units - 1) >> words_[books::kGranularityShift]) + 1;
}

bool Allocator::MayHave(uint64_t granules) const {
  const uint64_t units = granules << words_[books::kGranularityShift];
  return units <= uint64_t{words_[books::kFree]} + words_[books::kCached];
}

uint32_t Allocator::TakeOfClass(uint64_t granules) {
  const uint64_t class_granules = RoundToClass(granules);
  const uint64_t units = class_granules << words_[books::kGranularityShift];
  if (units > capacity_units()) return kNoRow;
  const uint32_t cached = PopCached(ClassOfRounded(class_granules));
  if (cached != kNoRow) return cached;
  const uint32_t found = Find(units);
  return found == kNoRow ? kNoRow : TakeFree(found, units);
}

// Better a block of odd size than none: an object as large as the range could never be stored otherwise.
uint32_t Allocator::TakeTight(uint64_t granules) {
  if (RoundToClass(granules) == granules) return kNoRow;
  const uint64_t units = granules << words_[books::kGranularityShift];
  uint32_t found = Find(units);
  if (found == kNoRow) found = FindTight(units);
  return found == kNoRow ? kNoRow : TakeFree(found, units);
}

Block Allocator::HandOut(uint32_t row) {
  if (row == kNoRow) return {};
  const uint32_t* words = Row(row);
  Add(words_ + books::kAllocated, words[block::kUnits]);
  Add(words_ + books::kBlocks, 1);
  return {row, words[block::kOffset], words[block::kUnits]};
}

void Allocator::TakeBack(uint32_t row) {
  const uint32_t units = Row(row)[block::kUnits];
  Subtract(words_ + books::kAllocated, units);
  Subtract(words_ + books::kBlocks, 1);
  const uint32_t granules = units >> words_[books::kGranularityShift];
  // A block that was allocated unrounded is of no class; nobody would ask for its size again.
  if (units <= kLargestCachedUnits && RoundToClass(granules) == granules) {
    PushCached(row, ClassOfRounded(granules));
  } else {
    GiveFree(row);
  }
}

Block Allocator::Allocate(uint64_t units) {
  const uint64_t granules = GranulesOf(units);
  for (;;) {
    // Others come between the holds of the lock: a great number of blocks may have to merge.
    std::lock_guard<std::mutex> guard(lock_);
    if (!MayHave(granules)) return {};
    const uint32_t row = TakeOfClass(granules);
    if (row != kNoRow) return HandOut(row);
    if (!FlushSome()) return HandOut(TakeTight(granules));
  }
}

Block Allocator::AllocateBelow(uint64_t units, uint64_t end_units) {
  const uint64_t granules = GranulesOf(units);
  std::lock_guard<std::mutex> guard(lock_);
  if (!MayHave(granules)) return {};
  uint32_t row = TakeOfClass(granules);
  if (row == kNoRow && FlushSome()) row = TakeOfClass(granules);
  if (row == kNoRow && words_[books::kCached] == 0) row = TakeTight(granules);
  const Block block = HandOut(row);
  if (!block || uint64_t{block.offset_units} + block.units <= end_units) return block;
  TakeBack(block.row);
  return {};
}

bool Allocator::Free(uint32_t row) {
  std::lock_guard<std::mutex> guard(lock_);
  if (row == kNoRow || row >= words_[books::kRowLimit]) return false;
  if (Row(row)[block::kState] != block_state::kAllocated) return false;
  TakeBack(row);
  return true;
}

}  // namespace plasmoid
