// HOST:PORT, cut in two.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace tessera::sim {

// An IPv6 address stands in brackets. Errors: bad_address.
[[nodiscard]] result<std::pair<std::string, std::string>> split_address(std::string_view address);

}  // namespace tessera::sim
