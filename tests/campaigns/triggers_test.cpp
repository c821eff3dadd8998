// Events of cards that set off campaigns: who becomes a target, once, and what holds after a crash.
#include "base/event_limits.h"
#include "campaign_world.h"
#include "campaigns/control.h"
#include "campaigns/safety_store.h"
#include "campaigns/trigger_work.h"
#include "campaigns/waits.h"
#include "cards/profile_store.h"
#include "movable_clock.h"

namespace tessera::campaigns {
namespace {

using cards::event_kind;

constexpr const char *one = "490154203237518", *another = "356938035643809";

std::string trigger_text(const std::string& terms = "on = \"first-registration\"", campaign_options options = {}) {
    return replaced(campaign_text(options), "[targets]\nall = true",
                    "[trigger]\nname = \"welcome\"\nevery = \"0s\"\n" + terms);
}

class triggers : public ::testing::Test {
protected:
    std::expected<stored_trigger, std::vector<error>> try_to_add(const std::string& text) {
        file_context context;
        context.file = "t.toml";
        return add_trigger(*reader, here.shared, text, context, clock.now());
    }
    stored_trigger add(const std::string& text = trigger_text()) {
        auto made = try_to_add(text);
        EXPECT_TRUE(made) << to_string(made.error().front());
        return made.value_or(stored_trigger{});
    }
    std::string refusal(const std::string& text) {
        const auto made = try_to_add(text);
        return made ? "added" : to_string(made.error().front());
    }
    void tell(std::size_t card, std::string_view imei = one) {
        const auto told = here.shared.transact([&](store::connection& writer) {
            cards::reported_event event{event_kind::registration, cards::parse_imei(imei).value(), clock.now(), "test"};
            return cards::card_event_store(writer).record(here.registered(card).id, event, clock.now());
        });
        ASSERT_TRUE(told) << to_string(told.error());
    }
    // Campaigns made by one look.
    int create(const file_context& context = {}) {
        const auto made = watch->look(context, clock.now());
        EXPECT_TRUE(made) << to_string(made.error());
        return made ? made->campaigns : -1;
    }
    // Until there is no more to do at once.
    int create_all(const file_context& context = {}) {
        int all = 0;
        for (int looks = 0; looks < 1'000; ++looks) {
            const auto made = watch->look(context, clock.now());
            EXPECT_TRUE(made) << to_string(made.error());
            if (!made) return -1;
            all += made->campaigns;
            if (!made->more) return all;
        }
        ADD_FAILURE() << "it never comes to rest";
        return all;
    }
    // As after a crash: what was in memory is gone.
    void begin_anew() { watch.emplace(*reader, here.shared, system_random()); }
    std::optional<campaign> next() {
        const auto key = next_triggered(*reader, {}).value();
        if (!key) return std::nullopt;
        return campaign_store(*here.writer).get(*key).value();
    }
    // The next one, which must be there, to its end.
    campaign run_next() {
        const auto made = next();
        EXPECT_TRUE(made);
        if (!made) return {};
        EXPECT_EQ(here.conduct_now(*made), run_end::finished);
        return campaign_store(*here.writer).get(made->key).value();
    }
    stored_trigger stored() { return trigger_store(*here.writer).find("welcome").value().value(); }

    world here{{.cards = 6}};
    movable_clock clock{timestamp(std::chrono::hours(500'000))};
    std::unique_ptr<store::connection> reader = here.storage->connect(store::access::read).value();
    std::optional<trigger_watch> watch{std::in_place, *reader, here.shared, system_random()};
};

// Else one message from a terminal would keep every card behind it waiting.
TEST_F(triggers, what_the_file_has_nothing_for_is_passed_over) {
    ASSERT_TRUE(here.writer->execute("INSERT INTO terminal (card_id, port) VALUES (" +
                                     std::to_string(here.registered(1).id.value) + ", 16000)"));
    add();
    tell(1);
    tell(2, another);
    EXPECT_EQ(create(), 1);
    EXPECT_EQ(run_next().targets, 1);
    EXPECT_EQ(stored().problem, "");
    EXPECT_EQ(here.sim->read(2).content, spn_content);
}

TEST_F(triggers, a_first_registration_brings_the_file_onto_that_card_alone) {
    add();
    EXPECT_EQ(create(), 0);
    tell(2);
    EXPECT_EQ(create(), 1);
    const auto made = run_next();
    EXPECT_EQ(made.targets, 1);
    EXPECT_EQ(made.name, "test");
    here.expect_outcomes(made, {.done = 1});
    EXPECT_EQ(here.sim->read(2).content, spn_content);
    EXPECT_EQ(here.image_content(2), spn_content);
    EXPECT_EQ(here.sim->read(1).executed, 0U);
    EXPECT_EQ(create(), 0) << "an event has its effect once";
    EXPECT_FALSE(next());
}

TEST_F(triggers, cards_are_gathered_into_one_campaign) {
    add(replaced(trigger_text(), "every = \"0s\"", "every = \"10m\""));
    tell(0);
    clock.set(clock.now() + std::chrono::minutes(9));
    tell(1), tell(2);
    EXPECT_EQ(create(), 0) << "the first of them has not waited for long enough";
    clock.set(clock.now() + std::chrono::minutes(1));
    EXPECT_EQ(create(), 1);
    EXPECT_EQ(run_next().targets, 3);
    const auto counts = trigger_store(*here.writer).counts(stored().key).value();
    EXPECT_EQ(counts.campaigns, 1);
    EXPECT_EQ(counts.events, 3);
}

TEST_F(triggers, a_campaign_with_its_most_cards_does_not_wait) {
    add(replaced(trigger_text(), "every = \"0s\"", "every = \"10m\"\ncards_max = 2"));
    for (std::size_t card = 0; card < 5; ++card) tell(card);
    EXPECT_EQ(create(), 1);
    EXPECT_EQ(create(), 1);
    EXPECT_EQ(create(), 0) << "the fifth waits";
    EXPECT_EQ(run_next().targets, 2);
    EXPECT_EQ(run_next().targets, 2) << "one after the other";
}

TEST_F(triggers, a_phone_of_a_type_is_met_and_others_are_not) {
    add(trigger_text("on = [\"first-registration\", \"new-imei\"]\nimei = [\"35693803\"]"));
    tell(0), tell(1), tell(2, another);
    EXPECT_EQ(create(), 1);
    EXPECT_EQ(run_next().targets, 1);
    clock.set(clock.now() + std::chrono::minutes(1));
    tell(1, another);
    EXPECT_EQ(create(), 1) << "a swapped phone";
    EXPECT_EQ(here.rows(run_next()).front().iccid, sim::fleet_iccid(1));
    EXPECT_EQ(stored().seen_event, cards::card_event_store(*here.writer).last_key());
}

TEST_F(triggers, tags_and_profile_narrow_whom_it_is_for) {
    cards::card_store cards(*here.writer);
    ASSERT_TRUE(cards.add_tag(here.registered(3).id, "pilot").value());
    add(trigger_text("on = \"first-registration\"\ntag = [\"pilot\"]\nprofile = \"telco-2ff\""));
    tell(2), tell(3);
    EXPECT_EQ(create(), 1);
    EXPECT_EQ(here.rows(run_next()).front().iccid, sim::fleet_iccid(3));
    EXPECT_EQ(refusal(trigger_text("on = \"registration\"\ntag = \"nobody\"")),
              "t.toml:7: tag: no card has the tag \"nobody\"");
}

TEST_F(triggers, a_card_has_so_many_campaigns_a_day) {
    add(trigger_text("on = \"new-imei\"\nper_card_and_day = 2"));
    tell(0);
    for (int i = 0; i < 5; ++i) {
        clock.set(clock.now() + std::chrono::minutes(1));
        tell(0, i % 2 == 0 ? another : one);
        EXPECT_EQ(create(), i < 2 ? 1 : 0) << i;
    }
    EXPECT_EQ(stored().limited, 3);
    clock.set(clock.now() + std::chrono::hours(24));
    tell(0, one);
    EXPECT_EQ(create(), 1);
}

TEST_F(triggers, events_before_it_are_not_its_own_and_those_while_it_is_paused_are) {
    tell(0);
    const auto made = add();
    EXPECT_EQ(create(), 0);
    const auto set = [&](trigger_state state) { ASSERT_TRUE(trigger_store(*here.writer).set_state(made.key, state)); };
    set(trigger_state::paused);
    tell(1);
    EXPECT_EQ(create(), 0);
    set(trigger_state::active);
    EXPECT_EQ(create(), 1);
    set(trigger_state::removed);
    tell(2);
    EXPECT_EQ(create(), 0);
    EXPECT_EQ(add().name, "welcome") << "its name is free";
    EXPECT_EQ(refusal(trigger_text()), "welcome: there is a trigger of this name; remove it first");
}

TEST_F(triggers, a_campaign_and_what_made_it_are_one_transaction) {
    add(trigger_text("on = \"first-registration\"\nper_card_and_day = 24"));
    tell(0);
    // The last row that is written fails: nothing of the campaign is there, and the event still has its effect.
    here.refuse_rows("INSERT", "triggered_card");
    EXPECT_FALSE(watch->look({}, clock.now()));
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM campaign"), 0);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM target"), 0);
    here.allow_rows("triggered_card");
    begin_anew();
    EXPECT_EQ(create(), 1);
    EXPECT_EQ(create(), 0);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM campaign"), 1);
}

TEST_F(triggers, a_campaign_that_was_interrupted_goes_on_first) {
    add();
    tell(0);
    EXPECT_EQ(create(), 1);
    const auto first = next();
    here.progress.when_began = [&](phase which) { here.stop = which == phase::exchange; };
    EXPECT_EQ(here.conduct_now(*first), run_end::interrupted);
    here.progress.when_began = {};
    here.stop = false;
    tell(1);
    EXPECT_EQ(create(), 1);
    EXPECT_EQ(run_next().id, first->id);
    EXPECT_EQ(run_next().targets, 1);
}

TEST_F(triggers, who_waits_for_somebody_holds_up_nobody) {
    const auto writes = write_text("7f20/6f07", "082943019000000000");
    add(trigger_text("on = \"first-registration\"", {.writes = writes, .approved = false}));
    tell(0);
    EXPECT_EQ(create(), 1);
    EXPECT_FALSE(next()) << "it writes EF_IMSI: somebody must take the responsibility";
    const auto waiting = campaign_store(*here.writer).list(0, 1).value().front();
    here.shared
        .transact([&](store::connection& writer) { return approve(writer, waiting.key, "Grace", true, clock.now()); })
        .value();
    EXPECT_EQ(next()->id, waiting.id);
    here.shared.transact([&](store::connection& writer) { return safety_store(writer).stop_all("Ada", clock.now()); })
        .value();
    EXPECT_FALSE(next()) << "everything is stopped";
}

TEST_F(triggers, a_campaign_that_cannot_be_made_keeps_its_events) {
    add();
    tell(0);
    file_context strict;
    strict.house.test_tag = "nobody";
    EXPECT_EQ(create_all(strict), 0);
    EXPECT_NE(stored().problem, "");
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM trigger_refused_card"), 0) << "it does not lie with the card";
    EXPECT_EQ(create(), 0) << "not tried all the time";
    clock.set(clock.now() + limits::trigger_retry);
    EXPECT_EQ(create(), 1) << "the house asks for no test cards any more";
    EXPECT_EQ(stored().problem, "");
}

// One card without a zone must not keep the others from their campaign, nor be tried for ever.
TEST_F(triggers, a_card_that_is_refused_is_noted_and_the_others_go_on) {
    house_rules house;
    house.zones = {{"Europe/Berlin", {}, {}, {"north"}}};
    file_context context;
    context.house = house;
    context.file = "t.toml";
    cards::card_store cards(*here.writer);
    for (const std::size_t card : {0, 1, 3, 4}) ASSERT_TRUE(cards.add_tag(here.registered(card).id, "north").value());
    const auto text = trigger_text("on = [\"first-registration\", \"new-imei\"]") +
                      "[window]\nfrom = \"22:00\"\nto = \"05:00\"\nzone = \"card\"\n";
    EXPECT_EQ(refusal(text),
              "t.toml: [window] zone: is \"card\", and tessera.toml has no [[zone]] that says where a card is");
    ASSERT_TRUE(add_trigger(*reader, here.shared, text, context, clock.now()));
    for (std::size_t card = 0; card < 5; ++card) tell(card);
    EXPECT_GE(create_all(context), 1);
    EXPECT_EQ(here.count("SELECT COUNT(DISTINCT card_id) FROM triggered_card"), 4);
    trigger_store rows(*here.writer);
    const auto refused = rows.refused(stored().key, 10).value();
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_EQ(refused[0].iccid, sim::fleet_iccid(2));
    EXPECT_NE(refused[0].reason.find("no [[zone]] of tessera.toml says where IMSI"), std::string::npos);
    EXPECT_EQ(rows.counts(stored().key)->refused, 1);
    EXPECT_EQ(stored().seen_event, cards::card_event_store(*here.writer).last_key());
    EXPECT_EQ(stored().problem, "");
    // Its next event finds it in a zone.
    clock.set(clock.now() + std::chrono::hours(25));
    ASSERT_TRUE(cards.add_tag(here.registered(2).id, "north").value());
    tell(2, another);
    EXPECT_EQ(create_all(context), 1);
    EXPECT_EQ(rows.counts(stored().key)->refused, 0);
}

// Profiles that contradict one another want a campaign each: they are told apart, not card by card.
TEST_F(triggers, cards_of_profiles_that_contradict_get_a_campaign_for_each) {
    const auto old = here.registered(0).profile;
    cards::card_store cards(*here.writer);
    const auto other = cards.profile_named("other").value();
    add();
    ASSERT_TRUE(here.writer->execute("UPDATE card SET profile_id = " + std::to_string(other.value) +
                                     " WHERE card_id > " + std::to_string(here.registered(3).id.value)));
    for (const auto& [name, octets] : {std::pair(old, 4), std::pair(std::string("other"), 8)}) {
        cards::profile_entry entry;
        entry.name = name;
        entry.facts.quirks.cc_len = static_cast<std::uint8_t>(octets);
        ASSERT_TRUE(here.shared.transact(
            [&](store::connection& writer) { return cards::profile_store(writer).put(entry, clock.now()); }));
    }
    for (std::size_t card = 0; card < 6; ++card) tell(card);
    EXPECT_EQ(create_all(), 2);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM trigger_refused_card"), 0);
    EXPECT_EQ(campaign_store(*here.writer).list(0, 10)->front().targets, 2);
}

TEST_F(triggers, what_is_left_of_a_batch_after_a_crash_is_done_once) {
    house_rules house;
    house.zones = {{"Europe/Berlin", {}, {}, {"north"}}};
    file_context context;
    context.house = house;
    cards::card_store cards(*here.writer);
    for (std::size_t card = 0; card < 5; ++card) ASSERT_TRUE(cards.add_tag(here.registered(card).id, "north").value());
    const auto text = trigger_text("on = \"first-registration\"\nper_card_and_day = 24") +
                      "[window]\nfrom = \"22:00\"\nto = \"05:00\"\nzone = \"card\"\n";
    ASSERT_TRUE(add_trigger(*reader, here.shared, text, context, clock.now()));
    for (std::size_t card = 0; card < 6; ++card) tell(card);
    // The refusal, which comes last, fails: the campaigns before it are there.
    here.refuse_rows("INSERT", "trigger_refused_card");
    EXPECT_FALSE(watch->look(context, clock.now()));
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM triggered_card"), 5);
    EXPECT_EQ(stored().seen_event, 0);
    here.allow_rows("trigger_refused_card");
    begin_anew();
    EXPECT_EQ(create_all(context), 0);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM triggered_card"), 5);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM trigger_refused_card"), 1);
    EXPECT_EQ(stored().seen_event, cards::card_event_store(*here.writer).last_key());
}

TEST_F(triggers, looking_writes_only_what_changed) {
    add(trigger_text("on = \"new-imei\""));
    tell(0);
    EXPECT_EQ(create(), 0);
    const auto seen = stored().seen_event;
    EXPECT_EQ(seen, cards::card_event_store(*here.writer).last_key());
    // Rises with each commit that changed something; on PostgreSQL, with what changed the trigger.
    const auto commits = [&] {
        return here.count(here.schema ? "SELECT MAX(CAST(CAST(xmin AS TEXT) AS BIGINT)) FROM campaign_trigger"
                                      : "PRAGMA data_version");
    };
    const auto before = commits();
    EXPECT_EQ(create_all(), 0);
    EXPECT_EQ(commits(), before) << "nothing is new";
    file_context strict;
    strict.house.test_tag = "nobody";
    tell(0, another);
    EXPECT_EQ(create_all(strict), 0);
    const auto told = commits();
    clock.set(clock.now() + limits::trigger_retry);
    EXPECT_EQ(create_all(strict), 0);
    EXPECT_EQ(commits(), told) << "the same problem again";
    EXPECT_NE(stored().problem, "");
}

TEST_F(triggers, one_that_was_not_begun_is_paused_until_somebody_resumes_it) {
    add();
    tell(0);
    EXPECT_EQ(create(), 1);
    const auto made = *next();
    const auto change = [&](campaign_event event) {
        return here.shared
            .transact([&](store::connection& writer) { return change_state(writer, made.key, event, clock.now()); })
            .value();
    };
    EXPECT_EQ(change(campaign_event::pause).state, campaign_state::paused);
    EXPECT_FALSE(next());
    tell(1);
    EXPECT_EQ(create(), 1);
    EXPECT_EQ(run_next().targets, 1) << "it holds up nobody";
    EXPECT_EQ(here.sim->read(0).executed, 0U);
    EXPECT_EQ(change(campaign_event::resume).state, campaign_state::running);
    EXPECT_EQ(run_next().id, made.id);
    EXPECT_EQ(here.sim->read(0).content, spn_content);
}

TEST_F(triggers, one_behind_another_is_told_to_queue) {
    add();
    tell(0);
    EXPECT_EQ(create(), 1);
    tell(1);
    EXPECT_EQ(create(), 1);
    const auto both = campaign_store(*here.writer).list(0, 2).value();
    const auto waits = [&](const campaign& which, const std::string& under_way) {
        return waits_of(*here.writer, which, 0, clock.now(), under_way).value();
    };
    EXPECT_TRUE(waits(both[0], both[0].id).empty());
    const auto found = waits(both[1], both[0].id);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(to_string(found[0].what), "queue");
    EXPECT_EQ(describe(found), "its turn, after campaign \"test\" " + both[0].id);
    EXPECT_TRUE(waits(both[1], "").empty()) << "nothing runs";
    EXPECT_TRUE(waits(here.create(), both[0].id).empty()) << "somebody runs that one when he likes";
}

TEST_F(triggers, waves_that_could_not_take_every_card_are_refused) {
    const auto with_waves = [](const std::string& waves) { return trigger_text() + waves; };
    EXPECT_EQ(refusal(with_waves("[[wave]]\npercent = 10\n[[wave]]\n")), "added");
    const auto sized = replaced(with_waves("[[wave]]\nsize = 10\n[[wave]]\nsize = 20\n"), "welcome", "sized");
    EXPECT_NE(refusal(sized).find("[[wave]]: the last one of a trigger must be without size"), std::string::npos);
    cards::card_store cards(*here.writer);
    ASSERT_TRUE(cards.add_tag(here.registered(3).id, "pilot").value());
    const auto tagged = replaced(with_waves("[[wave]]\ntag = \"pilot\"\n[[wave]]\n"), "welcome", "tagged");
    EXPECT_NE(refusal(tagged).find("tag: the cards of a trigger's events may all be without it"), std::string::npos);
    tell(0), tell(1);
    EXPECT_EQ(create(), 1);
    const auto made = *next();
    EXPECT_EQ(made.targets, 2);
}

TEST_F(triggers, mistakes_of_the_file_are_told_with_their_line) {
    EXPECT_EQ(refusal(trigger_text("on = \"roaming\"")),
              "t.toml:6: on: expected registration, first-registration or new-imei");
    EXPECT_EQ(refusal(trigger_text("on = \"new-imei\"\ncards_max = 0")),
              "t.toml:7: cards_max: expected a number from 1 to 10000");
    EXPECT_EQ(refusal(trigger_text("")), "t.toml:3: on: is missing");
    EXPECT_EQ(refusal(trigger_text("on = \"new-imei\"\nimei = \"TAC\"")),
              "t.toml:7: imei: expected the first digits of IMEIs, as the 8 of a TAC");
    EXPECT_EQ(refusal(trigger_text("on = \"new-imei\"\n[targets]\nall = true")),
              "t.toml:7: [targets]: the targets of a trigger are the cards of its events");
    file_context context;
    context.file = "c.toml";
    const auto by_hand = create_campaign(*here.writer, trigger_text(), context, clock.now(), system_random());
    EXPECT_EQ(to_string(by_hand.error().front()), "c.toml:1: section [targets] is missing");
}

}  // namespace
}  // namespace tessera::campaigns
