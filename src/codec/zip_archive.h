// What an archive holds, read within bounds: whoever made it may have meant harm.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera::codec {

struct zip_entry {
    std::string name;  // as it stands in the archive
    bytes octets;
};
struct zip_bounds {
    std::size_t entries = 0;       // in the archive, whether wanted or not
    std::size_t entry_octets = 0;  // of a wanted one, unpacked, whatever the archive says that it has
};
// The entries whose name is wanted, unpacked, in the archive's order. Errors: bad_zip (no archive, damaged, encrypted),
// too_long (a bound is exceeded); messages name the entry.
[[nodiscard]] result<std::vector<zip_entry>> read_zip(byte_view archive, const zip_bounds& bounds,
                                                      const std::function<bool(std::string_view name)>& wanted);

}  // namespace tessera::codec
