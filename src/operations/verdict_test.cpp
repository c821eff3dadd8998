// Real response packets, made by the codec as a card makes them, put before the judge.
#include "operations/verdict.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/hex.h"
#include "codec/sms_tpdu.h"

namespace tessera::operations {
namespace {

constexpr bool unsecured = true;
constexpr std::uint64_t counter = 0x2a;

class verdict_test : public testing::Test {
protected:
    verdict_test() {
        application.spi = {0x16, 0x39};  // command and answer ciphered and signed
        application.tar = {0xb0, 0x00, 0x10};
        keys.header = {1, crypto::cipher_algorithm::aes128, crypto::cipher_algorithm::aes128, 0};
        keys.kic = secret(bytes(16, 0x11));
        keys.kid = secret(bytes(16, 0x22));
        rounds = {{purpose::write, {{counter, 2, {}, 0}}}};
    }

    // A response as it leaves the card; data "02 9000" means two commands and all well.
    [[nodiscard]] bytes response(std::uint8_t status, std::string_view data, bool plain = false,
                                 std::uint64_t with_counter = counter) {
        bytes out;
        const auto made =
            codec.encode_response(security_for(application, keys.header), {keys.kic.reveal(), keys.kid.reveal()},
                                  with_counter, status, from_hex(data).value(), plain, true, out);
        EXPECT_TRUE(made) << to_string(made.error());
        return out;
    }
    void arrives(bytes octets) {
        stored.push_back(std::move(octets));
        answers.push_back({answer_kind::message, 0, stored.back()});
    }
    void answer(std::uint8_t status, std::string_view data = "", bool plain = false,
                std::uint64_t with_counter = counter) {
        arrives(response(status, data, plain, with_counter));
    }
    void refusal(answer_kind kind, std::uint32_t status) { answers.push_back({kind, status, {}}); }
    [[nodiscard]] verdict found() { return judge().assess(application, keys, rounds, answers); }
    void expect(decision what, const cause& why = {}, bool stray = false) {
        const auto made = found();
        EXPECT_EQ(static_cast<int>(made.what), static_cast<int>(what));
        EXPECT_EQ(describe(made.why), describe(why));
        EXPECT_EQ(made.why, why);
        EXPECT_EQ(made.stray, stray);
    }

    application_security application;
    cards::key_set keys;
    codec::secured_packet_codec codec;
    std::vector<sent_round> rounds;
    std::vector<raw_answer> answers;
    std::deque<bytes> stored;
};

constexpr cause silence{cause_kind::no_answer, 0, 0};
constexpr cause unreadable{cause_kind::unreadable_answer, 0, 0};
cause status_word(std::int64_t value, std::int64_t command) { return {cause_kind::status_word, value, command}; }
cause por(std::int64_t value, bool plain = false) { return {cause_kind::por_status, value, plain ? 1 : 0}; }

TEST_F(verdict_test, silence_is_unknown) { expect(decision::unknown, silence); }

TEST_F(verdict_test, a_verified_answer_that_all_went_well_is_done) {
    answer(0x00, "029000");
    expect(decision::done);
}

TEST_F(verdict_test, the_same_answer_twice_is_still_done) {
    answer(0x00, "029000");
    answer(0x00, "029000");
    expect(decision::done);
}

TEST_F(verdict_test, an_unsecured_success_proves_nothing) {
    answer(0x00, "029000", unsecured);
    expect(decision::read_back, unreadable, true);
}

TEST_F(verdict_test, a_success_signed_with_other_keys_proves_nothing) {
    const auto right = keys.kid.clone();
    keys.kid = secret(bytes(16, 0x23));
    answer(0x00, "029000");
    keys.kid = right.clone();
    expect(decision::read_back, unreadable, true);
}

TEST_F(verdict_test, a_success_that_was_tampered_with_proves_nothing) {
    const auto whole = response(0x00, "029000");
    for (std::size_t at = 3; at < whole.size(); ++at) {
        answers.clear();
        auto tampered = whole;
        tampered[at] ^= 0x01;
        arrives(tampered);
        EXPECT_NE(static_cast<int>(found().what), static_cast<int>(decision::done)) << at;
        EXPECT_NE(static_cast<int>(found().what), static_cast<int>(decision::failed)) << at;
    }
}

TEST_F(verdict_test, a_success_of_another_counter_or_application_proves_nothing) {
    answer(0x00, "029000", false, counter + 1);
    expect(decision::read_back, unreadable, true);
    answers.clear();
    application.tar = {0xb0, 0x00, 0x11};
    answer(0x00, "029000");
    application.tar = {0xb0, 0x00, 0x10};
    expect(decision::read_back, unreadable, true);
}

TEST_F(verdict_test, a_status_word_of_the_card_is_a_failure) {
    answer(0x00, "026a82");
    expect(decision::failed, status_word(0x6a82, 2));
}

TEST_F(verdict_test, a_script_that_stopped_half_way_is_a_failure) {
    answer(0x00, "019000");
    expect(decision::failed, {cause_kind::partly_executed, 1, 2});
}

TEST_F(verdict_test, a_success_without_the_answer_of_the_application_is_read_back) {
    answer(0x00, "02");
    expect(decision::read_back, unreadable);
}

TEST_F(verdict_test, a_refused_counter_may_mean_executed_and_is_read_back) {
    for (const std::uint8_t status : bytes{0x02, 0x06})
        for (const bool plain : {false, true}) {
            answers.clear();
            answer(status, "", plain);
            expect(decision::read_back, por(status, plain));
            answers.clear();
            answer(status, "", unsecured, 0);  // real cards leave the counter out
            expect(decision::read_back, por(status, true));
        }
}

TEST_F(verdict_test, other_errors_of_the_card_are_failures_secured_or_not) {
    for (const std::uint8_t status : bytes{0x01, 0x03, 0x04, 0x05, 0x07, 0x09, 0x0a, 0x7f})
        for (const bool plain : {false, true}) {
            answers.clear();
            answer(status, "", plain, plain ? 0 : counter);
            expect(decision::failed, por(status, plain));
        }
}

TEST_F(verdict_test, an_interim_answer_is_listened_after) {
    for (const std::uint8_t status : bytes{0x08, 0x0b, 0x0c})
        for (const bool plain : {false, true}) {
            answers.clear();
            answer(status, "", plain);
            expect(decision::listen, por(status, plain));
        }
}

TEST_F(verdict_test, the_real_answer_outweighs_the_interim_one) {
    answer(0x0b);
    answer(0x00, "029000");
    expect(decision::done);
    answers.clear();
    answer(0x0b, "", unsecured, 0);
    answer(0x00, "026982");
    expect(decision::failed, status_word(0x6982, 2));
}

TEST_F(verdict_test, a_replay_refused_beside_a_verified_success_is_done_in_any_order) {
    for (const std::uint8_t status : bytes{0x02, 0x06})
        for (const bool plain : {false, true}) {
            answers.clear();
            answer(0x00, "029000");
            answer(status, "", plain);
            expect(decision::done);
            answers.clear();
            answer(status, "", plain);
            answer(0x00, "029000");
            expect(decision::done);
        }
}

TEST_F(verdict_test, an_unsecured_complaint_does_not_undo_a_proof) {
    answer(0x00, "029000");
    answer(0x09, "", unsecured, 0);
    expect(decision::done);
}

TEST_F(verdict_test, a_permanent_refusal_fails_only_what_was_never_accepted) {
    refusal(answer_kind::refused, 0x0b);
    expect(decision::failed, {cause_kind::smpp_status, 0x0b, 0});
    answers.clear();
    refusal(answer_kind::refused_later, 0x0b);
    expect(decision::unknown, {cause_kind::smpp_status, 0x0b, 0});
}

TEST_F(verdict_test, an_answer_of_the_card_outweighs_a_refusal_by_the_network) {
    refusal(answer_kind::refused_later, 0x0b);
    answer(0x00, "029000");
    expect(decision::done);
}

TEST_F(verdict_test, of_several_packets_all_must_be_acknowledged) {
    rounds[0].packets.push_back({counter + 1, 1, {}, 0});
    answer(0x00, "029000");
    expect(decision::unknown, silence);
    answer(0x00, "019000", false, counter + 1);
    expect(decision::done);
    answers.pop_back();
    answer(0x00, "016581", false, counter + 1);
    expect(decision::failed, status_word(0x6581, 1));
}

TEST_F(verdict_test, of_several_packets_the_refusal_counts_for_the_first_unanswered) {
    rounds[0].packets.push_back({counter + 1, 1, {}, 0});
    answer(0x00, "029000");
    refusal(answer_kind::refused, 0x0b);
    expect(decision::failed, {cause_kind::smpp_status, 0x0b, 0});
}

TEST_F(verdict_test, of_several_packets_an_unsecured_complaint_counts_for_the_first_unproved) {
    rounds[0].packets.push_back({counter + 1, 1, {}, 0});
    answer(0x00, "029000");
    answer(0x06, "", unsecured, 0);
    expect(decision::read_back, por(0x06, true));
    answer(0x00, "019000", false, counter + 1);
    expect(decision::done);
}

// A complaint without security names no packet: what came for an earlier round, or for another campaign, says nothing
// about this one's packets.
TEST_F(verdict_test, an_unsecured_complaint_of_another_time_counts_for_nothing) {
    answer(0x06, "", unsecured, 0);
    answers.back().current = false;
    expect(decision::unknown, silence);
    answer(0x00, "029000", false, counter + 7);  // nor does an answer to a packet that is not known here
    answers.back().current = false;
    expect(decision::unknown, silence);
    answer(0x00, "029000");  // while one that names its packet and proves it counts whenever it came
    answers.back().current = false;
    expect(decision::done);
}

TEST_F(verdict_test, a_long_answer_comes_in_parts_in_any_order) {
    const auto whole = response(0x00, "029000" + to_hex(bytes(200, 0xcd)));
    const auto parts = codec::segment(byte_view(whole).subspan(3), codec::packet_kind::response, 0x17, 8).value();
    ASSERT_EQ(parts.size(), 2U);
    arrives(parts[1]);
    expect(decision::unknown, silence);
    arrives(parts[1]);
    arrives(parts[0]);
    expect(decision::done);
}

TEST_F(verdict_test, an_answer_whose_header_the_network_took_off_is_understood) {
    const auto whole = response(0x00, "029000");
    arrives(to_bytes(byte_view(whole).subspan(3)));
    expect(decision::done);
}

TEST_F(verdict_test, garbage_makes_the_judge_ask_the_card) {
    for (const auto* octets : {"", "00", "027100", "0271000000", "48656c6c6f", "0500031702010203", "ffffffffff"}) {
        answers.clear();
        arrives(from_hex(octets).value());
        const auto made = found();
        EXPECT_TRUE(made.what == decision::read_back || made.what == decision::unknown) << octets;
        arrives(response(0x00, "029000"));
        EXPECT_EQ(static_cast<int>(found().what), static_cast<int>(decision::done)) << octets;
    }
}

TEST_F(verdict_test, an_answer_that_was_to_carry_no_security_needs_the_counter) {
    application.spi = {0x16, 0x21};
    answer(0x00, "029000");
    expect(decision::done);
    answers.clear();
    answer(0x00, "029000", false, counter + 1);
    expect(decision::read_back, unreadable, true);
}

TEST_F(verdict_test, nothing_sent_is_nothing_known) {
    rounds.clear();
    answer(0x00, "029000");
    EXPECT_EQ(static_cast<int>(found().what), static_cast<int>(decision::unknown));
}

class read_back_verdict : public verdict_test {
protected:
    read_back_verdict() {
        rounds.push_back({purpose::read_back, {{counter + 1, 2, content, 0}, {counter + 2, 2, content, 1}}});
    }
    const bytes content{0xca, 0xfe};
};

TEST_F(read_back_verdict, what_is_equal_everywhere_is_done) {
    answer(0x00, "029000cafe", false, counter + 1);
    expect(decision::unknown, silence);
    answer(0x00, "029000cafe", false, counter + 2);
    expect(decision::done);
}

TEST_F(read_back_verdict, what_differs_is_failed_and_names_the_write) {
    for (const auto* data : {"029000cafd", "029000ca", "029000"}) {
        answers.clear();
        answer(0x00, "029000cafe", false, counter + 1);
        answer(0x00, data, false, counter + 2);
        expect(decision::failed, {cause_kind::read_back_differs, 2, 0});
    }
}

TEST_F(read_back_verdict, a_card_that_refuses_to_read_says_so) {
    answer(0x00, "026982", false, counter + 1);
    expect(decision::failed, status_word(0x6982, 2));
}

TEST_F(read_back_verdict, a_refused_replay_of_the_reading_is_read_again) {
    answer(0x00, "029000cafe", false, counter + 1);
    answer(0x02, "", false, counter + 2);
    expect(decision::read_back, por(0x02));
}

// Its answers came after the next round had begun, and that one's packets were refused as repeats.
TEST_F(read_back_verdict, what_an_earlier_round_read_back_holds_where_the_latest_says_nothing) {
    answer(0x00, "029000" + to_hex(content), false, counter + 1);
    answer(0x00, "029000" + to_hex(content), false, counter + 2);
    rounds.push_back({purpose::read_back, {{counter + 3, 2, content, 0}, {counter + 4, 2, content, 1}}});
    expect(decision::done);
    answer(0x02, "", false, counter + 3);
    expect(decision::done);
    // But the latest word counts.
    answer(0x00, "02900000", false, counter + 3);
    expect(decision::failed, {cause_kind::read_back_differs, 1, 0});
}

TEST_F(read_back_verdict, the_write_s_own_late_answer_settles_it) {
    answer(0x00, "029000");
    expect(decision::done);
    answers.clear();
    answer(0x00, "026a82");
    expect(decision::failed, status_word(0x6a82, 2));
}

TEST(cause, is_told_in_the_field_s_words) {
    EXPECT_EQ(describe({}), "");
    EXPECT_NE(describe(status_word(0x6a82, 2)).find("status_word 6a82"), std::string::npos);
    EXPECT_NE(describe(status_word(0x6a82, 2)).find("command 2"), std::string::npos);
    EXPECT_EQ(describe(por(0x02, true)), "por_status 02 counter low (unsecured)");
    EXPECT_EQ(describe({cause_kind::read_back_differs, 2, 0}), "read_back_differs in write 2");
    EXPECT_EQ(describe({cause_kind::partly_executed, 1, 2}), "partly_executed 1 of 2 commands");
    EXPECT_EQ(describe({cause_kind::no_key, 3, 0}), "no_key of version 3");
    EXPECT_EQ(describe(silence), "no_answer");
}

}  // namespace
}  // namespace tessera::operations
