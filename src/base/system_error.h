// Why the system refused something, in words.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

namespace tessera {

// "cannot be read: Permission denied", by errno as it stands; where that is 0, only what is given.
[[nodiscard]] inline std::string with_reason(std::string_view what) {
    const int why = errno;
    return why == 0 ? std::string(what) : std::string(what) + ": " + std::strerror(why);
}

}  // namespace tessera
