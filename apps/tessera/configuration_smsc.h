// One [[smsc]] of tessera.toml. For configuration.cpp: toml++ is a heavy header.
#pragma once

#include <filesystem>

#include "base/checked_toml.h"
#include "telecom/smsc_settings.h"

namespace tessera::app {

// Mistakes go to `toml`. Relative paths in it are meant from `folder`.
[[nodiscard]] telecom::smsc_settings read_smsc(const toml::table& table, const std::filesystem::path& folder,
                                               checked_toml& toml);

}  // namespace tessera::app
