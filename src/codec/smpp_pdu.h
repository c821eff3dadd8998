// SMPP 3.4 protocol data units: encoder, decoder and printer, all three derived from one table per PDU (smpp_pdu.cpp).
//
// Decoding copies nothing: strings and octets are views into the buffer that was decoded.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera::codec::smpp {

inline constexpr std::size_t header_octets = 16;

enum class command : std::uint32_t {  // SMPP 3.4 clause 5.1.2.1; the top bit marks a response
    bind_receiver = 0x01,
    bind_transmitter = 0x02,
    query_sm = 0x03,
    submit_sm = 0x04,
    deliver_sm = 0x05,
    unbind = 0x06,
    replace_sm = 0x07,
    cancel_sm = 0x08,
    bind_transceiver = 0x09,
    outbind = 0x0b,
    enquire_link = 0x15,
    submit_multi = 0x21,
    alert_notification = 0x102,
    data_sm = 0x103,
    generic_nack = 0x80000000,
    bind_receiver_resp = 0x80000001,
    bind_transmitter_resp = 0x80000002,
    query_sm_resp = 0x80000003,
    submit_sm_resp = 0x80000004,
    deliver_sm_resp = 0x80000005,
    unbind_resp = 0x80000006,
    replace_sm_resp = 0x80000007,
    cancel_sm_resp = 0x80000008,
    bind_transceiver_resp = 0x80000009,
    enquire_link_resp = 0x80000015,
    submit_multi_resp = 0x80000021,
    data_sm_resp = 0x80000103,
};

// command_status, clause 5.1.3. Only those the code names; any value travels.
namespace status {
inline constexpr std::uint32_t ok = 0, invalid_message_length = 0x01, invalid_command_length = 0x02,
                               invalid_command_id = 0x03, incorrect_bind_status = 0x04, already_bound = 0x05,
                               system_error = 0x08, invalid_source = 0x0a, invalid_destination = 0x0b,
                               bind_failed = 0x0d, invalid_password = 0x0e, invalid_system_id = 0x0f, queue_full = 0x14,
                               throttled = 0x58, receiver_temporary_error = 0x64, receiver_permanent_error = 0x65,
                               receiver_reject = 0x66, invalid_optional_part = 0xc0, missing_optional_parameter = 0xc3,
                               delivery_failure = 0xfe, unknown_error = 0xff;
}
[[nodiscard]] std::string_view status_name(std::uint32_t value);  // "ESME_RTHROTTLED"; "" if unknown
[[nodiscard]] std::string_view command_name(command id);          // "submit_sm"; "" if unknown

struct header {
    std::uint32_t length = 0;
    command id{};
    std::uint32_t status = 0;
    std::uint32_t sequence = 0;
};

namespace tag {  // optional parameters, clause 5.3.2
inline constexpr std::uint16_t network_error_code = 0x0423, message_payload = 0x0424, message_state = 0x0427,
                               receipted_message_id = 0x001e, user_message_reference = 0x0204, source_port = 0x020a,
                               destination_port = 0x020b, sar_msg_ref_num = 0x020c, sar_total_segments = 0x020e,
                               sar_segment_seqnum = 0x020f, sc_interface_version = 0x0210;
}
struct optional_parameter {
    std::uint16_t tag = 0;
    byte_view value;
};
using optional_parameters = std::vector<optional_parameter>;

struct address {
    std::uint8_t type_of_number = 0;
    std::uint8_t numbering_plan = 0;
    std::string_view digits;
};

struct bind {  // bind_receiver, bind_transmitter, bind_transceiver
    std::string_view system_id, password, system_type;
    std::uint8_t interface_version = 0x34;
    address range;
};
struct bind_response {
    std::string_view system_id;  // absent when the bind failed
    optional_parameters options;
};
struct short_message {  // submit_sm and deliver_sm
    std::string_view service_type;
    address source, destination;
    std::uint8_t esm_class = 0, protocol_id = 0, priority = 0;
    std::string_view schedule_delivery_time, validity_period;
    std::uint8_t registered_delivery = 0, replace_if_present = 0, data_coding = 0, default_message_id = 0;
    byte_view user_data;  // short_message, at most 254 octets
    optional_parameters options;
};
struct message_response {         // submit_sm_resp, deliver_sm_resp, data_sm_resp
    std::string_view message_id;  // absent when the message was refused
    optional_parameters options;
};
struct empty_body {};  // enquire_link, unbind, generic_nack and their responses; cancel_sm_resp, replace_sm_resp
struct other_body {    // the PDUs that the product does not act upon: their fields, in order, for a printer
    struct field {
        std::string_view name;
        std::variant<std::uint32_t, std::string_view, byte_view> value;
    };
    std::vector<field> fields;
    optional_parameters options;
};

using body = std::variant<empty_body, bind, bind_response, short_message, message_response, other_body>;
struct pdu {
    header head;
    smpp::body body;
};

// How many octets the first PDU of `buffer` takes: 0 when even its length is not there yet. Errors: bad_length when
// command_length is below 16 or above limits::smpp_pdu_octets; the link cannot be brought back into step then.
[[nodiscard]] result<std::size_t> first_pdu_octets(byte_view buffer);

// Decodes one whole PDU. Errors: truncated, bad_length, unknown_command, bad_field (names the field), bad_option; the
// error of a PDU whose header could be read leaves that header in `head`, so that it can be answered.
[[nodiscard]] result<pdu> decode(byte_view octets, header& head);

// Appends. head.length is computed. Errors: bad_field (too long, names it). On failure `out` is as it was.
[[nodiscard]] result<void> encode(const pdu& unit, bytes& out);

// The shortcuts of the hot path, octet for octet what encode() gives.
void append_header_only(bytes& out, command id, std::uint32_t status, std::uint32_t sequence);
[[nodiscard]] result<void> append_short_message(bytes& out, command id, std::uint32_t sequence,
                                                const short_message& message);
void append_message_response(bytes& out, command id, std::uint32_t status, std::uint32_t sequence,
                             std::string_view message_id);

[[nodiscard]] const optional_parameter* find_option(const optional_parameters& options, std::uint16_t tag);

// One line for a log: names and values; passwords as ***, user data as its length only.
[[nodiscard]] std::string print(const pdu& unit);

// A delivery receipt (clause 2.11, appendix B): from the TLVs, else from the text "id:... stat:DELIVRD err:000".
struct delivery_receipt {
    std::string message_id;
    std::string state;  // ENROUTE, DELIVRD, EXPIRED, DELETED, UNDELIV, ACCEPTD, UNKNOWN, REJECTD
    // network_error_code (clause 5.3.2.31), else "err:", which senders fill with a number in decimal, or in hexadecimal
    // where a letter says so; its network type is 0 then. 0: no error is told.
    std::uint8_t network_type = 0;
    std::uint16_t network_error = 0;
};
[[nodiscard]] std::optional<delivery_receipt> parse_receipt(const short_message& message);

// The relative time format of clause 7.1.1.2, YYMMDDhhmmss000R, of a span up to 99 days; what is no such text is
// nothing. Years and months, whose length is anybody's guess, are not written and read as 365 and 30 days.
[[nodiscard]] std::array<char, 16> relative_time(std::chrono::seconds span);
[[nodiscard]] std::optional<std::chrono::seconds> parse_relative_time(std::string_view text);

}  // namespace tessera::codec::smpp
