// What a store in debug mode does with its objects' bytes. As all of the arena: no V8, no lock.
#include "arena.h"
#include "checksum.h"

namespace plasmoid {

void Arena::StoreChecksum(uint32_t number) {
  Store(Slot(number) + slot::kChecksum, ChecksumOf(Bytes(number, Load(Header(number))), Size(number)));
}

bool Arena::IsMarkedDamaged(uint32_t number) const {
  const uint32_t sum = Load(Slot(number) + slot::kChecksum);
  return sum == checksum::kDamaged || sum == checksum::kEvidence;
}

bool Arena::CheckBytes(uint32_t number) {
  if (!debug_) return true;
  uint32_t* word = Slot(number) + slot::kChecksum;
  uint32_t sum = Load(word);
  if (sum == checksum::kNone) return true;
  if (IsMarkedDamaged(number)) return false;
  if (ChecksumOf(Bytes(number, Load(Header(number))), Size(number)) == sum) return true;
  // Told once, by whoever is first.
  if (CompareExchange(word, &sum, checksum::kDamaged)) {
    FetchAdd(Word(actor::kDamaged), uint32_t{1});
    AlertActor();
  }
  return false;
}

bool Arena::KeepEvidence(uint32_t number) {
  if (CheckBytes(number)) return false;
  uint32_t damaged = checksum::kDamaged;
  return CompareExchange(Slot(number) + slot::kChecksum, &damaged, checksum::kEvidence);
}

void Arena::PinEvidence(uint32_t number, uint32_t generation) {
  const uint64_t header = Load(Header(number));
  const State state = StateOf(header);
  if (GenerationOf(header) != generation || (state != State::kSealed && state != State::kReferenced)) return;
  if (KeepEvidence(number)) Apply(number, generation, Event::kPin);
}

}  // namespace plasmoid
