// What the published vectors (tests/vectors) leave open: refusals, the forms of a response, and everything against
// everything.
#include "codec/secured_packet.h"

#include <gtest/gtest.h>

#include <string>

#include "base/hex.h"
#include "base/limits.h"
#include "base/random.h"

namespace tessera::codec {
namespace {

bytes hex(std::string_view text) { return from_hex(text).value(); }

const bytes key16 = hex("200102030405060708090a0b0c0d0e0f");
const bytes other16 = hex("201102030405060708090a0b0c0d0e0f");

packet_security security_of(std::uint8_t first, std::uint8_t second, std::uint8_t kic, std::uint8_t kid) {
    packet_security security;
    security.spi = {first, second};
    security.kic = kic;
    security.kid = kid;
    security.tar = {0xb0, 0x00, 0x10};
    return security;
}

error refusal(const packet_security& security, const packet_keys& keys, std::uint64_t counter = 1,
              byte_view data = {}) {
    secured_packet_codec codec;
    bytes out = {1, 2, 3};
    const auto encoded = codec.encode_command(security, keys, counter, data, out);
    EXPECT_EQ(out, (bytes{1, 2, 3})) << "a refusal leaves the output as it was";
    return encoded ? error{"accepted", {}, {}} : encoded.error();
}

TEST(SecurityParameterIndicator, ReadsEveryField) {
    const security_parameter_indicator spi{0x16, 0x39};
    EXPECT_EQ(spi.command_integrity(), integrity::cryptographic_checksum);
    EXPECT_TRUE(spi.command_ciphered());
    EXPECT_EQ(spi.counter(), counter_mode::must_be_higher);
    EXPECT_EQ(spi.response(), proof_of_receipt::always);
    EXPECT_EQ(spi.response_integrity(), integrity::cryptographic_checksum);
    EXPECT_TRUE(spi.response_ciphered());
    EXPECT_TRUE(spi.response_by_submit());
}

TEST(AlgorithmOctet, IsTheKeyVersionAndTheStandardsNibble) {
    EXPECT_EQ(algorithm_octet(crypto::cipher_algorithm::des, 1), 0x11);
    EXPECT_EQ(algorithm_octet(crypto::cipher_algorithm::triple_des_2key, 3), 0x35);
    EXPECT_EQ(algorithm_octet(crypto::cipher_algorithm::triple_des_3key, 15), 0xf9);
    EXPECT_EQ(algorithm_octet(crypto::cipher_algorithm::aes192, 2), 0x22);
}

TEST(ResponseStatus, HasAText) {
    EXPECT_EQ(describe(response_status::counter_low), "counter low");
    EXPECT_EQ(describe(static_cast<response_status>(0x0d)), "status reserved by the standard");
    EXPECT_EQ(describe(static_cast<response_status>(0xff)), "status reserved by the standard");
}

TEST(EncodeCommand, RefusesByNameWhatItCannotDo) {
    const packet_keys keys{key16, other16};
    const auto implicit = refusal(security_of(0x06, 0, 0x14, 0x15), keys);
    EXPECT_EQ(implicit.code, "unsupported_algorithm");
    EXPECT_EQ(implicit.field, "kic");
    EXPECT_NE(implicit.message.find("low nibble 4"), std::string::npos) << implicit.message;
    EXPECT_NE(implicit.message.find("implicit"), std::string::npos) << implicit.message;
    const auto proprietary = refusal(security_of(0x06, 0, 0x15, 0x13), keys);
    EXPECT_EQ(proprietary.field, "kid");
    EXPECT_NE(proprietary.message.find("proprietary"), std::string::npos) << proprietary.message;
    EXPECT_NE(refusal(security_of(0x04, 0, 0x16, 0), keys).message.find("reserved"), std::string::npos);
    EXPECT_EQ(refusal(security_of(0x02, 0, 0, 0x1d), keys).code, "unsupported_algorithm") << "no MAC in ECB";
    EXPECT_EQ(refusal(security_of(0x01, 0, 0, 0x12), keys).code, "unsupported_algorithm") << "no RC by AES";
    const auto signature = refusal(security_of(0x03, 0, 0, 0x15), keys);
    EXPECT_EQ(signature.code, "unsupported_algorithm");
    EXPECT_NE(signature.message.find("digital signature"), std::string::npos);
}

TEST(EncodeCommand, RefusesWrongKeysCountersAndLengths) {
    const auto cipher = refusal(security_of(0x06, 0, 0x19, 0x15), {key16, other16});
    EXPECT_EQ(cipher.code, "bad_key");
    EXPECT_EQ(cipher.field, "kic_key");
    EXPECT_NE(cipher.message.find("24 octets, got 16"), std::string::npos) << cipher.message;
    EXPECT_EQ(cipher.message.find(to_hex(key16).substr(0, 8)), std::string::npos) << "never the key itself";
    EXPECT_EQ(refusal(security_of(0x06, 0, 0x15, 0x12), {key16, {}}).field, "kid_key");
    EXPECT_EQ(refusal(security_of(0x00, 0, 0, 0), {}, counter_max + 1).code, "bad_counter");
    auto truncated = security_of(0x06, 0, 0x12, 0x12);
    truncated.aes_checksum_octets = 6;
    EXPECT_EQ(refusal(truncated, {key16, other16}).code, "bad_checksum_length");
    const bytes long_data(limits::secured_packet_octets - 15);
    EXPECT_EQ(refusal(security_of(0, 0, 0, 0), {}, 0, long_data).code, "too_long");
}

TEST(EncodeCommand, TakesTheLargestPacketAndCounter) {
    secured_packet_codec codec;
    bytes out;
    const bytes data(limits::secured_packet_octets - 16);
    ASSERT_TRUE(codec.encode_command(security_of(0, 0, 0, 0), {}, counter_max, data, out));
    const auto command = codec.decode_command(out, {});
    ASSERT_TRUE(command);
    EXPECT_EQ(command->counter, counter_max);
    EXPECT_EQ(command->data.size(), data.size());
}

TEST(EncodeCommand, IgnoresAChecksumLengthThatDoesNotMatter) {
    secured_packet_codec codec;
    auto security = security_of(0x06, 0, 0x15, 0x15);
    security.aes_checksum_octets = 0;
    bytes out;
    EXPECT_TRUE(codec.encode_command(security, {key16, other16}, 1, hex("00a4"), out));
    EXPECT_EQ(out[2], 13 + 8);
}

struct combination {
    std::uint8_t nibble;
    std::size_t key_octets;
};

TEST(Packets, EveryCombinationComesBackBothWays) {
    const combination ciphers[] = {{1, 8}, {5, 16}, {9, 24}, {0xd, 8}, {2, 16}, {2, 24}, {2, 32}};
    const combination checks[] = {{1, 8}, {5, 16}, {9, 24}, {2, 16}, {2, 24}, {2, 32}};
    secured_packet_codec codec;
    seeded_random random(5);
    for (const auto& cipher : ciphers)
        for (const auto& check : checks)
            for (std::uint8_t bits = 0; bits < 8; ++bits) {  // integrity none, RC, CC; ciphered or not
                if ((bits & 3U) == 3 || ((bits & 3U) == 1 && check.nibble != 1 && check.nibble != 5)) continue;
                const auto second = static_cast<std::uint8_t>((bits & 3U) << 2U | (bits & 4U) << 2U | 0x21U);
                auto security = security_of(bits | 0x10U, second, 0x10U | cipher.nibble, 0x10U | check.nibble);
                security.aes_checksum_octets = random.chance(0.5) ? 4 : 8;
                bytes kic(cipher.key_octets), kid(check.key_octets);
                random.fill(kic);
                random.fill(kid);
                bytes data(random.below(300));
                random.fill(data);
                const auto counter = random.next() & counter_max;
                bytes out;
                ASSERT_TRUE(codec.encode_command(security, {kic, kid}, counter, data, out));
                const auto command = codec.decode_command(out, {kic, kid});
                ASSERT_TRUE(command) << to_string(command.error());
                EXPECT_EQ(to_bytes(command->data), data);
                EXPECT_EQ(command->counter, counter);
                EXPECT_EQ(command->verified, (bits & 3U) != 0 ? std::optional(true) : std::nullopt);
                out.clear();
                ASSERT_TRUE(codec.encode_response(security, {kic, kid}, counter, 2, data, false, true, out));
                const auto response = codec.decode_response(out, security, {kic, kid});
                ASSERT_TRUE(response) << to_string(response.error());
                EXPECT_EQ(to_bytes(response->data), data);
                EXPECT_EQ(response->status, 2);
                EXPECT_TRUE(response->secured);
                EXPECT_EQ(response->verified, (bits & 3U) != 0 ? std::optional(true) : std::nullopt);
            }
}

TEST(DecodeCommand, AnyChangedBitOfACheckedPacketIsSeen) {
    secured_packet_codec codec;
    const auto security = security_of(0x16, 0x39, 0x12, 0x12);
    bytes packet;
    ASSERT_TRUE(codec.encode_command(security, {key16, other16}, 7, hex("00a40000023f00"), packet));
    for (std::size_t bit = 3 * 8; bit < packet.size() * 8; ++bit) {
        auto changed = packet;
        changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << (bit % 8)));
        const auto command = codec.decode_command(changed, {key16, other16});
        // SPI, KIc and KID changed may name something else altogether; everything after them is covered.
        if (bit >= 7 * 8) {
            ASSERT_TRUE(command) << bit;
        }
        if (command && command->security.spi == security.spi) {
            EXPECT_EQ(command->verified, false) << bit;
        }
    }
}

TEST(DecodeCommand, AWrongKeyIsNotVerifiedAndNeverAnErrorWhereThereIsACheck) {
    secured_packet_codec codec;
    seeded_random random(3);
    bytes packet;
    ASSERT_TRUE(codec.encode_command(security_of(0x16, 0x39, 0x12, 0x12), {key16, other16}, 7, hex("00a4"), packet));
    for (int i = 0; i < 300; ++i) {
        bytes wrong(16);
        random.fill(wrong);
        const auto command = codec.decode_command(packet, {wrong, other16});
        ASSERT_TRUE(command) << to_string(command.error());
        EXPECT_EQ(command->verified, false);
    }
}

TEST(DecodeCommand, RefusesMalformedPackets) {
    secured_packet_codec codec;
    const auto code = [&](std::string_view packet) {
        const auto command = codec.decode_command(hex(packet), {key16, other16});
        return command ? std::string("accepted") : command.error().code;
    };
    EXPECT_EQ(code(""), "truncated");
    EXPECT_EQ(code("00100d00220000010203000000000000aa"), "truncated");
    EXPECT_EQ(code("00100d00220000010203000000000000aabb"), "accepted");
    EXPECT_EQ(code("00100d00220000010203000000000000aabbcc"), "bad_length");
    EXPECT_EQ(code("00100c00220000010203000000000000aabb"), "bad_header_length");
    EXPECT_EQ(code("00101100220000010203000000000000aabb"), "bad_header_length");  // beyond the packet
    EXPECT_EQ(code("00100e00220000010203000000000000aabb"),
              "bad_header_length");  // an octet of RC that is not asked for
    EXPECT_EQ(code("00100d00220000010203000000000003aabb"), "bad_padding");
    EXPECT_EQ(code("00110d04001500010203000000000000aabbcc"), "bad_length");  // no whole blocks
}

TEST(DecodeCommand, AWrongKeyWithoutACheckIsMostlyBadPadding) {
    secured_packet_codec codec;
    bytes packet;
    ASSERT_TRUE(codec.encode_command(security_of(0x14, 0, 0x12, 0x12), {key16, {}}, 7, hex("00a4"), packet));
    const auto command = codec.decode_command(packet, {other16, {}});
    ASSERT_FALSE(command);
    EXPECT_EQ(command.error().code, "bad_padding");
}

TEST(PeekCommand, TellsWhatTravelsInClear) {
    const auto security = secured_packet_codec::peek_command(
        hex("00281506192222b00011e87cceebb2d93083011ce294f93fc4d8de80da1abae8c37ca3e72ec4432e5058"));
    ASSERT_TRUE(security);
    EXPECT_EQ(security->spi, (security_parameter_indicator{0x06, 0x19}));
    EXPECT_EQ(security->kic, 0x22);
    EXPECT_EQ(security->tar, (toolkit_application_reference{0xb0, 0x00, 0x11}));
    EXPECT_FALSE(secured_packet_codec::peek_command(hex("0028")));
}

TEST(DecodeResponse, AnUnsecuredErrorIsReadWithoutKeysAndNeverTrusted) {
    secured_packet_codec codec;
    const auto security = security_of(0x16, 0x39, 0x15, 0x15);
    const auto response = codec.decode_response(hex("027100000b0ab0001000000000000006"), security, {});  // vector 19
    ASSERT_TRUE(response) << to_string(response.error());
    EXPECT_FALSE(response->secured);
    EXPECT_EQ(response->status, 6);
    EXPECT_EQ(response->counter, 0U);
    EXPECT_EQ(response->verified, std::nullopt);
    bytes forged;
    ASSERT_TRUE(codec.encode_response(security, {}, 5, 0, hex("029000"), true, false, forged));
    const auto done = codec.decode_response(forged, security, {key16, other16});
    ASSERT_TRUE(done);
    EXPECT_FALSE(done->secured) << "a forged 00 is told apart by this alone";
}

TEST(DecodeResponse, CipheredAloneIsToldFromUnsecuredByWhatDecipheringGives) {
    secured_packet_codec codec;
    for (const std::uint8_t nibble : {std::uint8_t{0x5}, std::uint8_t{0x2}}) {
        const auto security = security_of(0x14, 0x31, 0x10U | nibble, 0);
        seeded_random random(17);
        for (std::size_t octets = 0; octets < 40; ++octets)
            for (std::uint8_t status = 0; status <= 0x0c; ++status) {
                bytes data(octets);
                random.fill(data);
                bytes packet;
                ASSERT_TRUE(codec.encode_response(security, {key16, {}}, 9, status, data, false, true, packet));
                const auto secured = codec.decode_response(packet, security, {key16, {}});
                ASSERT_TRUE(secured) << to_string(secured.error());
                EXPECT_TRUE(secured->secured);
                EXPECT_EQ(secured->status, status);
                EXPECT_EQ(to_bytes(secured->data), data);
            }
        // Unsecured errors, as cards send them: short, counter zero.
        for (const auto* error_response :
             {"000b0ab0001000000000000006", "000b0ab0001000000000000002", "000c0ab000100000000000000600",
              "000e0ab0001000000000000005019000", "00140ab0001000000000000006090807060504030201"}) {
            const auto response = codec.decode_response(hex(error_response), security, {key16, {}});
            ASSERT_TRUE(response) << error_response << to_string(response.error());
            EXPECT_FALSE(response->secured) << error_response;
            EXPECT_NE(response->status, 0);
        }
        const auto forged = codec.decode_response(hex("000c0ab000100000000000000000"), security, {key16, {}});
        EXPECT_TRUE(!forged || !forged->secured);
    }
}

TEST(DecodeResponse, RefusesMalformedPackets) {
    secured_packet_codec codec;
    const auto code = [&](std::string_view packet, std::uint8_t second) {
        const auto response =
            codec.decode_response(hex(packet), security_of(0x16, second, 0x12, 0x12), {key16, other16});
        return response ? std::string("accepted") : response.error().code;
    };
    EXPECT_EQ(code("", 0x01), "truncated");
    EXPECT_EQ(code("027100", 0x01), "truncated");
    EXPECT_EQ(code("000e0ab00011000000000000000161", 0x01), "truncated");
    EXPECT_EQ(code("000e0ab000110000000000000001612f", 0x01), "accepted");
    EXPECT_EQ(code("000e0ab000110000000000000001612f00", 0x01), "bad_length");
    EXPECT_EQ(code("000e09b000110000000000000001612f", 0x01), "bad_header_length");
    EXPECT_EQ(code("000e0eb000110000000000000001612f", 0x01), "bad_header_length");
    EXPECT_EQ(code("000e0cb000110000000000000001612f", 0x01), "bad_header_length");  // an RC nobody asked for
    EXPECT_EQ(code("000e0ab000110000000000040001612f", 0x01), "bad_padding");
    EXPECT_EQ(code("001612b000110000000000000055f47118381175fb02612f", 0x0d), "unsupported_algorithm");  // DS
    EXPECT_EQ(code("001612b000110000000000000055f47118381175fb02612f", 0x09), "accepted");
    EXPECT_EQ(code("001612b000110000000000000055f47118381175fb02612f", 0x19), "bad_length");  // no whole blocks
}

TEST(DecodeResponse, ATruncatedChecksumMustBeTheOneAskedForUnlessEitherWillDo) {
    secured_packet_codec codec;
    auto security = security_of(0x16, 0x39, 0x12, 0x12);
    security.aes_checksum_octets = 4;
    bytes packet;
    ASSERT_TRUE(codec.encode_response(security, {key16, other16}, 1, 0, hex("019000"), false, false, packet));
    EXPECT_EQ(codec.decode_response(packet, security, {key16, other16})->verified, true);
    security.aes_checksum_octets = 0;
    EXPECT_EQ(codec.decode_response(packet, security, {key16, other16})->verified, true);
    security.aes_checksum_octets = 8;
    const auto refused = codec.decode_response(packet, security, {key16, other16});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "bad_header_length");
}

TEST(DecodeResponse, TheKidIsReadAsTheKindThatEachDirectionAsksFor) {
    secured_packet_codec codec;
    const auto security = security_of(0x01, 0x09, 0, 0x15);  // RC on the way out: CRC-32; CC on the way back: 3DES
    bytes packet;
    ASSERT_TRUE(codec.encode_command(security, {{}, key16}, 0, hex("aabb"), packet));
    EXPECT_EQ(packet[2], 13 + 4);
    EXPECT_EQ(codec.decode_command(packet, {})->verified, true);
    packet.clear();
    ASSERT_TRUE(codec.encode_response(security, {{}, key16}, 0, 0, hex("aabb"), false, false, packet));
    EXPECT_EQ(packet[2], 10 + 8);
    EXPECT_EQ(codec.decode_response(packet, security, {{}, key16})->verified, true);
}

TEST(PeekResponse, GivesTheTarInEveryForm) {
    const toolkit_application_reference tar = {0xb0, 0x00, 0x10};
    EXPECT_EQ(secured_packet_codec::peek_response(hex("000b0ab0001000000000000006")), tar);
    EXPECT_EQ(secured_packet_codec::peek_response(hex("027100000b0ab0001000000000000006")), tar);
    EXPECT_FALSE(secured_packet_codec::peek_response(hex("0271")));
}

}  // namespace
}  // namespace tessera::codec
