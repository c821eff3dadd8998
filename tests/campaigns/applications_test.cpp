// Applications into a fleet: load, install, delete, over many packets in order, whatever the network does.
#include <fstream>

#include "campaign_world.h"
#include "codec/cap_file.h"
#include "codec/test_cap.h"

namespace tessera::campaigns {
namespace {

using operations::cause;
using operations::cause_kind;

void put_cap(world& here, const codec::test_package& what = {}, const std::string& name = "loyalty.cap") {
    const auto octets = codec::test_cap(what);
    std::ofstream(here.directory() / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
}

const std::string install = "[[application]]\naction = \"install\"\ncap = \"loyalty.cap\"\n";

campaign_options managed(const std::string& actions, std::string telecom = "por_timeout = \"2s\"\nattempts = 3") {
    return {.name = "applet", .writes = actions, .tar = "000000", .telecom = std::move(telecom)};
}

void expect_installed(world& here, std::size_t card, const codec::test_package& what = {}) {
    const auto cap = codec::read_cap(codec::test_cap(what)).value();
    const auto files = here.sim->load_files(card);
    ASSERT_EQ(files.size(), 1U) << card;
    EXPECT_EQ(files[0].components, cap.components);
    const auto applications = here.sim->applications(card);
    ASSERT_EQ(applications.size(), 1U) << card;
    EXPECT_EQ(applications[0].aid, cap.applets[0]);
    EXPECT_EQ(applications[0].life_cycle, 0x07);
}

TEST(campaign_applications, a_cap_file_is_loaded_in_many_packets_and_its_applet_installed) {
    world here({.cards = 40});
    put_cap(here, {.method_octets = 3'000});
    const auto made = here.run(managed(install));
    here.expect_outcomes(made, {.done = 40});
    for (const std::size_t card : {0, 39}) expect_installed(here, card, {.method_octets = 3'000});
    const auto messages = here.messages();
    EXPECT_GE(messages.size(), 40U * 5);
    for (std::size_t i = 1; i < messages.size(); ++i) {
        if (messages[i].card != messages[i - 1].card) continue;
        EXPECT_EQ(messages[i].entry.counter, messages[i - 1].entry.counter + 1);
    }
}

TEST(campaign_applications, the_campaign_keeps_the_file_as_it_was_when_it_was_created) {
    world here({.cards = 5});
    put_cap(here, {.filling = 0x11});
    const auto made = here.create(managed(install));
    put_cap(here, {.filling = 0x22});
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    expect_installed(here, 0, {.filling = 0x11});
    std::filesystem::remove(here.directory() / "loyalty.cap");
    EXPECT_TRUE(definition_of(campaign_store(*here.writer).get(made.key).value()));
}

TEST(campaign_applications, in_the_expanded_format_and_as_a_chain_it_is_the_same) {
    for (const auto* chaining : {"", "chaining = true"}) {
        SCOPED_TRACE(chaining);
        world here({.cards = 10});
        put_cap(here, {.method_octets = 1'500});
        auto options = managed(install);
        options.security = std::string("format = \"expanded\"\n") + chaining;
        const auto made = here.run(options);
        here.expect_outcomes(made, {.done = 10});
        expect_installed(here, 3, {.method_octets = 1'500});
    }
}

// Answers that are lost leave the server without proof; GET STATUS brings it.
TEST(campaign_applications, lost_answers_are_asked_for_by_get_status) {
    world here({.cards = 60, .faults = "lose_response = 0.2\nduplicate = 0.1", .seed = 4});
    put_cap(here, {.method_octets = 900});
    const auto made = here.run(managed(install, "por_timeout = \"300ms\"\nattempts = 8"));
    here.expect_outcomes(made, {.done = 60});
    EXPECT_GT(here.count("SELECT COUNT(*) FROM target WHERE purpose = 2"), 0);
    for (std::size_t card = 0; card < 60; ++card) expect_installed(here, card, {.method_octets = 900});
}

TEST(campaign_applications, killed_between_it_goes_on_and_every_card_has_it_once) {
    world here({.cards = 50});
    put_cap(here, {.method_octets = 2'000});
    std::size_t calls = 0;
    here.tap.on_call = [&](std::string_view call) {
        if (call == "submit" && ++calls == 120) {
            here.tap.dead = true;
            here.stop = true;
        }
    };
    const auto made = here.create(managed(install, "por_timeout = \"500ms\"\nattempts = 6"));
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    here.tap.on_call = {};
    here.tap.dead = false;
    here.stop = false;
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 50});
    for (std::size_t card = 0; card < 50; ++card) expect_installed(here, card, {.method_octets = 2'000});
}

TEST(campaign_applications, what_is_there_already_counts_only_if_it_is_the_same) {
    world here({.cards = 5});
    put_cap(here);
    here.expect_outcomes(here.run(managed(install)), {.done = 5});
    // The same again: the card refuses with 6985, and GET STATUS tells the version.
    here.expect_outcomes(here.run(managed(install)), {.done = 5});
    put_cap(here, {.version_major = 2});
    const auto made = here.run(managed(install));
    here.expect_outcomes(made, {.failed = 5});
    EXPECT_EQ(here.rows(made)[0].why.kind, cause_kind::status_word);
    EXPECT_EQ(here.rows(made)[0].why.value, 0x6985);
    expect_installed(here, 0);
}

TEST(campaign_applications, delete_before_install_is_an_upgrade_also_where_there_is_nothing_to_delete) {
    world here({.cards = 6});
    put_cap(here);
    const std::string upgrade = "[[application]]\naction = \"delete\"\ncap = \"loyalty.cap\"\n" + install;
    here.expect_outcomes(here.run(managed(upgrade)), {.done = 6});
    put_cap(here, {.version_major = 2, .filling = 0x55});
    here.expect_outcomes(here.run(managed(upgrade)), {.done = 6});
    expect_installed(here, 5, {.version_major = 2, .filling = 0x55});
    here.expect_outcomes(here.run(managed("[[application]]\naction = \"delete\"\naid = \"a0000006250101\"\n")),
                         {.done = 6});
    EXPECT_TRUE(here.sim->applications(2).empty());
    EXPECT_EQ(here.sim->load_files(2).size(), 1U);
    here.expect_outcomes(here.run(managed("[[application]]\naction = \"delete\"\naid = \"a0000006250101\"\n")),
                         {.done = 6});
}

TEST(campaign_applications, an_instance_of_its_own_with_parameters_of_a_file_that_is_there) {
    world here({.cards = 3});
    put_cap(here);
    here.expect_outcomes(here.run(managed("[[application]]\naction = \"load\"\ncap = \"loyalty.cap\"\n")), {.done = 3});
    EXPECT_TRUE(here.sim->applications(0).empty());
    here.expect_outcomes(
        here.run(managed("[[application]]\naction = \"install\"\nload_file = \"a00000062501\"\nmodule = "
                         "\"a0000006250101\"\ninstance = \"a000000625010199\"\nparameters = \"c9021234\"\n"
                         "privileges = \"04\"\n")),
        {.done = 3});
    const auto applications = here.sim->applications(0);
    ASSERT_EQ(applications.size(), 1U);
    EXPECT_EQ(to_hex(applications[0].aid), "a000000625010199");
    EXPECT_EQ(to_hex(applications[0].parameters), "c9021234");
    EXPECT_EQ(to_hex(applications[0].privileges), "04");
}

TEST(campaign_applications, what_the_card_refuses_fails_with_its_status_word) {
    world here({.cards = 3});
    put_cap(here);
    const auto made = here.run(managed(install + "security_domain = \"a0000000990000\"\n"));
    here.expect_outcomes(made, {.failed = 3});
    EXPECT_EQ(here.rows(made)[0].why.value, 0x6a88);
    EXPECT_TRUE(here.sim->load_files(0).empty());
}

TEST(campaign_applications, files_are_written_by_expanded_scripts_and_chains_too) {
    world here({.cards = 20, .faults = "lose_response = 0.2", .seed = 3});
    const std::string content(2 * 200, 'b');
    auto options = campaign_options{.writes = write_text("7f20/6f60", content) + write_text("7f20/6f61", content),
                                    .security = "format = \"expanded\"\nchaining = true",
                                    .telecom = "por_timeout = \"300ms\"\nattempts = 6\nparts_max = 1"};
    const auto made = here.run(options);
    here.expect_outcomes(made, {.done = 20});
    for (std::size_t card = 0; card < 20; ++card) {
        EXPECT_EQ(here.sim->read(card, "7f20/6f60").content.substr(0, content.size()), content);
        EXPECT_EQ(here.sim->read(card, "7f20/6f61").content.substr(0, content.size()), content);
    }
}

}  // namespace
}  // namespace tessera::campaigns
