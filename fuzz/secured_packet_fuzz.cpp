// Decoders of secured packets on any octets; and what was decoded from a good packet must encode to it again.
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "codec/secured_packet.h"

namespace {

using namespace tessera;

void require(bool condition) {
    if (!condition) std::abort();
}

// Keys of the length that the nibble asks for, so that the fuzzer gets past them.
byte_view key_for(std::uint8_t octet, byte_view material) {
    switch (octet & 0x0fU) {
        case 0x1:
        case 0xd:
            return material.first(8);
        case 0x9:
            return material.first(24);
        default:
            return material.first(16);
    }
}

void decode_any(codec::secured_packet_codec& codec, byte_view input) {
    static const bytes material(32, 0x5a);
    (void)codec::secured_packet_codec::peek_response(input);
    const auto peeked = codec::secured_packet_codec::peek_command(input);
    if (!peeked) return;
    const auto& security = *peeked;
    const codec::packet_keys keys{key_for(security.kic, material), key_for(security.kid, material)};
    const auto command = codec.decode_command(input, keys, {"3des2-ecb", "xor8"});
    if (command) require(command->data.size() <= input.size());
}

void decode_answer(codec::secured_packet_codec& codec, byte_view input) {
    static const bytes material(32, 0x5a);
    byte_reader reader(input);
    codec::packet_security security;
    security.spi = {reader.u8(), reader.u8()};
    security.kic = reader.u8();
    security.kid = reader.u8();
    security.aes_checksum_octets = reader.u8();
    const codec::packet_keys keys{key_for(security.kic, material), key_for(security.kid, material)};
    const auto response = codec.decode_response(reader.rest(), security, keys);
    if (!response) return;
    require(response->data.size() <= input.size());
    // A check that holds has its own packet behind it.
    if (response->verified == true) require(response->secured);
}

void round_trip(codec::secured_packet_codec& codec, byte_view input) {
    static const bytes material(32, 0x5a);
    byte_reader reader(input);
    codec::packet_security security;
    security.spi = {reader.u8(), reader.u8()};
    security.kic = reader.u8();
    security.kid = reader.u8();
    security.aes_checksum_octets = (reader.u8() & 1U) != 0 ? 4 : 8;
    const std::uint64_t counter = reader.big_endian(5);
    const codec::packet_keys keys{key_for(security.kic, material), key_for(security.kid, material)};
    const auto data = reader.rest();
    bytes packet;
    if (codec.encode_command(security, keys, counter, data, packet)) {
        const auto command = codec.decode_command(packet, keys);
        require(command.has_value() && to_bytes(command->data) == to_bytes(data) && command->counter == counter);
        require(command->verified != false && command->security.spi == security.spi);
    } else {
        require(packet.empty());
    }
    packet.clear();
    if (codec.encode_response(security, keys, counter, 0, data, false, true, packet)) {
        const auto response = codec.decode_response(packet, security, keys);
        require(response.has_value() && response->secured && to_bytes(response->data) == to_bytes(data));
        require(response->verified != false && response->counter == counter);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t count);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t count) {
    static codec::secured_packet_codec codec;
    if (count == 0) return 0;
    const byte_view input(octets + 1, count - 1);
    switch (octets[0] % 3) {
        case 0:
            decode_any(codec, input);
            break;
        case 1:
            decode_answer(codec, input);
            break;
        default:
            round_trip(codec, input);
    }
    return 0;
}
