// The address of a short message as a subscriber number.
#pragma once

#include <string_view>

#include "telecom/network.h"

namespace tessera::telecom {

// "+49170..." and "0049170..." are 49170...; 0 for anything that is not 1 to 15 digits then.
[[nodiscard]] constexpr subscriber_number subscriber_of(std::string_view digits) {
    if (digits.starts_with('+')) digits.remove_prefix(1);
    while (digits.starts_with('0')) digits.remove_prefix(1);
    if (digits.size() > 15) return 0;
    subscriber_number number = 0;
    for (const char digit : digits) {
        if (digit < '0' || digit > '9') return 0;
        number = number * 10 + static_cast<subscriber_number>(digit - '0');
    }
    return number;
}

}  // namespace tessera::telecom
