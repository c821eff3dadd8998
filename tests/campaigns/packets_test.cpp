// What goes into the packets: algorithms, long contents, several packets, records; and cards that cannot be served.
#include <algorithm>
#include <cstdio>

#include "campaign_world.h"

namespace tessera::campaigns {
namespace {

using crypto::cipher_algorithm;
using operations::cause;
using operations::cause_kind;

// Changes one field of the n-th card's row in a fleet's CSV.
std::string with_field(const std::string& csv, std::size_t card, std::size_t field, std::string_view value) {
    std::string out;
    std::size_t line = 0;
    for (std::size_t at = 0; at < csv.size(); ++line) {
        const auto end = csv.find('\n', at);
        std::string row = csv.substr(at, end - at);
        at = end + 1;
        if (line == card + 1) {
            std::size_t begin = 0;
            for (std::size_t i = 0; i < field; ++i) begin = row.find(',', begin) + 1;
            row.replace(begin, std::min(row.find(',', begin), row.size()) - begin, value);
        }
        out += row + "\n";
    }
    return out;
}
constexpr std::size_t msisdn_field = 2, key_version_field = 4, counter_field = 9;

TEST(campaign_packets, every_algorithm_and_level_of_security_reaches_its_cards) {
    for (const std::string spi : {"1639", "1221", "1521", "1e39", "1239", "1629"}) {
        SCOPED_TRACE("spi " + spi);
        world here({.cards = 60,
                    .profiles = {{"des", cipher_algorithm::des, 1},
                                 {"3des2", cipher_algorithm::triple_des_2key, 1},
                                 {"3des3", cipher_algorithm::triple_des_3key, 1},
                                 {"aes128", cipher_algorithm::aes128, 1},
                                 {"aes192", cipher_algorithm::aes192, 1},
                                 {"aes256", cipher_algorithm::aes256, 1}}});
        const auto made = here.run({.spi = spi});
        here.expect_outcomes(made, {.done = 60});
        here.expect_sound(made);
    }
}

TEST(campaign_packets, a_long_content_goes_out_as_concatenated_parts) {
    for (const int bits : {8, 16}) {
        world here({.cards = 30});
        here.smsc.reference_bits = bits;
        const std::string content(2 * 200, 'b');
        const auto made = here.run({.writes = write_text("7f20/6f60", content)});
        here.expect_outcomes(made, {.done = 30});
        EXPECT_EQ(here.sim->statistics().submits, 60U);
        EXPECT_EQ(here.sim->read(7, "7f20/6f60").executed, 1U);
        EXPECT_EQ(here.sim->read(7, "7f20/6f60").content.substr(0, content.size()), content);
        EXPECT_EQ(here.image_content(7, "7f20/6f60"), content);
    }
}

TEST(campaign_packets, packets_that_depend_on_one_another_go_in_order_with_rising_counters) {
    world here({.cards = 100});
    std::map<std::uint64_t, std::vector<bytes>> sent;
    here.tap.on_submit = [&](const telecom::outbound_message& message) {
        sent[message.subscriber].push_back(to_bytes(message.packet));
    };
    const std::string content(2 * 200, 'c');
    const auto made = here.run({.writes = write_text("7f20/6f60", content) + write_text("7f20/6f61", content),
                                .telecom = "por_timeout = \"2s\"\nattempts = 2\nparts_max = 1"});
    here.expect_outcomes(made, {.done = 100});
    const auto messages = here.messages();
    for (std::size_t card = 0; card < 100; ++card) {
        const auto id = here.registered(card).id.value;
        const auto packets = static_cast<std::size_t>(std::ranges::count(messages, id, &world::stored_message::card));
        EXPECT_GT(packets, 4U);
        EXPECT_EQ(sent[sim::fleet_msisdn(card)].size(), packets);
        EXPECT_EQ(here.sim->read(card, "7f20/6f60").content.substr(0, content.size()), content);
        EXPECT_EQ(here.sim->read(card, "7f20/6f61").content.substr(0, content.size()), content);
        EXPECT_EQ(here.sim->read(card).counter, packets);
    }
    for (std::size_t i = 1; i < messages.size(); ++i) {
        if (messages[i].card != messages[i - 1].card) continue;
        EXPECT_EQ(messages[i].entry.sequence, messages[i - 1].entry.sequence + 1);
        EXPECT_EQ(messages[i].entry.counter, messages[i - 1].entry.counter + 1);
    }
}

// A repeated answer to one packet must not stand for the answer to the next.
TEST(campaign_packets, duplicates_do_not_spoil_packets_that_depend_on_one_another) {
    world here({.cards = 200, .faults = "duplicate = 0.4\nreorder = 0.2", .seed = 2});
    const std::string content(2 * 150, 'd');
    const auto made = here.run({.writes = write_text("7f20/6f60", content),
                                .telecom = "por_timeout = \"400ms\"\nattempts = 2\nparts_max = 1"});
    here.expect_outcomes(made, {.done = 200});
    for (std::size_t card = 0; card < 200; ++card)
        EXPECT_EQ(here.sim->read(card, "7f20/6f60").content.substr(0, content.size()), content);
}

// A long file is read back in several packets, of which each goes when the one before was answered: here, twice.
TEST(campaign_packets, duplicates_do_not_spoil_a_reading_in_several_packets) {
    world here({.cards = 60, .faults = "duplicate = 0.4\nlose_response = 0.3", .seed = 5});
    const std::string content(2 * 240, 'e');
    const auto made = here.run({.writes = write_text("7f20/6f60", content),
                                .telecom = "por_timeout = \"150ms\"\nattempts = 8\nparts_max = 2"});
    here.expect_outcomes(made, {.done = 60});
    EXPECT_GT(here.count("SELECT COUNT(*) FROM target WHERE purpose = 2"), 0);
    EXPECT_EQ(here.image_content(7, "7f20/6f60"), content);
}

TEST(campaign_packets, records_are_written_one_by_one) {
    const std::string first(2 * 28, '1');
    const std::string second(2 * 28, '2');
    world here({.cards = 40, .faults = "lose_response = 0.2", .seed = 3});
    const auto made = here.run({.writes = write_text("7f10/6f3a", first, 1) + write_text("7f10/6f3a", second, 3),
                                .telecom = "por_timeout = \"100ms\"\nattempts = 5"});
    here.expect_outcomes(made, {.done = 40});
    for (std::size_t card = 0; card < 40; ++card) {
        const auto held = here.sim->read(card, "7f10/6f3a");
        EXPECT_EQ(held.content.substr(0, 56), first);
        EXPECT_EQ(held.content.substr(112, 56), second);
        EXPECT_EQ(held.executed, 1U);
    }
    EXPECT_EQ(here.image(0).size(), 2U);
}

TEST(campaign_packets, a_shorter_content_leaves_the_rest_of_the_image_as_it_was) {
    world here({.cards = 10});
    here.run();
    const auto made = here.run({.name = "shorter", .writes = write_text(spn_file, "0258")});
    here.expect_outcomes(made, {.done = 10});
    const auto wanted = "0258" + std::string(spn_content.substr(4));
    EXPECT_EQ(here.image_content(3), wanted);
    EXPECT_EQ(here.sim->read(3).content, wanted);
}

TEST(campaign_packets, a_replay_that_the_card_refused_is_read_back) {
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
        world one({.cards = 20, .faults = "lose_response = 0.4", .seed = seed});
        const auto made = one.run({.telecom = "por_timeout = \"60ms\"\nattempts = 12"});
        one.expect_outcomes(made, {.done = 20});
        one.expect_sound(made);
        EXPECT_GT(one.count("SELECT COUNT(*) FROM target WHERE purpose = 2"), 0);
    }
}

// The first of two writes was executed: the card holds neither what the image says nor all that was sent.
TEST(campaign_packets, a_card_whose_image_is_in_doubt_is_not_skipped) {
    world here({.cards = 20});
    here.run();
    const auto broken = here.run(
        {.name = "broken", .writes = write_text("7f20/6f46", std::string(34, '5')) + write_text("7f99/6f46", "00")});
    here.expect_outcomes(broken, {.failed = 20});
    here.expect_outcomes(here.run({.name = "again"}), {.done = 20});
    here.expect_outcomes(here.run({.name = "and again"}), {.skipped = 20});
}

TEST(campaign_packets, a_card_whose_counter_is_ahead_of_ours_fails_by_its_refusals) {
    world here({.cards = 20,
                .simulated = [](const std::string& csv) { return with_field(csv, 4, counter_field, "0000001000"); }});
    const auto made = here.run();
    here.expect_outcomes(made, {.done = 19, .failed = 1});
    here.expect_sound(made);
    const auto row = here.rows(made)[4];
    EXPECT_EQ(row.why, (cause{cause_kind::por_status, 2, 0}));
    EXPECT_EQ(row.round, static_cast<int>(limits::fresh_refusals));
}

TEST(campaign_packets, a_subscriber_that_the_network_does_not_know_fails_with_its_status) {
    world here({.cards = 20,
                .simulated = [](const std::string& csv) { return with_field(csv, 4, msisdn_field, "8823999999999"); }});
    const auto made = here.run();
    here.expect_outcomes(made, {.done = 19, .failed = 1});
    EXPECT_EQ(here.rows(made)[4].why.kind, cause_kind::smpp_status);
    EXPECT_EQ(here.image_content(4), "");
}

TEST(campaign_packets, a_card_without_the_key_set_fails_in_P1) {
    world here(
        {.cards = 20, .registry = [](const std::string& csv) { return with_field(csv, 4, key_version_field, "2"); }});
    const auto made = here.run();
    here.expect_outcomes(made, {.done = 19, .failed = 1});
    EXPECT_EQ(here.rows(made)[4].why, (cause{cause_kind::no_key, 1, 0}));
    EXPECT_EQ(here.sim->statistics().submits, 19U);
}

TEST(campaign_packets, a_card_without_msisdn_fails_in_P1) {
    world here({.cards = 20, .registry = [](const std::string& csv) { return with_field(csv, 4, msisdn_field, ""); }});
    const auto made = here.run();
    here.expect_outcomes(made, {.done = 19, .failed = 1});
    EXPECT_EQ(here.rows(made)[4].why.kind, cause_kind::no_subscriber);
}

TEST(campaign_packets, a_counter_that_is_used_up_fails_in_P1) {
    world here({.cards = 20,
                .registry = [](const std::string& csv) { return with_field(csv, 4, counter_field, "fffffffffe"); }});
    const auto made = here.run();
    here.expect_outcomes(made, {.done = 19, .failed = 1});
    EXPECT_EQ(here.rows(made)[4].why.kind, cause_kind::no_packet);
}

}  // namespace
}  // namespace tessera::campaigns
