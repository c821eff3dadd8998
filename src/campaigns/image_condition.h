// A condition on what a card is known to hold, as an operator writes it: file "7f20/6f46" != "0154".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera::campaigns {

struct image_condition {
    enum class relation : std::uint8_t {
        holds,      // ==: the file is known to begin with the content, as for a write that would be skipped
        differs,    // !=: anything else; cards of which nothing is known, or whose image is doubted, are among these
        is_missing  // nothing is known of the file
    };
    std::string file;  // canonical path; "*/6f46": of that identifier in whichever directory
    std::uint16_t record = 0;
    relation what = relation::holds;
    bytes content;
};

// file "PATH" [record N] == "HEX", != "HEX" or missing. Errors: bad_condition.
[[nodiscard]] result<image_condition> parse_image_condition(std::string_view text);

}  // namespace tessera::campaigns
