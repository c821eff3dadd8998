// C-8: an acknowledgement that is missing, negative, or late; wherever it comes, it belongs to the campaign that asked.
#include "campaign_world.h"
#include "cards/numbers.h"
#include "operations/renumber.h"

namespace tessera::campaigns {
namespace {

const campaign_options hasty{.name = "first", .telecom = "por_timeout = \"50ms\"\nattempts = 1"};
campaign_options another(std::string telecom, std::string spi = "1639") {
    return {.name = "another",
            .spi = std::move(spi),
            .writes = write_text("7f20/6f3e", "0102"),
            .telecom = std::move(telecom)};
}

TEST(campaigns, C_8_a_missing_acknowledgement_is_unknown_and_the_image_unchanged) {
    world here({.cards = 50, .faults = "lose_response = 1"});
    const auto made = here.run(hasty);
    here.expect_outcomes(made, {.unknown = 50});
    here.expect_sound(made);
    EXPECT_EQ(here.sim->statistics().executed, 50U);
    for (const auto& row : here.rows(made)) EXPECT_EQ(row.why.kind, operations::cause_kind::no_answer);
}

TEST(campaigns, C_8_a_negative_acknowledgement_is_failed_with_its_cause_and_the_image_unchanged) {
    world here({.cards = 50});
    const auto made = here.run({.writes = write_text("7f20/6fff", "01")});
    here.expect_outcomes(made, {.failed = 50});
    for (const auto& row : here.rows(made))
        EXPECT_EQ(row.why, (operations::cause{operations::cause_kind::status_word, 0x6a82, 1}));
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM image_file"), 0);
}

TEST(campaigns, C_8_a_late_acknowledgement_in_another_campaigns_session_settles_its_own) {
    world here({.cards = 60, .faults = "delay = \"1s\""});
    const auto first = here.run(hasty);
    here.expect_outcomes(first, {.unknown = 60});
    here.expect_sound(first);
    here.sim->wait_for_waiting(60);
    const auto second = here.run(another("por_timeout = \"5s\"\nattempts = 1"));
    here.expect_outcomes(second, {.done = 60});
    here.expect_outcomes(first, {.done = 60});
    for (std::size_t card = 0; card < 60; ++card) {
        EXPECT_EQ(here.image_content(card), spn_content);
        EXPECT_EQ(here.image_content(card, "7f20/6f3e"), "0102");
    }
    EXPECT_EQ(here.summary(first).outcomes.total(), 60);
    EXPECT_EQ(here.sim->read(0).executed, 1U);
}

TEST(campaigns, C_8_a_late_negative_acknowledgement_makes_it_failed_and_leaves_the_image) {
    world here({.cards = 40, .faults = "delay = \"1s\""});
    auto options = hasty;
    options.writes = write_text("7f20/6fff", "01");
    const auto first = here.run(options);
    here.expect_outcomes(first, {.unknown = 40});
    here.sim->wait_for_waiting(40);
    here.run(another("por_timeout = \"5s\"\nattempts = 1"));
    here.expect_outcomes(first, {.failed = 40});
    for (const auto& row : here.rows(first))
        EXPECT_EQ(row.why, (operations::cause{operations::cause_kind::status_word, 0x6a82, 1}));
    EXPECT_EQ(here.image_content(0, "7f20/6fff"), "");
}

// Anybody may have said that a checksum was wrong, of whichever packet; the card itself tells afterwards.
TEST(campaigns, C_8_a_late_acknowledgement_outweighs_a_complaint_without_security) {
    world here({.cards = 40, .faults = "delay = \"1s\""});
    const auto complaint = from_hex("027100000b0ab0001000000000000001").value();
    here.tap.stranger = [&](telecom::subscriber_number) { return complaint; };
    const auto first = here.run(hasty);
    here.expect_outcomes(first, {.failed = 40});
    for (const auto& row : here.rows(first))
        EXPECT_EQ(row.why, (operations::cause{operations::cause_kind::por_status, 1, 1}));
    here.tap.stranger = {};
    here.sim->wait_for_waiting(40);
    here.run(another("por_timeout = \"5s\"\nattempts = 1"));
    here.expect_outcomes(first, {.done = 40});
    for (std::size_t card = 0; card < 40; ++card) EXPECT_EQ(here.image_content(card), spn_content);
}

// Whoever was to settle them died, and the next one has nothing else to do.
TEST(campaigns, C_8_late_answers_that_a_process_left_are_settled_where_the_next_one_winds_up) {
    world here({.cards = 20, .faults = "delay = \"1s\""});
    const auto first = here.run(hasty);
    here.expect_outcomes(first, {.unknown = 20});
    here.sim->wait_for_waiting(20);
    here.refuse_rows("INSERT", "outcome", "NEW.revision > 0");
    EXPECT_FALSE(here.try_to_conduct(here.create(another("por_timeout = \"5s\"\nattempts = 1"))));
    here.allow_rows("outcome");
    here.expect_outcomes(first, {.unknown = 20});
    here.cancel(here.create({.name = "nobody began it"}));
    here.expect_outcomes(first, {.done = 20});
}

// The late answer is older than what the second campaign wrote into the same file.
TEST(campaigns, C_8_a_late_acknowledgement_does_not_bring_an_older_content_back) {
    constexpr std::string_view newer = "0141414141ffffffffffffffffffffffff";
    world here({.cards = 40, .faults = "delay = \"1s\""});
    const auto first = here.run(hasty);
    here.expect_outcomes(first, {.unknown = 40});
    here.sim->wait_for_waiting(40);
    const auto second = here.run(
        {.name = "newer", .writes = write_text(spn_file, newer), .telecom = "por_timeout = \"5s\"\nattempts = 1"});
    here.expect_outcomes(second, {.done = 40});
    here.expect_outcomes(first, {.done = 40});
    for (std::size_t card = 0; card < 40; ++card) {
        EXPECT_EQ(here.sim->read(card).content, newer);
        EXPECT_EQ(here.image_content(card), newer);
    }
}

// The second campaign is not answered either when the first one's answers come: what it wrote may be there by now.
TEST(campaigns, C_17_a_late_acknowledgement_leaves_the_doubt_of_a_later_write) {
    constexpr std::string_view newer = "0141414141ffffffffffffffffffffffff";
    world here({.cards = 40, .faults = "delay = \"250ms\""});
    here.run(hasty);
    here.sim->wait_for_waiting(40);
    here.run({.name = "newer", .writes = write_text(spn_file, newer), .telecom = hasty.telecom});
    const auto again = here.run({.name = "again", .telecom = "por_timeout = \"5s\"\nattempts = 1"});
    here.expect_outcomes(again, {.done = 40});
    for (std::size_t card = 0; card < 40; ++card) {
        EXPECT_EQ(here.sim->read(card).content, spn_content);
        EXPECT_EQ(here.image_content(card), spn_content);
    }
}

// It was listened for when somebody cancelled: nobody knows what the file holds.
TEST(campaigns, C_17_cancelling_doubts_the_images_of_cards_that_it_gives_up) {
    world here({.cards = 20, .faults = "response_follows = 1\nresponse_follows_delay = \"1h\""});
    here.progress.when_ended = [&](int, phase which) {
        if (which == phase::settle) here.stop = true;
    };
    const auto made = here.create();
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    here.cancel(made);
    here.expect_outcomes(made, {.unknown = 20});
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM image_doubt"), 20);
}

// Before anything of the second campaign is sent: the late answers are there at once when the session opens.
TEST(campaigns, C_8_late_answers_do_not_pass_for_answers_to_packets_not_yet_sent) {
    world here({.cards = 100, .faults = "delay = \"100ms\""});
    const auto first = here.run(hasty);
    here.sim->wait_for_waiting(100);
    here.smsc.rate = 400;
    const auto second = here.run(another("por_timeout = \"5s\"\nattempts = 1"));
    here.expect_outcomes(second, {.done = 100});
    here.expect_outcomes(first, {.done = 100});
    for (std::size_t card = 0; card < 100; ++card) EXPECT_EQ(here.sim->read(card, "7f20/6f3e").executed, 1U);
}

// A card repeats what it said to an earlier campaign. P2, which has no keys, takes that for the answer that it awaits;
// what was sent may be lost meanwhile, and a card that were asked at once what it holds could never take it any more.
TEST(campaigns, C_8_an_answer_to_an_earlier_campaign_costs_no_card_its_packet) {
    for (const std::string_view spi : {"1639", "1239"}) {
        world here({.cards = 60});
        here.run({.spi = std::string(spi)});
        std::map<telecom::subscriber_number, bytes> said;
        for (const auto& one : here.answers())
            said[here.registered(static_cast<std::size_t>(one.card) - 1).identity.msisdn] = one.octets;
        here.renew_simulator("lose_submit = 0.5");
        here.tap.stranger = [&](telecom::subscriber_number from) { return std::exchange(said[from], {}); };
        const auto second = here.run(another("por_timeout = \"250ms\"\nattempts = 20", std::string(spi)));
        here.expect_outcomes(second, {.done = 60});
        EXPECT_GT(here.count("SELECT COUNT(*) FROM target WHERE purpose = 4"), 0);
        std::map<std::int64_t, bytes> packets;
        for (const auto& one : here.messages()) {
            if (one.entry.what == operations::purpose::repeat) {
                EXPECT_EQ(one.packet, packets[one.card]);
            }
            packets[one.card] = one.packet;
        }
        for (std::size_t card = 0; card < 60; ++card) EXPECT_EQ(here.sim->read(card, "7f20/6f3e").executed, 1U);
    }
}

// An answer is the card's that the packet was sent to, whoever has its number by now: the keys and the counter prove
// it.
TEST(campaigns, C_8_a_late_acknowledgement_after_the_number_moved_settles_the_card_that_held_it) {
    world here({.cards = 60, .faults = "delay = \"1s\""});
    const auto first = here.run(hasty);
    here.expect_outcomes(first, {.unknown = 60});
    here.sim->wait_for_waiting(60);
    // The numbers of ten cards go round, one card loses its number, and another one's goes to the eleventh.
    std::vector<cards::number_change> changes;
    for (std::size_t card = 0; card < 10; ++card)
        changes.push_back({sim::fleet_iccid(card), sim::fleet_msisdn((card + 1) % 10)});
    changes.push_back({sim::fleet_iccid(10), 0});
    changes.push_back({sim::fleet_iccid(11), sim::fleet_msisdn(12)});
    changes.push_back({sim::fleet_iccid(12), 0});
    store::in_transaction(*here.writer, [&]() -> result<void> {
        cards::card_store cards(*here.writer);
        TESSERA_TRY_VALUE(const auto made, cards::change_numbers(cards, changes, system_clock().now()));
        EXPECT_EQ(made.size(), 13U);
        return operations::note_numbers(*here.writer, made, system_clock().now(), system_random());
    }).value();
    auto options = another("por_timeout = \"5s\"\nattempts = 1");
    options.targets = "imsi_range = [\"" + sim::fleet_imsi(20) + "\", \"" + sim::fleet_imsi(59) + "\"]";
    here.expect_outcomes(here.run(options), {.done = 40});
    here.expect_outcomes(first, {.done = 60});
    for (std::size_t card = 0; card < 60; ++card) EXPECT_EQ(here.image_content(card), spn_content);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM unmatched_message"), 0);
}

// Formatted for the old number and not yet sent: it goes to the new one.
TEST(campaigns, C_15_a_number_that_changes_after_formatting_sends_its_card_to_the_next_round) {
    constexpr std::uint64_t nowhere = 882399999999;
    world here({.cards = 20, .registry = [](const std::string& csv) {
                    return replaced(csv, std::to_string(sim::fleet_msisdn(4)), std::to_string(nowhere));
                }});
    const auto made = here.create();
    here.progress.when_ended = [&](int round, phase which) {
        if (round != 1 || which != phase::prepare) return;
        const cards::number_change change{sim::fleet_iccid(4), sim::fleet_msisdn(4)};
        store::in_transaction(*here.writer, [&]() -> result<void> {
            cards::card_store cards(*here.writer);
            TESSERA_TRY_VALUE(const auto moved,
                              cards::change_numbers(cards, std::span(&change, 1), system_clock().now()));
            return operations::note_numbers(*here.writer, moved, system_clock().now(), system_random());
        }).value();
    };
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 20});
    EXPECT_EQ(here.summary(made).subject.round, 2);
    EXPECT_EQ(here.image_content(4), spn_content);
}

// Two packets, of which the second is lost: one answer is not enough.
TEST(campaigns, C_8_a_write_of_several_packets_is_done_only_when_all_are_acknowledged) {
    world here({.cards = 200, .faults = "lose_submit = 0.25", .seed = 8});
    const std::string content(2 * 80, 'a');
    const auto made = here.run({.writes = write_text("7f20/6f60", content) + write_text("7f20/6f61", content),
                                .telecom = "por_timeout = \"100ms\"\nattempts = 1\nparts_max = 1"});
    std::int64_t half = 0;
    for (std::size_t card = 0; const auto& row : here.rows(made)) {
        const auto first = here.sim->read(card, "7f20/6f60").executed;
        const auto second = here.sim->read(card, "7f20/6f61").executed;
        EXPECT_EQ(*row.outcome, first + second == 2 ? operations::outcome::done : operations::outcome::unknown);
        EXPECT_EQ(here.image(card).size(), first + second == 2 ? 2U : 0U);
        half += first + second == 1 ? 1 : 0;
        ++card;
    }
    EXPECT_GT(half, 10);
}

}  // namespace
}  // namespace tessera::campaigns
