// The catalogue of profiles as a TOML file: sections [[profile]], in them [[profile.batch]].
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cards/profile_facts.h"

namespace tessera::cards {

// Errors (bad_profile_file): every mistake with field "FILE:LINE"; never empty on failure.
[[nodiscard]] std::expected<std::vector<profile_entry>, std::vector<error>> parse_profiles(std::string_view text,
                                                                                           std::string_view file);

// One profile as a [[profile]] section that parse_profiles() makes the same entry of.
[[nodiscard]] std::string profile_text(const profile_entry& entry);

// The names of the quirks that a file may state, each with what follows from it, a line each.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string_view>> known_quirks();

}  // namespace tessera::cards
