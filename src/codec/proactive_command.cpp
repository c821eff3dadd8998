#include "codec/proactive_command.h"

#include <array>

namespace tessera::codec {
namespace {

// Comprehension TLV (ETSI TS 101 220 clause 7.1.1): bit 8 of a one-octet tag says whether comprehension is required.
constexpr std::uint8_t comprehension = 0x80;
constexpr std::uint8_t tag_command_details = 0x01, tag_device_identities = 0x02, tag_result = 0x03, tag_duration = 0x04,
                       tag_short_message = 0x0b;
constexpr std::uint8_t card = 0x81, terminal = 0x82, network = 0x83;
constexpr std::uint8_t tag_proactive = 0xd0, tag_sms_download = 0xd1;
constexpr std::size_t fetch_octets = 256;

std::unexpected<error> truncated(std::string_view field) {
    return failure("truncated", field, "ends before its length says");
}

// One octet up to 7F, else 81 and one octet: nothing here is longer than 255.
result<std::size_t> take_length(byte_reader& in, std::string_view field) {
    const auto first = in.u8();
    if (in.failed()) return truncated(field);
    if (first < 0x80) return first;
    if (first != 0x81) return failure("bad_field", field, "a length that is neither one octet nor 81 and one");
    const auto length = in.u8();
    if (in.failed()) return truncated(field);
    return length;
}

result<byte_view> unwrapped(byte_view octets, std::uint8_t tag, std::string_view field) {
    byte_reader in(octets);
    const auto found = in.u8();
    if (in.failed()) return truncated(field);
    if (found != tag) return failure("bad_field", field, "begins with another tag");
    TESSERA_TRY_VALUE(const auto length, take_length(in, field));
    const auto inside = in.take(length);
    if (in.failed()) return truncated(field);
    return inside;
}

// `use(tag without comprehension bit, value)` for every object.
template <class Use>
result<void> for_each_object(byte_view octets, std::string_view field, Use&& use) {
    for (byte_reader in(octets); !in.empty();) {
        auto tag = static_cast<std::uint32_t>(in.u8());
        if (tag == 0x7f) {  // three octets, the comprehension bit in the second
            tag = in.u16() & 0x7fffU;
        } else {
            tag &= ~static_cast<std::uint32_t>(comprehension);
        }
        TESSERA_TRY_VALUE(const auto length, take_length(in, field));
        const auto value = in.take(length);
        if (in.failed()) return truncated(field);
        TESSERA_TRY(use(tag, value));
    }
    return {};
}

void append_object(bytes& out, std::uint8_t tag, byte_view value) {
    out.push_back(tag);
    if (value.size() > 0x7f) out.push_back(0x81);
    out.push_back(static_cast<std::uint8_t>(value.size()));
    append(out, value);
}

constexpr std::string_view details_field = "command details";

}  // namespace

std::string_view describe_proactive(std::uint8_t type) {
    switch (type) {
        case proactive::refresh:
            return "REFRESH";
        case proactive::more_time:
            return "MORE TIME";
        case proactive::poll_interval:
            return "POLL INTERVAL";
        case proactive::polling_off:
            return "POLLING OFF";
        case proactive::send_short_message:
            return "SEND SHORT MESSAGE";
        default:
            return "another command";
    }
}

result<proactive_command> decode_proactive_command(byte_view octets) {
    TESSERA_TRY_VALUE(const auto inside, unwrapped(octets, tag_proactive, "proactive command"));
    proactive_command made;
    bool detailed = false;
    TESSERA_TRY(for_each_object(inside, "proactive command", [&](std::uint32_t tag, byte_view value) -> result<void> {
        switch (tag) {
            case tag_command_details:
                if (value.size() != 3) return failure("bad_field", details_field, "expected three octets");
                made.number = value[0];
                made.type = value[1];
                made.qualifier = value[2];
                detailed = true;
                break;
            case tag_short_message:
                made.short_message = to_bytes(value);
                break;
            case tag_duration:
                if (value.size() != 2) return failure("bad_field", "duration", "expected two octets");
                made.duration_as_sent = static_cast<std::uint16_t>(load_big_endian(value));
                break;
            default:
                break;
        }
        return {};
    }));
    if (!detailed) return failure("bad_field", details_field, "they are missing");
    if (made.type == proactive::send_short_message && !made.short_message)
        return failure("bad_field", "SMS TPDU", "it is missing from SEND SHORT MESSAGE");
    return made;
}

result<bytes> encode_send_short_message(std::uint8_t number, byte_view tpdu) {
    if (tpdu.size() > 0xff) return failure("too_long", "tpdu", "does not fit a proactive command");
    bytes inside;
    append_object(inside, tag_command_details | comprehension,
                  std::array<std::uint8_t, 3>{number, proactive::send_short_message, 0});
    append_object(inside, tag_device_identities | comprehension, std::array<std::uint8_t, 2>{card, network});
    append_object(inside, tag_short_message | comprehension, tpdu);
    if (inside.size() > 0xff) return failure("too_long", "tpdu", "does not fit a proactive command");
    bytes out;
    append_object(out, tag_proactive, inside);
    if (out.size() > fetch_octets) return failure("too_long", "tpdu", "does not fit one FETCH");
    return out;
}

bytes encode_terminal_response(const proactive_command& to, terminal_result what) {
    bytes out;
    append_object(out, tag_command_details | comprehension,
                  std::array<std::uint8_t, 3>{to.number, to.type, to.qualifier});
    append_object(out, tag_device_identities | comprehension, std::array<std::uint8_t, 2>{terminal, card});
    append_object(out, tag_result | comprehension, std::array<std::uint8_t, 1>{static_cast<std::uint8_t>(what)});
    // What POLL INTERVAL asked for is what it gets (clause 6.8.4).
    if (to.type == proactive::poll_interval && to.duration_as_sent && what == terminal_result::performed) {
        bytes granted;
        append_big_endian(granted, *to.duration_as_sent, 2);
        append_object(out, tag_duration | comprehension, granted);
    }
    return out;
}

result<terminal_response> decode_terminal_response(byte_view data) {
    terminal_response made;
    bool detailed = false, answered = false;
    TESSERA_TRY(for_each_object(data, "terminal response", [&](std::uint32_t tag, byte_view value) -> result<void> {
        if (tag == tag_command_details) {
            if (value.size() != 3) return failure("bad_field", details_field, "expected three octets");
            made.number = value[0];
            made.type = value[1];
            made.qualifier = value[2];
            detailed = true;
        } else if (tag == tag_result) {
            if (value.empty()) return failure("bad_field", "result", "is empty");
            made.result = value[0];
            answered = true;
        }
        return {};
    }));
    if (!detailed || !answered)
        return failure("bad_field", "terminal response", "command details or result is missing");
    return made;
}

result<byte_view> short_message_in_envelope(byte_view data) {
    TESSERA_TRY_VALUE(const auto inside, unwrapped(data, tag_sms_download, "envelope"));
    std::optional<byte_view> found;
    TESSERA_TRY(for_each_object(inside, "envelope", [&](std::uint32_t tag, byte_view value) -> result<void> {
        if (tag == tag_short_message) found = value;
        return {};
    }));
    if (!found) return failure("bad_field", "SMS TPDU", "it is missing");
    return *found;
}

}  // namespace tessera::codec
