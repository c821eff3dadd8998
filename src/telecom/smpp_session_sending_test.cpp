#include "telecom/smpp_session_world.h"

#include <set>

#include "base/limits.h"
#include "codec/sms_tpdu.h"

namespace tessera::telecom {
namespace {

using namespace std::chrono_literals;

class smpp_session_sending_test : public session_test {};

std::set<int> references_of(const std::vector<sent_pdu>& sent) {
    std::set<int> found;
    for (const auto& each : sent) {
        smpp::header head;
        const auto unit = smpp::decode(each.octets, head).value();
        const auto header = codec::parse_user_data_header(std::get<smpp::short_message>(unit.body).user_data).value();
        found.insert(header.parts ? header.parts->reference : -1);
    }
    return found;
}

TEST_F(smpp_session_sending_test,
       two_packets_to_one_subscriber_never_have_the_same_reference_and_the_same_octets_always_do) {
    connect();
    const bytes first(300, 1), second(300, 2);
    const auto references_for = [&](const bytes& packet, subscriber_number subscriber) {
        EXPECT_TRUE(session->submit({.subscriber = subscriber, .packet = packet, .reference = 9, .token = 1}, now));
        return references_of(sent());
    };
    EXPECT_EQ(references_for(first, 491701234567), std::set<int>{9});
    EXPECT_EQ(references_for(second, 491701234567), std::set<int>{10});
    EXPECT_EQ(references_for(second, 491701234568), std::set<int>{9});
    EXPECT_EQ(references_for(second, 491701234567), std::set<int>{10});
    // Over the link of another SMSC, too.
    const auto references_before = references.open();
    smsc_settings others;
    session_commons other_commons(others, &references);
    session_recorder other_events;
    smpp_session other(others, other_commons, other_events);
    other.connected(now);
    bytes bound;
    smpp::append_message_response(bound, command::bind_transceiver_resp, 0, 1, "1");
    other.on_octets(bound, now);
    other.output().clear();
    ASSERT_TRUE(other.submit({.subscriber = 491701234567, .packet = first, .reference = 9, .token = 1}, now));
    EXPECT_EQ(references.open(), references_before);
    session->output() = std::exchange(other.output(), {});
    EXPECT_EQ(references_of(sent()), std::set<int>{9});
}

TEST_F(smpp_session_sending_test, a_packet_in_one_part_takes_no_reference) {
    connect();
    ASSERT_TRUE(submit(1));
    EXPECT_EQ(references_of(sent()), std::set<int>{-1});
    EXPECT_EQ(references.open(), 0U);
}

TEST_F(smpp_session_sending_test, no_more_than_the_configured_rate_leaves) {
    settings.rate = 100;
    connect();
    std::size_t left = 0;
    for (int step = 0; step <= 1'000; ++step, advance(1ms)) {
        while (submit(1)) {
        }
        for (const auto& each : sent()) {
            ++left;
            answer(command::submit_sm_resp, each.head.sequence);
        }
    }
    EXPECT_GE(left, 100U);
    EXPECT_LE(left, 102U);
}

TEST_F(smpp_session_sending_test, says_when_the_rate_permits_the_next_submit) {
    settings.rate = 10;
    connect();
    ASSERT_TRUE(submit(1));
    ASSERT_FALSE(submit(2));
    events.take();
    const auto next = session->next_deadline();
    ASSERT_TRUE(next && *next > now && *next <= now + 100ms);
    advance(*next - now);
    EXPECT_EQ(events.take(), lines({"writable"}));
    EXPECT_TRUE(submit(2));
}

TEST_F(smpp_session_sending_test, a_throttled_submit_is_sent_again_later_and_succeeds) {
    connect();
    ASSERT_TRUE(submit(1));
    const auto first = sent();
    answer(command::submit_sm_resp, first[0].head.sequence, smpp::status::throttled);
    EXPECT_TRUE(sent().empty());
    ASSERT_TRUE(session->next_deadline());
    advance(*session->next_deadline() - now);
    const auto again = sent();
    ASSERT_EQ(again.size(), 1U);
    EXPECT_NE(again[0].head.sequence, first[0].head.sequence);
    EXPECT_EQ(to_hex(byte_view(again[0].octets).subspan(16)), to_hex(byte_view(first[0].octets).subspan(16)));
    answer(command::submit_sm_resp, again[0].head.sequence);
    EXPECT_EQ(events.take(), lines({"1 accepted 0"}));
}

TEST_F(smpp_session_sending_test, throttling_slows_the_sender_down_to_what_the_smsc_takes_and_it_recovers) {
    settings.window = 200;
    connect();
    double budget = 0;
    std::size_t taken = 0, throttled = 0;
    const auto run = [&](duration span, double capacity) {
        taken = throttled = 0;
        for (const auto until = now + span; now < until; advance(1ms)) {
            budget = std::min(budget + capacity / 1'000, capacity / 20);
            while (submit(1)) {
            }
            for (const auto& each : sent()) {
                const bool room = budget >= 1;
                ++(room ? taken : throttled);
                budget -= room ? 1 : 0;
                answer(command::submit_sm_resp, each.head.sequence, room ? 0 : smpp::status::throttled);
            }
        }
    };
    run(5s, 2'000);
    run(2s, 2'000);
    EXPECT_GT(taken, 3'600U);          // of the 4,000 that it would take
    EXPECT_LT(throttled, taken / 20);  // and little in vain
    // It takes less, all of a sudden, and more again.
    run(1s, 200);
    run(5s, 200);
    EXPECT_GT(taken, 850U);
    EXPECT_LT(throttled, taken / 10);
    run(3s, 2'000);
    run(2s, 2'000);
    EXPECT_GT(taken, 3'400U);
    run(5s, 1e9);
    EXPECT_EQ(session->submits_per_second(), 0);  // unlimited again
    for (const auto& line : events.take()) ASSERT_TRUE(line == "1 accepted 0" || line == "writable") << line;
}

TEST_F(smpp_session_sending_test, a_temporary_status_is_repeated_a_bounded_number_of_times) {
    connect();
    ASSERT_TRUE(submit(1));
    int times = 0;
    while (events.take().empty()) {
        for (const auto& each : sent()) {
            ++times;
            answer(command::submit_sm_resp, each.head.sequence, smpp::status::system_error);
        }
        if (times == limits::smpp_submit_attempts) break;
        advance(1s);
    }
    EXPECT_EQ(times, limits::smpp_submit_attempts);
    EXPECT_EQ(events.take(), lines({"1 exhausted 8"}));
}

TEST_F(smpp_session_sending_test, an_unknown_status_is_repeated_and_exhausts_the_message_at_last) {
    for (const std::uint32_t status : {0x45U, 0xffU, 0x400U}) {
        connect();
        ASSERT_TRUE(submit(1));
        int times = 0;
        for (; times < limits::smpp_submit_attempts; advance(1s))
            for (const auto& each : sent())
                if (each.head.id == command::submit_sm && ++times > 0)
                    answer(command::submit_sm_resp, each.head.sequence, status);
        EXPECT_EQ(events.take(), std::vector<std::string>{"1 exhausted " + std::to_string(status)});
    }
}

TEST_F(smpp_session_sending_test, endless_throttling_exhausts_a_message_at_last) {
    connect();
    ASSERT_TRUE(submit(1));
    for (int i = 0; i < limits::smpp_throttled_attempts; ++i, advance(2s)) {
        for (const auto& each : sent())
            if (each.head.id == command::submit_sm)
                answer(command::submit_sm_resp, each.head.sequence, smpp::status::queue_full);
    }
    EXPECT_EQ(events.take(), lines({"1 exhausted 20"}));
}

}  // namespace
}  // namespace tessera::telecom
