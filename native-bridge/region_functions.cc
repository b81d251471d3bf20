// Regions as JavaScript sees them: numbers, so that every thread can name one.
#include <node.h>

#include "coarse_clock.h"
#include "failure.h"
#include "region.h"
#include "registry.h"

namespace plasmoid {

namespace {

Registry<Region>& Regions() {
  static auto* registry = new Registry<Region>();
  return *registry;
}

using Arguments = v8::FunctionCallbackInfo<v8::Value>;

uint64_t IntegerArgument(const Arguments& arguments, int index) {
  return static_cast<uint64_t>(arguments[index].As<v8::Number>()->Value());
}

std::shared_ptr<Region> RegionArgument(const Arguments& arguments) {
  auto region = FindRegion(static_cast<uint32_t>(IntegerArgument(arguments, 0)));
  if (!region) ThrowMessage(arguments.GetIsolate(), "no such region");
  return region;
}

void ReturnRegion(const Arguments& arguments, std::shared_ptr<Region> region, const char* failed_call,
                  uint64_t bytes) {
  if (!region) return ThrowSystemError(arguments.GetIsolate(), errno, failed_call, bytes);
  arguments.GetReturnValue().Set(Regions().Add(arguments.GetIsolate(), std::move(region)));
}

// mapAnonymous(bytes, hugePages) → region
void MapAnonymous(const Arguments& arguments) {
  const uint64_t bytes = IntegerArgument(arguments, 0);
  const char* failed_call = "mmap";
  const bool huge_pages = arguments[1]->BooleanValue(arguments.GetIsolate());
  auto region = Region::MapAnonymous(bytes, huge_pages, &failed_call);
  ReturnRegion(arguments, std::move(region), failed_call, bytes);
}

// mapMemfd(bytes) → region
void MapMemfd(const Arguments& arguments) {
  const uint64_t bytes = IntegerArgument(arguments, 0);
  const char* failed_call = "mmap";
  auto region = Region::MapMemfd(bytes, &failed_call);
  ReturnRegion(arguments, std::move(region), failed_call, bytes);
}

// mapFile(directory, bytes) → region
void MapFile(const Arguments& arguments) {
  v8::String::Utf8Value directory(arguments.GetIsolate(), arguments[0]);
  const uint64_t bytes = IntegerArgument(arguments, 1);
  const char* failed_call = "mmap";
  auto region = Region::MapFile(*directory, bytes, &failed_call);
  ReturnRegion(arguments, std::move(region), failed_call, bytes);
}

// regionBuffer(region) → SharedArrayBuffer. Call it once per region and post the result around: two backing stores
// over one address break Atomics.wait.
void RegionBuffer(const Arguments& arguments) {
  auto region = RegionArgument(arguments);
  if (!region) return;
  auto* holder = new std::shared_ptr<Region>(region);
  std::unique_ptr<v8::BackingStore> store = v8::SharedArrayBuffer::NewBackingStore(
      region->base(), region->bytes(),
      [](void*, size_t, void* data) { delete static_cast<std::shared_ptr<Region>*>(data); }, holder);
  arguments.GetReturnValue().Set(v8::SharedArrayBuffer::New(arguments.GetIsolate(), std::move(store)));
}

// reserveRange(region, offset, bytes); throws ENOSPC and the like
void ReserveRange(const Arguments& arguments) {
  auto region = RegionArgument(arguments);
  if (!region) return;
  const uint64_t offset = IntegerArgument(arguments, 1);
  const uint64_t bytes = IntegerArgument(arguments, 2);
  const int error = region->Reserve(offset, bytes);
  if (error != 0) ThrowSystemError(arguments.GetIsolate(), error, "fallocate", bytes, offset);
}

// punchRange(region, offset, bytes)
void PunchRange(const Arguments& arguments) {
  auto region = RegionArgument(arguments);
  if (!region) return;
  const uint64_t offset = IntegerArgument(arguments, 1);
  const uint64_t bytes = IntegerArgument(arguments, 2);
  const int error = region->Punch(offset, bytes);
  if (error != 0) ThrowSystemError(arguments.GetIsolate(), error, "punch hole", bytes, offset);
}

// preferHugePages(region, offset, bytes): advice, of an anonymous region
void PreferHugePages(const Arguments& arguments) {
  auto region = RegionArgument(arguments);
  if (region) region->PreferHugePages(IntegerArgument(arguments, 1), IntegerArgument(arguments, 2));
}

// populateRange(region, offset, bytes): starts in the background
void PopulateRange(const Arguments& arguments) {
  auto region = RegionArgument(arguments);
  if (!region) return;
  region->Populate(IntegerArgument(arguments, 1), IntegerArgument(arguments, 2));
}

// diskOf(region) → [capacityBytes, availableBytes] of its file's file system; undefined when it cannot be read
void DiskOf(const Arguments& arguments) {
  v8::Isolate* isolate = arguments.GetIsolate();
  auto region = RegionArgument(arguments);
  uint64_t capacity;
  uint64_t available;
  if (!region || !region->DiskSpace(&capacity, &available)) return;
  v8::Local<v8::Value> words[] = {v8::Number::New(isolate, static_cast<double>(capacity)),
                                  v8::Number::New(isolate, static_cast<double>(available))};
  arguments.GetReturnValue().Set(v8::Array::New(isolate, words, 2));
}

// isPopulating(region) → boolean
void IsPopulating(const Arguments& arguments) {
  auto region = RegionArgument(arguments);
  if (region) arguments.GetReturnValue().Set(region->IsPopulating());
}

// releaseRegion(region): the number is forgotten; the mapping goes with its last holder
void ReleaseRegion(const Arguments& arguments) {
  auto region = Regions().Forget(static_cast<uint32_t>(IntegerArgument(arguments, 0)));
  if (region) region->AbandonPopulation();
}

// coarseNowMs() → the clock of the object table's times
void CoarseNow(const Arguments& arguments) { arguments.GetReturnValue().Set(CoarseNowMs()); }

// regionCount() → number of registered regions, for leak tests
void RegionCount(const Arguments& arguments) {
  arguments.GetReturnValue().Set(static_cast<uint32_t>(Regions().size()));
}

}  // namespace

void ForgetRegionsOf(v8::Isolate* owner) {
  for (const std::shared_ptr<Region>& region : Regions().ForgetAllOf(owner)) region->AbandonPopulation();
}

std::shared_ptr<Region> FindRegion(uint32_t number) { return Regions().Find(number); }

void AddRegionFunctions(v8::Isolate* isolate, v8::Local<v8::Object> exports) {
  (void)isolate;
  NODE_SET_METHOD(exports, "mapAnonymous", MapAnonymous);
  NODE_SET_METHOD(exports, "mapMemfd", MapMemfd);
  NODE_SET_METHOD(exports, "mapFile", MapFile);
  NODE_SET_METHOD(exports, "regionBuffer", RegionBuffer);
  NODE_SET_METHOD(exports, "reserveRange", ReserveRange);
  NODE_SET_METHOD(exports, "punchRange", PunchRange);
  NODE_SET_METHOD(exports, "preferHugePages", PreferHugePages);
  NODE_SET_METHOD(exports, "populateRange", PopulateRange);
  NODE_SET_METHOD(exports, "isPopulating", IsPopulating);
  NODE_SET_METHOD(exports, "diskOf", DiskOf);
  NODE_SET_METHOD(exports, "coarseNowMs", CoarseNow);
  NODE_SET_METHOD(exports, "releaseRegion", ReleaseRegion);
  NODE_SET_METHOD(exports, "regionCount", RegionCount);
}

}  // namespace plasmoid
