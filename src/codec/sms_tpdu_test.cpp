#include "codec/sms_tpdu.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/hex.h"

namespace tessera::codec {
namespace {

using namespace std::chrono_literals;

constexpr instant start{};

bytes packet_of(std::size_t octets) {
    bytes packet(octets);
    for (std::size_t i = 0; i < octets; ++i) packet[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
    return packet;
}

std::string header_of(const bytes& part) { return to_hex(byte_view(part).first(part[0] + std::size_t{1})); }

TEST(short_message_segmentation, a_packet_of_137_octets_travels_alone_with_027000) {
    const auto parts = segment(packet_of(137), packet_kind::command, 0x42, 8).value();
    ASSERT_EQ(parts.size(), 1U);
    EXPECT_EQ(parts[0].size(), 140U);
    EXPECT_EQ(header_of(parts[0]), "027000");
}

TEST(short_message_segmentation, with_an_8_bit_reference_the_first_part_holds_132_octets_and_later_ones_134) {
    const auto parts = segment(packet_of(132 + 134 + 1), packet_kind::command, 0x42, 8).value();
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_EQ(header_of(parts[0]), "0700034203017000");
    EXPECT_EQ(header_of(parts[1]), "050003420302");
    EXPECT_EQ(header_of(parts[2]), "050003420303");
    EXPECT_EQ(parts[0].size(), 140U);
    EXPECT_EQ(parts[1].size(), 140U);
    EXPECT_EQ(parts[2].size(), 7U);
}

TEST(short_message_segmentation, with_a_16_bit_reference_the_first_part_holds_131_octets_and_later_ones_133) {
    const auto parts = segment(packet_of(131 + 133 + 1), packet_kind::response, 0x1234, 16).value();
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_EQ(header_of(parts[0]), "080804123403017100");
    EXPECT_EQ(header_of(parts[1]), "06080412340302");
    EXPECT_EQ(parts[0].size(), 140U);
    EXPECT_EQ(parts[1].size(), 140U);
    EXPECT_EQ(parts[2].size(), 8U);
}

TEST(short_message_segmentation, a_packet_that_needs_256_parts_is_refused) {
    const std::size_t most = 132 + 254 * 134;
    EXPECT_EQ(segment(packet_of(most), packet_kind::command, 1, 8).value().size(), 255U);
    EXPECT_EQ(segment(packet_of(most + 1), packet_kind::command, 1, 8).error().code, "too_long");
}

TEST(short_message_segmentation, a_reference_must_fit_its_bits) {
    EXPECT_EQ(segment(packet_of(1), packet_kind::command, 0x100, 8).error().code, "bad_reference");
    EXPECT_EQ(segment(packet_of(1), packet_kind::command, 1, 7).error().code, "bad_reference");
}

class reassembly_of : public testing::TestWithParam<std::tuple<std::size_t, int, bool>> {};
TEST_P(reassembly_of, every_length_gives_the_packet_back_in_any_order) {
    const auto [octets, bits, backwards] = GetParam();
    const auto packet = packet_of(octets);
    auto parts = segment(packet, packet_kind::command, 0x77, bits).value();
    ASSERT_EQ(parts.size(), part_count(octets, bits));
    if (backwards) std::ranges::reverse(parts);
    reassembler whole(60s);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        ASSERT_LE(parts[i].size(), 140U);
        const auto answer = whole.add(4915112345678, parts[i], start).value();
        ASSERT_EQ(answer.has_value(), i + 1 == parts.size());
        if (!answer) continue;
        EXPECT_EQ(answer->packet, packet);
        EXPECT_TRUE(answer->command_packet);
        EXPECT_FALSE(answer->response_packet);
    }
    EXPECT_EQ(whole.pending(), 0U);
}
INSTANTIATE_TEST_SUITE_P(lengths, reassembly_of,
                         testing::Combine(testing::Values(0, 1, 131, 132, 133, 137, 138, 264, 265, 266, 267, 1'000,
                                                          33'660),
                                          testing::Values(8, 16), testing::Bool()));

TEST(reassembler, keeps_senders_and_references_apart) {
    const auto one = segment(packet_of(200), packet_kind::response, 9, 8).value();
    const auto wide = segment(packet_of(201), packet_kind::response, 9, 16).value();
    reassembler whole(60s);
    EXPECT_FALSE(whole.add(1, one[0], start).value());
    EXPECT_FALSE(whole.add(2, one[0], start).value());
    EXPECT_FALSE(whole.add(1, wide[0], start).value());
    EXPECT_EQ(whole.pending(), 3U);
    EXPECT_EQ(whole.add(1, wide[1], start).value()->packet, packet_of(201));
    EXPECT_EQ(whole.add(2, one[1], start).value()->packet, packet_of(200));
    EXPECT_EQ(whole.add(1, one[1], start).value()->packet, packet_of(200));
}

TEST(reassembler, a_part_received_twice_is_harmless) {
    const auto parts = segment(packet_of(200), packet_kind::response, 9, 8).value();
    reassembler whole(60s);
    EXPECT_FALSE(whole.add(1, parts[0], start).value());
    EXPECT_FALSE(whole.add(1, parts[0], start).value());
    EXPECT_EQ(whole.add(1, parts[1], start).value()->packet, packet_of(200));
}

TEST(reassembler, a_message_not_complete_in_time_is_forgotten) {
    const auto parts = segment(packet_of(200), packet_kind::response, 9, 8).value();
    reassembler whole(60s);
    EXPECT_FALSE(whole.add(1, parts[0], start).value());
    EXPECT_EQ(whole.expire(start + 59s), 0U);
    EXPECT_EQ(whole.expire(start + 60s), 1U);
    EXPECT_FALSE(whole.add(1, parts[1], start + 61s).value());
}

TEST(reassembler, a_late_part_does_not_join_a_message_that_is_too_old) {
    const auto parts = segment(packet_of(200), packet_kind::response, 9, 8).value();
    reassembler whole(60s);
    EXPECT_FALSE(whole.add(1, parts[0], start).value());
    EXPECT_FALSE(whole.add(1, parts[1], start + 60s).value());
    EXPECT_EQ(whole.pending(), 1U);
}

TEST(reassembler, another_maximum_starts_the_message_anew) {
    const auto two = segment(packet_of(200), packet_kind::response, 9, 8).value();
    const auto three = segment(packet_of(300), packet_kind::response, 9, 8).value();
    reassembler whole(60s);
    EXPECT_FALSE(whole.add(1, three[0], start).value());
    EXPECT_FALSE(whole.add(1, two[0], start).value());
    EXPECT_EQ(whole.add(1, two[1], start).value()->packet, packet_of(200));
}

TEST(reassembler, a_flood_of_first_parts_pushes_out_the_oldest_and_stays_within_its_octets) {
    reassembler whole(60s);
    const auto part = segment(packet_of(33'000), packet_kind::response, 9, 8).value()[0];
    for (std::uint64_t sender = 0; sender < 600'000; ++sender) ASSERT_FALSE(whole.add(sender, part, start).value());
    EXPECT_LE(whole.pending() * 140, limits::reassembly_octets);
    EXPECT_LT(whole.pending(), 600'000U);
    const auto kept = whole.pending();
    EXPECT_EQ(whole.expire(start + 60s), kept);
}

TEST(user_data_header, names_what_it_knows_and_passes_over_the_rest) {
    const auto header = parse_user_data_header(from_hex("0e000301030224010105040b84000000").value());
    ASSERT_TRUE(header.has_value());
    EXPECT_EQ(header->parts->maximum, 3);
    EXPECT_EQ(header->destination_port, 0x0b84);
    EXPECT_EQ(header->octets, 15U);
}

TEST(user_data_header, a_concatenation_that_makes_no_sense_is_ignored_as_the_standard_says) {
    EXPECT_FALSE(parse_user_data_header(from_hex("050003010000").value())->parts);
    EXPECT_FALSE(parse_user_data_header(from_hex("050003010304").value())->parts);
}

TEST(user_data_header, refuses_elements_that_run_over_and_names_them) {
    EXPECT_EQ(parse_user_data_header({}).error().code, "truncated");
    EXPECT_EQ(parse_user_data_header(from_hex("0370").value()).error().code, "truncated");
    EXPECT_EQ(parse_user_data_header(from_hex("0470020000").value())->octets, 5U);
    EXPECT_EQ(parse_user_data_header(from_hex("03700200").value()).error().code, "bad_header");
    EXPECT_EQ(parse_user_data_header(from_hex("0400020103").value()).error().field, "concatenation, 8 bit");
}

// tests/vectors/ota.json ids 79 and 80 (anttro/otaman, tests/test_ota_helpers.py).
struct deliver_vector {
    std::string_view header, expected;
};
class published_sms_deliver : public testing::TestWithParam<deliver_vector> {};
TEST_P(published_sms_deliver, is_what_we_encode_and_decode) {
    const std::string chunk = "00201506091515b00000c08f58c38860acb3a362fffe670ad13759a2a6b4c1a91116";
    sms_deliver message{.originator = "12345", .user_data = {}};
    ASSERT_TRUE(from_hex_into("24051215173000", message.service_centre_time));
    message.user_data = from_hex(std::string(GetParam().header) + chunk).value();
    const auto encoded = encode_sms_deliver(message).value();
    EXPECT_EQ(to_hex(encoded), GetParam().expected);
    const auto decoded = decode_sms_deliver(encoded).value();
    EXPECT_EQ(decoded.originator, "12345");
    EXPECT_EQ(decoded.originator_type, 0x81);
    EXPECT_EQ(decoded.protocol_id, 0x7f);
    EXPECT_EQ(decoded.data_coding, 0xf6);
    EXPECT_FALSE(decoded.more_messages);
    EXPECT_EQ(decoded.user_data, message.user_data);
    EXPECT_EQ(decoded.service_centre_time, message.service_centre_time);
}
INSTANTIATE_TEST_SUITE_P(
    ota_json, published_sms_deliver,
    testing::Values(
        deliver_vector{"0700030103017000",
                       "4405812143f57ff6240512151730002a070003010301700000201506091515b00000c08f58c38860acb3"
                       "a362fffe670ad13759a2a6b4c1a91116"},
        deliver_vector{"050003010302",
                       "4405812143f57ff6240512151730002805000301030200201506091515b00000c08f58c38860acb3a362"
                       "fffe670ad13759a2a6b4c1a91116"}));

TEST(sms_deliver, refuses_lengths_that_lie) {
    const auto good = encode_sms_deliver({.originator = "12345", .user_data = packet_of(20)}).value();
    for (std::size_t octets = 0; octets < good.size(); ++octets)
        EXPECT_EQ(decode_sms_deliver(byte_view(good).first(octets)).error().code, "truncated") << octets;
    auto longer = good;
    longer.push_back(0);
    EXPECT_EQ(decode_sms_deliver(longer).error().code, "bad_length");
    EXPECT_EQ(encode_sms_deliver({.originator = "12x", .user_data = {}}).error().field, "originator");
    EXPECT_EQ(encode_sms_deliver({.user_data = packet_of(141)}).error().code, "too_long");
}

TEST(sms_deliver, counts_septets_where_the_alphabet_has_seven_bits) {
    // "hellohello" in the GSM 7 bit alphabet: 10 septets in 9 octets (TS 23.040 clause 9.2.3.16)
    const auto message =
        decode_sms_deliver(from_hex("040b911326880736f40000111081017362400ae8329bfd4697d9ec37").value()).value();
    EXPECT_EQ(message.originator, "31628870634");
    EXPECT_EQ(message.user_data.size(), 9U);
    EXPECT_FALSE(message.has_header);
}

TEST(semi_octets, are_swapped_and_filled_with_f) {
    EXPECT_EQ(to_hex(encode_semi_octets("12345")), "2143f5");
    EXPECT_EQ(to_hex(encode_semi_octets("1234")), "2143");
    EXPECT_EQ(decode_semi_octets(from_hex("2143f5").value()), "12345");
    EXPECT_EQ(decode_semi_octets(encode_semi_octets("0*#abc9")), "0*#abc9");
}

TEST(envelope, holds_device_identities_the_service_centre_and_the_tpdu) {
    EXPECT_EQ(to_hex(encode_envelope(from_hex("0102").value(), "+491234").value()),
              "80c2000010d10e82028381060491942143"
              "8b020102");
    const auto longest = encode_envelope(packet_of(164), "+4917212345678").value();
    EXPECT_EQ(longest[4] + 5U, longest.size());
    EXPECT_EQ(to_hex(byte_view(longest).subspan(5, 3)), "d181b5");
    EXPECT_EQ(encode_envelope(packet_of(242), "+49").error().code, "too_long");
    EXPECT_EQ(encode_envelope(packet_of(10), "").error().field, "service_centre");
}

}  // namespace
}  // namespace tessera::codec
