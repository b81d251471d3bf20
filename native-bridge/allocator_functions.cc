// Allocators as JavaScript sees them: numbers, so that every thread can name one.
#include "allocator.h"
#include "arguments.h"
#include "failure.h"
#include "registry.h"

namespace plasmoid {

namespace {

Registry<Allocator>& Allocators() {
  static auto* registry = new Registry<Allocator>();
  return *registry;
}

std::shared_ptr<Allocator> AllocatorArgument(const Arguments& arguments) {
  auto allocator = FindAllocator(Unsigned(arguments, 0));
  if (!allocator) ThrowMessage(arguments.GetIsolate(), "no such allocator");
  return allocator;
}

// openAllocator(region, capacityUnits, granularityShift, rowCount) → allocator, whose books fill the fresh region
void OpenAllocator(const Arguments& arguments) {
  v8::Isolate* isolate = arguments.GetIsolate();
  auto region = FindRegion(Unsigned(arguments, 0));
  if (!region) return ThrowMessage(isolate, "no such region");
  Allocator::Begin(*region, Unsigned(arguments, 1), Unsigned(arguments, 2), Unsigned(arguments, 3));
  arguments.GetReturnValue().Set(Allocators().Add(isolate, std::make_shared<Allocator>(std::move(region))));
}

// allocate(allocator, units) → block, or -1
void Allocate(const Arguments& arguments) {
  auto allocator = AllocatorArgument(arguments);
  if (!allocator) return;
  const Block block = allocator->Allocate(Integer(arguments, 1));
  arguments.GetReturnValue().Set(block ? static_cast<double>(block.row) : -1.0);
}

// free(allocator, block) → whether it was handed out
void Free(const Arguments& arguments) {
  auto allocator = AllocatorArgument(arguments);
  if (allocator) arguments.GetReturnValue().Set(allocator->Free(Unsigned(arguments, 1)));
}

// flushCache(allocator)
void FlushCache(const Arguments& arguments) {
  auto allocator = AllocatorArgument(arguments);
  if (allocator) allocator->FlushCache();
}

// releaseAllocator(allocator): the number is forgotten; it lives as long as an arena that has it
void ReleaseAllocator(const Arguments& arguments) { Allocators().Forget(Unsigned(arguments, 0)); }

}  // namespace

void ForgetAllocatorsOf(v8::Isolate* owner) { Allocators().ForgetAllOf(owner); }

std::shared_ptr<Allocator> FindAllocator(uint32_t number) { return Allocators().Find(number); }

void AddAllocatorFunctions(v8::Local<v8::Object> exports) {
  NODE_SET_METHOD(exports, "openAllocator", OpenAllocator);
  NODE_SET_METHOD(exports, "allocate", Allocate);
  NODE_SET_METHOD(exports, "free", Free);
  NODE_SET_METHOD(exports, "flushCache", FlushCache);
  NODE_SET_METHOD(exports, "releaseAllocator", ReleaseAllocator);
}

}  // namespace plasmoid
