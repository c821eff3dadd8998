// What a card asks of its terminal (ETSI TS 102 223): proactive commands, as FETCH brings them, and the terminal's
// answers; of them what it takes to let a card send short messages (clauses 6.6, 6.8, 8).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera::codec {

namespace proactive {
inline constexpr std::uint8_t refresh = 0x01, more_time = 0x02, poll_interval = 0x03, polling_off = 0x04,
                              send_short_message = 0x13;
}

struct proactive_command {
    std::uint8_t number = 1;
    std::uint8_t type = 0;  // clause 9.4
    std::uint8_t qualifier = 0;
    std::optional<bytes> short_message;             // SMS TPDU, of SEND SHORT MESSAGE
    std::optional<std::uint16_t> duration_as_sent;  // unit and count, of POLL INTERVAL
};
[[nodiscard]] std::string_view describe_proactive(std::uint8_t type);  // "SEND SHORT MESSAGE"; "another command"

// `octets` begins with D0. Unknown data objects are passed over. Errors: truncated, bad_field (names the object).
[[nodiscard]] result<proactive_command> decode_proactive_command(byte_view octets);
// What a card gives to FETCH: SEND SHORT MESSAGE without alpha identifier, to the service centre that EF.SMSP names.
// Errors: too_long (does not fit one FETCH).
[[nodiscard]] result<bytes> encode_send_short_message(std::uint8_t number, byte_view tpdu);

enum class terminal_result : std::uint8_t {
    performed = 0x00,
    beyond_capabilities = 0x30,
    not_understood = 0x32,
};
// The data of TERMINAL RESPONSE.
[[nodiscard]] bytes encode_terminal_response(const proactive_command& to, terminal_result what);
// The command that it answers: number, type and qualifier alone, and the general result. Errors: truncated, bad_field.
struct terminal_response {
    std::uint8_t number = 0;
    std::uint8_t type = 0;
    std::uint8_t qualifier = 0;
    std::uint8_t result = 0;
};
[[nodiscard]] result<terminal_response> decode_terminal_response(byte_view data);

// The TPDU inside an ENVELOPE's data (D1 ...), SMS-PP download; a view into it. Errors: truncated, bad_field.
[[nodiscard]] result<byte_view> short_message_in_envelope(byte_view data);

}  // namespace tessera::codec
