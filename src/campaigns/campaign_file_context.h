// What all parts of a campaign file are read with. Without toml++: whoever reads a file makes one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "campaigns/house_rules.h"
#include "campaigns/types.h"

namespace tessera::campaigns {

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

}  // namespace tessera::campaigns
