// Command and response APDUs (ISO/IEC 7816-4, ETSI TS 102 221), short form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera::codec {

// A view of one command inside a script.
struct command_apdu {
    std::uint8_t cla = 0;
    std::uint8_t ins = 0;
    std::uint8_t p1 = 0;
    std::uint8_t p2 = 0;
    byte_view data = {};                         // Lc octets
    std::optional<std::uint16_t> expected = {};  // Le, 1..256
};

namespace instruction {
inline constexpr std::uint8_t select = 0xa4, status = 0xf2, read_binary = 0xb0, update_binary = 0xd6,
                              read_record = 0xb2, update_record = 0xdc, verify = 0x20, get_response = 0xc0,
                              search_record = 0xa2, increase = 0x32, terminal_profile = 0x10, fetch = 0x12,
                              terminal_response = 0x14, envelope = 0xc2;
}

void append_apdu(bytes& out, const command_apdu& command);
// A command that stands alone, so that its length tells its case; a view into `octets`. Errors: truncated, bad_length.
[[nodiscard]] result<command_apdu> parse_apdu(byte_view octets);

// "6a82 file not found"; ETSI TS 102 221 clause 10.2, and the 9Fxx/94xx words of older cards.
[[nodiscard]] std::string describe_status_word(std::uint16_t status_word);
// The command did what it was asked: 9000, 91xx, 9Fxx, 61xx, 63Cx and 920x (done after internal retries).
[[nodiscard]] bool is_success(std::uint16_t status_word);

}  // namespace tessera::codec
