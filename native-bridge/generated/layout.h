// Generated from src/state by `node scripts/generate-native-header.mjs`. Do not edit.
// clang-format off
#pragma once
#include <cstdint>

namespace plasmoid {

enum class State : uint8_t {
  kFree = 0,
  kLeased = 1,
  kCreated = 2,
  kWriting = 3,
  kSealed = 4,
  kReferenced = 5,
  kDeleting = 6,
  kReleased = 7,
  kTombstone = 8,
};

enum class Event : uint8_t {
  kLease = 0,
  kRecall = 1,
  kHandBack = 2,
  kCreate = 3,
  kPin = 4,
  kUnpin = 5,
  kUnpinLast = 6,
  kSeal = 7,
  kAbort = 8,
  kDelete = 9,
  kRecycle = 10,
  kReclaim = 11,
  kEntomb = 12,
  kVacate = 13,
  kSpill = 14,
};

inline constexpr uint8_t kIllegal = 0xff;
inline constexpr uint8_t kBumpBit = 0x80;
// Columns: lease, recall, handBack, create, pin, unpin, unpinLast, seal, abort, delete, recycle, reclaim, entomb, vacate, spill.
inline constexpr uint8_t kTransitions[9][15] = {
    {0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},  // free
    {0xff, 0x80, 0x07, 0x02, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},  // leased
    {0xff, 0xff, 0xff, 0xff, 0x03, 0xff, 0xff, 0x04, 0x07, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},  // created
    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x05, 0x06, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},  // writing
    {0xff, 0xff, 0xff, 0xff, 0x05, 0xff, 0xff, 0xff, 0xff, 0x07, 0x81, 0xff, 0xff, 0xff, 0x04},  // sealed
    {0xff, 0xff, 0xff, 0xff, 0x05, 0x05, 0x04, 0xff, 0xff, 0x06, 0xff, 0xff, 0xff, 0xff, 0xff},  // referenced
    {0xff, 0xff, 0xff, 0xff, 0xff, 0x06, 0x07, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},  // deleting
    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80, 0x08, 0xff, 0xff},  // released
    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x07, 0xff},  // tombstone
};

namespace header_word {
inline constexpr uint32_t kStateBits = 4;
inline constexpr uint32_t kLocationShift = 4;
inline constexpr uint32_t kFlagNamedShift = 5;
inline constexpr uint32_t kFlagAwaitedShift = 6;
inline constexpr uint32_t kFlagEvictableShift = 7;
inline constexpr uint32_t kPinsShift = 8;
inline constexpr uint32_t kPinsBits = 24;
inline constexpr uint32_t kGenerationShift = 32;
}  // namespace header_word

namespace slot {
inline constexpr uint32_t kHeader = 0;
inline constexpr uint32_t kGeneration = 1;
inline constexpr uint32_t kHolds = 2;
inline constexpr uint32_t kOffsetUnits = 3;
inline constexpr uint32_t kSizeLow = 4;
inline constexpr uint32_t kSizeHigh = 5;
inline constexpr uint32_t kLastUseMs = 6;
inline constexpr uint32_t kFormat = 7;
inline constexpr uint32_t kCapacityUnits = 8;
inline constexpr uint32_t kCreatedMs = 9;
inline constexpr uint32_t kFallbackOffsetUnits = 10;
inline constexpr uint32_t kNextFreed = 11;
inline constexpr uint32_t kNextSettled = 12;
inline constexpr uint32_t kBlock = 13;
inline constexpr uint32_t kChecksum = 14;
inline constexpr uint32_t kCallSite = 15;
inline constexpr uint32_t kWords = 16;
}  // namespace slot

namespace name {
inline constexpr uint32_t kId = 0;
inline constexpr uint32_t kNextInBucket = 7;
inline constexpr uint32_t kWords = 8;
}  // namespace name

namespace checksum {
inline constexpr uint32_t kNone = 0;
inline constexpr uint32_t kDamaged = 4294967295;
inline constexpr uint32_t kEvidence = 4294967294;
}  // namespace checksum

namespace store_header {
inline constexpr uint32_t kMagic = 0;
inline constexpr uint32_t kVersion = 1;
inline constexpr uint32_t kMaxObjects = 2;
inline constexpr uint32_t kMaxClients = 3;
inline constexpr uint32_t kNonce = 4;
inline constexpr uint32_t kClientsOffset = 8;
inline constexpr uint32_t kClientBytes = 9;
inline constexpr uint32_t kLedgersOffset = 10;
inline constexpr uint32_t kLedgerBytes = 11;
inline constexpr uint32_t kOwnersOffset = 12;
inline constexpr uint32_t kBucketsOffset = 13;
inline constexpr uint32_t kBucketCount = 14;
inline constexpr uint32_t kObjectsOffset = 15;
inline constexpr uint32_t kTotalBytes = 16;
inline constexpr uint32_t kDebug = 17;
inline constexpr uint32_t kNamesOffset = 18;
inline constexpr uint32_t kWords = 19;
}  // namespace store_header

namespace actor {
inline constexpr uint32_t kSleeping = 32;
inline constexpr uint32_t kActivity = 64;
inline constexpr uint32_t kFreedHead = 96;
inline constexpr uint32_t kFreedUnits = 128;
inline constexpr uint32_t kWanted = 160;
inline constexpr uint32_t kClosed = 192;
inline constexpr uint32_t kObjectHighWater = 224;
inline constexpr uint32_t kClientHighWater = 256;
inline constexpr uint32_t kRecalls = 288;
inline constexpr uint32_t kSettledHead = 320;
inline constexpr uint32_t kIdsAwaited = 352;
inline constexpr uint32_t kChannelHighWater = 384;
inline constexpr uint32_t kDamaged = 416;
inline constexpr uint32_t kFreeSlots = 448;
inline constexpr uint32_t kFreedOnDiskHead = 480;
inline constexpr uint32_t kOwnEndUnits = 512;
inline constexpr uint32_t kWatchAboveUnits = 544;
}  // namespace actor

namespace owner {
inline constexpr uint16_t kClientMask = 32767;
inline constexpr uint16_t kAnswerBit = 32768;
}  // namespace owner

namespace books {
inline constexpr uint32_t kCapacity = 0;
inline constexpr uint32_t kGranularityShift = 1;
inline constexpr uint32_t kRowCount = 2;
inline constexpr uint32_t kRowLimit = 3;
inline constexpr uint32_t kSpareHead = 4;
inline constexpr uint32_t kFree = 5;
inline constexpr uint32_t kCached = 6;
inline constexpr uint32_t kAllocated = 7;
inline constexpr uint32_t kBlocks = 8;
inline constexpr uint32_t kOctaveBits = 9;
inline constexpr uint32_t kStepBits = 16;
inline constexpr uint32_t kListHeads = 64;
inline constexpr uint32_t kCacheHeads = 960;
inline constexpr uint32_t kRows = 1200;
}  // namespace books

namespace block {
inline constexpr uint32_t kOffset = 0;
inline constexpr uint32_t kUnits = 1;
inline constexpr uint32_t kPreviousPhysical = 2;
inline constexpr uint32_t kNextPhysical = 3;
inline constexpr uint32_t kPreviousListed = 4;
inline constexpr uint32_t kNextListed = 5;
inline constexpr uint32_t kState = 6;
}  // namespace block

namespace block_state {
inline constexpr uint32_t kSpare = 0;
inline constexpr uint32_t kFree = 1;
inline constexpr uint32_t kAllocated = 2;
inline constexpr uint32_t kCached = 3;
}  // namespace block_state

inline constexpr uint32_t kNoRow = 0;
inline constexpr uint32_t kFirstRow = 1;
inline constexpr uint32_t kBlockRowShift = 3;
inline constexpr uint32_t kListStepsShift = 5;
inline constexpr uint32_t kListCount = 896;
inline constexpr uint32_t kCacheCount = 240;

namespace closed {
inline constexpr uint32_t kOpen = 0;
inline constexpr uint32_t kByCreator = 1;
inline constexpr uint32_t kActorDied = 2;
}  // namespace closed

namespace client {
inline constexpr uint32_t kState = 0;
inline constexpr uint32_t kCollections = 64;
}  // namespace client

namespace client_state {
inline constexpr uint32_t kFree = 0;
inline constexpr uint32_t kLive = 1;
inline constexpr uint32_t kDead = 2;
inline constexpr uint32_t kMask = 255;
inline constexpr uint32_t kEpochShift = 8;
}  // namespace client_state

namespace kind {
inline constexpr uint32_t kOther = 0;
inline constexpr uint32_t kOrdinary = 1;
inline constexpr uint32_t kArray = 2;
inline constexpr uint32_t kDate = 3;
inline constexpr uint32_t kMap = 4;
inline constexpr uint32_t kSet = 5;
}  // namespace kind

namespace status {
inline constexpr int32_t kOk = 0;
inline constexpr int32_t kNotFound = -1;
inline constexpr int32_t kNotSealed = -2;
inline constexpr int32_t kNoBlock = -3;
inline constexpr int32_t kExists = -4;
inline constexpr int32_t kWindowLost = -5;
inline constexpr int32_t kNotAWindow = -6;
inline constexpr int32_t kTooManyPins = -7;
inline constexpr int32_t kNotWritable = -8;
inline constexpr int32_t kNoWindow = -9;
inline constexpr int32_t kClosed = -10;
inline constexpr int32_t kDamaged = -11;
inline constexpr int32_t kTargetSealed = -12;
inline constexpr int32_t kTargetTooSmall = -13;
inline constexpr int32_t kNotAView = -14;
}  // namespace status

namespace result_word {
inline constexpr uint32_t kSlot = 0;
inline constexpr uint32_t kGeneration = 1;
inline constexpr uint32_t kTrack = 2;
inline constexpr uint32_t kFormat = 3;
inline constexpr uint32_t kWritable = 3;
inline constexpr uint32_t kCallSite = 4;
inline constexpr uint32_t kWaitingCreates = 5;
inline constexpr uint32_t kWords = 6;
}  // namespace result_word

inline constexpr uint32_t kSlotBytes = 64;
inline constexpr uint32_t kNameBytes = 32;
inline constexpr uint32_t kUnitBytes = 64;
inline constexpr uint32_t kHotWindowBytes = 65536;
inline constexpr uint32_t kIdBytes = 28;
inline constexpr uint32_t kStockBlockUnits = 1024;
inline constexpr uint32_t kNoWatch = 4294967295;
inline constexpr uint32_t kNonceBytes = 12;
inline constexpr uint32_t kStackEnd = 0xffffffff;

}  // namespace plasmoid
