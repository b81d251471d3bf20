#include "region.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

namespace plasmoid {

namespace {

constexpr uint64_t kPopulateChunkBytes = 8u << 20;

uint8_t* Map(uint64_t bytes, int flags, int file, const char** failed_call) {
  void* base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, file, 0);
  if (base == MAP_FAILED) {
    *failed_call = "mmap";
    return nullptr;
  }
#ifdef MADV_DONTFORK
  // A forked child must neither share nor copy object bytes; core dumps of them help nobody.
  madvise(base, bytes, MADV_DONTFORK);
#endif
#ifdef MADV_DONTDUMP
  madvise(base, bytes, MADV_DONTDUMP);
#endif
  return static_cast<uint8_t*>(base);
}

int OpenUnlinked(const std::string& directory, const char** failed_call) {
#ifdef O_TMPFILE
  // Never has a name, so not even a process killed at this line leaves one behind.
  const int nameless = open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (nameless >= 0) return nameless;
#endif
  std::string path = directory + "/plasmoidXXXXXX";
  const int file = mkostemp(path.data(), O_CLOEXEC);
  if (file < 0) {
    *failed_call = "mkstemp";
    return -1;
  }
  if (unlink(path.c_str()) != 0) {
    const int error = errno;
    close(file);
    errno = error;
    *failed_call = "unlink";
    return -1;
  }
  return file;
}

// The same file once more, for writes around the page cache; `file` itself where that is not to be had.
int OpenDirect(int file) {
#ifdef O_DIRECT
  // It has no name any more, but its descriptor has.
  const int direct = open(("/proc/self/fd/" + std::to_string(file)).c_str(), O_RDWR | O_DIRECT | O_CLOEXEC);
  if (direct >= 0) return direct;
#endif
  return file;
}

// Faults pages in by adding zero to them, which cannot lose a write that happens beside it. Not by MADV_POPULATE_WRITE:
// it holds the lock on all of the process's mappings while the system finds and clears the pages, and every thread that
// maps memory meanwhile (V8 does, often) waits for it, 10 to 90 ms where a host has to find the memory first. A fault
// holds the lock of its own mapping alone (Linux 6.4), or the other one for one page.
void TouchPages(uint8_t* start, uint64_t bytes) {
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  for (uint64_t offset = 0; offset < bytes; offset += page) {
    __atomic_fetch_add(start + offset, 0, __ATOMIC_RELAXED);
  }
  // The last page, when `start` lies in the middle of one.
  if (bytes > 0) __atomic_fetch_add(start + bytes - 1, 0, __ATOMIC_RELAXED);
}

}  // namespace

std::shared_ptr<Region> Region::MapAnonymous(uint64_t bytes, bool huge_pages, const char** failed_call) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#ifdef MAP_NORESERVE
  flags |= MAP_NORESERVE;
#endif
  uint8_t* base = Map(bytes, flags, -1, failed_call);
  if (base == nullptr) return nullptr;
  if (huge_pages) AskForHugePages(base, bytes);
  return std::shared_ptr<Region>(new Region(Kind::kAnonymous, base, bytes, -1, -1));
}

std::shared_ptr<Region> Region::MapMemfd(uint64_t bytes, const char** failed_call) {
  *failed_call = "memfd_create";
#ifdef __linux__
  const int file = memfd_create("plasmoid", MFD_CLOEXEC);
#else
  errno = ENOTSUP;
  const int file = -1;
#endif
  return MapDescriptor(Kind::kMemfd, file, bytes, failed_call);
}

std::shared_ptr<Region> Region::MapFile(const std::string& directory, uint64_t bytes, const char** failed_call) {
  return MapDescriptor(Kind::kFile, OpenUnlinked(directory, failed_call), bytes, failed_call);
}

std::shared_ptr<Region> Region::MapDescriptor(Kind kind, int file, uint64_t bytes, const char** failed_call) {
  if (file < 0) return nullptr;
  uint8_t* base = nullptr;
  if (ftruncate(file, static_cast<off_t>(bytes)) != 0) {
    *failed_call = "ftruncate";
  } else {
    base = Map(bytes, MAP_SHARED, file, failed_call);
  }
  if (base == nullptr) {
    const int error = errno;
    close(file);
    errno = error;
    return nullptr;
  }
  const int direct_file = kind == Kind::kFile ? OpenDirect(file) : file;
  return std::shared_ptr<Region>(new Region(kind, base, bytes, file, direct_file));
}

Region::~Region() {
  munmap(base_, bytes_);
  if (direct_file_ != file_) close(direct_file_);
  if (file_ >= 0) close(file_);
}

int Region::Reserve(uint64_t offset, uint64_t bytes) {
  if (file_ < 0) return 0;
#ifdef __linux__
  while (fallocate(file_, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset), static_cast<off_t>(bytes)) != 0) {
    if (errno == EINTR) continue;
    const int error = errno;
    // File systems without it: the C library writes to each block instead. Slower, and as safe.
    if (error == EOPNOTSUPP) return posix_fallocate(file_, static_cast<off_t>(offset), static_cast<off_t>(bytes));
    // A partial reservation must not outlive the failure: the next, smaller request may need those blocks.
    if (error == ENOSPC || error == EDQUOT) Punch(offset, bytes);
    return error;
  }
  return 0;
#else
  (void)offset;
  fstore_t store = {F_ALLOCATEALL, F_PEOFPOSMODE, 0, static_cast<off_t>(bytes), 0};
  return fcntl(file_, F_PREALLOCATE, &store) == 0 ? 0 : errno;
#endif
}

int Region::Punch(uint64_t offset, uint64_t bytes) {
#ifdef __linux__
  if (file_ >= 0) {
    const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    while (fallocate(file_, mode, static_cast<off_t>(offset), static_cast<off_t>(bytes)) != 0) {
      if (errno == EINTR) continue;
      // File systems that cannot: the blocks stay with the file and are used again with their range.
      return errno == EOPNOTSUPP ? 0 : errno;
    }
    return 0;
  }
#else
  if (file_ >= 0) {
    fpunchhole_t hole = {0, 0, static_cast<off_t>(offset), static_cast<off_t>(bytes)};
    return fcntl(file_, F_PUNCHHOLE, &hole) == 0 ? 0 : errno;
  }
#endif
  return madvise(base_ + offset, bytes, MADV_DONTNEED) == 0 ? 0 : errno;
}

int Region::WriteDirect(uint64_t offset, const uint8_t* source, uint64_t bytes) {
  int file = direct_file_;
  for (uint64_t at = 0; at < bytes;) {
    const ssize_t written = pwrite(file, source + at, bytes - at, static_cast<off_t>(offset + at));
    if (written > 0) {
      at += static_cast<uint64_t>(written);
    } else if (written < 0 && errno == EINVAL && file != file_) {
      // It opened, and refuses what it was opened for.
      file = file_;
    } else if (written == 0 || errno != EINTR) {
      return written == 0 ? EIO : errno;
    }
  }
  return 0;
}

bool Region::DiskSpace(uint64_t* capacity_bytes, uint64_t* available_bytes) const {
  struct statvfs disk;
  if (kind_ != Kind::kFile || fstatvfs(file_, &disk) != 0) return false;
  *capacity_bytes = uint64_t{disk.f_blocks} * disk.f_frsize;
  *available_bytes = uint64_t{disk.f_bavail} * disk.f_frsize;
  return true;
}

void Region::Populate(uint64_t offset, uint64_t bytes) {
  populating_.fetch_add(1);
  // The thread holds the region, so unmapping waits for at most one chunk.
  auto touch = [region = shared_from_this(), offset, bytes] {
    const uint64_t end = std::min(offset + bytes, region->bytes_);
    for (uint64_t at = offset; at < end && !region->abandoned_.load(); at += kPopulateChunkBytes) {
      TouchPages(region->base_ + at, std::min(kPopulateChunkBytes, end - at));
    }
    region->populating_.fetch_sub(1);
  };
  try {
    std::thread(std::move(touch)).detach();
  } catch (const std::system_error&) {
    // No thread to be had: the pages are faulted in by whoever writes first.
    populating_.fetch_sub(1);
  }
}

}  // namespace plasmoid
