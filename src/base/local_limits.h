// Limits of what goes on between the processes of one data directory, and of what reaches an exchange.
#pragma once

#include <chrono>
#include <cstddef>

namespace tessera::limits {

inline constexpr std::size_t configuration_octets = 1'048'576;   // tessera.toml
inline constexpr std::chrono::milliseconds owner_wait{1'500};    // for an owner that is coming or going
inline constexpr std::chrono::milliseconds owner_look{20};       // so often it is looked for
inline constexpr std::chrono::milliseconds hang_up_wait{1'000};  // for an answer, once nobody waits for the work
inline constexpr std::chrono::seconds settling_wait{2};          // that the answer to a cancel waits for outcomes
inline constexpr std::size_t seen_messages = 65'536;             // that an exchange knows again, at least
inline constexpr std::size_t strangers_per_commit = 100;         // answers that an exchange does not await

}  // namespace tessera::limits
