// A campaign as an operator writes it: a TOML file, checked whole, every mistake with its line.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "campaigns/types.h"

namespace tessera::campaigns {

// What the file is checked against beside itself. Empty functions check nothing.
struct file_context {
    std::string file;              // for error messages, and where a relative file of ICCIDs is looked for
    bool read_target_list = true;  // false: leave [targets] iccids alone; the targets are chosen already
    std::function<bool(std::string_view)> smsc_known;
    std::function<result<bool>(std::string_view)> profile_known;
    std::function<result<bool>(std::string_view)> card_known;  // by ICCID
};

// Errors: each mistake with field "FILE:LINE"; never empty on failure.
[[nodiscard]] std::expected<definition, std::vector<error>> parse_campaign_file(std::string_view text,
                                                                                const file_context& context);

}  // namespace tessera::campaigns
