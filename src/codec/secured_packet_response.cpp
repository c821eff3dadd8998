// Response packets, ETSI TS 102 225 clause 5.2: RPL(2) RHL TAR(3) | CNTR(5) PCNTR STATUS RC/CC data padding; what
// stands after the bar is ciphered. The RC or CC covers the user data header 02 71 00 as well, so it is always worked
// on with it.
#include <algorithm>
#include <string>

#include "base/limits.h"
#include "codec/secured_packet.h"
#include "codec/secured_packet_algorithms.h"

namespace tessera::codec {
namespace {

constexpr std::array<std::uint8_t, 3> user_data_header = {0x02, 0x71, 0x00};
constexpr std::size_t clear_octets = 9;            // with the user data header
constexpr std::size_t header_octets = 16;          // up to the RC or CC, with the user data header
constexpr std::size_t header_length_base = 10;     // RHL of a header without RC or CC: TAR to STATUS
constexpr std::size_t ciphered_header_octets = 7;  // CNTR, PCNTR and STATUS
constexpr std::size_t status_offset = 15;
constexpr auto last_defined_status = static_cast<std::uint8_t>(response_status::response_follows_by_ussd);

// The packet from RPL on. 02 71 00 cannot be RPL and RHL: an RHL of 0 does not exist.
byte_view without_header(byte_view packet) {
    const bool present =
        packet.size() >= 3 && std::equal(user_data_header.begin(), user_data_header.end(), packet.begin());
    return present ? packet.subspan(user_data_header.size()) : packet;
}

// Of a packet from RPL on.
result<void> require_lengths(byte_view packet) {
    constexpr std::size_t least = 3 + header_length_base;
    const std::size_t length = packet.size() < 2 ? 0 : load_big_endian(packet.first(2));
    if (packet.size() < least || packet.size() < length + 2)
        return failure("truncated", "packet",
                       "a response packet of at least " + std::to_string(std::max(length + 2, least)) +
                           " octets is expected, got " + std::to_string(packet.size()));
    if (packet.size() > length + 2)
        return failure(
            "bad_length", "packet",
            "RPL says " + std::to_string(length) + " octets, " + std::to_string(packet.size() - 2) + " follow it");
    const std::size_t header_length = packet[2];
    if (header_length < header_length_base || header_length + 1 > length)
        return failure("bad_header_length", "packet",
                       "RHL is " + std::to_string(header_length) + " in a packet of RPL " + std::to_string(length) +
                           "; it is 10 or more and within the packet");
    return {};
}

// Reads an open packet, user data header included.
result<response_packet> read_open(byte_view open, const detail::packet_algorithms& algorithms, bool secured,
                                  std::optional<bool> verified) {
    response_packet response;
    std::copy_n(open.begin() + 6, 3, response.tar.begin());
    response.counter = load_big_endian(open.subspan(9, 5));
    response.padding_counter = open[14];
    response.status = open[status_offset];
    response.secured = secured;
    response.verified = verified;
    TESSERA_TRY_VALUE(response.data, detail::remove_padding(open.subspan(header_octets + algorithms.check.octets),
                                                            response.padding_counter, algorithms, verified));
    return response;
}

void assign_with_header(bytes& to, byte_view packet) {
    to.assign(user_data_header.begin(), user_data_header.end());
    append(to, packet);
}

}  // namespace

result<void> secured_packet_codec::encode_response(const packet_security& security, const packet_keys& keys,
                                                   std::uint64_t counter, std::uint8_t status, byte_view data,
                                                   bool unsecured, bool with_header, bytes& out) {
    if (counter > counter_max) return failure("bad_counter", "cntr", "a counter is at most ffffffffff");
    if (data.size() > limits::secured_packet_octets - 64)
        return failure("too_long", "data",
                       "at most " + std::to_string(limits::secured_packet_octets - 64) + " octets can be sent");
    detail::packet_algorithms algorithms;
    if (!unsecured) {
        TESSERA_TRY_VALUE(algorithms, detail::choose_algorithms(security, keys, security.spi.response_ciphered(),
                                                                security.spi.response_integrity()));
        TESSERA_TRY(detail::set_checksum_octets(algorithms.check, security.aes_checksum_octets));
    }
    const std::size_t check_octets = algorithms.check.octets;
    const std::size_t block = algorithms.block_octets();
    const std::size_t padding = (block - (ciphered_header_octets + check_octets + data.size()) % block) % block;
    scratch_.assign(header_octets + check_octets + data.size() + padding, 0);
    auto* to = scratch_.data();
    std::copy(user_data_header.begin(), user_data_header.end(), to);
    store_big_endian(to + 3, scratch_.size() - 5, 2);
    to[5] = static_cast<std::uint8_t>(header_length_base + check_octets);
    std::copy(security.tar.begin(), security.tar.end(), to + 6);
    store_big_endian(to + 9, counter, 5);
    to[14] = static_cast<std::uint8_t>(padding);
    to[status_offset] = status;
    std::copy(data.begin(), data.end(), to + header_octets + check_octets);
    TESSERA_TRY(protect(scratch_, clear_octets, algorithms, keys));
    append(out, byte_view(scratch_).subspan(with_header ? 0 : user_data_header.size()));
    return {};
}

result<response_packet> secured_packet_codec::decode_response(byte_view packet, const packet_security& security,
                                                              const packet_keys& keys) {
    packet = without_header(packet);
    TESSERA_TRY(require_lengths(packet));
    const auto carried = static_cast<std::uint8_t>(packet[2] - header_length_base);
    const auto asked = security.spi.response_integrity();
    if (carried == 0 && asked != integrity::none) {
        assign_with_header(scratch_, packet);
        return read_open(scratch_, {}, false, std::nullopt);
    }
    TESSERA_TRY_VALUE(auto algorithms,
                      detail::choose_algorithms(security, keys, security.spi.response_ciphered(), asked));
    const bool either = security.aes_checksum_octets == 0 && carried == 4;
    TESSERA_TRY(detail::set_checksum_octets(
        algorithms.check, either ? 4 : (security.aes_checksum_octets == 0 ? 8 : security.aes_checksum_octets)));
    if (carried != algorithms.check.octets)
        return failure("bad_header_length", "packet",
                       "RHL is " + std::to_string(packet[2]) + ", with the RC or CC that SPI asks for it is " +
                           std::to_string(header_length_base + algorithms.check.octets));
    if (algorithms.cipher && carried == 0) return decode_ciphered_only(packet, algorithms, keys);
    assign_with_header(scratch_, packet);
    TESSERA_TRY_VALUE(const auto verified, unprotect(scratch_, clear_octets, algorithms, keys));
    return read_open(scratch_, algorithms, true, verified);
}

result<response_packet> secured_packet_codec::decode_ciphered_only(byte_view packet,
                                                                   const detail::packet_algorithms& algorithms,
                                                                   const packet_keys& keys) {
    assign_with_header(scratch_, packet);
    if ((scratch_.size() - clear_octets) % algorithms.block_octets() != 0)
        return read_open(scratch_, {}, false, std::nullopt);
    const std::uint8_t clear_padding = scratch_[14];
    const std::uint8_t clear_status = scratch_[status_offset];
    TESSERA_TRY(unprotect(scratch_, clear_octets, algorithms, keys));
    auto deciphered = read_open(scratch_, algorithms, true, std::nullopt);
    if (deciphered && deciphered->status <= last_defined_status) return deciphered;
    if (clear_padding == 0 && clear_status != 0 && clear_status <= last_defined_status) {
        assign_with_header(scratch_, packet);
        return read_open(scratch_, {}, false, std::nullopt);
    }
    return deciphered;
}

result<toolkit_application_reference> secured_packet_codec::peek_response(byte_view packet) {
    packet = without_header(packet);
    TESSERA_TRY(require_lengths(packet));
    return toolkit_application_reference{packet[3], packet[4], packet[5]};
}

}  // namespace tessera::codec
