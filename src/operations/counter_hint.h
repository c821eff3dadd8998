// What to do about a card whose counter is out of step with ours.
#pragma once

#include <optional>
#include <string>

#include "operations/verdict.h"

namespace tessera::operations {

// The card refuses counters that it cannot have seen (TS 102 225 clause 5.1.4): 02 CNTR low, it is ahead of us; 03 CNTR
// high, with SPI1 b5b4 = 11, we are ahead of it.
[[nodiscard]] bool refuses_counters(const cause& why);
[[nodiscard]] std::optional<std::string> counter_hint(const cause& why);

}  // namespace tessera::operations
