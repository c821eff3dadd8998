// What commands and responses share: securing, checking, and the codes of the standard.
#include "codec/secured_packet.h"

#include <algorithm>
#include <array>

#include "base/secret.h"
#include "codec/secured_packet_algorithms.h"

namespace tessera::codec {
namespace {

constexpr std::size_t check_offset = 16;

// The input of an RC or CC: all of the packet but the RC or CC itself.
void gather_check_input(bytes& input, byte_view packet, std::size_t check_octets) {
    const auto head = packet.first(check_offset);
    const auto tail = packet.subspan(check_offset + check_octets);
    input.resize(head.size() + tail.size());
    std::copy(tail.begin(), tail.end(), std::copy(head.begin(), head.end(), input.begin()));
}

}  // namespace

std::string_view describe(response_status status) {
    constexpr std::array<std::string_view, 13> texts = {"done",
                                                        "RC, CC or DS failed",
                                                        "counter low",
                                                        "counter high",
                                                        "counter blocked",
                                                        "ciphering error",
                                                        "unidentified security error",
                                                        "insufficient memory to process the message",
                                                        "more time needed",
                                                        "TAR unknown",
                                                        "insufficient security level",
                                                        "actual response follows by SMS-SUBMIT",
                                                        "actual response follows by USSD"};
    const auto value = static_cast<std::size_t>(status);
    return value < texts.size() ? texts[value] : "status reserved by the standard";
}

std::uint8_t algorithm_octet(crypto::cipher_algorithm algorithm, std::uint8_t key_version) {
    constexpr std::array<std::uint8_t, 6> nibbles = {0x1, 0x5, 0x9, 0x2, 0x2, 0x2};
    return static_cast<std::uint8_t>(key_version << 4U | nibbles[static_cast<std::size_t>(algorithm)]);
}

secured_packet_codec::secured_packet_codec() = default;

result<void> secured_packet_codec::protect(std::span<std::uint8_t> packet, std::size_t clear_octets,
                                           const detail::packet_algorithms& algorithms, const packet_keys& keys) {
    const auto& check = algorithms.check;
    if (check.method != detail::check_method::none) {
        gather_check_input(check_input_, packet, check.octets);
        TESSERA_TRY(
            detail::compute_check(crypto_, check, keys.kid, check_input_, packet.subspan(check_offset, check.octets)));
    }
    if (!algorithms.cipher) return {};
    return detail::encipher(crypto_, *algorithms.cipher, keys.kic, packet.subspan(clear_octets));
}

result<std::optional<bool>> secured_packet_codec::unprotect(std::span<std::uint8_t> packet, std::size_t clear_octets,
                                                            const detail::packet_algorithms& algorithms,
                                                            const packet_keys& keys) {
    if (algorithms.cipher) {
        const auto ciphered = packet.subspan(clear_octets);
        if (ciphered.size() % algorithms.block_octets() != 0)
            return failure("bad_length", "packet",
                           std::to_string(ciphered.size()) + " ciphered octets are no whole number of blocks of " +
                               std::to_string(algorithms.block_octets()));
        TESSERA_TRY(detail::decipher(crypto_, *algorithms.cipher, keys.kic, ciphered));
    }
    const auto& check = algorithms.check;
    if (check.method == detail::check_method::none) return std::optional<bool>();
    gather_check_input(check_input_, packet, check.octets);
    std::array<std::uint8_t, 8> right{};
    const auto expected = std::span(right).first(check.octets);
    TESSERA_TRY(detail::compute_check(crypto_, check, keys.kid, check_input_, expected));
    return std::optional(equal_constant_time(expected, packet.subspan(check_offset, check.octets)));
}

}  // namespace tessera::codec
