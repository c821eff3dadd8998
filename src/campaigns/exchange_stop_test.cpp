// An exchange that is to stop ends without any time passing, whatever it waits for: pause and cancel act at once.
#include <gtest/gtest.h>

#include "campaigns/exchange_test_world.h"

namespace tessera::campaigns {
namespace {

using namespace testing_world;

constexpr std::int64_t cards = 6;

sending_rules patient_rules() {
    sending_rules rules;
    rules.retries.set(retry_cause::no_answer, {5, std::chrono::hours(1), 2, std::chrono::hours(4)});
    return rules;
}

struct situation {
    const char* name;
    void (*arrange)(exchange_world& here);
};

const std::vector<situation> situations{
    {"before_there_is_a_link", [](exchange_world&) {}},
    {"the_link_is_down",
     [](exchange_world& here) {
         here.begin(cards);
         for (int i = 0; i < 3; ++i) here.accept_next();
         here.core.on_link_down("lost");
     }},
    {"the_smsc_does_not_answer_submits", [](exchange_world& here) { here.begin(cards); }},
    {"the_rate_or_the_window_leaves_no_room",
     [](exchange_world& here) {
         here.network.room = 2;
         here.begin(cards);
     }},
    {"answers_may_take_long",
     [](exchange_world& here) {
         here.begin(cards);
         for (std::int64_t i = 0; i < cards; ++i) here.accept_next();
     }},
    {"the_next_packet_waits_for_an_answer",
     [](exchange_world& here) {
         here.begin(cards, 3);
         for (std::int64_t i = 0; i < cards; ++i) here.accept_next();
         here.receive(1, response());
     }},
    {"sending_again_is_not_due_yet",
     [](exchange_world& here) {
         here.begin(cards);
         for (std::int64_t i = 0; i < cards; ++i) here.accept_next();
         here.pass(std::chrono::seconds(61));
     }},
    {"the_window_has_closed_and_answers_are_awaited",
     [](exchange_world& here) {
         here.begin(cards);
         for (std::int64_t i = 0; i < cards; ++i) here.accept_next();
         here.core.drain();
         here.core.tick();
     }},
    {"a_chunk_went_before_the_crash", [](exchange_world& here) { here.begin(cards, 1, chunk_state::released); }},
};

class exchange_stop : public testing::TestWithParam<situation> {};

TEST_P(exchange_stop, sends_nothing_more_and_closes_the_session_at_once) {
    exchange_world here(3, patient_rules());
    GetParam().arrange(here);
    const auto when = here.clock.at;
    const auto sent = here.network.submitted.size();
    here.core.stop();
    EXPECT_LE(here.network.closed, 1);
    here.write_all();  // what the journal still has to do is all that is waited for
    EXPECT_EQ(here.network.closed, 1);
    EXPECT_EQ(here.network.submitted.size(), sent);
    EXPECT_EQ(here.clock.at, when);
    here.core.on_closed();
    EXPECT_TRUE(here.core.ended());
}

INSTANTIATE_TEST_SUITE_P(, exchange_stop, testing::ValuesIn(situations),
                         [](const auto& tested) { return tested.param.name; });

TEST(exchange_core, of_what_is_still_being_loaded_nothing_is_sent_after_the_stop) {
    exchange_world here;
    here.core.on_open();
    here.core.on_leased({exchange_world::chunk_of(0, cards)});
    here.core.stop();
    here.write_all();
    EXPECT_EQ(here.network.closed, 0);  // its release is being made durable
    here.load();
    here.write_all();
    EXPECT_EQ(here.network.closed, 1);
    EXPECT_TRUE(here.network.submitted.empty());
}

TEST(exchange_core, a_flood_of_answers_does_not_hold_up_the_stop_and_stays_with_the_smsc) {
    exchange_world here;
    here.begin(cards);
    for (std::int64_t i = 0; i < cards; ++i) here.accept_next();
    here.receive(1, response());
    here.core.tick();  // that one is being written
    here.core.stop();
    // Between any two steps of the journal something comes, and would for hours.
    for (int step = 0; step < 20 && here.network.closed == 0; ++step) {
        here.receive(2 + step % 5, response());
        here.core.tick();
        if (here.journal.batches.empty()) continue;
        auto batch = std::move(here.journal.batches.front());
        here.journal.batches.pop_front();
        here.receive(2 + step % 5, response());
        here.core.on_written(std::move(batch));
    }
    EXPECT_EQ(here.network.closed, 1);
    EXPECT_EQ(here.network.acknowledged, std::vector<std::uint32_t>{1});
    EXPECT_FALSE(here.network.refused.empty());
}

}  // namespace
}  // namespace tessera::campaigns
