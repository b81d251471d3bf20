// The arenas of the process whose memory somebody may see: a closed store's is there until its last window goes.
#pragma once

namespace plasmoid {

class Arena;

void AddLiveArena(const Arena* arena);
void RemoveLiveArena(const Arena* arena);
// Whether the address lies in a pool of any arena but this one.
bool IsInOtherArena(const Arena* arena, const void* address);

}  // namespace plasmoid
