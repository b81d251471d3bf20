// The process's second thread for large copies: one processor alone has fewer lines under way than memory can deliver.
#pragma once
#include "pieced_copy.h"

namespace plasmoid {

// Does all of a copy, with the helper's help when a processor is to spare and nobody else has the helper. When it
// returns, nobody touches source or target any more.
void CopyWithHelp(PiecedCopy& copy);

}  // namespace plasmoid
