#include "operations/packet_builder.h"

#include <algorithm>

#include "base/limits.h"

namespace tessera::operations {

codec::packet_security security_for(const application_security& application, const cards::key_set_header& keys) {
    codec::packet_security security;
    security.spi = application.spi;
    security.tar = application.tar;
    security.aes_checksum_octets = application.aes_checksum_octets;
    security.kic = codec::algorithm_octet(keys.kic_algorithm, keys.key_version);
    security.kid = codec::algorithm_octet(keys.kid_algorithm, keys.key_version);
    constexpr std::uint8_t crc32_or_3des2 = 0x05;
    const bool checks_redundancy = application.spi.command_integrity() == codec::integrity::redundancy_check;
    const bool response_signed = application.spi.response_integrity() == codec::integrity::cryptographic_checksum;
    if (checks_redundancy && !response_signed && keys.kid_algorithm != crypto::cipher_algorithm::des)
        security.kid = static_cast<std::uint8_t>(keys.key_version << 4U | crc32_or_3des2);
    return security;
}

bool speakable(const codec::packet_security& security) {
    const bool checked = security.spi.command_integrity() == codec::integrity::redundancy_check ||
                         security.spi.response_integrity() == codec::integrity::redundancy_check;
    const auto algorithm = security.kid & 0x0fU;
    return !checked || algorithm == 0x01U || algorithm == 0x05U;
}

std::size_t script_octets_max(std::size_t parts, bool to_port) {
    // The narrowest framing (16-bit reference, 131 then 133 octets; 127 with ports), the longest header and the largest
    // padding.
    const std::size_t lone_part = limits::short_message_octets - (to_port ? 7 : 3);
    const std::size_t first_part = to_port ? 127 : 131;
    const std::size_t later_part = to_port ? 127 : 133;
    constexpr std::size_t header = 16;
    constexpr std::size_t checksum = 8;
    constexpr std::size_t padding = 15;
    const auto carried = parts <= 1 ? lone_part : first_part + later_part * (parts - 1);
    return carried - header - checksum - padding;
}

result<std::uint64_t> next_counter(std::uint64_t last) {
    if (last + 1 >= codec::counter_max)
        return failure("counter_exhausted", "counter", "the next value would block the card for good");
    return last + 1;
}

std::uint64_t last_counter(const cards::key_set_header& keys, std::span<const cards::application_counter> given,
                           std::uint32_t application) {
    auto last = keys.initial_counter;
    const auto counting = cards::counting_application(keys.scope, application);
    for (const auto& one : given)
        if (one.key_version == keys.key_version && one.application == counting) last = std::max(last, one.counter);
    return last;
}

result<std::uint64_t> packet_builder::build(const application_security& application, const cards::key_set& keys,
                                            std::uint64_t last, byte_view data, bytes& into) {
    into.clear();
    const auto security = security_for(application, keys.header);
    if (!speakable(security))
        return failure("no_packet", "spi", "this SPI asks for checks that the card's key set cannot name in one KID");
    TESSERA_TRY_VALUE(const auto counter, next_counter(last));
    TESSERA_TRY(codec_.encode_command(security, {keys.kic.reveal(), keys.kid.reveal()}, counter, data, into));
    return counter;
}

}  // namespace tessera::operations
