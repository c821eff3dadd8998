// Audits: files of a fleet read over the air, and told beside what was expected.
#include <algorithm>

#include "campaign_world.h"
#include "campaigns/audit_report.h"

namespace tessera::campaigns {
namespace {

constexpr std::string_view newer = "0141414141ffffffffffffffffffffffff";

std::string read_text(std::string_view file, std::string_view more = "") {
    return "[[read]]\nfile = \"" + std::string(file) + "\"\n" + std::string(more) + "\n";
}
campaign_options audit_of(const std::string& reads, std::string telecom = "por_timeout = \"250ms\"\nattempts = 3") {
    return {.name = "audit", .writes = reads, .telecom = std::move(telecom)};
}

struct found_file {
    std::string iccid, file, content, expected;
    bool drift = false, there = false;
};
std::vector<found_file> readings(world& here, const campaign& which) {
    std::vector<found_file> all;
    const auto what = definition_of(which).value();
    for_each_reading(*here.writer, which.key, what, [&](const audit_row& row) {
        found_file made{row.card->iccid, row.wanted->file, {}, {}};
        if (row.found != nullptr) {
            made.there = row.found->found.now == operations::reading::state::complete;
            made.content = to_hex(row.found->found.content);
            made.drift = row.found->drift;
            if (row.found->expected) made.expected = to_hex(*row.found->expected);
        }
        all.push_back(made);
    }).value();
    return all;
}
std::int64_t drift(world& here, const campaign& which) { return here.summary(which).drift.value_or(-1); }

TEST(audits, cards_that_hold_what_the_image_says_have_not_drifted) {
    world here({.cards = 30});
    here.run();
    const auto made = here.run(audit_of(read_text(spn_file)));
    here.expect_outcomes(made, {.done = 30});
    EXPECT_EQ(drift(here, made), 0);
    for (const auto& one : readings(here, made)) {
        EXPECT_EQ(one.content, spn_content);
        EXPECT_EQ(one.expected, spn_content);
        EXPECT_FALSE(one.drift);
    }
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM image_difference"), 0);
    EXPECT_EQ(here.sim->statistics().refused, 0U);
}

// C-17: the image follows the card's own word, in P3 and not before.
TEST(campaigns, C_17_an_audit_tells_drift_and_the_image_follows_what_was_read_in_P3) {
    world here({.cards = 30});
    here.run();
    here.renew_simulator("");  // other cards, or cards that somebody else has written
    std::vector<std::int64_t> differences;
    here.progress.when_began = [&](phase) {
        differences.push_back(here.count("SELECT COUNT(*) FROM image_difference"));
        EXPECT_EQ(here.image_content(3), spn_content);
    };
    const auto made = here.run(audit_of(read_text(spn_file)));
    here.progress.when_began = {};
    EXPECT_EQ(differences, std::vector<std::int64_t>(3, 0));
    here.expect_outcomes(made, {.done = 30});
    EXPECT_EQ(drift(here, made), 30);
    for (const auto& one : readings(here, made)) EXPECT_TRUE(one.drift) << one.iccid;
    for (const auto& row : here.rows(made)) EXPECT_EQ(row.why.kind, operations::cause_kind::drift);
    for (std::size_t card = 0; card < 30; ++card) EXPECT_EQ(here.image_content(card), here.sim->read(card).content);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM image_difference"), 30);
    const auto again = here.run(audit_of(read_text(spn_file)));
    EXPECT_EQ(drift(here, again), 0);
}

TEST(audits, an_expectation_of_its_own_is_what_drift_is_told_by) {
    world here({.cards = 20});
    here.run({.targets = "imsi_range = [\"" + sim::fleet_imsi(0) + "\", \"" + sim::fleet_imsi(11) + "\"]"});
    for (const std::string& expect :
         {"expect = \"" + std::string(spn_content) + "\"", std::string("expect = {display = \"Tessera\", flags = 1}"),
          std::string("expect = {value = {display = \"Tessera\", flags = 1}}"), std::string("expect = \"0154\"")}) {
        SCOPED_TRACE(expect);
        const auto made = here.run(audit_of(read_text("gsm/SPN", expect)));
        here.expect_outcomes(made, {.done = 20});
        EXPECT_EQ(drift(here, made), 8);
        // What drifted can be picked, and written.
        const auto write =
            here.create({.name = "mend", .targets = "campaign = \"" + made.id + "\"\noutcome = \"drift\""});
        EXPECT_EQ(write.targets, 8);
        campaigns::follow_up drifted;
        drifted.outcomes.clear();
        drifted.drifted = true;
        const auto follow_up = here.follow_up(made, drifted);
        ASSERT_TRUE(follow_up) << to_string(follow_up.error().front());
        EXPECT_EQ(follow_up->targets, 8);
    }
}

TEST(audits, a_long_file_comes_whole_in_pieces_whether_or_not_its_length_is_said) {
    world here({.cards = 10});
    const std::string content(2 * 240, '7');
    here.run({.writes = write_text("7f20/6f60", content)});
    for (const std::string length : {"", "length = 240", "length = 210"}) {
        SCOPED_TRACE(length);
        const auto made = here.run(audit_of(read_text("7f20/6f60", length) + read_text(spn_file)));
        here.expect_outcomes(made, {.done = 10});
        EXPECT_EQ(drift(here, made), 0);
        const auto all = readings(here, made);
        ASSERT_EQ(all.size(), 20U);
        const auto wanted = here.sim->read(0, "7f20/6f60").content;
        const auto octets = length.empty() ? wanted.size() / 2 : length == "length = 240" ? 240U : 210U;
        EXPECT_EQ(all[0].content, wanted.substr(0, 2 * octets));
        EXPECT_EQ(all[1].file, spn_file);
        EXPECT_EQ(here.image_content(0, "7f20/6f60").substr(0, content.size()), content);
    }
}

TEST(audits, records_are_read_one_by_one) {
    world here({.cards = 5});
    const std::string record(2 * 28, '3');
    here.run({.writes = write_text("7f10/6f3a", record, 2)});
    const auto made = here.run(
        audit_of(read_text("7f10/6f3a", "record = 2") + read_text("7f10/6f3a", "record = 1\nexpect = \"00\"")));
    here.expect_outcomes(made, {.done = 5});
    EXPECT_EQ(drift(here, made), 5);
    const auto all = readings(here, made);
    EXPECT_EQ(all[0].content, record);
    EXPECT_FALSE(all[0].drift);
    EXPECT_TRUE(all[1].drift);
    EXPECT_EQ(all[1].content.size(), record.size());
}

TEST(audits, a_file_that_the_card_will_not_give_fails_and_the_others_are_told) {
    world here({.cards = 6});
    here.run();
    const auto made = here.run(audit_of(read_text("7f20/6fff") + read_text(spn_file)));
    here.expect_outcomes(made, {.failed = 6});
    for (const auto& row : here.rows(made))
        EXPECT_EQ(row.why, (operations::cause{operations::cause_kind::status_word, 0x6a82, 1}));
    const auto all = readings(here, made);
    EXPECT_FALSE(all[0].there);
    EXPECT_EQ(all[1].content, spn_content);
}

// A repeat is refused by the card's counter: what it read then nobody heard, so it is asked again with a new one.
TEST(audits, lost_answers_are_asked_again_with_new_counters) {
    world here({.cards = 40, .faults = "lose_response = 0.4\nduplicate = 0.2", .seed = 9});
    const auto made = here.run(audit_of(read_text(spn_file) + read_text("7f20/6f60", "length = 240"),
                                        "por_timeout = \"100ms\"\nattempts = 8"));
    here.expect_outcomes(made, {.done = 40});
    EXPECT_GT(here.summary(made).subject.round, 1);
    const auto all = readings(here, made);
    for (std::size_t card = 0; card < 40; ++card) {
        EXPECT_EQ(all[2 * card].content, here.sim->read(card).content);
        EXPECT_EQ(all[2 * card + 1].content, here.sim->read(card, "7f20/6f60").content.substr(0, 480));
    }
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM image_doubt"), 0);
}

TEST(audits, silence_is_unknown_and_changes_nothing_and_a_late_answer_settles_it) {
    world here({.cards = 25, .faults = "delay = \"1s\""});
    const auto made = here.run(audit_of(read_text(spn_file), "por_timeout = \"50ms\"\nattempts = 1"));
    here.expect_outcomes(made, {.unknown = 25});
    EXPECT_EQ(here.count("SELECT (SELECT COUNT(*) FROM image_file) + (SELECT COUNT(*) FROM image_doubt)"), 0);
    here.sim->wait_for_waiting(25);
    const auto second = here.run(
        {.name = "newer", .writes = write_text(spn_file, newer), .telecom = "por_timeout = \"5s\"\nattempts = 1"});
    here.expect_outcomes(second, {.done = 25});
    here.expect_outcomes(made, {.done = 25});
    for (const auto& one : readings(here, made)) {
        EXPECT_TRUE(one.there);
        EXPECT_NE(one.content, newer);
    }
    // What was read before the write is not what the card holds.
    for (std::size_t card = 0; card < 25; ++card) EXPECT_EQ(here.image_content(card), newer);
}

// C-8: of a long answer only the first part says which application it comes from.
TEST(campaigns, C_8_a_late_answer_of_several_messages_is_whole_where_another_application_is_spoken_to) {
    world here({.cards = 12, .faults = "delay = \"1s\""});
    const auto made =
        here.run(audit_of(read_text("7f20/6f30", "length = 180"), "por_timeout = \"50ms\"\nattempts = 1"));
    here.expect_outcomes(made, {.unknown = 12});
    here.sim->wait_for_waiting(24);
    here.run({.name = "elsewhere", .tar = "b00011", .telecom = "por_timeout = \"5s\"\nattempts = 1"});
    here.expect_outcomes(made, {.done = 12});
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM unmatched_message"), 0);
}

TEST(audits, cards_with_other_keys_fail_by_their_own_word) {
    world here({.cards = 30, .faults = "card_wrong_key = 0.5", .seed = 3});
    const auto made = here.run(audit_of(read_text(spn_file)));
    const auto found = here.summary(made).outcomes;
    EXPECT_GT(found.failed, 0);
    EXPECT_EQ(found.done + found.failed, 30);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM image_file"), found.done);
}

TEST(audits, a_card_whose_counter_is_ahead_of_ours_fails_by_its_refusals) {
    world here({.cards = 2, .simulated = [](const std::string& csv) {
                    auto text = csv;
                    const auto at = text.rfind("0000000000");
                    return text.replace(at, 10, "0000001000");
                }});
    const auto made = here.run(audit_of(read_text(spn_file)));
    here.expect_outcomes(made, {.done = 1, .failed = 1});
    EXPECT_EQ(here.rows(made)[1].why.kind, operations::cause_kind::por_status);
}

// C-17: what it had read before another campaign wrote the file says nothing of what is there now.
TEST(campaigns, C_17_an_audit_of_several_rounds_does_not_bring_an_older_content_back) {
    constexpr const char* patient = "por_timeout = \"100ms\"\nattempts = 20";
    world here({.cards = 20, .faults = "lose_submit = 0.4", .seed = 3});
    here.expect_outcomes(here.run({.telecom = patient}), {.done = 20});
    const auto made =
        here.create(audit_of(read_text(spn_file) + read_text("7f20/6f3e"), "por_timeout = \"100ms\"\nattempts = 1"));
    here.progress.when_ended = [&](int round, phase which) {
        if (round == 1 && which == phase::settle) here.stop = true;
    };
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    here.progress.when_ended = {};
    here.stop = false;
    // Of some cards the first file has been read and the second one has not.
    ASSERT_GT(here.count("SELECT COUNT(*) FROM audit_reading a JOIN audit_reading b ON b.card_id = a.card_id WHERE "
                         "a.place = 0 AND a.state = 1 AND b.place = 1 AND b.state = 0"),
              0);
    here.expect_outcomes(here.run({.name = "newer", .writes = write_text(spn_file, newer), .telecom = patient}),
                         {.done = 20});
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    for (std::size_t card = 0; card < 20; ++card) EXPECT_EQ(here.image_content(card), newer) << card;
    EXPECT_EQ(drift(here, made), 0);
}

TEST(audits, a_stopped_audit_goes_on_where_it_stood) {
    world here({.cards = 2'500, .faults = "lose_response = 0.05", .seed = 2});
    const auto made = here.create(audit_of(read_text(spn_file), "por_timeout = \"200ms\"\nattempts = 4"));
    here.progress.when_moved = [&] {
        if (here.progress.now == phase::settle) here.stop = true;
    };
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    here.progress.when_moved = {};
    here.stop = false;
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 2'500});
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM audit_reading"), 2'500);
}

}  // namespace
}  // namespace tessera::campaigns
