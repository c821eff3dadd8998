// Hexadecimal text, as engineers of this field exchange octets.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera {

[[nodiscard]] std::string to_hex(byte_view octets);  // lower case, no separators
void append_hex(std::string& out, byte_view octets);

// Accepts both cases and nothing else but digits. Errors: bad_hex (odd length, or a character and its position; the
// text itself is never repeated, since it may be a key).
[[nodiscard]] result<bytes> from_hex(std::string_view text, std::string_view field = {});

// As from_hex, into a buffer of the caller: exactly `to.size()` octets, else bad_hex.
[[nodiscard]] result<void> from_hex_into(std::string_view text, std::span<std::uint8_t> to,
                                         std::string_view field = {});

}  // namespace tessera
