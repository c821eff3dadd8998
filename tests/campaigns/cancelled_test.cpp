// What is left of a cancelled campaign: until all that it had sent is settled, nobody takes its cards for untouched; by
// whichever process, whoever dies, and whatever else cannot be settled.
#include "campaign_world.h"
#include "campaigns/joint_loop.h"
#include "movable_clock.h"
#include "single_desk.h"

namespace tessera::campaigns {
namespace {

constexpr std::string_view other_file = "7f20/6f3e";

// Cancelled in the middle of P2, long enough ago that everybody has heard of it; nobody has wound it up.
campaign cancelled_within_exchange(world& here, const campaign_options& options = {}) {
    const auto made = here.create(options);
    here.tap.on_acknowledge = [&] { here.stop = true; };  // an answer is durable
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    here.tap.on_acknowledge = nullptr;
    here.stop = false;
    const auto earlier = system_clock().now() - 10 * limits::stop_wait;
    return here.shared
        .transact([&](store::connection& database) {
            return change_state(database, made.key, campaign_event::cancel, earlier);
        })
        .value();
}

// Of an answer that is stored the last octet is lost.
void damage_answers(world& here, const campaign& of) {
    here.writer
        ->execute("UPDATE answer_block SET octets = substr(octets, 1, length(octets) - 1) WHERE campaign_key = " +
                  std::to_string(of.key.value))
        .value();
}

void wait_until(const std::function<bool()>& holds) {
    while (!holds()) std::this_thread::yield();
}

bool is_wound_up(world& here, const campaign& which) {
    return here.count("SELECT phase FROM campaign WHERE campaign_key = " + std::to_string(which.key.value)) == 0;
}

// A process among several that share the database.
environment one_of_several(world& here) {
    auto env = here.new_instance();
    env.role = role::all;
    return env;
}
joint_loop::environment_source as(const environment& env) {
    return [&env](const campaign&, const definition&) -> result<environment> { return env; };
}

TEST(cancelled, nobody_is_taken_for_untouched_until_what_was_sent_is_settled) {
    world here({.cards = 40});
    const auto made = cancelled_within_exchange(here);
    EXPECT_TRUE(is_settling(made));
    EXPECT_EQ(here.summary(made).not_sent(), 0);
    const follow_up wanted{.outcomes = {}, .name = "the rest", .not_sent = true};
    const auto early = here.follow_up(made, wanted);
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().front().code, "bad_state");
    EXPECT_NE(early.error().front().message.find(made.id), std::string::npos);

    wind_up_cancelled(here.new_instance(), definition_of).value();
    const auto found = here.summary(made);
    EXPECT_FALSE(is_settling(found.subject));
    EXPECT_EQ(found.outcomes.total(), 40);  // one chunk, which had been released
    EXPECT_EQ(found.not_sent(), 0);
    EXPECT_EQ(here.follow_up(made, wanted).error().front().code, "no_targets");
}

TEST(cancelled, nobody_is_taken_for_untouched_by_a_campaign_that_has_not_ended) {
    world here({.cards = 40});
    const auto made = here.create();
    const campaign_options rest{.name = "the rest",
                                .targets = "campaign = \"" + made.id + "\"\noutcome = [\"not_sent\"]"};
    const auto create = [&] {
        return create_campaign(*here.writer, campaign_text(rest), {}, system_clock().now(), system_random());
    };
    for (const bool begun : {false, true}) {
        if (begun) {
            here.progress.when_began = [&](phase) { here.stop = true; };  // in P1
            EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
            here.stop = false;
        }
        const auto refused = create();
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().front().code, "bad_state");
        EXPECT_NE(refused.error().front().message.find("not_sent"), std::string::npos);
    }
    here.cancel(made);
    const auto after = create();
    ASSERT_TRUE(after);
    EXPECT_EQ(after->targets, 40);
}

// Touched while the ration of the hour was used up, they come in a second round, within which it is used up again.
TEST(cancelled, whoever_was_put_off_to_a_later_round_and_not_reached_there_is_untouched) {
    world here({.cards = 20, .shared = true});
    movable_clock clock(timestamp(std::chrono::hours(500'000)));
    std::int64_t ration = 10;
    here.adjust = [&](environment& env) {
        env.clock = &clock;
        env.sends_per_hour = ration;
    };
    here.progress.when_waits = [&](std::string_view, timestamp) { here.stop = true; };
    const auto made = here.create({.telecom = "por_timeout = \"20s\"\nattempts = 3"});
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    here.stop = false;
    {
        branch desk(here);
        for (std::size_t card = 10; card < 20; ++card) {
            const auto written = desk.write(card, "0142424242ffffffffffffffffffffffff");
            ASSERT_FALSE(written.refused) << to_string(*written.refused);
        }
    }
    clock.set(clock.now() + std::chrono::hours(2));
    ration = 4;
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    here.stop = false;
    const auto before = here.summary(made);
    EXPECT_EQ(before.subject.round, 2);
    EXPECT_EQ(before.subject.phase, phase::exchange);
    here.cancel(made);

    const auto found = here.summary(made);
    EXPECT_FALSE(is_settling(found.subject));
    EXPECT_EQ(found.outcomes.done, 14);
    EXPECT_EQ(found.outcomes.total(), 14);
    EXPECT_EQ(found.not_sent(), 6);
}

TEST(cancelled, a_campaign_that_is_run_by_hand_is_settled_by_whoever_ran_it) {
    world here({.cards = 40, .faults = "card_off = 0.3"});
    const auto made = here.create({.telecom = "por_timeout = \"30s\"\nattempts = 1"});
    std::size_t answered = 0;
    here.tap.on_acknowledge = [&] {
        if (++answered != 20) return;
        here.shared
            .transact([&](store::connection& database) {
                return change_state(database, made.key, campaign_event::cancel,
                                    system_clock().now() - 10 * limits::stop_wait);
            })
            .value();
    };
    EXPECT_EQ(run_together(one_of_several(here), made.key, definition_of), run_end::interrupted);
    EXPECT_TRUE(is_wound_up(here, made));
    const auto found = here.summary(made);
    EXPECT_EQ(found.outcomes.total(), 40);
    EXPECT_GE(found.outcomes.done, 20);
}

TEST(cancelled, one_that_is_damaged_keeps_no_other_from_its_end) {
    world here({.cards = 40});
    const auto damaged = cancelled_within_exchange(here);
    damage_answers(here, damaged);
    const auto sound = cancelled_within_exchange(here, {.name = "sound", .writes = write_text(other_file, "0102")});
    const auto env = here.new_instance();
    const auto done = wind_up_cancelled(env, definition_of);
    ASSERT_FALSE(done);
    EXPECT_FALSE(is_wound_up(here, damaged));
    EXPECT_TRUE(is_wound_up(here, sound));
}

// For whom what was put off is never due.
class standing_clock final : public clock_port {
public:
    [[nodiscard]] timestamp now() const override { return system_clock().now(); }
    [[nodiscard]] instant monotonic() const override { return began_; }

private:
    instant began_ = system_clock().monotonic();
};

// Whatever of it cannot be settled.
void keeps_nobody_waiting(world& here, const campaign& cancelled) {
    const auto made = here.create({.name = "another", .writes = write_text(other_file, "0102")});
    const auto env = one_of_several(here);
    begin_for_all(env, made.key, definition_of).value();
    const standing_clock clock;
    auto between_campaigns = env;
    between_campaigns.clock = &clock;
    {
        const joint_loop process(between_campaigns, as(env), definition_of);
        wait_until([&] { return here.summary(made).subject.state == campaign_state::finished; });
        here.shared
            .transact([&](store::connection& writer) {
                return campaign_store(writer).mark_late(
                    cards::card_store(writer).find_by_iccid(sim::fleet_iccid(0)).value()->id);
            })
            .value();
        wait_until([&] { return here.count("SELECT COUNT(*) FROM late_answer") == 0; });
    }
    here.expect_outcomes(made, {.done = 40});
    EXPECT_FALSE(is_wound_up(here, cancelled));
}

TEST(cancelled, one_that_is_damaged_keeps_neither_running_campaigns_nor_late_answers_waiting) {
    world here({.cards = 40});
    const auto damaged = cancelled_within_exchange(here);
    damage_answers(here, damaged);
    keeps_nobody_waiting(here, damaged);
}

void refuse_outcomes(world& here, const campaign& of) {
    here.refuse_rows("INSERT", "outcome", "NEW.campaign_key = " + std::to_string(of.key.value));
}

TEST(cancelled, one_that_the_database_refuses_keeps_neither_running_campaigns_nor_late_answers_waiting) {
    world here({.cards = 40});
    const auto refused = cancelled_within_exchange(here);
    refuse_outcomes(here, refused);
    keeps_nobody_waiting(here, refused);
}

TEST(joint_loop, a_campaign_that_the_database_refuses_keeps_no_other_waiting) {
    world here({.cards = 40});
    const auto refused = here.create();
    refuse_outcomes(here, refused);
    EXPECT_EQ(here.try_to_conduct(refused).error().code, store::code_database);  // in P3
    campaign_store(*here.writer).break_leases(refused.key).value();
    const auto made = here.create({.name = "another", .writes = write_text(other_file, "0102")});
    const auto env = one_of_several(here);
    begin_for_all(env, made.key, definition_of).value();
    const joint_loop process(env, as(env), definition_of);
    const auto is_over = [&](const campaign& which) {
        return here.summary(which).subject.state == campaign_state::finished;
    };
    wait_until([&] { return is_over(made); });
    EXPECT_FALSE(is_over(refused));
    here.shared
        .transact([&](store::connection&) -> result<void> {
            here.allow_rows("outcome");
            return {};
        })
        .value();
    wait_until([&] { return is_over(refused); });
}

TEST(cancelled, who_settles_what_is_left_has_a_lease_and_renews_it) {
    world here({.cards = 40});
    const auto made = cancelled_within_exchange(here);
    auto env = one_of_several(here);
    env.lease_time = std::chrono::seconds(1);
    const std::string lease = "SELECT lease_until FROM duty WHERE name = 'settle what is left'";
    bool looked = false;
    here.progress.when_moved = [&] {  // the chunk is settled
        const auto until = here.count(lease);
        EXPECT_LE(until, to_microseconds(system_clock().now() + env.lease_time));
        wait_until([&] { return here.count(lease) > until; });
        EXPECT_LE(here.count(lease), to_microseconds(system_clock().now() + env.lease_time));
        looked = true;
    };
    {
        const joint_loop process(env, as(env), definition_of);
        auto reader = here.storage->connect(store::access::read).value();
        wait_until([&] { return !is_settling(campaign_store(*reader).get(made.key).value()); });
    }
    EXPECT_TRUE(looked);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM duty"), 0);
}

}  // namespace
}  // namespace tessera::campaigns
