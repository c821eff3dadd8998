// The requirements on campaigns, a named test each. C-8 is in late_answers_test.cpp, C-9 in crash_test.cpp, C-10 in
// invariants_test.cpp.
#include <algorithm>
#include <set>

#include "base/hex.h"
#include "campaign_world.h"

namespace tessera::campaigns {
namespace {

TEST(campaigns, C_1_the_operator_starts_a_download_into_all_cards_of_a_fleet) {
    world here({.cards = 200});
    const auto made = here.create();
    EXPECT_EQ(here.sim->statistics().binds, 0U);  // nothing happens before somebody starts it
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 200});
    here.expect_sound(made);
    EXPECT_EQ(here.sim->statistics().executed, 200U);
}

TEST(campaigns, C_2_every_targeted_card_gets_a_message_of_its_own_before_anything_is_sent) {
    world here({.cards = 150});
    std::set<bytes> messages_at_opening;
    here.tap.on_call = [&](std::string_view call) {
        if (call != "open") return;
        for (auto& message : here.messages()) messages_at_opening.insert(std::move(message.packet));
    };
    here.run();
    EXPECT_EQ(messages_at_opening.size(), 150U);
}

TEST(campaigns, C_2_cards_that_hold_the_data_are_skipped_and_no_session_is_opened) {
    world here({.cards = 100});
    here.run();
    const auto before = here.sim->statistics();
    const auto messages = here.messages().size();
    const auto again = here.run({.name = "again"});
    here.expect_outcomes(again, {.skipped = 100});
    EXPECT_EQ(here.sessions, 1U);
    EXPECT_EQ(here.sim->statistics().binds, before.binds);
    EXPECT_EQ(here.messages().size(), messages);
    EXPECT_EQ(here.registered(0).image_version, 1);
}

TEST(campaigns, C_3_P2_sends_and_receives_over_one_session_that_it_opens_and_closes) {
    world here({.cards = 300});
    std::vector<std::string> calls;
    here.tap.on_call = [&](std::string_view call) {
        if (calls.empty() || calls.back() != call) calls.emplace_back(call);
    };
    here.run();
    ASSERT_GE(calls.size(), 4U);
    EXPECT_EQ(calls[0], "make");
    EXPECT_EQ(calls[1], "open");
    EXPECT_EQ(calls.back(), "close");
    EXPECT_EQ(std::ranges::count(calls, "open"), 1);
    here.sim->wait_for_unbinds(1);
    EXPECT_EQ(here.sim->statistics().binds, 1U);
}

TEST(campaigns, C_4_every_card_is_settled_by_its_own_acknowledgement_after_the_exchange) {
    world here({.cards = 300, .faults = "card_wrong_key = 0.2\ncard_off = 0.2", .seed = 4});
    std::vector<std::int64_t> outcomes_at_phase;
    here.progress.when_began = [&](phase) { outcomes_at_phase.push_back(here.count("SELECT COUNT(*) FROM outcome")); };
    const auto made = here.run({.telecom = "por_timeout = \"150ms\"\nattempts = 1"});
    EXPECT_EQ(outcomes_at_phase, std::vector<std::int64_t>(3, 0));
    here.expect_sound(made);
    const auto found = here.summary(made).outcomes;
    EXPECT_GT(found.done, 0);
    EXPECT_GT(found.failed, 0);
    EXPECT_GT(found.unknown, 0);
}

TEST(campaigns, C_5_phases_are_barriers_over_all_chunks_and_rounds_repeat_them) {
    // Several chunks, and answers that need a round of listening.
    world here({.cards = 2'100, .faults = "response_follows = 0.05\nresponse_follows_delay = \"300ms\"", .seed = 3});
    here.progress.when_began = [&](phase which) {
        const auto round = here.progress.phases.back().round;
        const auto chunks = campaign_store(*here.writer).chunks(campaign_key{1}, round).value();
        for (const auto& one : chunks) EXPECT_EQ(one.state, step_of(which).from) << "round " << round;
    };
    const auto made = here.run({.telecom = "por_timeout = \"1s\"\nattempts = 1"});
    std::vector<recorder::step> wanted;
    for (const int round : {1, 2})
        for (const auto which : {phase::prepare, phase::exchange, phase::settle}) wanted.push_back({round, which});
    EXPECT_EQ(here.progress.phases, wanted);
    here.expect_outcomes(made, {.done = 2'100});
    here.expect_sound(made);
}

TEST(campaigns, C_6_an_acknowledgement_settles_the_card_that_gave_it_and_no_other) {
    world here({.cards = 200, .faults = "card_off = 0.5\nreorder = 0.3", .seed = 6});
    const auto made = here.run({.telecom = "por_timeout = \"300ms\"\nattempts = 1"});
    here.expect_sound(made);
    for (std::size_t card = 0; const auto& row : here.rows(made)) {
        const bool answered = here.sim->read(card++).executed == 1;
        EXPECT_EQ(*row.outcome, answered ? operations::outcome::done : operations::outcome::unknown);
    }
}

TEST(campaigns, C_7_acknowledgements_are_stored_raw_in_P2_and_read_in_P3) {
    world here({.cards = 120});
    std::int64_t answers = -1;
    std::int64_t written = -1;
    here.progress.when_began = [&](phase which) {
        if (which != phase::settle) return;
        const auto stored = here.answers();
        answers = static_cast<std::int64_t>(stored.size());
        written = here.count("SELECT (SELECT COUNT(*) FROM outcome) + (SELECT COUNT(*) FROM image_file)");
        // Raw: the short message as it came, header and all.
        for (const auto& answer : stored) EXPECT_EQ(to_hex(byte_view(answer.octets).first(3)), "027100");
    };
    here.run();
    EXPECT_EQ(answers, 120);
    EXPECT_EQ(written, 0);
}

TEST(campaigns, C_11_the_network_session_is_opened_once_for_a_fleet_and_once_per_card_without_the_invention) {
    constexpr std::size_t cards = 20;
    world fleet({.cards = cards});
    fleet.run();
    EXPECT_EQ(fleet.sessions, 1U);
    world single({.cards = cards});
    for (std::size_t card = 0; card < cards; ++card)
        single.run({.targets = "imsi_range = [\"" + sim::fleet_imsi(card) + "\", \"" + sim::fleet_imsi(card) + "\"]"});
    EXPECT_EQ(single.sessions, cards);
    EXPECT_EQ(single.sim->statistics().executed, fleet.sim->statistics().executed);
    // Two barriers for the fleet, two for every card.
    EXPECT_EQ(fleet.progress.phases.size(), 3U);
    EXPECT_EQ(single.progress.phases.size(), 3 * cards);
}

TEST(campaigns, C_17_the_image_is_updated_in_P3_only_and_for_done_only) {
    world here({.cards = 200, .faults = "card_off = 0.3", .seed = 17});
    std::vector<std::pair<phase, std::int64_t>> images;
    here.progress.when_began = [&](phase which) {
        images.emplace_back(which, here.count("SELECT COUNT(*) FROM image_file"));
    };
    const auto made = here.run({.telecom = "por_timeout = \"150ms\"\nattempts = 1"});
    for (const auto& [which, rows] : images) EXPECT_EQ(rows, 0) << to_string(which);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM image_file"), here.summary(made).outcomes.done);
    here.expect_sound(made);
}

TEST(campaigns, the_session_is_opened_once_per_round_with_something_to_send) {
    world here({.cards = 200, .faults = "response_follows = 0.2\nresponse_follows_delay = \"400ms\"", .seed = 5});
    const auto made = here.run({.telecom = "por_timeout = \"1s\"\nattempts = 1"});
    EXPECT_EQ(here.sessions, static_cast<std::size_t>(here.summary(made).subject.round));
    EXPECT_EQ(here.sim->statistics().binds, here.sessions);
}

TEST(campaigns, a_persistent_session_carries_nothing_of_a_campaign_outside_P2) {
    world here({.cards = 300, .faults = "delay = \"1s\"", .persistent = true});
    std::set<phase> phases;
    std::set<phase> exchange_alone;
    exchange_alone.insert(phase::exchange);
    here.tap.on_call = [&](std::string_view) { phases.insert(here.progress.now); };
    const auto first = here.run({.telecom = "por_timeout = \"100ms\"\nattempts = 1"});
    here.expect_outcomes(first, {.unknown = 300});
    EXPECT_EQ(phases, exchange_alone);
    EXPECT_EQ(here.sim->statistics().submits, 300U);
    // What came between the exchanges was refused for now, and comes again.
    const auto second =
        here.run({.name = "second", .writes = write_text("7f20/6f3e", "0102"), .telecom = "por_timeout = \"5s\""});
    here.expect_outcomes(second, {.done = 300});
    here.expect_outcomes(first, {.done = 300});
    EXPECT_EQ(phases, exchange_alone);
    EXPECT_EQ(here.sim->statistics().binds, 1U);
}

}  // namespace
}  // namespace tessera::campaigns
