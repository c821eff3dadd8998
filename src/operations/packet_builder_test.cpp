#include "operations/packet_builder.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "codec/sms_tpdu.h"

namespace tessera::operations {
namespace {

using crypto::cipher_algorithm;
constexpr std::array all_algorithms{
    cipher_algorithm::des,    cipher_algorithm::triple_des_2key, cipher_algorithm::triple_des_3key,
    cipher_algorithm::aes128, cipher_algorithm::aes192,          cipher_algorithm::aes256};

application_security rfm(std::uint8_t first, std::uint8_t second) {
    return {{first, second}, {0xb0, 0x00, 0x10}, 1, 8};
}

TEST(security_for, names_version_and_algorithm_in_kic_and_kid) {
    // TS 102 225 tables 2 and 3: DES-CBC 1, 3DES two keys 5, three keys 9, AES 2; the key version in the high nibble.
    constexpr std::array<std::uint8_t, 6> nibbles{1, 5, 9, 2, 2, 2};
    for (std::size_t i = 0; i < nibbles.size(); ++i) {
        const auto security = security_for(rfm(0x16, 0x39), {15, all_algorithms[i], all_algorithms[5 - i], 0});
        EXPECT_EQ(security.kic, 0xf0 | nibbles[i]);
        EXPECT_EQ(security.kid, 0xf0 | nibbles[5 - i]);
        EXPECT_EQ(application_of(security.tar), 0xb00010U);
        EXPECT_EQ(security.spi.first, 0x16);
    }
}

TEST(security_for, a_redundancy_check_takes_crc_32_unless_the_key_is_des) {
    const auto kid = [](std::uint8_t first, std::uint8_t second, cipher_algorithm algorithm) {
        return security_for(rfm(first, second), {2, cipher_algorithm::des, algorithm, 0}).kid;
    };
    EXPECT_EQ(kid(0x15, 0x25, cipher_algorithm::aes128), 0x25);
    EXPECT_EQ(kid(0x15, 0x25, cipher_algorithm::triple_des_3key), 0x25);
    EXPECT_EQ(kid(0x15, 0x25, cipher_algorithm::des), 0x21);
    // Where the answer is to be signed the octet has to name that algorithm.
    EXPECT_EQ(kid(0x15, 0x29, cipher_algorithm::triple_des_2key), 0x25);
    EXPECT_EQ(kid(0x15, 0x29, cipher_algorithm::des), 0x21);
}

// A CRC's KId names CRC-16 or CRC-32 where DES and 3DES with two keys have their number; no other algorithm shares one.
TEST(speakable, is_what_one_kid_octet_can_ask_for) {
    const auto can = [](std::uint8_t first, std::uint8_t second, cipher_algorithm algorithm) {
        return speakable(security_for(rfm(first, second), {1, algorithm, algorithm, 0}));
    };
    for (const auto algorithm : all_algorithms) {
        EXPECT_TRUE(can(0x16, 0x39, algorithm));  // CC both ways
        EXPECT_TRUE(can(0x15, 0x35, algorithm));  // RC both ways: KId holds nothing else
        EXPECT_TRUE(can(0x16, 0x31, algorithm));  // no check in the answer
        const bool shared = algorithm == cipher_algorithm::des || algorithm == cipher_algorithm::triple_des_2key;
        EXPECT_EQ(can(0x16, 0x35, algorithm), shared);  // CC one way, RC the other
        EXPECT_EQ(can(0x15, 0x39, algorithm), shared);
    }
}

TEST(script_octets_max, keeps_its_promise_for_all_algorithms_and_references) {
    codec::secured_packet_codec codec;
    for (std::size_t parts = 1; parts <= 5; ++parts) {
        const bytes data(script_octets_max(parts), 0x5a);
        for (const auto algorithm : all_algorithms)
            for (const std::uint8_t first : bytes{0x16, 0x15, 0x12, 0x00}) {
                const std::uint8_t second = first == 0x15 ? 0x35 : 0x39;  // KID names one kind of check for both ways
                const auto security = security_for(rfm(first, second), {1, algorithm, algorithm, 0});
                const bytes key(crypto::key_octets(algorithm), 0x11);
                bytes packet;
                ASSERT_TRUE(codec.encode_command(security, {key, key}, 1, data, packet));
                EXPECT_LE(codec::part_count(packet.size(), 16), parts);
                EXPECT_LE(codec::part_count(packet.size(), 8), parts);
            }
    }
    EXPECT_GE(script_octets_max(1), 32U);
}

TEST(next_counter, rises_by_one_and_stops_before_the_value_that_blocks_a_card) {
    EXPECT_EQ(next_counter(0).value(), 1U);
    EXPECT_EQ(next_counter(0xff'ffff'fffd).value(), 0xff'ffff'fffeU);
    for (const std::uint64_t last : {0xff'ffff'fffeULL, 0xff'ffff'ffffULL})
        EXPECT_EQ(next_counter(last).error().code, "counter_exhausted");
}

TEST(last_counter, is_the_highest_given_to_this_key_set_and_application_and_never_below_the_cards_first) {
    const cards::key_set_header keys{2, cipher_algorithm::aes128, cipher_algorithm::aes128, 0x10};
    const std::vector<cards::application_counter> given{{1, 0xb00010, 0x99}, {2, 0xb00010, 0x20}, {2, 0xb00011, 0x77}};
    EXPECT_EQ(last_counter(keys, given, 0xb00010), 0x20U);
    EXPECT_EQ(last_counter(keys, given, 0xb00011), 0x77U);
    EXPECT_EQ(last_counter(keys, given, 0), 0x10U);
    const std::vector<cards::application_counter> lower{{2, 0, 0x0f}};
    EXPECT_EQ(last_counter(keys, lower, 0), 0x10U);
}

TEST(packet_builder, gives_the_next_counter_to_the_packet_and_says_which) {
    cards::key_set keys;
    keys.header = {1, cipher_algorithm::aes128, cipher_algorithm::aes128, 0};
    for (auto* key : {&keys.kic, &keys.kid}) std::ranges::fill(key->resize(16), std::uint8_t{0x11});
    packet_builder builder;
    bytes packet;
    const bytes data{0x00, 0xa4, 0x00, 0x00, 0x02, 0x3f, 0x00};
    ASSERT_EQ(builder.build(rfm(0x16, 0x39), keys, 41, data, packet).value(), 42U);
    codec::secured_packet_codec codec;
    const auto read = codec.decode_command(packet, {keys.kic.reveal(), keys.kid.reveal()});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->counter, 42U);
    EXPECT_EQ(builder.build(rfm(0x16, 0x39), keys, 0xff'ffff'fffe, data, packet).error().code, "counter_exhausted");
    EXPECT_TRUE(packet.empty());
    EXPECT_EQ(builder.build(rfm(0x16, 0x35), keys, 41, data, packet).error().code, "no_packet");
}

}  // namespace
}  // namespace tessera::operations
