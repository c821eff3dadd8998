// A campaign as an operator writes it: a TOML file, checked whole, every mistake with its line.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "campaigns/campaign_file_context.h"
#include "campaigns/types.h"

namespace tessera::campaigns {

inline constexpr std::size_t campaign_name_octets = 200;

// Errors: each mistake with field "FILE:LINE"; never empty on failure.
[[nodiscard]] std::expected<definition, std::vector<error>> parse_campaign_file(std::string_view text,
                                                                                const file_context& context);

// The text of a campaign file with the load files that its applications name, so that no file is needed any more.
[[nodiscard]] std::string with_load_files(std::string_view text, const std::vector<load_file>& files);

// A campaign file like `text` (which must be a good one) with another name, for the cards that had one of these
// outcomes, or drifted, in the campaign with that id.
[[nodiscard]] result<std::string> follow_up_file(std::string_view text, std::string_view name, std::string_view id,
                                                 const std::vector<operations::outcome>& outcomes,
                                                 bool not_sent_too = false, bool drifted = false);

// The campaign file that a trigger's file (which must be a good one) makes for these cards.
[[nodiscard]] result<std::string> triggered_file(std::string_view text, const std::vector<std::string>& iccids);

}  // namespace tessera::campaigns
