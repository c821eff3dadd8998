// Times as people and feeds write them.
#pragma once

#include <string_view>

#include "base/time.h"

namespace tessera {

// 2026-11-22T08:30:00Z, the seconds with up to six decimals if wanted, and +01:00 in place of Z; years 1970 to 2200.
// The other way round: to_iso8601() in time.h. Errors: bad_time.
[[nodiscard]] result<timestamp> parse_iso8601(std::string_view text, std::string_view field = {});

}  // namespace tessera
