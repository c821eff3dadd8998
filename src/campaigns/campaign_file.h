// A campaign as an operator writes it: a TOML file, checked whole, every mistake with its line.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "campaigns/house_rules.h"
#include "campaigns/types.h"

namespace tessera::campaigns {

inline constexpr std::size_t campaign_name_octets = 200;
inline constexpr std::string_view drift_name = "drift";   // among outcomes: an audit found something else than expected
inline constexpr std::string_view not_sent = "not_sent";  // no outcome: the campaign was cancelled before

// What the file is checked against beside itself. Empty functions check nothing.
struct file_context {
    std::string file;  // for error messages, and where a relative file of cards is looked for
    std::function<bool(std::string_view)> smsc_known;
    std::function<result<bool>(std::string_view)> profile_known;
    std::function<result<bool>(std::string_view)> tag_known;
    std::function<result<bool>(std::string_view)> variable_known;
    // Nothing: the registry has none. Without this function, files of cards are left alone and lists are empty: the
    // targets are chosen already.
    std::function<result<std::optional<cards::card_id>>(cards::identifier, std::string_view)> find_card;
    std::function<result<campaign_key>(std::string_view)> find_campaign;  // by id or name
    bool stored = false;     // a campaign's text from the database, with what was decided when it was created
    bool triggered = false;  // the file of a trigger: [trigger] in place of [targets]
    house_rules house;
};

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
