// Campaigns that send only at some hours, by a clock that the tests set.
#include "campaign_world.h"
#include "campaigns/wave_store.h"
#include "movable_clock.h"

namespace tessera::campaigns {
namespace {

using namespace std::chrono;

constexpr std::string_view night = "[window]\nfrom = \"22:00\"\nto = \"05:00\"\nzone = \"Europe/Berlin\"\n";

timestamp utc(year_month_day day, int hour, int minute = 0) { return sys_days(day) + hours(hour) + minutes(minute); }

// Noon, UTC, of a Thursday in winter: Berlin's night begins at 21:00 UTC.
const timestamp noon = utc(2026y / 1 / 15, 12);

void use(world& here, movable_clock& clock) {
    here.adjust = [&clock](environment& env) { env.clock = &clock; };
}

TEST(windows, nothing_is_sent_before_the_window_opens) {
    world here({.cards = 30});
    movable_clock clock(noon);
    use(here, clock);
    const auto made = here.create({.sections = std::string(night)});
    std::vector<timestamp> waits;
    here.progress.when_waits = [&](std::string_view what, timestamp until) {
        EXPECT_EQ(what, "the window");
        EXPECT_EQ(here.sessions, 0U);
        waits.push_back(until);
        clock.set(until);
    };
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    EXPECT_EQ(waits, std::vector{utc(2026y / 1 / 15, 21)});
    here.expect_outcomes(made, {.done = 30});
    // While it waited the clock of P1 stood.
    const auto phases = campaign_store(*here.writer).phases(made.key).value();
    for (const auto& one : phases) EXPECT_LT(one.ended.value() - one.started, hours(1));
}

TEST(windows, C_15_when_the_window_closes_nothing_new_is_released_and_the_session_is_closed) {
    world here({.cards = 12'000});
    here.smsc.window = 20;
    movable_clock clock(utc(2026y / 1 / 16, 3, 59));
    use(here, clock);
    const auto made = here.create({.telecom = "por_timeout = \"5s\"", .sections = std::string(night)});
    std::size_t sent = 0;
    std::size_t closed = 0;
    here.tap.on_submit = [&](const telecom::outbound_message&) {
        if (++sent == 700) clock.set(utc(2026y / 1 / 16, 4));
    };
    here.tap.on_call = [&](std::string_view call) { closed += call == "close" ? 1 : 0; };
    std::size_t sent_by_then = 0;
    here.progress.when_waits = [&](std::string_view, timestamp until) {
        EXPECT_EQ(until, utc(2026y / 1 / 16, 21));
        EXPECT_EQ(closed, 1U);
        sent_by_then = sent;
        // Of what was sent all is answered and in the journal; what was not released is nobody's.
        const auto progress = here.summary(made).first_round();
        EXPECT_EQ(progress.sent, static_cast<std::int64_t>(sent));
        EXPECT_EQ(progress.answered, static_cast<std::int64_t>(sent));
        const auto last = here.registered(11'999).id;
        EXPECT_FALSE(campaign_store(*here.writer).managed(last).value().has_value());
        clock.set(until);
    };
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    EXPECT_GE(sent_by_then, 700U);
    EXPECT_LT(sent_by_then, 3'000U);
    EXPECT_EQ(here.sessions, 2U);
    EXPECT_EQ(here.summary(made).first_round().sent, 12'000);
    here.expect_outcomes(made, {.done = 12'000});
    here.expect_sound(made);
}

TEST(windows, cards_of_each_zone_go_in_the_order_in_which_their_nights_begin) {
    world here({.cards = 30});
    cards::card_store registry(*here.writer);
    for (std::size_t card = 0; card < 10; ++card) registry.add_tag(here.registered(card).id, "ny").value();
    movable_clock clock(noon);
    use(here, clock);
    house_rules house;
    house.zones = {{"America/New_York", {}, {}, {"ny"}}, {"Europe/Berlin", {}, {}, {}}};
    const auto made =
        here.create({.sections = "[window]\nfrom = \"22:00\"\nto = \"05:00\"\nzone = \"card\"\n", .house = house});
    std::vector<timestamp> waits;
    std::vector<std::uint64_t> submits;
    here.progress.when_waits = [&](std::string_view, timestamp until) {
        waits.push_back(until);
        submits.push_back(here.sim->statistics().submits);
        clock.set(until);
    };
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    EXPECT_EQ(waits, (std::vector{utc(2026y / 1 / 15, 21), utc(2026y / 1 / 16, 3)}));
    EXPECT_EQ(submits, (std::vector<std::uint64_t>{0, 20}));
    here.expect_outcomes(made, {.done = 30});
    const auto legs = wave_store(*here.writer).legs(made.key).value();
    ASSERT_EQ(legs.size(), 2U);
    EXPECT_EQ(legs[0].zone, "America/New_York");
    EXPECT_EQ(legs[0].first_round, 2);
    EXPECT_EQ(legs[1].targets, 20);
}

TEST(windows, a_card_of_which_no_zone_is_known_is_told_when_the_campaign_is_made) {
    world here({.cards = 3});
    house_rules house;
    house.zones = {{"Europe/Berlin", {"999"}, {"7"}, {}}};
    EXPECT_THROW(static_cast<void>(here.create({.sections = "[window]\nzone = \"card\"\n", .house = house})),
                 std::runtime_error);
    house.zones[0].imsi = {"001"};
    EXPECT_EQ(here.create({.sections = "[window]\nzone = \"card\"\n", .house = house}).targets, 3);
}

TEST(windows, a_campaign_that_waits_can_be_stopped_and_goes_on_later) {
    world here({.cards = 10});
    movable_clock clock(noon);
    use(here, clock);
    const auto made = here.create({.sections = std::string(night)});
    here.progress.when_waits = [&](std::string_view, timestamp) { here.stop = true; };
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    EXPECT_EQ(here.sessions, 0U);
    here.stop = false;
    here.progress.when_waits = {};
    clock.set(utc(2026y / 1 / 15, 23));
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 10});
}

TEST(windows, nobody_waits_for_a_window_to_send_nothing) {
    world here({.cards = 10});
    here.run();
    movable_clock clock(noon);
    use(here, clock);
    const auto again = here.create({.name = "again", .sections = std::string(night)});
    EXPECT_EQ(here.conduct_now(again), run_end::finished);
    here.expect_outcomes(again, {.skipped = 10});
}

}  // namespace
}  // namespace tessera::campaigns
