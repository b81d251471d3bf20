// A region: one contiguous mapping of memory or of an unlinked file, shared by whoever holds it.
#pragma once
#include <v8.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "huge_pages.h"

namespace plasmoid {

class Region : public std::enable_shared_from_this<Region> {
 public:
  enum class Kind { kAnonymous, kMemfd, kFile };

  // Each returns null and leaves errno and *failed_call set when the system refuses.
  static std::shared_ptr<Region> MapAnonymous(uint64_t bytes, bool huge_pages, const char** failed_call);
  static std::shared_ptr<Region> MapMemfd(uint64_t bytes, const char** failed_call);
  // A sparse file without a name in `directory`: nothing is left behind, however the process ends. Ranges must be
  // reserved before they are touched.
  static std::shared_ptr<Region> MapFile(const std::string& directory, uint64_t bytes, const char** failed_call);

  ~Region();
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  // Reserves real blocks of the file, so that a later write cannot raise SIGBUS. 0 or an error number.
  int Reserve(uint64_t offset, uint64_t bytes);
  // Gives the pages (and the blocks of a file) back. 0 or an error number.
  int Punch(uint64_t offset, uint64_t bytes);
  // Writes whole pages into the file around the page cache, or through it where the file system knows no other way. The
  // range is reserved, and nobody has touched the mapping there. 0 or an error number.
  int WriteDirect(uint64_t offset, const uint8_t* source, uint64_t bytes);
  // The file system of a file region, wherever its name has gone. False when there is none, or it cannot be read.
  bool DiskSpace(uint64_t* capacity_bytes, uint64_t* available_bytes) const;
  // Touches pages in the background without changing them; ends early when the region is abandoned.
  void Populate(uint64_t offset, uint64_t bytes);
  void AbandonPopulation() { abandoned_.store(true); }
  // Waits until no population is under way (tests and orderly closing).
  bool IsPopulating() const { return populating_.load() != 0; }

  void PreferHugePages(uint64_t offset, uint64_t bytes) { AskForHugePages(base_ + offset, bytes); }

  uint8_t* base() const { return base_; }
  uint64_t bytes() const { return bytes_; }
  Kind kind() const { return kind_; }

 private:
  // Takes the descriptor over, also when it fails; passes a failed one (below 0) on.
  static std::shared_ptr<Region> MapDescriptor(Kind kind, int file, uint64_t bytes, const char** failed_call);
  Region(Kind kind, uint8_t* base, uint64_t bytes, int file, int direct_file)
      : kind_(kind), base_(base), bytes_(bytes), file_(file), direct_file_(direct_file) {}

  Kind kind_;
  uint8_t* base_;
  uint64_t bytes_;
  int file_;
  // The same file, opened for direct writes; the other one where that is not to be had.
  int direct_file_;
  std::atomic<bool> abandoned_{false};
  std::atomic<int> populating_{0};
};

// Of the registry of regions (registry.h).
void ForgetRegionsOf(v8::Isolate* owner);
std::shared_ptr<Region> FindRegion(uint32_t number);

void AddRegionFunctions(v8::Isolate* isolate, v8::Local<v8::Object> exports);

}  // namespace plasmoid
