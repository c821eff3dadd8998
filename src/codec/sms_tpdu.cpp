#include "codec/sms_tpdu.h"

#include <algorithm>
#include <cstring>

namespace tessera::codec {
namespace {

// Information elements, 3GPP TS 23.040 clause 9.2.3.24.
constexpr std::uint8_t concatenation_8_bit = 0x00, port_8_bit = 0x04, port_16_bit = 0x05, concatenation_16_bit = 0x08,
                       command_packet_header = 0x70, response_packet_header = 0x71;

std::unexpected<error> bad_element(std::string_view element) {
    return failure("bad_header", element, "this information element of the user data header has a wrong length");
}

// "If the value is zero ... the receiving entity shall ignore the whole information element": clause 9.2.3.24.1.
void take_concatenation(user_data_header& header, byte_view value, bool wide) {
    const std::size_t width = wide ? 2 : 1;
    const auto maximum = value[width];
    const auto sequence = value[width + 1];
    if (maximum == 0 || sequence == 0 || sequence > maximum) return;
    header.parts =
        user_data_header::concatenation{.reference = static_cast<std::uint16_t>(load_big_endian(value.first(width))),
                                        .maximum = maximum,
                                        .sequence = sequence,
                                        .wide = wide};
}

result<void> take_element(user_data_header& header, std::uint8_t id, byte_view value) {
    switch (id) {
        case concatenation_8_bit:
            if (value.size() != 3) return bad_element("concatenation, 8 bit");
            take_concatenation(header, value, false);
            break;
        case concatenation_16_bit:
            if (value.size() != 4) return bad_element("concatenation, 16 bit");
            take_concatenation(header, value, true);
            break;
        case port_8_bit:
            if (value.size() != 2) return bad_element("application port, 8 bit");
            header.destination_port = value[0];
            header.source_port = value[1];
            break;
        case port_16_bit:
            if (value.size() != 4) return bad_element("application port, 16 bit");
            header.destination_port = static_cast<std::uint16_t>(load_big_endian(value.first(2)));
            header.source_port = static_cast<std::uint16_t>(load_big_endian(value.last(2)));
            break;
        case command_packet_header:
            header.command_packet = true;
            break;
        case response_packet_header:
            header.response_packet = true;
            break;
        default:
            break;
    }
    return {};
}

std::size_t first_header_octets(int reference_bits) { return reference_bits == 16 ? 9 : 8; }
std::size_t later_header_octets(int reference_bits) { return reference_bits == 16 ? 7 : 6; }
constexpr std::size_t single_header_octets = 3;
constexpr std::size_t port_element_octets = 6;

// The octets of a header before the packet's part, in every part of a message to a port.
std::size_t port_header_octets(bool concatenated, int reference_bits) {
    const std::size_t concatenation = !concatenated ? 0 : reference_bits == 16 ? 6 : 5;
    return 1 + concatenation + port_element_octets;
}

std::size_t part_count_to_port(std::size_t packet_octets, int reference_bits) {
    if (packet_octets <= limits::short_message_octets - port_header_octets(false, reference_bits)) return 1;
    const auto each = limits::short_message_octets - port_header_octets(true, reference_bits);
    return (packet_octets + each - 1) / each;
}

result<std::vector<bytes>> cut(byte_view packet, const concatenation_plan& plan) {
    if ((plan.reference_bits != 8 && plan.reference_bits != 16) || (plan.reference_bits == 8 && plan.reference > 0xff))
        return failure("bad_reference", "reference", "does not fit reference_bits, which is 8 or 16");
    if (plan.count > limits::message_parts)
        return failure("too_long", "packet",
                       std::to_string(packet.size()) + " octets need more than " +
                           std::to_string(limits::message_parts) + " short messages");
    std::vector<bytes> parts;
    parts.reserve(plan.count);
    for (std::size_t index = 0; index < plan.count; ++index) {
        std::array<std::uint8_t, limits::short_message_octets> part;
        const auto octets = write_segment(packet, plan, index, part);
        parts.emplace_back(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(octets));
    }
    return parts;
}

}  // namespace

result<user_data_header> parse_user_data_header(byte_view user_data) {
    if (user_data.empty()) return failure("truncated", "user_data", "empty, where a user data header was announced");
    const std::size_t length = user_data[0];
    if (length + 1 > user_data.size())
        return failure("truncated", "user_data", "the user data header says more octets than there are");
    user_data_header header;
    header.octets = length + 1;
    auto rest = user_data.subspan(1, length);
    while (!rest.empty()) {
        if (rest.size() < 2 || rest[1] + std::size_t{2} > rest.size()) return bad_element("last element");
        TESSERA_TRY(take_element(header, rest[0], rest.subspan(2, rest[1])));
        rest = rest.subspan(rest[1] + std::size_t{2});
    }
    return header;
}

std::size_t part_count(std::size_t packet_octets, int reference_bits, bool to_port) {
    if (to_port) return part_count_to_port(packet_octets, reference_bits);
    if (packet_octets <= limits::short_message_octets - single_header_octets) return 1;
    const auto first = limits::short_message_octets - first_header_octets(reference_bits);
    const auto later = limits::short_message_octets - later_header_octets(reference_bits);
    return 1 + (packet_octets - first + later - 1) / later;
}

std::size_t write_segment(byte_view packet, const concatenation_plan& plan, std::size_t index,
                          std::span<std::uint8_t, limits::short_message_octets> to) {
    const bool wide = plan.reference_bits == 16;
    const bool concatenated = plan.count > 1;
    auto* at = to.data() + 1;
    if (concatenated) {
        *at++ = wide ? concatenation_16_bit : concatenation_8_bit;
        *at++ = wide ? 4 : 3;
        store_big_endian(at, plan.reference, wide ? 2 : 1);
        at += wide ? 2 : 1;
        *at++ = static_cast<std::uint8_t>(plan.count);
        *at++ = static_cast<std::uint8_t>(index + 1);
    }
    if (plan.ports) {
        *at++ = port_16_bit;
        *at++ = 4;
        store_big_endian(at, plan.ports->destination, 2);
        store_big_endian(at + 2, plan.ports->source, 2);
        at += 4;
    } else if (index == 0) {  // the packet's own element stands in the first part only (TS 31.115 clause 4.1)
        *at++ = static_cast<std::uint8_t>(plan.kind);
        *at++ = 0;
    }
    const auto header = static_cast<std::size_t>(at - to.data());
    to[0] = static_cast<std::uint8_t>(header - 1);
    const auto first = limits::short_message_octets - (plan.ports ? header : first_header_octets(plan.reference_bits));
    const auto later = limits::short_message_octets - (plan.ports ? header : later_header_octets(plan.reference_bits));
    const auto from = index == 0 ? 0 : first + (index - 1) * later;
    const auto octets = std::min(limits::short_message_octets - header, packet.size() - from);
    if (octets != 0) std::memcpy(at, packet.data() + from, octets);
    return header + octets;
}

result<std::vector<bytes>> segment(byte_view packet, packet_kind kind, std::uint16_t reference, int reference_bits) {
    return cut(packet, {kind, reference, reference_bits, part_count(packet.size(), reference_bits), {}});
}

result<std::vector<bytes>> segment_to_port(byte_view packet, const application_ports& ports, std::uint16_t reference,
                                           int reference_bits) {
    return cut(packet, {packet_kind::command, reference, reference_bits,
                        part_count(packet.size(), reference_bits, true), ports});
}

}  // namespace tessera::codec
