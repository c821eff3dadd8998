// The parts [safety] and [[zone]] of tessera.toml.
#pragma once

#include "base/checked_toml.h"
#include "campaigns/house_rules.h"

namespace tessera::app {

// Mistakes go to `notes`.
[[nodiscard]] campaigns::house_rules read_house_rules(const toml::table& root, checked_toml& notes);

}  // namespace tessera::app
