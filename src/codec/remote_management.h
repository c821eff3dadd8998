// Remote file management scripts in the compact format (ETSI TS 102 226 clause 5.2.1): APDUs one after another, which
// the card runs until one fails; the answer tells how many ran, the last status word and the last command's data.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/apdu.h"

namespace tessera::codec {

// Cuts a script into its commands (views into it). Lc follows P1 P2 P3 for the commands that carry data; READ, STATUS
// and GET RESPONSE carry an Le instead. Errors, with the command's ordinal: truncated, unknown_instruction,
// too_many_commands (more than 256).
[[nodiscard]] result<std::vector<command_apdu>> parse_compact_script(byte_view script);
// Cuts off the first command: `script` is what follows it afterwards, and unchanged on failure. For who runs commands
// one by one, since those before a broken one are run all the same. Errors: truncated, unknown_instruction.
[[nodiscard]] result<command_apdu> take_compact_command(byte_view& script);

struct compact_response {
    std::uint8_t executed = 0;  // commands run, the failing one included
    std::uint16_t status_word = 0;
    byte_view data = {};
};
// A card that ran nothing may answer with nothing: executed 0. Errors: truncated.
[[nodiscard]] result<compact_response> parse_compact_response(byte_view data);
void append_compact_response(bytes& out, const compact_response& response);

}  // namespace tessera::codec
