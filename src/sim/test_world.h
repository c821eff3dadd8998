// What the tests of this room share: a few cards with known keys, and command packets for them.
#pragma once

#include <string>
#include <string_view>

#include "base/hex.h"
#include "codec/secured_packet.h"
#include "sim/card_list.h"

namespace tessera::sim::testing_world {

inline constexpr std::string_view kic_text = "000102030405060708090a0b0c0d0e0f";
inline constexpr std::string_view kid_text = "101112131415161718191a1b1c1d1e1f";
inline constexpr std::uint64_t first_msisdn = 491700000000;

// Cards with MSISDNs from first_msisdn on, all with the same AES-128 keys as version 1, 3DES ones as version 2, and
// counter 5.
inline card_list make_cards(std::size_t count) {
    std::string csv = "iccid,imsi,msisdn,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key,counter\n";
    for (std::size_t i = 0; i < count; ++i) {
        const auto number = std::to_string(1'000'000'000 + i);
        const auto identity = "894900000" + number + ",00101" + number + "," + std::to_string(first_msisdn + i);
        for (const auto* set : {",1,aes128,", ",2,3des2,"})
            csv.append(identity).append(set).append(kic_text).append(set + 2).append(kid_text).append(",0000000005\n");
    }
    return card_list::parse(csv, "test").value();
}

inline codec::packet_security security(std::uint8_t spi1, std::uint8_t spi2, std::uint32_t tar = 0xb00010,
                                       std::uint8_t keys = 0x12) {
    codec::packet_security made;
    made.spi = {spi1, spi2};
    made.kic = made.kid = keys;
    store_big_endian(made.tar.data(), tar, made.tar.size());
    return made;
}

inline const bytes& kic() {
    static const bytes key = from_hex(kic_text).value();
    return key;
}
inline const bytes& kid() {
    static const bytes key = from_hex(kid_text).value();
    return key;
}

// CPL to the end.
inline bytes packet(const codec::packet_security& with, std::uint64_t counter, std::string_view script_hex) {
    codec::secured_packet_codec codec;
    bytes out;
    const auto script = from_hex(script_hex).value();
    codec.encode_command(with, {kic(), kid()}, counter, script, out).value();
    return out;
}
// The user data of one short message.
inline bytes message(const codec::packet_security& with, std::uint64_t counter, std::string_view script_hex) {
    bytes out{0x02, 0x70, 0x00};
    append(out, packet(with, counter, script_hex));
    return out;
}

inline constexpr std::string_view write_spn = "00a40804047f206f4600d60000020154";

}  // namespace tessera::sim::testing_world
