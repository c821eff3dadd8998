// How long scripts may get, and what does not fit them.
#pragma once

#include <string>
#include <vector>

#include "campaigns/types.h"

namespace tessera::campaigns {

// Octets of a campaign's scripts, as its short messages and its cards allow.
[[nodiscard]] std::size_t script_octets_of(const definition& what);

// Why the writes cannot be brought to a card, or read back from it.
[[nodiscard]] std::vector<std::string> packet_mistakes(const definition& what);

}  // namespace tessera::campaigns
