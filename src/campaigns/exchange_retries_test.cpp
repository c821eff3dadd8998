#include <gtest/gtest.h>

#include "base/random.h"
#include "campaigns/exchange_core.h"
#include "campaigns/exchange_test_world.h"

namespace tessera::campaigns {
namespace {

using namespace std::chrono_literals;
using telecom::submit_result;
using testing_world::exchange_world;
using testing_world::response;

constexpr std::uint16_t absent_subscriber = 27, toolkit_busy = 0xd4;

sending_rules with(retry_cause cause, const retry_rule& rule) {
    sending_rules made;
    made.retries.set(cause, rule);
    return made;
}

// Lets time pass until the card's packet goes again; how long that took, in whole seconds, or nothing when it does not.
std::optional<std::int64_t> next_sending_after(exchange_world& here, std::chrono::seconds at_most) {
    for (std::int64_t passed = 1; passed <= at_most.count(); ++passed) {
        here.pass(1s);
        if (here.journal.releases.empty()) continue;
        here.load();
        return passed;
    }
    return std::nullopt;
}

TEST(exchange_retries, an_absent_subscriber_is_sent_to_after_its_delays_and_so_often_at_most) {
    exchange_world here(1, with(retry_cause::absent, {4, 40s, 2, 100s}));
    here.begin(1);
    const auto first = here.accept_next();
    EXPECT_TRUE(first.receipt);
    // Due within an eighth of the delay, together with others of the chunk.
    for (const std::int64_t delay : {40, 80, 100}) {
        here.receipt(1, "UNDELIV", absent_subscriber);
        const auto passed = next_sending_after(here, 1'000s);
        ASSERT_TRUE(passed);
        EXPECT_GE(*passed, delay);
        EXPECT_LE(*passed, delay + delay / 8 + 1);
        const auto again = here.accept_next();
        EXPECT_EQ(again.packet, first.packet);
        EXPECT_EQ(again.reference, first.reference);
    }
    here.receipt(1, "UNDELIV", absent_subscriber);
    here.write_all();
    ASSERT_EQ(here.moves.size(), 1U);
    EXPECT_TRUE(here.answers.empty());  // unknown: a receipt is no evidence
}

TEST(exchange_retries, an_answer_ends_the_rest) {
    exchange_world here(1, with(retry_cause::busy, {5, 1h, 1, 1h}));
    here.begin(1);
    here.accept_next();
    here.receipt(1, "UNDELIV", toolkit_busy);
    here.receive(1, response());
    here.write_all();
    ASSERT_EQ(here.moves.size(), 1U);
    EXPECT_EQ(here.moves[0].more.answered, 1);
    EXPECT_FALSE(next_sending_after(here, 5'000s));
}

TEST(exchange_retries, causes_are_counted_apart) {
    auto rules = with(retry_cause::busy, {3, 10s, 1, 10s});
    rules.retries.set(retry_cause::expired, {2, 20s, 1, 20s});
    exchange_world here(2, rules);
    here.begin(1);
    const auto again = [&](std::string_view state, std::uint16_t error) {
        here.accept_next();
        here.receipt(1, state, error);
        return next_sending_after(here, 30s).has_value();
    };
    EXPECT_TRUE(again("UNDELIV", toolkit_busy));
    EXPECT_TRUE(again("EXPIRED", 0));
    EXPECT_TRUE(again("UNDELIV", toolkit_busy));
    // Silence has its own two, by [telecom] attempts.
    here.accept_next();
    here.pass(61s);
    ASSERT_EQ(here.journal.releases.size(), 1U);
    here.load();
    here.accept_next();
    here.pass(61s);
    EXPECT_TRUE(here.journal.releases.empty());
    here.write_all();
    EXPECT_EQ(here.moves.size(), 1U);
}

TEST(exchange_retries, a_cause_without_a_rule_goes_again_at_once_as_often_as_the_attempts_say) {
    exchange_world here(2);
    here.begin(1);
    EXPECT_FALSE(here.accept_next().receipt);
    here.receipt(1, "EXPIRED", absent_subscriber);
    here.core.tick();
    ASSERT_EQ(here.journal.releases.size(), 1U);
    here.load();
    here.accept_next();
    here.receipt(1, "UNDELIV");
    here.write_all();
    EXPECT_EQ(here.moves.size(), 1U);
}

TEST(exchange_retries, silence_and_a_throttling_centre_have_their_own_delays) {
    auto rules = with(retry_cause::no_answer, {2, 100s, 1, 100s});
    rules.retries.set(retry_cause::throttled, {2, 10s, 1, 10s});
    exchange_world here(9, rules);
    here.begin(1);
    here.core.on_result(here.take().token, submit_result::exhausted, 0x58);
    EXPECT_LE(next_sending_after(here, 50s).value_or(99), 12);
    here.accept_next();
    here.pass(61s);
    EXPECT_TRUE(here.journal.releases.empty());
    EXPECT_GE(next_sending_after(here, 200s).value_or(0), 100);
    here.core.on_result(here.take().token, submit_result::exhausted, 0x58);
    here.write_all();
    EXPECT_EQ(here.moves.size(), 1U);
}

TEST(exchange_retries, each_packet_of_a_card_has_its_own_count) {
    exchange_world here(1, with(retry_cause::busy, {2, 10s, 1, 10s}));
    here.begin(1, 2);
    for (int packet = 0; packet < 2; ++packet) {
        here.accept_next();
        here.receipt(1, "UNDELIV", toolkit_busy);
        here.pass(12s);
        ASSERT_EQ(here.journal.releases.size(), 1U);
        here.load(2);
        here.accept_next();
        here.receive(1, response(static_cast<std::uint8_t>(packet)));
        // The messages of the chunk were given back; its second packet is loaded again.
        here.core.tick();
        if (!here.journal.releases.empty()) here.load(2);
    }
    here.write_all();
    ASSERT_EQ(here.moves.size(), 1U);
    EXPECT_EQ(here.moves[0].more.answered, 1);
}

TEST(exchange_retries, cards_that_are_due_at_about_the_same_time_cost_one_reading_of_their_chunk) {
    exchange_world here(1, with(retry_cause::absent, {2, 800s, 1, 800s}));
    here.begin(50);
    for (std::int64_t card = 1; card <= 50; ++card) here.accept_next();
    for (std::int64_t card = 1; card <= 50; ++card) {
        here.receipt(card, "UNDELIV", absent_subscriber);
        here.pass(1s);
    }
    int loads = 0;
    std::size_t sent = 0;
    for (int i = 0; i < 1'000; ++i) {
        here.pass(1s);
        if (here.journal.releases.empty()) continue;
        ++loads;
        here.load();
        sent += here.network.submitted.size();
        while (!here.network.submitted.empty()) here.accept_next();
    }
    EXPECT_EQ(sent, 50U);
    EXPECT_LE(loads, 2);
}

TEST(exchange_retries, what_the_centre_may_still_deliver_is_not_sent_again_before_its_validity_ended) {
    sending_rules rules;
    rules.validity = 1h;
    rules.wait_validity = true;
    exchange_world here(2, rules);
    here.begin(2);
    const auto first = here.accept_next();
    EXPECT_EQ(first.validity, 1h);
    EXPECT_TRUE(first.receipt);
    here.accept_next();
    // One is delivered, and then has its usual time for an answer; of the other nothing is heard.
    here.pass(10min);
    EXPECT_TRUE(here.journal.releases.empty());
    here.receipt(1, "DELIVRD");
    here.pass(61s);
    ASSERT_EQ(here.journal.releases.size(), 1U);
    here.load();
    ASSERT_EQ(here.network.submitted.size(), 1U);
    EXPECT_EQ(here.accept_next().packet, first.packet);
    here.pass(45min);
    EXPECT_TRUE(here.journal.releases.empty());
    here.pass(6min);
    ASSERT_EQ(here.journal.releases.size(), 1U);
    // A receipt that says that the centre has given up ends the waiting, too.
    here.load();
    here.accept_next();
    here.receipt(2, "EXPIRED");
    here.write_all();
    here.pass(2h);
    here.write_all();
    EXPECT_EQ(here.moves.size(), 1U);
}

TEST(exchange_retries, validity_alone_changes_nothing_but_the_message) {
    sending_rules rules;
    rules.validity = 6h;
    exchange_world here(2, rules);
    here.begin(1);
    EXPECT_EQ(here.accept_next().validity, 6h);
    here.pass(61s);
    EXPECT_EQ(here.journal.releases.size(), 1U);
}

// Any order of receipts, answers, results and time: the octets stay the same, no cause goes beyond its attempts, every
// chunk closes.
void any_order(std::uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    seeded_random random(seed);
    sending_rules rules;
    int most = 0;
    for (std::size_t cause = 0; cause < retry_causes; ++cause) {
        if (random.chance(0.3)) continue;
        const int attempts = 1 + static_cast<int>(random.below(4));
        rules.retries.set(static_cast<retry_cause>(cause), {attempts, 1s + 1s * random.below(50), 2, 200s});
        most += attempts;
    }
    rules.wait_validity = random.chance(0.5);
    rules.validity = rules.wait_validity ? 300s : 0s;
    const int attempts = 1 + static_cast<int>(random.below(4));
    exchange_world here(attempts, rules);
    const auto packets = static_cast<std::uint8_t>(1 + random.below(2));
    here.begin(5, packets);
    here.core.on_leased({});
    std::map<bytes, int> sendings;
    std::vector<std::uint64_t> tokens;
    for (int step = 0; step < 20'000 && here.network.closed == 0; ++step) {
        while (!here.network.submitted.empty()) {
            const auto sent = here.take();
            const auto card = static_cast<std::int64_t>(sent.subscriber - exchange_world::subscriber(0));
            ASSERT_EQ(sent.packet, exchange_world::packet_of(card, sent.packet.back()));
            ++sendings[sent.packet];
            tokens.push_back(sent.token);
        }
        const auto card = static_cast<std::int64_t>(1 + random.below(5));
        constexpr std::array<std::string_view, 5> states{"UNDELIV", "EXPIRED", "DELIVRD", "ENROUTE", "REJECTD"};
        constexpr std::array<std::uint16_t, 3> errors{0, absent_subscriber, toolkit_busy};
        switch (random.below(7)) {
            case 0:
                if (!here.journal.releases.empty()) here.load(packets);
                break;
            case 1:
                if (!tokens.empty()) {
                    here.core.on_result(tokens.back(),
                                        random.chance(0.8) ? submit_result::accepted : submit_result::exhausted, 0x58);
                    tokens.pop_back();
                }
                break;
            case 2:
                here.receipt(card, states.at(random.below(states.size())), errors.at(random.below(errors.size())));
                break;
            case 3:
                if (random.chance(0.05)) here.receive(card, response());
                break;
            case 4:
                here.write_all();
                break;
            default:
                here.pass(std::chrono::seconds(random.below(60)));
        }
    }
    EXPECT_EQ(here.network.closed, 1);
    EXPECT_EQ(here.moves.size(), 1U);
    EXPECT_EQ(here.core.take_finished(), 5);
    for (const auto& [packet, times] : sendings) EXPECT_LE(times, attempts + most);
}

TEST(exchange_retries, end_after_any_order_of_events) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) any_order(seed);
}

}  // namespace
}  // namespace tessera::campaigns
