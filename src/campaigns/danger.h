// What can make a card useless if it goes wrong, so that somebody must take the responsibility before it begins.
#pragma once

#include <string>

#include "campaigns/types.h"

namespace tessera::campaigns {

// What the campaign does of that kind, for people: "it writes EF_IMSI (7fff/6f07): who the card is". Empty: nothing.
[[nodiscard]] std::string dangers_of(const definition& what);

}  // namespace tessera::campaigns
