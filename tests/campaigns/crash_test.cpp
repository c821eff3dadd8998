// C-9: a crash in any phase, and the campaign resumed: buffer, sent marks and raw acknowledgements are durable, so the
// outcome is the same and every card has executed once.
//
// The crash: from one moment on nothing passes between the exchange and the network, and the campaign is dropped. What
// was committed is all that the next instance finds.
#include <map>

#include "base/random.h"
#include "campaign_world.h"

namespace tessera::campaigns {
namespace {

const campaign_options patient{.telecom = "por_timeout = \"2s\"\nattempts = 3"};

void crash(world& here) {
    here.tap.dead = true;
    here.stop = true;
}
void revive(world& here) {
    here.tap.dead = false;
    here.stop = false;
    here.tap.on_call = nullptr;
    here.tap.on_acknowledge = nullptr;
    here.progress.when_moved = nullptr;
    here.progress.when_began = nullptr;
}

TEST(campaigns, C_9_the_sent_mark_is_durable_before_a_packet_leaves) {
    world here({.cards = 200});
    auto reader = here.storage->connect(store::access::read).value();
    std::size_t sent = 0;
    here.tap.on_submit = [&](const telecom::outbound_message&) {
        ++sent;
        EXPECT_EQ(campaign_store(*reader).chunks(campaign_key{1}, 1).value().front().state, chunk_state::released);
    };
    here.run();
    EXPECT_EQ(sent, 200U);
}

TEST(campaigns, C_9_an_acknowledgement_is_durable_before_the_network_may_forget_it) {
    world here({.cards = 200});
    auto reader = here.storage->connect(store::access::read).value();
    std::int64_t acknowledged = 0;
    here.tap.on_acknowledge = [&] {
        ++acknowledged;
        auto query = reader->prepare("SELECT octets FROM answer_block").value();
        std::vector<answer_entry> durable;
        while (query->step().value()) EXPECT_TRUE(parse_answers(query->octets(0), durable));
        EXPECT_GE(static_cast<std::int64_t>(durable.size()), acknowledged);
    };
    here.run();
    EXPECT_EQ(acknowledged, 200);
}

TEST(campaigns, C_9_after_a_crash_in_P1_no_counter_serves_two_packets) {
    world here({.cards = 2'500});
    here.adjust = [](environment& env) { env.workers = 1; };
    const auto made = here.create(patient);
    here.progress.when_moved = [&] { crash(here); };  // the first chunk is committed
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    EXPECT_EQ(here.messages().size(), 1'000U);
    revive(here);
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 2'500});
    here.expect_sound(made);
    EXPECT_EQ(here.sim->statistics().submits, 2'500U);
    for (const auto& message : here.messages()) EXPECT_EQ(message.entry.counter, 1U);
}

TEST(campaigns, C_9_after_a_crash_in_P2_the_identical_octets_go_again) {
    world here({.cards = 1'500});
    std::map<std::uint64_t, bytes> first;
    std::size_t again = 0;
    std::size_t calls = 0;
    here.tap.on_submit = [&](const telecom::outbound_message& message) {
        const auto [known, fresh] = first.try_emplace(message.subscriber, to_bytes(message.packet));
        if (fresh) return;
        ++again;
        EXPECT_EQ(known->second, to_bytes(message.packet));
    };
    here.tap.on_call = [&](std::string_view call) {
        if (call == "submit" && ++calls == 700) crash(here);
    };
    const auto made = here.create(patient);
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    revive(here);
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    EXPECT_GT(again, 0U);
    here.expect_outcomes(made, {.done = 1'500});
    here.expect_sound(made);
    EXPECT_EQ(here.sim->statistics().executed, 1'500U);
    const auto progress = here.summary(made).first_round();
    EXPECT_EQ(progress.sent, 1'500);
    EXPECT_EQ(progress.answered, 1'500);
}

// The one cut short comes back after another campaign has written the same file: which of both a card executed last is
// not for its image to guess.
TEST(campaigns, C_17_a_campaign_that_was_overtaken_leaves_no_card_skipped_on_a_wrong_image) {
    world here({.cards = 300});
    constexpr std::string_view newer = "0142424242ffffffffffffffffffffffff";
    std::size_t calls = 0;
    here.tap.on_call = [&](std::string_view call) {
        if (call == "submit" && ++calls == 150) crash(here);
    };
    const auto first = here.create(patient);
    EXPECT_EQ(here.conduct_now(first), run_end::interrupted);
    here.tap.on_call = {};
    revive(here);
    const auto second = here.run({.name = "newer", .writes = write_text(spn_file, newer)});
    here.expect_outcomes(second, {.done = 300});
    EXPECT_EQ(here.conduct_now(first), run_end::finished);
    here.run({.name = "again"});
    for (std::size_t card = 0; card < 300; ++card) {
        EXPECT_EQ(here.sim->read(card).content, spn_content);
        EXPECT_EQ(here.image_content(card), spn_content);
    }
}

TEST(campaigns, C_9_after_a_crash_in_P3_every_card_is_settled_once) {
    world here({.cards = 2'500});
    here.adjust = [](environment& env) { env.workers = 1; };
    const auto made = here.create(patient);
    here.progress.when_moved = [&] {
        if (here.progress.now == phase::settle) crash(here);
    };
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM outcome"), 1'000);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM image_file"), 1'000);
    revive(here);
    const auto sessions = here.sessions;
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    EXPECT_EQ(here.sessions, sessions);
    here.expect_outcomes(made, {.done = 2'500});
    here.expect_sound(made);
}

// Crashes at seeded moments, as many as come; the campaign is resumed until it ends.
void survive(std::uint64_t seed, std::string faults, bool all_done) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    world here({.cards = 300, .faults = std::move(faults), .seed = seed});
    seeded_random random(seed);
    std::int64_t until_crash = 0;
    const auto moment = [&](std::string_view) {
        if (--until_crash == 0) crash(here);
    };
    const auto made = here.create({.telecom = "por_timeout = \"150ms\"\nattempts = 4"});
    int crashes = 0;
    for (;;) {
        revive(here);
        if (crashes < 4) {
            until_crash = 1 + static_cast<std::int64_t>(random.below(400));
            here.tap.on_call = moment;
            here.progress.when_began = [&](phase) { moment("phase"); };
        }
        if (here.conduct_now(made) == run_end::finished) break;
        ASSERT_LT(++crashes, 10);
    }
    here.expect_sound(made);
    if (all_done) here.expect_outcomes(made, {.done = 300});
}

TEST(campaigns, C_9_crashes_at_any_moment_leave_all_cards_done) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) survive(seed, "", true);
}

TEST(campaigns, C_9_crashes_amid_faults_leave_every_card_executed_at_most_once) {
    for (std::uint64_t seed = 1; seed <= 1; ++seed)
        survive(seed,
                "lose_submit = 0.05\nlose_response = 0.05\nduplicate = 0.05\nreorder = 0.05\nunsecured_error = 0.2\n"
                "card_wrong_key = 0.01",
                false);
}

TEST(campaigns, a_failure_of_the_network_leaves_a_campaign_that_can_be_resumed_by_the_same_instance) {
    world here({.cards = 50});
    const auto made = here.create(patient);
    here.adjust = [](environment& env) { env.instance = "the same"; };
    const auto address = here.smsc.address;
    here.smsc.address = "no address";
    EXPECT_FALSE(here.try_to_conduct(made).has_value());
    EXPECT_EQ(here.summary(made).subject.state, campaign_state::running);
    here.smsc.address = address;
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 50});
}

TEST(campaigns, a_stopped_campaign_goes_on_in_the_same_instance_and_its_clock_stood_meanwhile) {
    world here({.cards = 1'200, .faults = "lose_submit = 0.5"});
    here.adjust = [](environment& env) { env.instance = "the same"; };
    const auto made = here.create({.telecom = "por_timeout = \"100ms\"\nattempts = 10"});
    std::size_t sent = 0;
    here.tap.on_submit = [&](const telecom::outbound_message&) {
        if (++sent == 600) here.stop = true;
    };
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    const auto times = campaign_store(*here.writer).phases(made.key).value();
    EXPECT_TRUE(times.back().ended.has_value());
    here.stop = false;
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_sound(made);
    EXPECT_EQ(here.conduct_now(made), run_end::finished);  // nothing more to do
}

}  // namespace
}  // namespace tessera::campaigns
