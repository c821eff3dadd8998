// Rotation of key sets: the new one is committed before it is sent, proved before it is used, and the old one stays
// until then, whatever the network does.
#include "cards/key_rotation.h"
#include "campaign_world.h"

namespace tessera::campaigns {
namespace {

using operations::cause_kind;

// Every card with a key encryption key, the same for all.
std::string with_encryption_keys(std::string csv) {
    std::string made;
    for (std::size_t at = 0, line = 0; at < csv.size(); ++line) {
        const auto end = csv.find('\n', at);
        made += csv.substr(at, end - at) + (line == 0 ? ",dek_key" : ",404142434445464748494a4b4c4d4e4f") + "\n";
        at = end + 1;
    }
    return made;
}

world_options fleet(std::size_t cards, std::string faults = {}, std::uint64_t seed = 1) {
    world_options made;
    made.cards = cards;
    made.faults = std::move(faults);
    made.seed = seed;
    made.registry = made.simulated = with_encryption_keys;
    return made;
}

campaign_options rotation(const std::string& more = {}, std::string telecom = "por_timeout = \"300ms\"\nattempts = 3") {
    campaign_options made;
    made.name = "keys";
    made.tar = "000000";
    made.writes = "[[key]]\nkvn = 1\nnew_kvn = 2\nalgorithm = \"aes256\"\n" + more;
    made.telecom = std::move(telecom);
    return made;
}

cards::rotation_state state_of(world& here, std::size_t card) {
    return cards::key_rotation_store(*here.writer).state_of(here.registered(card).id, 2).value().value();
}
std::uint8_t current(world& here, std::size_t card) {
    return cards::key_rotation_store(*here.writer).current(here.registered(card).id, 1).value();
}

TEST(campaign_key_rotation, new_keys_are_proved_before_they_are_used) {
    world here(fleet(30));
    std::size_t pending_when_sent = 0;
    here.progress.when_began = [&](phase which) {
        if (which == phase::exchange && pending_when_sent == 0)
            pending_when_sent =
                static_cast<std::size_t>(here.count("SELECT COUNT(*) FROM key_rotation WHERE state = 0"));
    };
    const auto made = here.run(rotation());
    here.expect_outcomes(made, {.done = 30});
    EXPECT_EQ(pending_when_sent, 30U);
    EXPECT_EQ(here.rows(made)[0].round, 2);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM key_rotation WHERE state = 1"), 30);
    EXPECT_EQ(current(here, 7), 2);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM key_set"), 60);  // the old ones stay in the registry
    EXPECT_EQ(here.count("SELECT COUNT(DISTINCT wrapped) FROM key_set WHERE key_version = 2"), 30);

    // Campaigns that do not say by which version to speak take the new one; the old one is gone from the cards.
    const auto next = here.run({.name = "after"});
    here.expect_outcomes(next, {.done = 30});
    const auto messages = here.messages();
    EXPECT_EQ(messages.back().entry.key_version, 2);
    EXPECT_EQ(messages.back().entry.counter, 1U);  // its counters begin anew
    campaign_options by_the_old{.name = "old"};
    by_the_old.writes = write_text(spn_file, "0142424242ffffffffffffffffffffffff");
    by_the_old.security = "kvn = 1";
    here.expect_outcomes(here.run(by_the_old), {.failed = 30});
}

TEST(campaign_key_rotation, the_old_key_set_can_stay_on_the_card) {
    world here(fleet(5));
    here.expect_outcomes(here.run(rotation("keep_old = true\n")), {.done = 5});
    campaign_options by_the_old{.name = "old"};
    by_the_old.security = "kvn = 1";
    here.expect_outcomes(here.run(by_the_old), {.done = 5});
}

TEST(campaign_key_rotation, lost_answers_are_found_out_under_the_new_version) {
    world here(fleet(60, "lose_response = 0.35\nduplicate = 0.1", 6));
    const auto made = here.run(rotation({}, "por_timeout = \"200ms\"\nattempts = 8"));
    here.expect_outcomes(made, {.done = 60});
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM key_rotation WHERE state = 1"), 60);
}

TEST(campaign_key_rotation, in_the_expanded_format_it_is_the_same) {
    world here(fleet(6));
    auto options = rotation();
    options.security = "format = \"expanded\"";
    here.expect_outcomes(here.run(options), {.done = 6});
}

TEST(campaign_key_rotation, silence_leaves_both_key_sets_and_the_same_new_one_is_sent_again) {
    world here(fleet(8, "lose_submit = 1"));
    const auto made = here.run(rotation({}, "por_timeout = \"20ms\"\nattempts = 2"));
    here.expect_outcomes(made, {.unknown = 8});
    EXPECT_EQ(state_of(here, 3), cards::rotation_state::pending);
    EXPECT_EQ(current(here, 3), 1);
    const auto before = here.count("SELECT COUNT(DISTINCT wrapped) FROM key_set");
    here.renew_simulator("");
    here.expect_outcomes(here.run({.name = "meanwhile"}), {.done = 8});  // by the old one
    here.expect_outcomes(here.run(rotation()), {.done = 8});
    EXPECT_EQ(here.count("SELECT COUNT(DISTINCT wrapped) FROM key_set"), before);
    EXPECT_EQ(current(here, 3), 2);
    here.expect_outcomes(here.run(rotation()), {.skipped = 8});  // they have it
}

// A card that has the new keys complains of a packet under the old ones, and so does one that never took them.
TEST(campaign_key_rotation, a_complaint_without_security_does_not_tell_which_keys_a_card_has) {
    world here(fleet(10, "lose_response = 1"));
    const auto complaint = from_hex("027100000b0a00000000000000000006").value();
    here.tap.stranger = [&](telecom::subscriber_number) { return complaint; };
    const auto made = here.run(rotation());
    here.expect_outcomes(made, {.unknown = 10});
    for (const auto& row : here.rows(made))
        EXPECT_EQ(row.why, (operations::cause{cause_kind::por_status, 6, 1})) << row.iccid;
    for (std::size_t card = 0; card < 10; ++card) EXPECT_EQ(state_of(here, card), cards::rotation_state::pending);
}

TEST(campaign_key_rotation, killed_between_no_card_loses_its_keys) {
    world here(fleet(50));
    std::size_t calls = 0;
    here.tap.on_call = [&](std::string_view call) {
        if (call == "submit" && ++calls == 60) {
            here.tap.dead = true;
            here.stop = true;
        }
    };
    const auto made = here.create(rotation({}, "por_timeout = \"300ms\"\nattempts = 6"));
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    here.tap.on_call = {};
    here.tap.dead = false;
    here.stop = false;
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 50});
    here.expect_outcomes(here.run({.name = "after"}), {.done = 50});
}

TEST(campaign_key_rotation, a_card_without_a_key_encryption_key_is_left_alone) {
    auto options = fleet(4);
    options.registry = {};
    world here(options);
    const auto made = here.run(rotation());
    here.expect_outcomes(made, {.failed = 4});
    EXPECT_EQ(here.rows(made)[0].why, (operations::cause{cause_kind::no_key, 1, 1}));
    EXPECT_EQ(here.sim->statistics().submits, 0U);
}

TEST(campaign_key_rotation, a_card_that_refuses_the_keys_keeps_the_old_ones) {
    auto options = fleet(4);
    options.simulated = [](const std::string& csv) {  // cards that have another key encryption key
        auto text = with_encryption_keys(csv);
        for (std::size_t at = 0; (at = text.find("404142", at)) != std::string::npos;) text.replace(at, 6, "505152");
        return text;
    };
    world here(options);
    const auto made = here.run(rotation());
    here.expect_outcomes(made, {.failed = 4});
    EXPECT_EQ(here.rows(made)[0].why.kind, cause_kind::status_word);
    EXPECT_EQ(here.rows(made)[0].why.value, 0x9485);
    EXPECT_EQ(state_of(here, 0), cards::rotation_state::pending);
    here.expect_outcomes(here.run({.name = "after"}), {.done = 4});
}

}  // namespace
}  // namespace tessera::campaigns
