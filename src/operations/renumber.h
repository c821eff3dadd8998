// Numbers of cards change: packets that were built for the old ones are stale, and the cards' histories tell it.
#pragma once

#include "base/random.h"
#include "cards/numbers.h"

namespace tessera::operations {

// In the transaction that changed them: whatever was formatted for one of these cards and not yet released goes to the
// new number; what was released keeps the one that it was sent to.
[[nodiscard]] result<void> note_numbers(store::connection& writer, const std::vector<cards::changed_number>& changed,
                                        timestamp now, random_port& random);

}  // namespace tessera::operations
