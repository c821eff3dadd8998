// Campaigns for some of the cards: conditions on the image, exclusions, follow-ups, and what a preview says of them.
#include "campaign_world.h"
#include "campaigns/preview.h"

namespace tessera::campaigns {
namespace {

constexpr std::string_view hasty = "por_timeout = \"150ms\"\nattempts = 1";

std::string imsi_range(std::size_t first, std::size_t last) {
    return "imsi_range = [\"" + sim::fleet_imsi(first) + "\", \"" + sim::fleet_imsi(last) + "\"]";
}
std::string image(std::string_view relation) {
    return "image = 'file \"" + std::string(spn_file) + "\" " + std::string(relation) + " \"" +
           std::string(spn_content) + "\"'";
}

campaign_preview preview_of(world& here, const definition& what) {
    const auto reader = here.storage->connect(store::access::read).value();
    return preview_definition(*reader, what, {here.smsc.reference_bits, nullptr}).value();
}

TEST(campaign_targets, a_follow_up_reaches_the_silent_cards_when_they_are_on_again) {
    world here({.cards = 60, .faults = "card_off = 0.4", .seed = 9});
    const auto first = here.run({.telecom = std::string(hasty)});
    const auto silent = here.summary(first).outcomes.unknown;
    ASSERT_GT(silent, 0);
    ASSERT_LT(silent, 60);
    here.renew_simulator("");
    const auto second = here.follow_up(first);
    ASSERT_TRUE(second.has_value()) << to_string(second.error().front());
    EXPECT_EQ(second->name, "test (follow-up)");
    EXPECT_EQ(second->targets, silent);
    EXPECT_EQ(here.conduct_now(*second), run_end::finished);
    here.expect_outcomes(*second, {.done = silent});
    EXPECT_EQ(here.sim->statistics().executed, static_cast<std::uint64_t>(silent));
    for (std::size_t card = 0; card < 60; ++card) EXPECT_EQ(here.image_content(card), spn_content);
    const auto third = here.follow_up(*second);
    ASSERT_FALSE(third.has_value());
    EXPECT_EQ(third.error().front().code, "no_targets");
}

TEST(campaign_targets, a_follow_up_takes_the_outcomes_asked_for) {
    world here({.cards = 60, .faults = "card_off = 0.3\ncard_wrong_key = 0.3", .seed = 4});
    const auto first = here.run({.telecom = std::string(hasty)});
    const auto found = here.summary(first).outcomes;
    ASSERT_GT(found.failed, 0);
    ASSERT_GT(found.unknown, 0);
    using operations::outcome;
    EXPECT_EQ(here.follow_up(first)->targets, found.failed + found.unknown);
    EXPECT_EQ(here.follow_up(first, {.outcomes = {outcome::failed}, .name = "Wrong keys"})->targets, found.failed);
    EXPECT_EQ(here.follow_up(first, {.outcomes = {outcome::done}, .name = {}})->targets, found.done);
}

TEST(campaign_targets, what_has_not_ended_is_not_followed_up) {
    world here({.cards = 5});
    const auto first = here.create();
    const auto second = here.follow_up(first);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().front().code, "bad_state");
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM campaign"), 1);
}

// Cards that lie far apart are looked up one by one, in place of all between them: what is read must be the same.
TEST(campaign_targets, a_few_cards_far_apart_get_what_their_images_lack_under_their_next_counters) {
    world here({.cards = 60});
    const auto some = [](std::string_view name, std::string writes) {
        std::string imsis;
        for (const std::size_t card : {0, 29, 59}) imsis += "\"" + sim::fleet_imsi(card) + "\", ";
        return campaign_options{
            .name = std::string(name), .targets = "imsis = [" + imsis + "]", .writes = std::move(writes)};
    };
    here.expect_outcomes(here.run(), {.done = 60});
    here.expect_outcomes(here.run(some("as it is", {})), {.skipped = 3});
    here.expect_outcomes(here.run(some("another file", write_text("7f20/6f3e", "0102"))), {.done = 3});
    for (const std::size_t card : {0, 29, 59}) {
        EXPECT_EQ(here.image_content(card), spn_content);
        EXPECT_EQ(here.image_content(card, "7f20/6f3e"), "0102");
    }
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM key_counter WHERE counter = 2"), 3);
}

TEST(campaign_targets, a_condition_on_the_image_finds_the_cards_that_do_not_hold_the_content) {
    world here({.cards = 40});
    here.run({.targets = imsi_range(10, 19)});
    const auto second = here.run({.name = "the others", .targets = image("!=")});
    here.expect_outcomes(second, {.done = 30});
    for (const auto& row : here.rows(second)) {
        EXPECT_FALSE(row.iccid >= sim::fleet_iccid(10) && row.iccid <= sim::fleet_iccid(19)) << row.iccid;
    }
    const auto third = here.create({.name = "all", .targets = image("==")});
    EXPECT_EQ(third.targets, 40);
    EXPECT_THROW(static_cast<void>(here.create({.targets = image("!=")})), std::runtime_error);  // nobody is left
}

TEST(campaign_targets, excluded_cards_are_left_alone) {
    world here({.cards = 40});
    const auto first = here.run({.name = "first", .targets = imsi_range(0, 9)});
    cards::card_store(*here.writer).add_tag(here.registered(20).id, "vip").value();
    const auto second =
        here.run({.name = "second",
                  .targets = "all = true\n[targets.exclude]\ntag = \"vip\"\ncampaign = \"first\"\noutcome = "
                             "\"done\"\niccids = [\"" +
                             sim::fleet_iccid(30) + "\"]",
                  .writes = write_text(spn_file, "5a")});
    here.expect_outcomes(second, {.done = 28});
    for (std::size_t card = 0; card < 40; ++card) {
        const bool excluded = card < 10 || card == 20 || card == 30;
        EXPECT_EQ(here.sim->read(card).content.starts_with("5a"), !excluded) << card;
    }
}

// Cards 0 to 9 hold the content, 10 to 12 have no MSISDN, 13 and 14 no keys; DES and AES packets differ in length.
TEST(campaign_targets, a_preview_counts_what_is_then_sent_and_writes_nothing) {
    const auto spoilt = [](std::string csv) {
        for (std::size_t card = 10; card < 13; ++card)
            csv = replaced(std::move(csv), "," + std::to_string(sim::fleet_msisdn(card)) + ",", ",,");
        for (std::size_t card = 13; card < 15; ++card) {
            const auto from = csv.find(sim::fleet_iccid(card));
            const auto end = csv.find('\n', from);
            csv.replace(from, end - from, sim::fleet_iccid(card) + ",,49151000" + std::to_string(card) + ",bare,,,,,,");
        }
        return csv;
    };
    world here(
        {.cards = 60,
         .profiles = {{"telco-2ff", crypto::cipher_algorithm::aes128, 1}, {"old", crypto::cipher_algorithm::des, 1}},
         .registry = spoilt});
    const auto content = std::string(2 * 250, '5');
    const auto writes = write_text("7f20/6f60", content);
    here.run({.targets = imsi_range(0, 9), .writes = writes});
    const auto before = here.messages().size();
    const auto submits = here.sim->statistics().submits;
    const auto made =
        here.create({.name = "large", .writes = writes, .telecom = "por_timeout = \"2s\"\nparts_max = 2"});
    const auto counters = here.count("SELECT COUNT(*) FROM key_counter");

    const auto found = preview_of(here, definition_of(made).value());
    EXPECT_EQ(found.targets, 60);
    EXPECT_EQ(found.skipped, 10);
    EXPECT_EQ(found.no_subscriber, 3);
    EXPECT_EQ(found.no_key, 2);
    EXPECT_EQ(found.cards, 45);
    const auto reader = here.storage->connect(store::access::read).value();
    const auto stored =
        preview_targets(*reader, made.key, definition_of(made).value(), {here.smsc.reference_bits, nullptr});
    EXPECT_EQ(stored->packets, found.packets);
    EXPECT_EQ(stored->short_messages, found.short_messages);
    EXPECT_EQ(stored->skipped, found.skipped);
    EXPECT_EQ(here.messages().size(), before);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM key_counter"), counters);

    here.conduct_now(made);
    here.expect_outcomes(made, {.done = 45, .skipped = 10, .failed = 5});
    EXPECT_EQ(static_cast<std::int64_t>(here.messages().size() - before), found.packets);
    EXPECT_EQ(static_cast<std::int64_t>(here.sim->statistics().submits - submits), found.short_messages);
    EXPECT_GT(found.short_messages, found.packets);
}

TEST(campaign_targets, a_preview_says_when_no_packet_can_be_built) {
    const auto used_up = [](std::string csv) { return replaced(std::move(csv), ",0000000000\n", ",fffffffffe\n"); };
    world here({.cards = 3, .registry = used_up});
    const auto made = here.create();
    const auto found = preview_of(here, definition_of(made).value());
    EXPECT_EQ(found.no_packet, 1);
    EXPECT_EQ(found.packets, 2);
    here.conduct_now(made);
    here.expect_outcomes(made, {.done = 2, .failed = 1});
}

TEST(campaign_targets, sending_takes_as_long_as_rate_and_window_make_it) {
    telecom::smsc_settings smsc;
    smsc.rate = 50;
    EXPECT_DOUBLE_EQ(estimate_sending(1'000, {&smsc}).seconds, 20);
    EXPECT_TRUE(estimate_sending(1'000, {&smsc}).by_rate);
    smsc.window = 1;  // ten a second, if each is answered after 100 ms
    EXPECT_DOUBLE_EQ(estimate_sending(1'000, {&smsc}).seconds, 100);
    EXPECT_FALSE(estimate_sending(1'000, {&smsc}).by_rate);
}

}  // namespace
}  // namespace tessera::campaigns
