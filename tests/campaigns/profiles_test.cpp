// Campaigns and the catalogue of profiles: what their cards do not take is refused at creation, what they do otherwise
// is obeyed.
#include "campaign_world.h"
#include "campaigns/preview.h"
#include "cards/profile_file.h"
#include "cards/profile_store.h"

namespace tessera::campaigns {
namespace {

void know(world& here, const std::string& toml) {
    const auto entries = cards::parse_profiles(toml, "profiles.toml");
    ASSERT_TRUE(entries) << to_string(entries.error().front());
    cards::profile_store catalogue(*here.writer);
    for (const auto& one : *entries) ASSERT_TRUE(catalogue.put(one, system_clock().now()));
}

std::expected<campaign, std::vector<error>> try_to_create(world& here, const std::string& text) {
    file_context context;
    context.file = "c.toml";
    return create_campaign(*here.writer, text, context, system_clock().now(), system_random());
}

// The one error of a creation, "FIELD: MESSAGE"; how many campaigns there are after it.
std::string refusal(world& here, const std::string& text) {
    const auto made = try_to_create(here, text);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM campaign"), 0);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM target"), 0);
    const auto reader = here.storage->connect(store::access::read).value();
    file_context context;
    context.file = "c.toml";
    EXPECT_FALSE(check_campaign_file(*reader, text, context)) << "a preview says so too";
    if (made) return "created";
    return made.error().size() == 1 ? to_string(made.error().front()) : "several";
}

std::string by_name(std::string text, std::string_view application) {
    return replaced(std::move(text), "tar = \"b00010\"", "application = \"" + std::string(application) + "\"");
}

// Enough sendings that nobody stays silent where answers are lost.
constexpr const char* patient = "por_timeout = \"60ms\"\nattempts = 12";

constexpr std::string_view telco = "[[profile]]\nname = \"telco-2ff\"\n";

TEST(profiles, a_campaign_below_the_minimum_security_is_refused_at_creation) {
    world here({.cards = 3});
    know(here, std::string(telco) + "minimum_spi = \"1639\"\n");
    EXPECT_EQ(
        refusal(here, campaign_text({.spi = "1239"})),
        "c.toml:7: spi: profile \"telco-2ff\" has the minimum security 1639: ciphering: minimum yes, given no (1239)");
    EXPECT_EQ(
        refusal(here, campaign_text({.spi = "1539"})),
        "c.toml:7: spi: profile \"telco-2ff\" has the minimum security 1639: integrity: minimum cc, given rc (1539)");
    EXPECT_EQ(
        refusal(here, campaign_text({.spi = "1629"})),
        "c.toml:7: spi: profile \"telco-2ff\" has the minimum security 1639: PoR ciphering: minimum yes, given no "
        "(1629)");
    EXPECT_EQ(
        refusal(here, campaign_text({.spi = "1631"})),
        "c.toml:7: spi: profile \"telco-2ff\" has the minimum security 1639: PoR integrity: minimum cc, given none "
        "(1631)");
    know(here, std::string(telco) + "minimum_spi = \"1e21\"\n");
    EXPECT_EQ(
        refusal(here, campaign_text()),
        "c.toml:7: spi: profile \"telco-2ff\" has the minimum security 1e21: counter: minimum exactly one higher, "
        "given higher (1639)");
    know(here, std::string(telco) + "minimum_spi = \"1639\"\n");
    EXPECT_TRUE(try_to_create(here, campaign_text()));
    EXPECT_TRUE(try_to_create(here, campaign_text({.spi = "1e39"}))) << "more than the minimum is as good";
}

TEST(profiles, of_several_the_one_that_asks_for_more_counts_and_a_batch_may_ask_for_less) {
    world here({.cards = 10,
                .profiles = {{"telco-2ff", crypto::cipher_algorithm::aes128, 1},
                             {"old", crypto::cipher_algorithm::triple_des_2key, 1}}});
    know(here, std::string(telco) + "minimum_spi = \"1639\"\n[[profile.batch]]\nname = \"first\"\niccid_range = [\"" +
                   sim::fleet_iccid(0) + "\", \"" + sim::fleet_iccid(5) + "\"]\nminimum_spi = \"12\"\n");
    const auto weak = campaign_text({.spi = "1229"});
    const auto narrowed = [&](std::string_view range) { return replaced(weak, "all = true", range); };
    const auto iccids = [](std::size_t first, std::size_t last) {
        return "iccid_range = [\"" + sim::fleet_iccid(first) + "\", \"" + sim::fleet_iccid(last) + "\"]";
    };
    EXPECT_EQ(refusal(here, weak), "several");
    EXPECT_EQ(refusal(here, narrowed(iccids(4, 8))), "several");
    EXPECT_TRUE(try_to_create(here, narrowed(iccids(0, 5))));
    EXPECT_TRUE(try_to_create(here, narrowed("profile = \"old\"")));
    EXPECT_TRUE(try_to_create(here, narrowed("iccids = [\"" + sim::fleet_iccid(2) + "\"]")));
}

TEST(profiles, unknown_applications_and_algorithms_are_refused) {
    world here({.cards = 3});
    know(here, std::string(telco) + "tars = {uicc = \"b00000\", usim = \"b00011\"}\n");
    EXPECT_EQ(
        refusal(here, campaign_text()),
        "c.toml:6: tar: profile \"telco-2ff\" has no application with TAR b00010; it has uicc b00000, usim b00011");
    EXPECT_EQ(
        refusal(here, by_name(campaign_text(), "sim")),
        "c.toml:6: application: profile \"telco-2ff\" has no application \"sim\"; it has uicc b00000, usim b00011");
    know(here, std::string(telco) + "algorithms = [\"3des2\"]\n");
    EXPECT_EQ(refusal(here, campaign_text()),
              "c.toml:7: algorithm: profile \"telco-2ff\" takes 3des2; the key sets of version 1 have aes128 as KIc");
    know(here, std::string(telco) + "algorithms = [\"aes128\"]\n");
    EXPECT_TRUE(try_to_create(here, campaign_text()));
}

TEST(profiles, an_application_by_name_is_the_profile_s_tar_and_stays_it) {
    world here({.cards = 3});
    EXPECT_EQ(
        refusal(here, by_name(campaign_text(), "usim")),
        "c.toml:6: application: the catalogue has no profile \"telco-2ff\", so give the TAR, or import the profile");
    know(here, std::string(telco) + "tars = {usim = \"b00011\"}\n");
    const auto text = by_name(campaign_text({.writes = write_text("7fff/6f46", spn_content)}), "usim");
    const auto made = try_to_create(here, text);
    ASSERT_TRUE(made) << to_string(made.error().front());
    know(here, std::string(telco) + "tars = {usim = \"b00140\"}\n");
    EXPECT_EQ(definition_of(*made)->security.tar, (codec::toolkit_application_reference{0xb0, 0x00, 0x11}));
    EXPECT_EQ(here.conduct_now(*made), run_end::finished);
    here.expect_outcomes(*made, {.done = 3});
    const auto followed = here.follow_up(*made, {.outcomes = {operations::outcome::done}, .name = "again"});
    ASSERT_TRUE(followed) << to_string(followed.error().front());
    EXPECT_EQ(definition_of(*followed)->security.tar, (codec::toolkit_application_reference{0xb0, 0x01, 0x40}));
}

TEST(profiles, profiles_that_contradict_one_another_want_a_campaign_each) {
    world here({.cards = 4,
                .profiles = {{"telco-2ff", crypto::cipher_algorithm::aes128, 1},
                             {"other", crypto::cipher_algorithm::aes128, 1}}});
    know(here, std::string(telco) +
                   "tars = {usim = \"b00011\"}\n[[profile]]\nname = \"other\"\ntars = {usim = \"b00140\"}\n");
    EXPECT_EQ(refusal(here, by_name(campaign_text(), "usim")),
              "c.toml:6: application: \"usim\" is b00140 in profile \"other\" and b00011 in profile \"telco-2ff\": a "
              "campaign for each");
    know(here, std::string(telco) + "quirks = [\"cc_len_4\"]\n[[profile]]\nname = \"other\"\n");
    EXPECT_EQ(
        refusal(here, campaign_text()),
        "c.toml:7: cc_len: the cards of profile \"other\" have a CC of 8 octets, those of profile \"telco-2ff\" one "
        "of 4: a campaign for each");
}

TEST(profiles, messages_are_as_long_as_the_cards_take_them) {
    world here({.cards = 3});
    know(here, std::string(telco) + "parts_max = 2\nlongest_message = 120\n");
    EXPECT_EQ(refusal(here, campaign_text({.telecom = "parts_max = 3"})),
              "c.toml:13: parts_max: the cards of profile \"telco-2ff\" take messages of at most 2 parts, given 3");
    EXPECT_EQ(refusal(here, campaign_text({.writes = write_text("7f10/6f3a", std::string(240, 'a'), 1)})),
              "c.toml:9: write: a record of 7f10/6f3a does not fit a packet of parts_max short messages (profile "
              "\"telco-2ff\": longest_message 120)");
    const auto content = std::string(2 * 250, '5');
    const auto made = try_to_create(here, campaign_text({.writes = write_text("7f20/6f60", content)}));
    ASSERT_TRUE(made) << to_string(made.error().front());
    const auto reader = here.storage->connect(store::access::read).value();
    const auto planned =
        preview_targets(*reader, made->key, definition_of(*made).value(), {here.smsc.reference_bits, nullptr});
    EXPECT_EQ(planned->packets, 3 * 3);
    EXPECT_EQ(here.conduct_now(*made), run_end::finished);
    here.expect_outcomes(*made, {.done = 3});
    EXPECT_EQ(here.messages().size(), 9U);
    for (const auto& one : here.messages()) EXPECT_LE(one.packet.size(), 16 + 8 + 120 + 15U);
}

TEST(profiles, a_short_checksum_is_the_profile_s_fact) {
    world here({.cards = 3});
    know(here, std::string(telco) + "quirks = [\"cc_len_4\"]\n");
    EXPECT_EQ(refusal(here, replaced(campaign_text(), "spi = \"1639\"", "spi = \"1639\"\ncc_len = 8")),
              "c.toml:8: cc_len: the cards of profile \"telco-2ff\" have a CC of 4 octets, given 8");
    const auto made = here.run();
    here.expect_sound(made);
    for (const auto& one : here.messages()) EXPECT_EQ(one.packet[2], 13 + 4);
}

TEST(profiles, cards_that_refuse_paths_are_written_step_by_step_and_their_lost_answers_read_back_so) {
    const world_options options{.cards = 20, .faults = "card_no_paths = 1\nlose_response = 0.3", .seed = 5};
    {
        world unknowing(options);
        const auto made = unknowing.run({.telecom = patient});
        unknowing.expect_outcomes(made, {.failed = 20});
    }
    world here(options);
    know(here, std::string(telco) + "quirks = [\"select_by_fid\"]\n");
    const auto made = here.run({.telecom = patient});
    here.expect_sound(made);
    here.expect_outcomes(made, {.done = 20});
    EXPECT_GT(here.summary(made).rounds.size(), 1U) << "nothing was read back: another seed";
}

TEST(profiles, cards_without_concatenated_answers_are_read_back_in_small_pieces) {
    world here({.cards = 20, .faults = "card_one_part = 1\nlose_response = 0.3", .seed = 5});
    know(here, std::string(telco) + "quirks = [\"no_concatenated_por\"]\n");
    const auto content = std::string(2 * 180, '5');
    const auto made = here.run({.writes = write_text("7f20/6f60", content), .telecom = patient});
    here.expect_outcomes(made, {.done = 20});
    EXPECT_GT(here.summary(made).rounds.size(), 1U) << "nothing was read back: another seed";
}

}  // namespace
}  // namespace tessera::campaigns
