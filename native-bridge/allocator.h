// The allocator of a pool: says which part of a range of memory belongs to whom, and touches none of it.
//
// Requests are rounded to size classes; a small freed block waits in the cache of its class for the next request of that
// size; everything else comes from a TLSF (two-level segregated fit: every call takes a bounded number of steps, whatever
// the number of blocks, and freed neighbours merge at once) and goes back to it. When that finds nothing, the cached
// blocks go back to it, merge, and the search is made again.
//
// Masmano, Ripoll, Crespo, Real: "TLSF: a new dynamic memory allocator for real-time systems", ECRTS 2004.
//
// Any thread may call it. Its lock is held for some tenths of a microsecond, and where cached blocks have to merge, for a
// bounded number of them; never across a V8 call, and never by a deleter. A thread that is terminated ends in JavaScript,
// so not while it has the lock.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>

#include "generated/layout.h"
#include "region.h"
#include "words.h"

namespace plasmoid {

// A block that was handed out: its row in the books.
struct Block {
  uint32_t row = kNoRow;
  uint32_t offset_units = 0;
  uint32_t units = 0;
  explicit operator bool() const { return row != kNoRow; }
};

class Allocator {
 public:
  // Books that were begun (`Begin`) in this region.
  explicit Allocator(std::shared_ptr<Region> region);

  // Writes the first pages of the books: one free block.
  static void Begin(Region& region, uint32_t capacity_units, uint32_t granularity_shift, uint32_t row_count);

  // A block of at least this many units (of one, when 0 are asked for), or none.
  Block Allocate(uint64_t units);
  // The same, if it ends at this place at the latest; and without merging all that is cached, however much it is.
  Block AllocateBelow(uint64_t units, uint64_t end_units);
  // False, and nothing has changed, when this block is not handed out.
  bool Free(uint32_t row);
  // Gives all cached blocks back to the TLSF, where they merge with their free neighbours.
  void FlushCache();

  uint64_t capacity_units() const { return words_[books::kCapacity]; }
  // Units that are handed out, as rounded.
  uint64_t AllocatedUnits() const { return Load(words_ + books::kAllocated); }

 private:
  // --- rows ---
  uint32_t* Row(uint32_t row) const { return words_ + books::kRows + (uint64_t{row} << kBlockRowShift); }
  uint32_t AcquireRow();
  void ReleaseRow(uint32_t row);
  // --- free lists ---
  uint32_t Find(uint64_t units) const;
  uint32_t FindTight(uint64_t units) const;
  void Insert(uint32_t row);
  void Remove(uint32_t row);
  // --- TLSF ---
  uint32_t TakeFree(uint32_t row, uint64_t units);
  void GiveFree(uint32_t row);
  // --- caches ---
  uint32_t PopCached(uint32_t size_class);
  void PushCached(uint32_t row, uint32_t size_class);
  // A number of them merge; false when there were none.
  bool FlushSome();

  uint64_t GranulesOf(uint64_t units) const;
  // Whether there are so many units at all, wherever they lie.
  bool MayHave(uint64_t granules) const;
  // A block of the class; or one of just the size, for want of a better one.
  uint32_t TakeOfClass(uint64_t granules);
  uint32_t TakeTight(uint64_t granules);
  Block HandOut(uint32_t row);
  void TakeBack(uint32_t row);

  std::shared_ptr<Region> region_;
  uint32_t* words_;
  std::mutex lock_;
};

void ForgetAllocatorsOf(v8::Isolate* owner);
std::shared_ptr<Allocator> FindAllocator(uint32_t number);

void AddAllocatorFunctions(v8::Local<v8::Object> exports);

}  // namespace plasmoid
