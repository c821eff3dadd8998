// What toml++ 3.3 (Debian 12) must not be given: it runs into undefined behaviour on letters beyond ASCII outside
// quotes. Found by fuzzing; looked for before every parse.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace tessera {

struct toml_objection {
    std::size_t line = 0;
    std::string_view what;
};
// The first thing in a TOML text that is refused before it is parsed.
[[nodiscard]] std::optional<toml_objection> screen_toml(std::string_view text);

}  // namespace tessera
