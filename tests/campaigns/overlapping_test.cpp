// Two campaigns on the same cards, one of which stands still half-way while the other runs: whatever comes back is its
// own campaign's, and neither takes the other's refusals or answers for its own (C-8, C-14, C-17).
#include "campaign_world.h"
#include "movable_clock.h"
#include "single_desk.h"

namespace tessera::campaigns {
namespace {

constexpr std::string_view newer = "0142424242ffffffffffffffffffffffff";
const std::string patient = "por_timeout = \"20s\"\nattempts = 3";

// Cut short when everything of it has been sent, before anything came back.
campaign sent_and_stopped(world& here, std::size_t cards, const std::string& telecom = patient) {
    std::size_t sent = 0;
    here.tap.on_submit = [&here, &sent, cards](const telecom::outbound_message&) {
        if (++sent == cards) here.stop = true;
    };
    const auto made = here.create({.name = "first", .telecom = telecom});
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    here.tap.on_submit = {};
    here.stop = false;
    return made;
}

int rounds_of(world& here, const campaign& which) { return here.summary(which).subject.round; }

TEST(overlapping_campaigns, C_8_answers_to_the_one_that_stands_still_are_its_own) {
    world here({.cards = 60, .faults = "delay = \"1s\""});
    const auto first = sent_and_stopped(here, 60);
    here.sim->wait_for_waiting(60);
    const auto second = here.run({.name = "second", .writes = write_text("7f20/6f3e", "0102"), .telecom = patient});
    here.expect_outcomes(second, {.done = 60});
    EXPECT_EQ(rounds_of(here, second), 1);
    EXPECT_EQ(here.sim->statistics().submits, 120U);
    EXPECT_EQ(here.conduct_now(first), run_end::finished);
    here.expect_outcomes(first, {.done = 60});
    EXPECT_EQ(rounds_of(here, first), 1);
    EXPECT_EQ(here.sim->statistics().submits, 120U);
    for (std::size_t card = 0; card < 60; ++card) {
        EXPECT_EQ(here.image_content(card), spn_content);
        EXPECT_EQ(here.image_content(card, "7f20/6f3e"), "0102");
    }
}

// What it has sent may arrive at any moment: the image does not know it yet.
TEST(overlapping_campaigns, C_17_a_card_is_not_skipped_on_an_image_that_another_campaign_is_changing) {
    world here({.cards = 40, .faults = "delay = \"1s\""});
    here.run({.name = "zeroth", .writes = write_text(spn_file, newer), .telecom = patient});
    const auto first = sent_and_stopped(here, 40);
    const auto second = here.run({.name = "second", .writes = write_text(spn_file, newer), .telecom = patient});
    here.expect_outcomes(second, {.done = 40});
    EXPECT_EQ(here.conduct_now(first), run_end::finished);
    for (std::size_t card = 0; card < 40; ++card) {
        EXPECT_EQ(here.sim->read(card).content, newer);
        EXPECT_EQ(here.image_content(card), newer);
    }
}

// Its messages have counters that the other has passed meanwhile; no card would take them.
TEST(overlapping_campaigns, C_14_messages_that_another_campaign_overtook_are_formatted_again) {
    world here({.cards = 1'200});
    const auto first = here.create({.name = "first", .telecom = patient});
    here.progress.when_ended = [&](int, phase which) {
        if (which == phase::prepare) here.stop = true;
    };
    EXPECT_EQ(here.conduct_now(first), run_end::interrupted);
    here.progress.when_ended = {};
    here.stop = false;
    EXPECT_EQ(here.sim->statistics().submits, 0U);
    const auto second = here.run({.name = "second", .writes = write_text(spn_file, newer), .telecom = patient});
    here.expect_outcomes(second, {.done = 1'200});
    EXPECT_EQ(here.conduct_now(first), run_end::finished);
    here.expect_outcomes(first, {.done = 1'200});
    EXPECT_EQ(here.sim->statistics().refused, 0U);
    for (std::size_t card = 0; card < 1'200; card += 11) {
        EXPECT_EQ(here.sim->read(card).content, spn_content);
        EXPECT_EQ(here.image_content(card), spn_content);
    }
}

// It waits for nothing any more, but its answers may still come.
TEST(overlapping_campaigns, C_8_answers_to_a_cancelled_one_are_its_own) {
    world here({.cards = 60, .faults = "delay = \"1s\""});
    const auto first = sent_and_stopped(here, 60);
    here.cancel(first);
    here.sim->wait_for_waiting(60);
    const auto second = here.run({.name = "second", .writes = write_text("7f20/6f3e", "0102"), .telecom = patient});
    here.expect_outcomes(second, {.done = 60});
    EXPECT_EQ(rounds_of(here, second), 1);
    here.expect_outcomes(first, {.done = 60});
    EXPECT_EQ(here.sim->statistics().submits, 120U);
}

// Who is overtaken after his packet has left stays in the round: the same octets go again, as often as is asked for.
TEST(overlapping_campaigns, C_9_a_chunk_that_was_overtaken_is_sent_again_as_it_is) {
    const std::string hasty = "por_timeout = \"50ms\"\nattempts = 3";
    world here({.cards = 20, .faults = "lose_response = 1"});
    const auto first = sent_and_stopped(here, 20, hasty);
    const auto second = here.run({.name = "second", .writes = write_text(spn_file, newer), .telecom = hasty});
    here.expect_outcomes(second, {.unknown = 20});
    EXPECT_EQ(here.conduct_now(first), run_end::finished);
    here.expect_outcomes(first, {.unknown = 20});
    EXPECT_EQ(rounds_of(here, first), 1);
}

// The ration of the hour was used up within a chunk: whom nothing was sent is nobody's business until it goes on, and
// whoever is touched meanwhile gets a message of the next round.
TEST(overlapping_campaigns, C_15_cards_of_a_released_chunk_are_free_while_nothing_has_left) {
    world here({.cards = 20, .shared = true});
    movable_clock clock(timestamp(std::chrono::hours(500'000)));
    std::int64_t ration = 10;
    here.adjust = [&](environment& env) {
        env.clock = &clock;
        env.sends_per_hour = ration;
    };
    const auto made = here.create({.name = "rationed", .telecom = patient});
    here.progress.when_waits = [&](std::string_view, timestamp) { here.stop = true; };
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    EXPECT_EQ(here.sim->statistics().submits, 10U);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM chunk WHERE state = 2"), 1);
    here.progress.when_waits = {};
    here.stop = false;
    {
        branch desk(here);
        EXPECT_EQ(desk.write(0, newer).refused->code, "inhibited");
        const auto written = desk.write(19, newer);
        ASSERT_FALSE(written.refused) << to_string(*written.refused);
        EXPECT_EQ(written.what, operations::outcome::done);
    }
    clock.set(clock.now() + std::chrono::hours(2));
    ration = 100;
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 20});
    EXPECT_EQ(here.sim->statistics().refused, 0U);
    EXPECT_EQ(here.image_content(19), spn_content);
    EXPECT_EQ(rounds_of(here, made), 2);
}

}  // namespace
}  // namespace tessera::campaigns
