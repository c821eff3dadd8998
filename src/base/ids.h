// Identifiers.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/time.h"

namespace tessera {

// An integer that cannot be taken for another kind of integer.
template <class Tag>
struct strong_id {
    std::int64_t value = 0;
    friend auto operator<=>(const strong_id&, const strong_id&) = default;
};

// UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, then randomness; sorts by time of making.
[[nodiscard]] std::string make_uuid7(timestamp now, random_port& random);
[[nodiscard]] bool is_uuid(std::string_view text);

}  // namespace tessera
