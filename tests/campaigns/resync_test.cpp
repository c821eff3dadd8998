// Cards whose counters are out of step with the registry's: found, explained, brought back.
#include "campaign_world.h"
#include "campaigns/counter_report.h"
#include "campaigns/preview.h"
#include "cards/near_counters.h"
#include "operations/counter_hint.h"
#include "single_desk.h"

namespace tessera::campaigns {
namespace {

using operations::operation_kind;
using operations::outcome;

std::function<std::string(std::string)> counters_at(std::string_view hex) {
    return [hex = "," + std::string(hex) + "\n"](std::string csv) {
        constexpr std::string_view zero = ",0000000000\n";
        for (std::size_t at = 0; (at = csv.find(zero, at)) != std::string::npos;) csv.replace(at, zero.size(), hex);
        return csv;
    };
}

TEST(resync, a_card_ahead_of_the_registry_is_found_explained_and_brought_back_in_step) {
    world here({.cards = 2, .simulated = counters_at("00000003e8"), .shared = true});
    const auto made = here.run();
    here.expect_outcomes(made, {.failed = 2});
    for (const auto& row : here.rows(made)) {
        EXPECT_EQ(row.why, (operations::cause{operations::cause_kind::por_status, 2, 0}));
        EXPECT_TRUE(operations::counter_hint(row.why));
    }
    EXPECT_EQ(cards_refusing_counters(*here.writer, made.key).value(), 2);

    branch desk(here);
    for (std::size_t card = 0; card < 2; ++card) {
        const auto found = desk.ask(desk.request(card, operation_kind::resync)).get();
        ASSERT_FALSE(found.refused) << to_string(*found.refused);
        EXPECT_EQ(found.what, outcome::done);
        EXPECT_GT(found.counter, 1'000U);
        EXPECT_LE(found.counter, 2'100U);
        EXPECT_EQ(here.sim->read(card).counter, found.counter);
        EXPECT_EQ(here.sim->read(card).executed, 0U);  // nothing was changed
    }
    const auto refused = here.sim->statistics().refused;
    const auto next = here.follow_up(made).value();
    EXPECT_EQ(here.conduct_now(next), run_end::finished);
    here.expect_outcomes(next, {.done = 2});
    EXPECT_EQ(here.sim->statistics().refused, refused);
}

// SPI1 b5b4 = 11: the card wants exactly the next counter, and packets that it never got are missing to it.
TEST(resync, a_card_behind_the_registry_that_wants_the_very_next_counter_is_brought_in_step) {
    world here({.cards = 1, .registry = counters_at("0000000050"), .shared = true});
    const auto made = here.run({.spi = "1e39"});
    here.expect_outcomes(made, {.failed = 1});
    EXPECT_EQ(here.rows(made)[0].why.value, 3);
    EXPECT_EQ(cards_refusing_counters(*here.writer, made.key).value(), 1);
    branch desk(here);
    const auto found = desk.ask(desk.request(0, operation_kind::resync)).get();
    EXPECT_EQ(found.what, outcome::done);
    EXPECT_EQ(found.packets, 1);
    const auto next = here.follow_up(made).value();
    EXPECT_EQ(here.conduct_now(next), run_end::finished);
    here.expect_outcomes(next, {.done = 1});
}

TEST(resync, goes_no_further_than_its_leap_and_begins_where_it_is_told_to) {
    world here({.cards = 1, .simulated = counters_at("0000100000"), .shared = true});
    branch desk(here);
    auto request = desk.request(0, operation_kind::resync);
    request.leap_max = 100;
    const auto short_of_it = desk.ask(request).get();
    EXPECT_EQ(short_of_it.what, outcome::failed);
    EXPECT_TRUE(operations::counter_hint(short_of_it.why));
    EXPECT_EQ(here.count("SELECT MAX(counter) FROM key_counter"), 101);
    request.counter = 0x100001;
    const auto told = desk.ask(request).get();
    EXPECT_EQ(told.what, outcome::done);
    EXPECT_EQ(told.packets, 1);
    EXPECT_EQ(told.counter, 0x100001U);
    request.counter = 5;
    EXPECT_EQ(desk.ask(request).get().refused->code, "bad_counter");
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM operation WHERE state = 0"), 0);
}

// A leap is committed before it is sent, and an answer that is lost costs another one.
TEST(resync, works_over_a_network_that_loses_answers) {
    world here({.cards = 20,
                .faults = "lose_response = 0.3",
                .seed = 9,
                .simulated = counters_at("0000000064"),
                .shared = true});
    branch desk(here);
    for (std::size_t card = 0; card < 20; ++card) {
        auto request = desk.request(card, operation_kind::resync);
        request.por_timeout = std::chrono::milliseconds(40);
        request.attempts = 12;
        const auto found = desk.ask(request).get();
        EXPECT_EQ(found.what, outcome::done);
        EXPECT_EQ(here.sim->read(card).counter, found.counter);
        EXPECT_LT(found.counter, 1'000U);
    }
}

TEST(counters, near_their_end_are_told_of_long_before) {
    world here(
        {.cards = 3, .registry = counters_at("fffff00000"), .simulated = counters_at("fffff00000"), .shared = true});
    const auto all = cards::near_counters(*here.writer, 2'000'000, 10).value();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].left, 0xfffffU - 1);
    EXPECT_FALSE(all[0].application);
    EXPECT_TRUE(cards::near_counters(*here.writer, 1'000'000, 10).value().empty());
    const auto made = here.create();
    EXPECT_EQ(cards_near_counter_end(*here.writer, made).value(), 0);
    here.writer->execute("UPDATE key_set SET initial_counter = 1099511000000 WHERE card_id > 1").value();
    EXPECT_EQ(cards_near_counter_end(*here.writer, made).value(), 2);
    EXPECT_EQ(preview_targets(*here.writer, made.key, definition_of(made).value(), {}).value().near_counter_end, 2);
    // What was sent since counts, and by application.
    branch desk(here);
    EXPECT_EQ(desk.ask(desk.request(2, operation_kind::read)).get().what, outcome::done);
    const auto later = cards::near_counters(*here.writer, 2'000'000, 10).value();
    ASSERT_EQ(later.size(), 3U);
    EXPECT_EQ(later[0].card.value, 3);
    EXPECT_EQ(later[0].application, 0xb00010U);
    EXPECT_EQ(later[0].counter, 1'099'511'000'001U);
    EXPECT_EQ(cards_near_counter_end(*here.writer, made).value(), 2);
}

}  // namespace
}  // namespace tessera::campaigns
