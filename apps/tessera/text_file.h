// A whole text file, bounded.
#pragma once

#include <string>

#include "base/result.h"

namespace tessera::app {

// As much of it as shows that it is longer than `most` octets. Errors: not_found.
[[nodiscard]] result<std::string> read_text_file(const std::string& path, std::size_t most);

}  // namespace tessera::app
