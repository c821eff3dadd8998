// What an agent on a mobile terminal is told: named settings, in a compact format of our own (docs/terminal-agent.md).
// It travels where a card's script of APDUs would, in secured packets; the agent answers as a card does, by the number
// of commands it ran, a status word and the last command's data (remote_management.h).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera::codec {

inline constexpr std::size_t setting_name_octets = 64;

struct setting_command {
    enum class kind : std::uint8_t { set = 1, get = 2 };
    kind what = kind::set;
    std::string_view name = {};
    byte_view content = {};    // set
    std::uint16_t offset = 0;  // get
    std::uint16_t length = 0;  // get: at most so many octets
};

// 1 to 64 of a-z, 0-9, '_', '.', '-'.
[[nodiscard]] bool is_setting_name(std::string_view name);

// Tag, two octets of length, and the value: SET (01) length of the name, name, content; GET (02) length of the name,
// name, offset and length of two octets each. Name and content are the caller's business: is_setting_name(), and no
// more than two octets of length say.
void append_setting_command(bytes& out, const setting_command& command);
// Cuts off the first command, a view into `script`, which is unchanged on failure. Errors: truncated, bad_field,
// unknown_command.
[[nodiscard]] result<setting_command> take_setting_command(byte_view& script);

}  // namespace tessera::codec
