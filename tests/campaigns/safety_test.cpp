// What limits harm: the global stop, the ration of sends, approval for what is dangerous; and what is left of a
// campaign that was paused or cancelled.
#include "campaign_world.h"
#include "campaigns/control.h"
#include "campaigns/membership.h"
#include "campaigns/safety_store.h"
#include "campaigns/wind_up.h"
#include "movable_clock.h"

namespace tessera::campaigns {
namespace {

using operations::outcome;

TEST(safety, a_global_stop_outlives_the_process_and_nothing_begins_or_goes_on) {
    world here({.cards = 300});
    const auto begun = here.create({.telecom = "por_timeout = \"2s\""});
    std::size_t sent = 0;
    here.tap.on_submit = [&](const telecom::outbound_message&) {
        if (++sent == 100) here.stop = true;
    };
    EXPECT_EQ(here.conduct_now(begun), run_end::interrupted);
    here.stop = false;
    const auto now = system_clock().now();
    here.shared.transact([&](store::connection& writer) { return safety_store(writer).stop_all("Ada", now); }).value();
    here.shared.transact([&](store::connection& writer) { return pause_running(writer, now); }).value();
    EXPECT_EQ(here.summary(begun).subject.state, campaign_state::paused);
    const auto fresh = here.create({.name = "fresh"});
    for (const auto& one : {begun, fresh}) {
        const auto refused = here.try_to_conduct(one);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, "stopped_all");
        EXPECT_NE(refused.error().message.find("Ada"), std::string::npos);
    }
    environment env;
    membership members(env, definition_of);
    EXPECT_EQ(members.may_write(*here.writer).error().code, "stopped_all");
    here.shared.transact([&](store::connection& writer) { return safety_store(writer).lift("Bob", now); }).value();
    EXPECT_TRUE(members.may_write(*here.writer));
    EXPECT_EQ(here.conduct_now(begun), run_end::finished);
    here.expect_outcomes(begun, {.done = 300});
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM global_stop WHERE stopped_by = 'Ada' AND lifted_by = 'Bob'"), 1);
}

TEST(safety, sends_per_hour_hold_for_all_campaigns_together_and_are_durable) {
    world here({.cards = 25});
    movable_clock clock(timestamp(std::chrono::hours(500'000)));
    here.adjust = [&](environment& env) {
        env.clock = &clock;
        env.sends_per_hour = 10;
    };
    std::vector<std::uint64_t> sent;
    here.progress.when_waits = [&](std::string_view what, timestamp until) {
        EXPECT_EQ(what, "sends_per_hour");
        EXPECT_LE(until - clock.now(), std::chrono::hours(1));
        sent.push_back(here.sim->statistics().submits);
        clock.set(until);
    };
    const auto first =
        here.create({.targets = "iccid_range = [\"" + sim::fleet_iccid(0) + "\", \"" + sim::fleet_iccid(4) + "\"]"});
    EXPECT_EQ(here.conduct_now(first), run_end::finished);
    EXPECT_TRUE(sent.empty());
    const auto second = here.create({.name = "second"});
    EXPECT_EQ(here.conduct_now(second), run_end::finished);
    here.expect_outcomes(second, {.done = 20, .skipped = 5});
    EXPECT_EQ(sent, (std::vector<std::uint64_t>{10, 20}));
}

TEST(safety, what_can_make_a_card_useless_wants_somebodys_name) {
    world here({.cards = 3});
    const auto made = here.create({.writes = write_text("7f20/6f07", "082943019000000000"), .approved = false});
    EXPECT_EQ(here.summary(made).waits_for, "it writes EF_IMSI (7f20/6f07): who the card is");
    EXPECT_EQ(here.try_to_conduct(made).error().code, "needs_approval");
    EXPECT_EQ(here.sessions, 0U);
    const auto approved = [&](std::string_view who, bool by_name) {
        return here.shared.transact(
            [&](store::connection& writer) { return approve(writer, made.key, who, by_name, system_clock().now()); });
    };
    EXPECT_EQ(approved("root", false).error().code, "bad_name");
    EXPECT_EQ(approved("", true).error().code, "bad_name");
    EXPECT_EQ(approved("Grace", true).value().state, campaign_state::created);
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM campaign_gate WHERE approved_by = 'Grace' AND approved_at > 0"), 1);
}

TEST(safety, a_paused_campaign_tells_what_it_has_sent_and_counts_nobody_twice) {
    world here({.cards = 1'500, .faults = "lose_submit = 0.3"});
    const auto made = here.create({.telecom = "por_timeout = \"300ms\"\nattempts = 9"});
    std::size_t sent = 0;
    here.tap.on_submit = [&](const telecom::outbound_message&) {
        if (++sent == 900) here.stop = true;
    };
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    const auto before = here.summary(made).first_round();
    EXPECT_GT(before.sent, 500);
    EXPECT_GE(before.sent, before.answered);
    here.stop = false;
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    const auto after = here.summary(made).first_round();
    EXPECT_EQ(after.sent, 1'500);
    EXPECT_LE(after.answered, 1'500);
    here.expect_outcomes(made, {.done = 1'500});
}

TEST(safety, a_cancelled_campaign_leaves_an_outcome_or_nothing_sent) {
    world here({.cards = 2'500, .faults = "card_off = 0.2"});
    here.smsc.window = 10;
    const auto made = here.create({.telecom = "por_timeout = \"30s\"\nattempts = 1"});
    std::size_t sent = 0;
    here.tap.on_submit = [&](const telecom::outbound_message&) {
        if (++sent == 1'200) here.stop = true;
    };
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    EXPECT_EQ(here.cancel(made).state, campaign_state::cancelled);
    const auto found = here.summary(made);
    EXPECT_GT(found.outcomes.done, 500);
    EXPECT_GT(found.outcomes.unknown, 0);
    EXPECT_GE(found.not_sent(), 500);  // the chunk that was never released
    EXPECT_EQ(found.outcomes.total() + found.not_sent(), 2'500);
    for (std::size_t card = 0; card < 2'500; card += 7) {
        const auto row = here.rows(made)[card];
        if (row.outcome == outcome::done) {
            EXPECT_EQ(here.image_content(card), spn_content);
        }
        if (!row.outcome) {
            EXPECT_EQ(here.sim->read(card).executed, 0U);
        }
    }
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM campaign WHERE phase <> 0"), 0);
    follow_up wanted{.outcomes = {}, .name = "the rest", .not_sent = true};
    const auto rest = here.follow_up(made, wanted);
    ASSERT_TRUE(rest) << to_string(rest.error().front());
    EXPECT_EQ(rest->targets, found.not_sent());
}

// Cards that were to be read back have been sent something: they end unknown, and a late answer may still settle them.
TEST(safety, a_campaign_cancelled_before_a_second_round_leaves_its_cards_unknown) {
    world here({.cards = 40, .faults = "lose_response = 0.5", .seed = 5});
    const auto made = here.create({.telecom = "por_timeout = \"60ms\"\nattempts = 4"});
    here.progress.when_began = [&](phase which) {
        if (here.progress.phases.back().round == 2 && which == phase::prepare) here.stop = true;
    };
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    here.cancel(made);
    const auto found = here.summary(made);
    EXPECT_EQ(found.not_sent(), 0);
    EXPECT_GT(found.outcomes.unknown, 0);
    EXPECT_EQ(found.outcomes.total(), 40);
}

}  // namespace
}  // namespace tessera::campaigns
