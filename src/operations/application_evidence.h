// What GET STATUS says about the objects that an action wanted (GlobalPlatform Card Specification clause 11.4).
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "operations/script.h"

namespace tessera::operations {

enum class object_state : std::uint8_t {
    as_wanted,
    unversioned,  // a load file is there, and the card does not tell which version
    otherwise,
    unreadable,
};

// `data` and status word of the answer to a question with these expectations.
[[nodiscard]] object_state state_of(expectation expect, byte_view aid, byte_view version, std::uint16_t status_word,
                                    byte_view data);

// The card's word that there is no such object: 6A88, 6A82.
[[nodiscard]] bool says_absent(std::uint16_t status_word);
// The card's word that may mean that the object is there already: 6985, 6A80, 6A88 (which of them differs by card).
[[nodiscard]] bool may_mean_present(std::uint16_t status_word);

}  // namespace tessera::operations
