// Large pages for memory that is used all over.
#pragma once
#include <cstddef>

namespace plasmoid {

// Asks for huge pages where whole ones lie in the range. Only advice: where the system has none to give, all is as right
// without.
void AskForHugePages(void* start, size_t bytes);

}  // namespace plasmoid
