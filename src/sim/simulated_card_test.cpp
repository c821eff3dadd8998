#include "sim/simulated_card.h"

#include <gtest/gtest.h>

#include "codec/remote_management.h"
#include "sim/test_world.h"

namespace tessera::sim {
namespace {

using codec::response_status;
using testing_world::message;
using testing_world::packet;
using testing_world::security;
using testing_world::write_spn;

class simulated_card_test : public testing::Test {
protected:
    card_reaction receive(byte_view user_data, message_faults faults = {}, card_index card = 0) {
        return cards.receive(card, user_data, now, faults, answers);
    }
    // The only answer, decoded as the command's sender would.
    codec::response_packet answer(const codec::packet_security& asked) {
        EXPECT_EQ(answers.size(), 1U);
        if (answers.size() != 1) return {};
        const auto decoded =
            codec.decode_response(answers[0].user_data(), asked, {testing_world::kic(), testing_world::kid()});
        EXPECT_TRUE(decoded) << to_string(decoded.error());
        return decoded.value_or(codec::response_packet{});
    }
    void expect_status(const codec::packet_security& asked, response_status status, bool secured) {
        const auto decoded = answer(asked);
        EXPECT_EQ(decoded.status, static_cast<std::uint8_t>(status))
            << describe(static_cast<response_status>(decoded.status));
        EXPECT_EQ(decoded.secured, secured);
        EXPECT_EQ(decoded.verified.value_or(false),
                  secured && asked.spi.response_integrity() != codec::integrity::none);
    }
    file_reading spn(card_index card = 0) { return cards.read(card, find_path("7f20/6f46").value()); }

    simulated_cards cards{testing_world::make_cards(3)};
    codec::secured_packet_codec codec;
    std::vector<card_message> answers;
    instant now{};
};

const codec::packet_security usual = security(0x16, 0x39);

TEST_F(simulated_card_test, executes_and_answers_secured) {
    EXPECT_EQ(receive(message(usual, 6, write_spn)), card_reaction::executed);
    const auto decoded = answer(usual);
    EXPECT_EQ(decoded.status, 0);
    EXPECT_TRUE(decoded.secured);
    EXPECT_EQ(decoded.verified, true);
    EXPECT_EQ(decoded.counter, 6U);
    EXPECT_EQ(decoded.tar, usual.tar);
    const auto script = codec::parse_compact_response(decoded.data).value();
    EXPECT_EQ(script.executed, 2);
    EXPECT_EQ(script.status_word, 0x9000);
    EXPECT_TRUE(answers[0].by_submit);
    EXPECT_EQ(to_hex(spn().content).substr(0, 6), "0154ff");
    EXPECT_EQ(spn().executed, 1U);
    EXPECT_EQ(spn().counter, 6U);
    EXPECT_EQ(spn(1).executed, 0U);
    EXPECT_EQ(spn(1).counter, 5U);
}

TEST_F(simulated_card_test, serves_every_security_that_it_has_keys_for) {
    std::uint64_t counter = 6;
    for (const std::uint8_t keys : {std::uint8_t{0x12}, std::uint8_t{0x25}})
        for (const std::uint8_t spi1 : std::to_array<std::uint8_t>({0x16, 0x12, 0x14, 0x15, 0x11}))
            for (const std::uint8_t spi2 : std::to_array<std::uint8_t>({0x39, 0x29, 0x31, 0x21, 0x35, 0x25})) {
                auto asked = security(spi1, spi2, 0xb00010, keys);
                // An RC is named by 1 or 5 in KID; 5 is 3DES' nibble too.
                const bool rc = (spi1 & 3U) == 1 || (spi2 & 0x0cU) == 4;
                if (rc && keys == 0x12) continue;
                EXPECT_EQ(receive(message(asked, counter++, write_spn)), card_reaction::executed)
                    << int(keys) << " " << int(spi1) << " " << int(spi2);
                EXPECT_EQ(answer(asked).status, 0);
            }
}

TEST_F(simulated_card_test, a_replay_changes_nothing) {
    const auto sent = message(usual, 6, write_spn);
    receive(sent);
    EXPECT_EQ(receive(sent), card_reaction::refused);
    expect_status(usual, response_status::counter_low, true);
    EXPECT_EQ(answer(usual).counter, 6U);  // the command's own
    EXPECT_EQ(spn().executed, 1U);
    receive(sent, {.unsecured_error = true, .response_follows = false});
    expect_status(usual, response_status::unidentified_security_error, false);
    EXPECT_EQ(answer(usual).counter, 0U);
}

TEST_F(simulated_card_test, the_counter_must_be_higher_or_exactly_the_next) {
    EXPECT_EQ(receive(message(usual, 5, write_spn)), card_reaction::refused);
    expect_status(usual, response_status::counter_low, true);
    EXPECT_EQ(receive(message(usual, 100, write_spn)), card_reaction::executed);
    const auto exact = security(0x1e, 0x39);
    EXPECT_EQ(receive(message(exact, 102, write_spn)), card_reaction::refused);
    expect_status(exact, response_status::counter_high, true);
    EXPECT_EQ(receive(message(exact, 100, write_spn)), card_reaction::refused);
    expect_status(exact, response_status::counter_low, true);
    EXPECT_EQ(receive(message(exact, 101, write_spn)), card_reaction::executed);
    const auto unchecked = security(0x0e, 0x39);
    EXPECT_EQ(receive(message(unchecked, 1, write_spn)), card_reaction::executed);
    EXPECT_EQ(receive(message(security(0x06, 0x39), 0, write_spn)), card_reaction::executed);
    EXPECT_EQ(spn().counter, 101U);
}

TEST_F(simulated_card_test, at_its_end_a_counter_is_blocked) {
    EXPECT_EQ(receive(message(usual, codec::counter_max, write_spn)), card_reaction::executed);
    EXPECT_EQ(receive(message(usual, codec::counter_max, write_spn)), card_reaction::refused);
    expect_status(usual, response_status::counter_blocked, true);
    EXPECT_EQ(receive(message(security(0x0e, 0x39), 7, write_spn)), card_reaction::executed);  // unchecked
}

TEST_F(simulated_card_test, counters_are_kept_per_application_and_key_version) {
    EXPECT_EQ(receive(message(usual, 50, write_spn)), card_reaction::executed);
    EXPECT_EQ(receive(message(security(0x16, 0x39, 0xb00011), 6, write_spn)), card_reaction::executed);
    EXPECT_EQ(receive(message(security(0x16, 0x39, 0xb00011), 6, write_spn)), card_reaction::refused);
    EXPECT_EQ(receive(message(security(0x16, 0x39, 0xb00010, 0x25), 6, write_spn)), card_reaction::executed);
    EXPECT_EQ(receive(message(security(0x16, 0x39, 0xb00011, 0x25), 90, write_spn)), card_reaction::executed);
    EXPECT_EQ(spn().counter, 90U);
    EXPECT_EQ(spn().executed, 4U);
}

TEST_F(simulated_card_test, a_wrong_key_is_answered_unsecured) {
    cards.list().spoil_keys(0);
    const auto signed_only = security(0x12, 0x39);
    EXPECT_EQ(receive(message(signed_only, 6, write_spn)), card_reaction::refused);
    expect_status(signed_only, response_status::integrity_failed, false);
    EXPECT_EQ(receive(message(usual, 6, write_spn)), card_reaction::refused);
    const auto status = static_cast<response_status>(answer(usual).status);
    EXPECT_TRUE(status == response_status::integrity_failed || status == response_status::ciphering_error);
    EXPECT_FALSE(answer(usual).secured);
    EXPECT_EQ(spn().executed, 0U);
    EXPECT_EQ(receive(message(usual, 6, write_spn), {}, 1), card_reaction::executed);  // another card's are right
}

TEST_F(simulated_card_test, a_changed_octet_is_noticed) {
    const auto sent = message(usual, 6, write_spn);
    for (std::size_t i = 13; i < sent.size(); ++i) {
        auto changed = sent;
        changed[i] ^= 1;
        EXPECT_NE(receive(changed), card_reaction::executed) << i;
    }
    EXPECT_EQ(receive(sent), card_reaction::executed);
}

TEST_F(simulated_card_test, unknown_applications_versions_and_algorithms_are_refused) {
    const auto other = security(0x16, 0x39, 0xb20100);
    receive(message(other, 6, write_spn));
    expect_status(other, response_status::unknown_application, false);
    const auto version = security(0x16, 0x39, 0xb00010, 0x32);
    receive(message(version, 6, write_spn));
    expect_status(version, response_status::unidentified_security_error, false);
    const auto algorithm = security(0x16, 0x39, 0xb00010, 0x15);
    receive(message(algorithm, 6, write_spn));
    expect_status(algorithm, response_status::unidentified_security_error, false);
}

TEST_F(simulated_card_test, a_clear_packet_is_not_secure_enough) {
    const auto clear = security(0x10, 0x39);
    EXPECT_EQ(receive(message(clear, 6, write_spn)), card_reaction::refused);
    expect_status(clear, response_status::insufficient_security, true);
    receive(message(clear, 6, write_spn), {.unsecured_error = true, .response_follows = false});
    expect_status(clear, response_status::insufficient_security, false);
    EXPECT_EQ(spn().counter, 5U);
}

TEST_F(simulated_card_test, the_sender_says_when_to_answer) {
    receive(message(security(0x16, 0x38), 6, write_spn));
    EXPECT_TRUE(answers.empty());
    const auto on_error = security(0x16, 0x3a);
    receive(message(on_error, 7, write_spn));
    EXPECT_TRUE(answers.empty());
    receive(message(on_error, 7, write_spn));
    expect_status(on_error, response_status::counter_low, true);
    receive(message(security(0x16, 0x19), 8, write_spn));
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_FALSE(answers[0].by_submit);
}

TEST_F(simulated_card_test, a_failing_script_is_told_with_status_ok) {
    receive(message(usual, 6, "00a40804047f206f4600b0ff0001"));
    const auto script = codec::parse_compact_response(answer(usual).data).value();
    EXPECT_EQ(script.executed, 2);
    EXPECT_EQ(script.status_word, 0x6a86);
    const auto applications = security(0x16, 0x39, 0x000000);
    receive(message(applications, 6, "80e40000024f00"));
    EXPECT_EQ(codec::parse_compact_response(answer(applications).data).value().status_word, 0x6a88);
}

TEST_F(simulated_card_test, parts_come_in_any_order_and_once_together) {
    const std::string content(400, 'a');
    const auto script =
        "00a40804047f206f61"
        "00d60000c8" +
        content;
    const auto parts = codec::segment(packet(usual, 6, script), codec::packet_kind::command, 9, 8).value();
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_EQ(receive(parts[1]), card_reaction::nothing);
    EXPECT_EQ(receive(parts[1]), card_reaction::nothing);
    EXPECT_EQ(receive(parts[0], {}, 1), card_reaction::nothing);  // another card's parts are apart
    EXPECT_EQ(receive(parts[0]), card_reaction::executed);
    EXPECT_EQ(cards.read(0, find_path("7f20/6f61").value()).executed, 1U);
}

TEST_F(simulated_card_test, a_long_answer_comes_in_parts) {
    receive(message(usual, 6, "00a40804047f206f6100b0000000"));
    ASSERT_EQ(answers.size(), 3U);
    codec::reassembler parts(std::chrono::minutes(1));
    std::optional<codec::reassembler::complete> whole;
    for (const auto& each : answers) {
        EXPECT_FALSE(whole);
        whole = parts.add(1, each.user_data(), now).value();
    }
    ASSERT_TRUE(whole);
    EXPECT_TRUE(whole->response_packet);
    const auto decoded =
        codec.decode_response(whole->packet, usual, {testing_world::kic(), testing_world::kid()}).value();
    EXPECT_EQ(decoded.verified, true);
    EXPECT_EQ(codec::parse_compact_response(decoded.data).value().data.size(), 250U);
}

TEST_F(simulated_card_test, the_real_response_may_follow) {
    receive(message(usual, 6, write_spn), {.unsecured_error = false, .response_follows = true});
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_FALSE(answers[0].follows);
    EXPECT_TRUE(answers[1].follows);
    const codec::packet_keys keys{testing_world::kic(), testing_world::kid()};
    EXPECT_EQ(codec.decode_response(answers[0].user_data(), usual, keys).value().status, 0x0b);
    EXPECT_EQ(codec.decode_response(answers[1].user_data(), usual, keys).value().status, 0x00);
}

TEST_F(simulated_card_test, what_is_no_command_packet_gets_no_answer) {
    for (const auto* hex : {"", "00", "027000", "02700000", "0270000010", "027100000e0ab00010", "ff70", "0500030101",
                            "68656c6c6f", "050003010201aa", "02700000ff15", "0a2412"}) {
        EXPECT_EQ(receive(from_hex(hex).value()), card_reaction::nothing) << hex;
        EXPECT_TRUE(answers.empty());
    }
}

}  // namespace
}  // namespace tessera::sim
