#include "campaigns/exchange_core.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "campaigns/exchange_test_world.h"

namespace tessera::campaigns {
namespace {

using telecom::submit_result;
using testing_world::exchange_world;
using testing_world::response;
constexpr auto over_time = std::chrono::seconds(61);

TEST(exchange_core, sends_nothing_before_the_release_is_durable) {
    exchange_world here;
    here.core.on_open();
    here.core.on_leased({exchange_world::chunk_of(0, 3)});
    here.core.tick();
    EXPECT_EQ(here.journal.releases.size(), 1U);
    EXPECT_TRUE(here.network.submitted.empty());
    here.load();
    EXPECT_EQ(here.network.submitted.size(), 3U);
}

TEST(exchange_core, acknowledges_an_answer_only_when_it_is_durable) {
    exchange_world here;
    here.begin(1);
    here.accept_next();
    here.receive(1, response());
    here.core.tick();
    EXPECT_TRUE(here.network.acknowledged.empty());
    here.write_all();
    EXPECT_EQ(here.network.acknowledged.size(), 1U);
    ASSERT_EQ(here.moves.size(), 1U);
    EXPECT_EQ(here.moves[0].to, chunk_state::closed);
    EXPECT_EQ(here.moves[0].more.sent, 1);
    EXPECT_EQ(here.moves[0].more.answered, 1);
}

TEST(exchange_core, sends_identical_octets_again_and_so_often_at_most) {
    exchange_world here(3);
    here.begin(1);
    const auto first = here.accept_next();
    for (int attempt = 2; attempt <= 3; ++attempt) {
        here.pass(over_time);
        ASSERT_EQ(here.journal.releases.size(), 1U);
        EXPECT_EQ(here.journal.releases.front().attempt, attempt);
        EXPECT_TRUE(here.network.submitted.empty());
        here.load();
        const auto again = here.accept_next();
        EXPECT_EQ(again.packet, first.packet);
        EXPECT_EQ(again.reference, first.reference);
    }
    here.pass(over_time);
    EXPECT_TRUE(here.journal.releases.empty());
    here.write_all();
    ASSERT_EQ(here.moves.size(), 1U);
    EXPECT_EQ(here.moves[0].more.answered, 0);
}

TEST(exchange_core, does_not_count_a_sending_that_the_link_took_along) {
    exchange_world here(1);
    here.begin(1);
    const auto first = here.take();
    for (int i = 0; i < 5; ++i) {
        here.core.on_result(i == 0 ? first.token : here.take().token, submit_result::link_lost, 0);
        here.core.on_link_down("test");
        here.core.on_open();
        here.core.tick();
        here.load();
        ASSERT_EQ(here.network.submitted.size(), 1U);
        EXPECT_EQ(here.network.submitted.front().packet, first.packet);
    }
}

TEST(exchange_core, an_answer_that_may_be_another_campaigns_does_not_end_the_waiting_for_its_own) {
    exchange_world here(2);
    here.awaited_by_others = {cards::card_id{1}, cards::card_id{1}};
    here.begin(2);
    here.accept_next();
    here.accept_next();
    for (std::uint8_t mark = 1; mark <= 3; ++mark) {
        here.write_all();
        EXPECT_TRUE(here.moves.empty());
        here.receive(1, response(mark));
    }
    here.receive(2, response());
    here.write_all();
    EXPECT_EQ(here.answers.size(), 4U);
    ASSERT_EQ(here.moves.size(), 1U);
    EXPECT_EQ(here.moves[0].more.answered, 2);
    EXPECT_TRUE(here.network.submitted.empty());
}

// Perhaps the other's never comes: it is not worth another sending.
TEST(exchange_core, where_something_came_no_octets_go_again) {
    exchange_world here(3);
    here.awaited_by_others = {cards::card_id{1}};
    here.begin(1, 2);
    here.accept_next();
    here.receive(1, response(1));
    EXPECT_TRUE(here.network.submitted.empty());
    here.pass(over_time);
    here.load(2);
    ASSERT_EQ(here.network.submitted.size(), 1U);
    EXPECT_EQ(here.accept_next().packet, exchange_world::packet_of(1, 1));
    here.receive(1, response(2));
    here.write_all();
    ASSERT_EQ(here.moves.size(), 1U);
    EXPECT_EQ(here.moves[0].more.answered, 1);
}

// Perhaps it is this very packet that the link does not survive.
TEST(exchange_core, a_packet_that_loses_the_link_again_and_again_is_given_up) {
    exchange_world here(1);
    here.begin(1);
    int sendings = 0;
    while (!here.network.submitted.empty() && ++sendings < 100) {
        here.core.on_result(here.take().token, submit_result::link_lost, 0);
        here.core.on_link_down("test");
        here.core.on_open();
        here.core.tick();
        if (!here.journal.releases.empty()) here.load();
    }
    EXPECT_GT(sendings, limits::link_losses_per_packet);
    EXPECT_LT(sendings, 20);
}

TEST(exchange_core, a_refusal_says_whether_the_packet_may_have_left_before) {
    exchange_world here;
    here.begin(2);
    here.core.on_result(here.take().token, submit_result::refused, 0x0b);
    here.core.on_result(here.take().token, submit_result::link_lost, 0);
    here.core.tick();
    here.load();
    here.core.on_result(here.take().token, submit_result::refused, 0x0b);
    here.write_all();
    ASSERT_EQ(here.answers.size(), 2U);
    EXPECT_EQ(here.answers[0].kind, operations::answer_kind::refused);
    EXPECT_EQ(here.answers[0].status, 0x0bU);
    EXPECT_EQ(here.answers[1].kind, operations::answer_kind::refused_later);
}

TEST(exchange_core, a_refusal_after_a_crash_is_the_refusal_it_would_have_been_without) {
    exchange_world here;
    here.begin(1, 1, chunk_state::released);
    here.core.on_result(here.take().token, submit_result::refused, 0x0b);
    here.write_all();
    ASSERT_EQ(here.answers.size(), 1U);
    EXPECT_EQ(here.answers[0].kind, operations::answer_kind::refused);
}

TEST(exchange_core, an_exhausted_submit_is_tried_again_within_the_attempts) {
    exchange_world here(2);
    here.begin(1);
    here.core.on_result(here.take().token, submit_result::exhausted, 0x58);
    EXPECT_TRUE(here.journal.releases.empty());  // not at once: an outage would use up all attempts
    here.pass(over_time);
    here.load();
    here.core.on_result(here.take().token, submit_result::exhausted, 0x58);
    here.pass(over_time);
    here.write_all();
    EXPECT_TRUE(here.answers.empty());
    EXPECT_EQ(here.moves.size(), 1U);
}

TEST(exchange_core, the_next_packet_goes_when_an_answer_to_the_one_before_came) {
    exchange_world here;
    here.begin(1, 3);
    for (std::uint8_t i = 0; i < 3; ++i) {
        ASSERT_EQ(here.network.submitted.size(), 1U);
        EXPECT_EQ(here.accept_next().packet, exchange_world::packet_of(1, i));
        EXPECT_TRUE(here.moves.empty());
        here.receive(1, response(i));
        here.write_all();
    }
    EXPECT_EQ(here.moves.size(), 1U);
}

TEST(exchange_core, an_answer_in_parts_counts_when_all_of_them_are_there) {
    exchange_world here;
    here.begin(1);
    here.accept_next();
    here.receive(1, bytes{0x07, 0x00, 0x03, 0x09, 0x02, 0x01, 0x71, 0x00, 0x00, 0x0c, 0x0a, 0xb0, 0x00, 0x10, 0, 0});
    here.write_all();
    EXPECT_TRUE(here.moves.empty());
    here.receive(1, bytes{0x05, 0x00, 0x03, 0x09, 0x02, 0x02, 0, 0, 0, 0, 0});
    here.write_all();
    EXPECT_EQ(here.answers.size(), 2U);
    EXPECT_EQ(here.moves.size(), 1U);
}

TEST(exchange_core, keeps_what_strangers_and_other_applications_say) {
    exchange_world here;
    here.begin(1);
    here.accept_next();
    here.receive(77, response());
    here.receive(1, response(0, {0xb0, 0x00, 0x11}));
    here.write_all();
    EXPECT_EQ(here.strangers, 2U);
    EXPECT_EQ(here.network.acknowledged.size(), 2U);
    EXPECT_TRUE(here.moves.empty());
    here.receive(1, response());
    here.write_all();
    EXPECT_EQ(here.strangers, 2U);
    EXPECT_EQ(here.moves.size(), 1U);
    here.receive(1, response(0x0b));  // when nothing is awaited any more
    here.write_all();
    EXPECT_EQ(here.strangers, 3U);
}

// Where storing takes longer than links last, each copy would make the next one more likely.
TEST(exchange_core, what_is_delivered_again_is_stored_once_and_acknowledged_when_it_is_durable) {
    exchange_world here;
    here.begin(2);
    here.accept_next();
    here.accept_next();
    here.receive(77, response());
    here.core.tick();  // goes to the journal
    here.core.on_link_down("test");
    here.core.on_open();
    here.receive(77, response());
    here.receive(1, response());
    here.receive(1, response());
    EXPECT_TRUE(here.network.acknowledged.empty());
    here.write_all();
    EXPECT_EQ(here.network.acknowledged.size(), 4U);
    EXPECT_EQ(here.strangers, 1U);
    EXPECT_EQ(here.answers.size(), 1U);
    here.receive(78, response());  // of somebody else
    here.receive(77, response(0x0b));
    here.write_all();
    EXPECT_EQ(here.strangers, 3U);
}

// Else a link that always breaks before the journal is done would see nothing acknowledged, ever.
TEST(exchange_core, what_is_durable_is_acknowledged_at_once_when_it_is_delivered_again) {
    exchange_world here;
    here.begin(1);
    here.accept_next();
    here.receive(77, response());  // a stranger's
    here.receive(1, response());
    here.write_all();
    here.network.acknowledged.clear();
    here.receive(77, response());
    here.receive(1, response());
    EXPECT_EQ(here.network.acknowledged.size(), 2U);
    EXPECT_TRUE(here.journal.batches.empty());
}

TEST(exchange_core, a_copy_of_what_is_being_written_waits_for_that_and_for_nothing_else) {
    exchange_world here;
    here.begin(2);
    here.accept_next();
    here.receive(77, response());
    here.core.tick();  // goes to the journal
    here.receive(78, response());
    here.receive(77, response());
    EXPECT_TRUE(here.network.acknowledged.empty());
    auto batch = std::move(here.journal.batches.front());
    here.journal.batches.pop_front();
    here.core.on_written(std::move(batch));
    EXPECT_EQ(here.network.acknowledged, (std::vector<std::uint32_t>{1, 3}));
    here.receive(78, response());
    EXPECT_EQ(here.network.acknowledged.size(), 2U);
    here.write_all();
    EXPECT_EQ(here.network.acknowledged.size(), 4U);
    EXPECT_EQ(here.strangers, 1U);  // besides the first batch
}

// An SMSC with a window of one has the part before it still to bring.
TEST(exchange_core, a_part_that_is_durable_is_acknowledged_at_once_when_it_is_delivered_again) {
    const bytes first{0x07, 0x00, 0x03, 0x09, 0x02, 0x01, 0x71, 0x00, 0x00, 0x0c, 0x0a, 0xb0, 0x00, 0x10, 0, 0};
    const bytes second{0x05, 0x00, 0x03, 0x09, 0x02, 0x02, 0, 0, 0, 0, 0};
    exchange_world here;
    here.begin(1);
    here.accept_next();
    here.receive(1, first);
    here.write_all();
    here.receive(1, first);
    EXPECT_EQ(here.network.acknowledged.size(), 2U);
    EXPECT_TRUE(here.journal.batches.empty());
    here.receive(1, second);
    here.write_all();
    EXPECT_EQ(here.answers.size(), 2U);
    EXPECT_EQ(here.moves.size(), 1U);
}

// A complaint without a counter is the same for every packet, and may have come before anything was awaited: where it
// was stored then, nobody looks for this one.
TEST(exchange_core, an_answer_that_is_awaited_is_stored_and_waited_for_whatever_came_before) {
    exchange_world here;
    here.receive(1, response());
    here.write_all();
    EXPECT_EQ(here.strangers, 1U);
    here.network.acknowledged.clear();
    here.begin(1, 2);
    for (int packet = 0; packet < 2; ++packet) {
        here.accept_next();
        here.receive(1, response());
        EXPECT_TRUE(here.network.acknowledged.empty());
        here.write_all();
        EXPECT_EQ(here.network.acknowledged.size(), 1U);
        here.network.acknowledged.clear();
    }
    EXPECT_EQ(here.answers.size(), 2U);
    EXPECT_EQ(here.strangers, 1U);
    EXPECT_EQ(here.moves.size(), 1U);
}

TEST(exchange_core, an_answer_before_anything_was_sent_ends_nothing) {
    exchange_world here;
    here.network.room = 0;
    here.begin(1);
    here.receive(1, response());
    here.write_all();
    EXPECT_TRUE(here.moves.empty());
    EXPECT_EQ(here.answers.at(0).attempt, 0);
    here.network.room = 1;
    here.core.on_writable();
    EXPECT_EQ(here.network.submitted.size(), 1U);
}

TEST(exchange_core, a_resumed_chunk_sends_only_to_cards_without_stored_answer) {
    exchange_world here;
    const auto message = operations::answer_kind::message;
    here.begin(3, 1, chunk_state::released,
               {{cards::card_id{1}, message, 1, response()}, {cards::card_id{3}, message, 0, response()}});
    ASSERT_EQ(here.network.submitted.size(), 2U);
    EXPECT_EQ(here.accept_next().packet, exchange_world::packet_of(2, 0));
    EXPECT_EQ(here.accept_next().packet, exchange_world::packet_of(3, 0));
    here.receive(2, response());
    here.receive(3, response());
    here.write_all();
    ASSERT_EQ(here.moves.size(), 1U);
    EXPECT_EQ(here.moves[0].more.sent, 3);
    EXPECT_EQ(here.moves[0].more.answered, 3);
}

TEST(exchange_core, time_without_a_link_is_not_the_cards_time) {
    exchange_world here(1);
    here.begin(1);
    here.accept_next();
    here.core.on_link_down("test");
    here.pass(std::chrono::hours(1));
    here.core.on_open();
    here.write_all();
    EXPECT_TRUE(here.moves.empty());
    here.pass(over_time);
    here.write_all();
    EXPECT_EQ(here.moves.size(), 1U);
}

TEST(exchange_core, an_answer_before_its_submits_result_is_counted_as_sent) {
    exchange_world here;
    here.begin(1);
    const auto sent = here.take();
    here.receive(1, response());
    here.write_all();
    EXPECT_TRUE(here.moves.empty());
    here.core.on_result(sent.token, submit_result::accepted, 0);
    here.write_all();
    ASSERT_EQ(here.moves.size(), 1U);
    EXPECT_EQ(here.moves[0].more.sent, 1);
}

TEST(exchange_core, stops_with_everything_durable_that_came_in) {
    exchange_world here;
    here.begin(2);
    here.accept_next();
    here.receive(1, response());
    here.core.stop();
    EXPECT_EQ(here.network.closed, 0);
    here.write_all();
    EXPECT_EQ(here.network.acknowledged.size(), 1U);
    EXPECT_EQ(here.network.closed, 1);
    here.core.on_closed();
    EXPECT_TRUE(here.core.ended());
    EXPECT_FALSE(here.core.failed());
}

TEST(exchange_core, ends_with_the_journals_or_the_networks_failure) {
    exchange_world journal;
    journal.begin(1);
    journal.core.on_journal_failed({"database", "", "disk full"});
    EXPECT_EQ(journal.network.closed, 1);
    journal.core.on_closed();
    EXPECT_EQ(journal.core.failed()->code, "database");
    exchange_world network;
    network.core.on_failed({"bind_failed", "", "refused"});
    EXPECT_TRUE(network.core.ended());
    EXPECT_EQ(network.core.failed()->code, "bind_failed");
}

// Any order of events: every chunk closes once, with each card's octets always the same, and the exchange ends.
void any_order(std::uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    seeded_random random(seed);
    exchange_world here(1 + static_cast<int>(random.below(4)));
    const auto packets = static_cast<std::uint8_t>(1 + random.below(3));
    std::int64_t leased = 0;
    const std::int64_t chunks = 1 + static_cast<std::int64_t>(random.below(4));
    std::vector<std::uint64_t> tokens;
    const auto lose_all = [&] {
        for (const auto token : tokens) here.core.on_result(token, submit_result::link_lost, 0);
        tokens.clear();
        here.core.on_link_down("test");
    };
    here.core.on_open();
    for (int step = 0; step < 4'000 && here.network.closed == 0; ++step) {
        while (!here.network.submitted.empty()) {
            const auto sent = here.take();
            const auto card = static_cast<std::int64_t>(sent.subscriber - exchange_world::subscriber(0));
            ASSERT_EQ(sent.packet, exchange_world::packet_of(card, sent.packet.back()));
            tokens.push_back(sent.token);
        }
        const auto card = static_cast<std::int64_t>(random.below(4) * 1000 + 1 + random.below(5));
        switch (random.below(8)) {
            case 0:
                if (here.journal.leases > 0) {
                    --here.journal.leases;
                    const bool more = leased < chunks;
                    here.core.on_leased(more ? std::vector{exchange_world::chunk_of(leased++, 5)}
                                             : std::vector<chunk>{});
                }
                break;
            case 1:
                if (!here.journal.releases.empty()) here.load(packets);
                break;
            case 2:
            case 3:
                if (!tokens.empty()) {
                    const auto at = random.below(tokens.size());
                    const auto token = tokens[at];
                    tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(at));
                    here.core.on_result(token, static_cast<submit_result>(random.below(3)), 0x0b);
                }
                break;
            case 4:
                here.receive(card, response());
                break;
            case 5:
                here.write_all();
                break;
            case 6:
                if (random.chance(0.1)) {
                    lose_all();
                    here.core.on_open();
                }
                break;
            default:
                here.pass(std::chrono::seconds(random.below(30)));
        }
    }
    EXPECT_EQ(here.network.closed, 1);
    std::set<std::int64_t> closed;
    for (const auto& move : here.moves) EXPECT_TRUE(closed.insert(move.held.id.number).second);
    EXPECT_EQ(closed.size(), static_cast<std::size_t>(chunks));
    EXPECT_EQ(here.core.take_finished(), 5 * chunks);
}

TEST(exchange_core, ends_after_any_order_of_events) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) any_order(seed);
}

}  // namespace
}  // namespace tessera::campaigns
