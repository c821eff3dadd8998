// The sections [[event]] of tessera.toml: by what to know the short messages in which cards tell of events.
#pragma once

#include "base/checked_toml.h"
#include "operations/event_message.h"

namespace tessera::app {

// Mistakes go to `notes`.
[[nodiscard]] std::vector<operations::event_rule> read_event_rules(const toml::node& node, checked_toml& notes);

}  // namespace tessera::app
