// Command packets, ETSI TS 102 225 clause 5.1: CPL(2) CHL SPI(2) KIc KID TAR(3) | CNTR(5) PCNTR RC/CC data padding;
// what stands after the bar is ciphered.
#include <algorithm>
#include <string>

#include "base/limits.h"
#include "codec/secured_packet.h"
#include "codec/secured_packet_algorithms.h"

namespace tessera::codec {
namespace {

constexpr std::size_t clear_octets = 10;
constexpr std::size_t header_octets = 16;          // up to the RC or CC
constexpr std::size_t header_length_base = 13;     // CHL of a header without RC or CC: SPI to PCNTR
constexpr std::size_t ciphered_header_octets = 6;  // CNTR and PCNTR

void write_header(std::uint8_t* to, const packet_security& security, std::uint64_t counter, std::size_t packet_octets,
                  std::size_t check_octets, std::size_t padding) {
    store_big_endian(to, packet_octets - 2, 2);
    to[2] = static_cast<std::uint8_t>(header_length_base + check_octets);
    to[3] = security.spi.first;
    to[4] = security.spi.second;
    to[5] = security.kic;
    to[6] = security.kid;
    std::copy(security.tar.begin(), security.tar.end(), to + 7);
    store_big_endian(to + 10, counter, 5);
    to[15] = static_cast<std::uint8_t>(padding);
}

// An AES CC may be whole or truncated; CHL tells.
result<void> require_header_length(std::uint8_t header_length, detail::check_choice& check) {
    const auto carried = static_cast<std::uint8_t>(header_length - header_length_base);
    if (check.method == detail::check_method::cmac && carried == 4) check.octets = 4;
    if (carried == check.octets) return {};
    return failure("bad_header_length", "packet",
                   "CHL is " + std::to_string(header_length) + ", with the SPI's RC or CC it is " +
                       std::to_string(header_length_base + check.octets));
}

}  // namespace

result<void> secured_packet_codec::encode_command(const packet_security& security, const packet_keys& keys,
                                                  std::uint64_t counter, byte_view data, bytes& out) {
    if (counter > counter_max) return failure("bad_counter", "cntr", "a counter is at most ffffffffff");
    TESSERA_TRY_VALUE(auto algorithms, detail::choose_algorithms(security, keys, security.spi.command_ciphered(),
                                                                 security.spi.command_integrity()));
    TESSERA_TRY(detail::set_checksum_octets(algorithms.check, security.aes_checksum_octets));

    const std::size_t check_octets = algorithms.check.octets;
    const std::size_t block = algorithms.block_octets();
    if (data.size() > limits::secured_packet_octets)
        return failure("too_long", "apdu", "at most " + std::to_string(limits::secured_packet_octets) + " octets");
    const std::size_t padding = (block - (ciphered_header_octets + check_octets + data.size()) % block) % block;
    const std::size_t total = header_octets + check_octets + data.size() + padding;
    if (total > limits::secured_packet_octets)
        return failure("too_long", "apdu",
                       "the packet would have " + std::to_string(total) + " octets, at most " +
                           std::to_string(limits::secured_packet_octets) + " can be sent");

    const std::size_t before = out.size();
    out.resize(before + total);  // zeros, the padding among them
    const auto packet = std::span(out).subspan(before);
    write_header(packet.data(), security, counter, total, check_octets, padding);
    std::copy(data.begin(), data.end(), packet.begin() + static_cast<std::ptrdiff_t>(header_octets + check_octets));
    auto done = protect(packet, clear_octets, algorithms, keys);
    if (!done) out.resize(before);
    return done;
}

result<packet_security> secured_packet_codec::peek_command(byte_view packet) {
    byte_reader reader(packet);
    const std::size_t length = reader.u16();
    const std::size_t rest = reader.rest().size();
    const std::size_t header_length = reader.u8();
    packet_security security;
    security.spi.first = reader.u8();
    security.spi.second = reader.u8();
    security.kic = reader.u8();
    security.kid = reader.u8();
    const auto tar = reader.take(3);
    if (reader.failed() || rest < length)
        return failure("truncated", "packet",
                       "a command packet of at least " + std::to_string(std::max(length + 2, header_octets)) +
                           " octets is expected, got " + std::to_string(packet.size()));
    if (rest > length)
        return failure("bad_length", "packet",
                       "CPL says " + std::to_string(length) + " octets, " + std::to_string(rest) + " follow it");
    if (header_length < header_length_base || header_length + 1 > length)
        return failure("bad_header_length", "packet",
                       "CHL is " + std::to_string(header_length) + " in a packet of CPL " + std::to_string(length) +
                           "; it is 13 or more and within the packet");
    std::copy(tar.begin(), tar.end(), security.tar.begin());
    return security;
}

result<command_packet> secured_packet_codec::decode_command(byte_view packet, const packet_keys& keys,
                                                            const implicit_algorithms& agreed) {
    command_packet command;
    TESSERA_TRY_VALUE(command.security, peek_command(packet));
    auto& security = command.security;
    security.implicit_cipher = agreed.cipher;
    security.implicit_check = agreed.check;
    TESSERA_TRY_VALUE(auto algorithms, detail::choose_algorithms(security, keys, security.spi.command_ciphered(),
                                                                 security.spi.command_integrity()));
    TESSERA_TRY(require_header_length(packet[2], algorithms.check));
    if (algorithms.check.method == detail::check_method::cmac) security.aes_checksum_octets = algorithms.check.octets;

    scratch_.assign(packet.begin(), packet.end());
    TESSERA_TRY_VALUE(command.verified, unprotect(scratch_, clear_octets, algorithms, keys));
    const auto open = byte_view(scratch_);
    command.counter = load_big_endian(open.subspan(10, 5));
    command.padding_counter = open[15];
    TESSERA_TRY_VALUE(command.data, detail::remove_padding(open.subspan(header_octets + algorithms.check.octets),
                                                           command.padding_counter, algorithms, command.verified));
    return command;
}

}  // namespace tessera::codec
