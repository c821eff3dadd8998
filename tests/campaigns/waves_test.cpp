// Campaigns in waves: which cards go when, and what keeps the next wave from going.
#include <algorithm>
#include <set>

#include "campaign_world.h"
#include "campaigns/control.h"
#include "campaigns/joint_loop.h"
#include "campaigns/wave_plan.h"
#include "campaigns/wave_store.h"

namespace tessera::campaigns {
namespace {

std::vector<leg> legs_of(world& here, const campaign& which) {
    return wave_store(*here.writer).legs(which.key).value();
}

campaign approve_now(world& here, const campaign& which) {
    return here.shared
        .transact(
            [&](store::connection& writer) { return approve(writer, which.key, "Ada", true, system_clock().now()); })
        .value();
}

// A card whose keys the registry has wrong fails; these are the first `count` of the fleet.
std::function<std::string(std::string)> without_keys(std::size_t count) {
    return [count](const std::string& csv) {
        // The first of its columns that a campaign cannot do without: no MSISDN, so the card fails in P1.
        std::string made;
        std::size_t row = 0;
        for (std::size_t at = 0; at < csv.size(); ++row) {
            const auto end = csv.find('\n', at);
            auto line = csv.substr(at, end - at);
            if (row >= 1 && row <= count) {
                const auto first = line.find(',', line.find(',') + 1) + 1;
                line.erase(first, line.find(',', first) - first);
            }
            made += line + "\n";
            at = end + 1;
        }
        return made;
    };
}

TEST(waves, C_5_the_barriers_hold_within_a_wave_and_rounds_are_numbered_on) {
    world here({.cards = 200});
    const auto made = here.create({.sections = "[[wave]]\nsize = 10\n[[wave]]\npercent = 25\n[[wave]]\n"});
    EXPECT_EQ(made.targets, 200);
    const auto before = legs_of(here, made);
    ASSERT_EQ(before.size(), 3U);
    EXPECT_EQ(before[0].targets, 10);
    EXPECT_EQ(before[1].targets, 50);
    EXPECT_EQ(before[2].targets, 140);
    std::map<int, std::int64_t> sent_by_round;
    here.tap.on_submit = [&](const telecom::outbound_message&) { ++sent_by_round[here.progress.phases.back().round]; };
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 200});
    here.expect_sound(made);
    EXPECT_EQ(sent_by_round, (std::map<int, std::int64_t>{{1, 10}, {2, 50}, {3, 140}}));
    using enum phase;
    const std::vector<recorder::step> wanted{{1, prepare}, {1, exchange}, {1, settle},   {2, prepare}, {2, exchange},
                                             {2, settle},  {3, prepare},  {3, exchange}, {3, settle}};
    EXPECT_EQ(here.progress.phases, wanted);
    const auto summary = here.summary(made);
    EXPECT_EQ(summary.first_round().sent, 200);
    EXPECT_EQ(summary.outcomes_of(summary.legs[1]).done, 50);
    EXPECT_EQ(summary.legs[2].last_round, 3);
}

// What is not settled in a wave's first round comes in rounds of that wave, and is settled there.
TEST(waves, C_5_a_wave_has_second_rounds_of_its_own) {
    world here({.cards = 60, .faults = "lose_response = 0.4", .seed = 3});
    const auto made = here.create(
        {.telecom = "por_timeout = \"60ms\"\nattempts = 8", .sections = "[[wave]]\npercent = 50\n[[wave]]\n"});
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 60});
    here.expect_sound(made);
    const auto legs = legs_of(here, made);
    EXPECT_GT(legs[0].last_round, 1);
    EXPECT_EQ(legs[1].first_round, legs[0].last_round + 1);
    EXPECT_GT(legs[1].last_round, legs[1].first_round);
    // Every card was read back in its own wave at the earliest.
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM target t JOIN leg_target m ON m.card_id = t.card_id JOIN campaign_leg g "
                         "ON g.leg = m.leg WHERE t.round < g.first_round OR t.round > g.last_round"),
              0);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM target t JOIN leg_target m ON m.card_id = t.card_id JOIN campaign_leg g "
                         "ON g.leg = m.leg WHERE t.purpose = 0 AND t.round > g.first_round"),
              0);
}

TEST(waves, the_order_is_fair_and_depends_on_the_seed_alone) {
    world here({.cards = 1'000});
    const auto drawn = [&](std::string_view seed) {
        const auto made =
            here.create({.sections = "[waves]\nseed = " + std::string(seed) + "\n[[wave]]\nsize = 100\n[[wave]]\n"});
        std::set<std::int64_t> cards;
        auto query = here.writer
                         ->prepare("SELECT card_id FROM leg_target WHERE leg = 1 AND campaign_key = " +
                                   std::to_string(made.key.value))
                         .value();
        while (query->step().value()) cards.insert(query->integer(0));
        return cards;
    };
    const auto one = drawn("1");
    EXPECT_EQ(one.size(), 100U);
    EXPECT_EQ(one, drawn("1"));
    EXPECT_NE(one, drawn("2"));
    // Of 1,000 cards every tenth: about as many of the first half as of the second.
    const auto low = std::ranges::count_if(one, [](std::int64_t card) { return card <= 500; });
    EXPECT_GT(low, 25);
    EXPECT_LT(low, 75);
}

TEST(waves, cards_that_a_wave_names_by_tag_are_not_drawn_by_others) {
    world here({.cards = 40});
    cards::card_store registry(*here.writer);
    for (std::size_t card = 0; card < 5; ++card) registry.add_tag(here.registered(card).id, "vip").value();
    const auto made = here.create({.sections = "[[wave]]\nsize = 35\n[[wave]]\ntag = \"vip\"\n"});
    const auto legs = legs_of(here, made);
    ASSERT_EQ(legs.size(), 2U);
    EXPECT_EQ(legs[0].targets, 35);
    EXPECT_EQ(legs[1].targets, 5);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM leg_target m JOIN card_tag t ON t.card_id = m.card_id WHERE m.leg = 2"),
              5);
}

TEST(waves, what_cannot_be_cut_is_refused_whole) {
    world here({.cards = 10});
    EXPECT_THROW(static_cast<void>(here.create({.sections = "[[wave]]\nsize = 3\n[[wave]]\nsize = 2\n"})),
                 std::runtime_error);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM campaign"), 0);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM leg_target"), 0);
}

TEST(waves, the_next_wave_waits_for_approval) {
    world here({.cards = 30});
    const auto made = here.create({.sections = "[[wave]]\nsize = 5\napproval = true\n[[wave]]\n"});
    EXPECT_EQ(here.conduct_now(made), run_end::held);
    auto summary = here.summary(made);
    EXPECT_EQ(summary.subject.state, campaign_state::waiting);
    EXPECT_EQ(summary.waits_for, "wave 1 is over; wave 2 wants approval");
    EXPECT_EQ(summary.outcomes.done, 5);
    EXPECT_EQ(here.sim->statistics().submits, 5U);
    const auto refused = here.try_to_conduct(made);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "bad_state");
    EXPECT_EQ(approve_now(here, made).state, campaign_state::paused);
    EXPECT_EQ(here.summary(made).waits_for, "");
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 30});
    const auto gates = wave_store(*here.writer).gates(made.key).value();
    ASSERT_EQ(gates.size(), 1U);
    EXPECT_EQ(gates[0].approved_by, "Ada");
    EXPECT_TRUE(gates[0].approved_at.has_value());
}

TEST(waves, too_few_successes_stop_the_campaign_after_the_wave) {
    world here({.cards = 30, .faults = "card_off = 1"});
    const auto made = here.create({.telecom = "por_timeout = \"20ms\"\nattempts = 1",
                                   .sections = "[waves]\nsuccess_threshold = 90\n[[wave]]\nsize = 4\n[[wave]]\n"});
    EXPECT_EQ(here.conduct_now(made), run_end::held);
    const auto summary = here.summary(made);
    EXPECT_EQ(summary.subject.state, campaign_state::stopped);
    EXPECT_EQ(summary.waits_for, "wave 1: 0 of 4 cards are done or skipped, 0 %, and success_threshold is 90 %");
    EXPECT_EQ(summary.outcomes.unknown, 4);
    approve_now(here, made);  // go on anyway
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.unknown = 30});
}

// Failures that P1 finds stop the wave before anything of it is sent.
TEST(waves, too_many_failures_stop_the_campaign_within_the_wave) {
    world here({.cards = 2'500, .registry = without_keys(600)});
    here.adjust = [](environment& env) { env.workers = 1; };
    const auto made = here.create({.sections = "[waves]\nerror_threshold = 10\n"});
    EXPECT_EQ(here.conduct_now(made), run_end::held);
    auto summary = here.summary(made);
    EXPECT_EQ(summary.subject.state, campaign_state::stopped);
    EXPECT_EQ(summary.subject.phase, phase::prepare);
    EXPECT_NE(summary.waits_for.find("error_threshold is 10 %"), std::string::npos) << summary.waits_for;
    EXPECT_EQ(here.sim->statistics().submits, 0U);
    EXPECT_LT(here.messages().size(), 1'900U);  // it did not even look at all of them
    approve_now(here, made);
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 1'900, .failed = 600});
}

// Where several conduct, whoever stopped it does not keep the chunks that it held from itself.
TEST(waves, a_process_goes_on_with_the_campaign_that_it_stopped_within_the_wave) {
    world here({.cards = 2'500, .registry = without_keys(600)});
    auto env = here.new_instance();
    env.role = role::all;
    env.workers = 1;
    const auto made = here.create({.sections = "[waves]\nerror_threshold = 10\n"});
    EXPECT_EQ(run_together(env, made.key, definition_of), run_end::held);
    EXPECT_EQ(here.summary(made).subject.phase, phase::prepare);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM chunk WHERE owner <> ''"), 0);
    approve_now(here, made);
    EXPECT_EQ(run_together(env, made.key, definition_of), run_end::finished);
    here.expect_outcomes(made, {.done = 1'900, .failed = 600});
}

// Cards of every other row have numbers that the network does not know.
std::string with_strange_numbers(const std::string& csv) {
    std::string made;
    std::size_t row = 0;
    for (std::size_t at = 0; at < csv.size(); ++row) {
        const auto end = csv.find('\n', at);
        auto line = csv.substr(at, end - at);
        if (row % 2 == 1) {
            const auto number = line.find(',', line.find(',') + 1) + 1;
            line.replace(number, 3, "777");
        }
        made += line + "\n";
        at = end + 1;
    }
    return made;
}

TEST(waves, too_many_refusals_of_the_network_stop_the_campaign_within_the_exchange) {
    constexpr std::int64_t cards = 8'000;
    world here({.cards = cards, .simulated = with_strange_numbers});
    here.smsc.window = 20;
    const auto made = here.create({.sections = "[waves]\nerror_threshold = 5\n"});
    EXPECT_EQ(here.conduct_now(made), run_end::held);
    const auto stopped = here.summary(made);
    EXPECT_EQ(stopped.subject.state, campaign_state::stopped);
    EXPECT_EQ(stopped.subject.phase, phase::exchange);
    EXPECT_EQ(stopped.waits_for, "wave 1: the network refused more cards than error_threshold allows");
    // What it had begun is nobody's fault: whoever takes the responsibility lets it go on.
    approve_now(here, made);
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = cards / 2, .failed = cards / 2});
}

TEST(waves, refusals_before_a_pause_count_afterwards) {
    constexpr std::int64_t cards = 8'000;
    world here({.cards = cards, .simulated = with_strange_numbers});
    here.smsc.window = 20;
    const auto made = here.create({.sections = "[waves]\nerror_threshold = 40\n"});  // 3,200 of them
    std::size_t sent = 0;
    here.tap.on_submit = [&](const telecom::outbound_message&) {
        if (++sent == 2'500) here.stop = true;
    };
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    here.stop = false;
    EXPECT_EQ(here.conduct_now(made), run_end::held);
    EXPECT_EQ(here.summary(made).subject.phase, phase::exchange);
    // Of those that were left, at most 2,800 were to be refused.
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM outcome"), 0);
}

TEST(waves, failures_that_cards_tell_stop_the_campaign_before_its_next_wave) {
    world here({.cards = 40, .faults = "card_wrong_key = 1"});
    const auto made = here.create({.telecom = "por_timeout = \"60ms\"\nattempts = 1",
                                   .sections = "[[wave]]\nsize = 10\nerror_threshold = 5\n[[wave]]\n"});
    EXPECT_EQ(here.conduct_now(made), run_end::held);
    const auto summary = here.summary(made);
    EXPECT_EQ(summary.subject.state, campaign_state::stopped);
    EXPECT_EQ(summary.outcomes.failed, 10);
    EXPECT_EQ(here.sim->statistics().submits, 10U);
    const auto cancelled = here.shared.transact([&](store::connection& writer) {
        return change_state(writer, made.key, campaign_event::cancel, system_clock().now());
    });
    EXPECT_EQ(cancelled.value().state, campaign_state::cancelled);
}

TEST(waves, test_cards_go_first_and_all_of_them_must_pass) {
    world here({.cards = 20});
    house_rules house;
    house.test_cards = {sim::fleet_iccid(3), sim::fleet_iccid(17)};
    const auto made = here.create(
        {.targets = "iccids = [\"" + sim::fleet_iccid(1) + "\", \"" + sim::fleet_iccid(3) + "\"]", .house = house});
    EXPECT_EQ(made.targets, 3);
    std::vector<std::uint64_t> order;
    here.tap.on_submit = [&](const telecom::outbound_message& message) { order.push_back(message.subscriber); };
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    ASSERT_EQ(order.size(), 3U);
    EXPECT_EQ(order[2], here.registered(1).identity.msisdn);
    const auto legs = legs_of(here, made);
    ASSERT_EQ(legs.size(), 2U);
    EXPECT_EQ(legs[0].wave, test_wave);

    world silent({.cards = 20, .faults = "card_off = 1"});
    const auto stopped = silent.create({.telecom = "por_timeout = \"20ms\"\nattempts = 1", .house = house});
    EXPECT_EQ(silent.conduct_now(stopped), run_end::held);
    EXPECT_EQ(silent.summary(stopped).subject.state, campaign_state::stopped);
    EXPECT_EQ(silent.summary(stopped).outcomes.unknown, 2);
}

TEST(waves, a_campaign_that_means_no_test_card_that_it_does_not_exclude_is_refused) {
    world here({.cards = 5});
    house_rules house;
    house.test_cards = {sim::fleet_iccid(3)};
    EXPECT_THROW(
        static_cast<void>(here.create(
            {.targets = "all = true\n[targets.exclude]\niccids = [\"" + sim::fleet_iccid(3) + "\"]", .house = house})),
        std::runtime_error);
    house.test_cards = {"8999999999999999999"};
    EXPECT_THROW(static_cast<void>(here.create({.house = house})), std::runtime_error);
}

// Pause and crash between waves and within one: what is resumed is the wave that was under way.
TEST(waves, C_9_a_crash_in_a_later_wave_leaves_every_card_executed_once) {
    world here({.cards = 400});
    const auto made = here.create({.telecom = "por_timeout = \"2s\"", .sections = "[[wave]]\nsize = 100\n[[wave]]\n"});
    std::size_t calls = 0;
    here.tap.on_call = [&](std::string_view call) {
        if (call != "submit" || ++calls != 250) return;
        here.tap.dead = true;
        here.stop = true;
    };
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    here.tap.on_call = {};
    here.tap.dead = false;
    here.stop = false;
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 400});
    here.expect_sound(made);
    EXPECT_EQ(here.sim->statistics().executed, 400U);
}

TEST(waves, C_12_waves_write_no_row_of_any_card) {
    world here({.cards = 50, .faults = "card_off = 1"});
    here.note_rows("UPDATE", "card", "'card'");
    here.note_rows("INSERT", "image_file", "'image'");
    const auto made =
        here.run({.telecom = "por_timeout = \"20ms\"\nattempts = 1", .sections = "[[wave]]\nsize = 5\n[[wave]]\n"});
    here.expect_outcomes(made, {.unknown = 50});
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM written"), 0);
}

}  // namespace
}  // namespace tessera::campaigns
