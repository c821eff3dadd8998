// Single operations on cards while campaigns run (C-12 to C-17), over one link to the simulated SMSC.
#include "campaign_world.h"
#include "operations/store.h"
#include "single_desk.h"

namespace tessera::campaigns {
namespace {

using operations::operation_kind;
using operations::outcome;
using operations::single_answer;
using operations::single_request;

constexpr std::string_view other_content = "0158585858ffffffffffffffffffffffff";

TEST(single_operations, write_read_and_run_reach_the_card_and_a_write_changes_the_image) {
    world here({.cards = 5, .shared = true});
    branch desk(here);
    const auto written = desk.write(2, other_content);
    ASSERT_FALSE(written.refused) << to_string(*written.refused);
    EXPECT_EQ(written.what, outcome::done);
    EXPECT_EQ(here.sim->read(2).content, other_content);
    EXPECT_EQ(here.image_content(2), other_content);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM image_doubt"), 0);

    const auto read = desk.ask(desk.request(2, operation_kind::read)).get();
    EXPECT_EQ(read.what, outcome::done);
    EXPECT_EQ(to_hex(read.data), other_content);
    auto running = desk.request(2, operation_kind::run);
    running.commands = {from_hex("00a40804047f206f46").value(), from_hex("00b0000002").value()};
    const auto ran = desk.ask(running).get();
    EXPECT_EQ(ran.what, outcome::done);
    EXPECT_EQ(ran.executed, 2);
    EXPECT_EQ(to_hex(ran.data), other_content.substr(0, 4));
    EXPECT_EQ(here.sim->statistics().refused, 0U);
}

TEST(single_operations, what_the_card_refuses_is_told_with_its_status_word) {
    world here({.cards = 2, .shared = true});
    branch desk(here);
    auto request = desk.request(0, operation_kind::read);
    request.file.file = "7f20/6fff";
    const auto read = desk.ask(request).get();
    EXPECT_EQ(read.what, outcome::failed);
    EXPECT_EQ(read.why, (operations::cause{operations::cause_kind::status_word, 0x6a82, 1}));
    auto nobody = desk.request(0, operation_kind::read);
    nobody.card = "8999999999999999999";
    EXPECT_EQ(desk.ask(nobody).get().refused->code, "not_found");
}

TEST(single_operations, a_long_file_is_read_whole_and_a_lost_answer_to_a_write_is_read_back) {
    world here({.cards = 30, .faults = "lose_response = 0.3", .seed = 4, .shared = true});
    branch desk(here);
    std::vector<std::future<single_answer>> asked;
    for (std::size_t card = 0; card < 30; ++card) {
        auto request = desk.write_request(card, std::string(2 * 240, '7'));
        request.file.file = "7f20/6f60";
        request.por_timeout = std::chrono::milliseconds(60);
        request.attempts = 12;
        asked.push_back(desk.ask(request));
    }
    for (auto& one : asked) EXPECT_EQ(one.get().what, outcome::done);
    EXPECT_GT(here.sim->statistics().refused, 0U);
    for (std::size_t card = 0; card < 30; ++card) EXPECT_EQ(here.sim->read(card, "7f20/6f60").executed, 1U);
    auto request = desk.request(7, operation_kind::read);
    request.file.file = "7f20/6f60";
    request.attempts = 12;
    request.por_timeout = std::chrono::milliseconds(60);
    EXPECT_EQ(to_hex(desk.ask(request).get().data).substr(0, 480), std::string(480, '7'));
}

TEST(single_operations, silence_is_unknown_and_leaves_the_image_in_doubt) {
    world here({.cards = 2, .faults = "card_off = 1", .shared = true});
    branch desk(here);
    auto request = desk.write_request(0, other_content);
    request.por_timeout = std::chrono::milliseconds(30);
    const auto made = desk.ask(request).get();
    EXPECT_EQ(made.what, outcome::unknown);
    EXPECT_EQ(made.why.kind, operations::cause_kind::no_answer);
    EXPECT_EQ(made.attempts, 3);
    EXPECT_EQ(here.image_content(0), "");
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM image_doubt"), 1);
}

// Its first packet takes the last counter that there is, so the second one cannot be built.
TEST(single_operations, one_that_cannot_go_on_ends_unknown_and_leaves_its_card_free) {
    const auto near_the_end = [](std::string csv) {
        return replaced(std::move(csv), ",0000000000\n", ",fffffffffd\n");
    };
    world here({.cards = 1, .registry = near_the_end, .simulated = near_the_end, .shared = true});
    branch desk(here);
    auto request = desk.write_request(0, std::string(2 * 240, '7'));
    request.file.file = "7f20/6f60";
    request.parts_max = 1;
    const auto made = desk.ask(request).get();
    ASSERT_TRUE(made.refused);
    EXPECT_EQ(made.refused->code, "counter_exhausted");
    EXPECT_EQ(made.packets, 1);
    EXPECT_EQ(here.sim->statistics().executed, 1U);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM operation WHERE state = 0"), 0);
    EXPECT_EQ(here.count("SELECT outcome FROM operation"), static_cast<int>(outcome::unknown));
    EXPECT_EQ(here.count("SELECT cause FROM operation"), static_cast<int>(operations::cause_kind::no_packet));
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM operation_answer"), 1);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM unmatched_message"), 0);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM image_doubt"), 1);
    EXPECT_EQ(here.image_content(0, "7f20/6f60"), "");
    // Not "busy": the card is free, and only its counter is used up.
    EXPECT_EQ(desk.write(0, other_content).refused->code, "counter_exhausted");
}

// As with a full disk: what follows from an answer cannot be written, and nor can the end, for a while.
TEST(single_operations, an_end_that_cannot_be_written_is_written_when_the_disk_has_room_again) {
    world here({.cards = 2, .shared = true});
    here.refuse_rows("UPDATE", "operation", "NEW.state = 1");
    branch desk(here);
    const auto made = desk.write(0, other_content);
    ASSERT_TRUE(made.refused);
    EXPECT_EQ(made.refused->code, store::code_database);
    const auto state = [&](std::string_view sql) {
        return here.shared
            .transact([&](store::connection&) -> result<std::int64_t> { return here.count(std::string(sql)); })
            .value();
    };
    EXPECT_EQ(state("SELECT COUNT(*) FROM operation WHERE state = 0"), 1);
    EXPECT_EQ(desk.write(0, other_content).refused->code, "busy");
    here.shared
        .transact([&](store::connection&) -> result<void> {
            here.allow_rows("operation");
            return {};
        })
        .value();
    // It ends unknown, with the answer that had come; and that proves it.
    while (state("SELECT COUNT(*) FROM operation WHERE state = 1 AND outcome = 0") == 0) std::this_thread::yield();
    EXPECT_EQ(here.image_content(0), other_content);
    EXPECT_EQ(desk.write(0, spn_content).what, outcome::done);
    EXPECT_EQ(here.image_content(0), spn_content);
}

// C-8, of single operations: the answer comes when nobody waits for it any more.
TEST(single_operations, a_late_answer_settles_its_own_operation_and_the_image) {
    world here({.cards = 3, .faults = "delay = \"150ms\"", .persistent = true});
    branch desk(here);
    const auto hasty = [](single_request request) {
        request.por_timeout = std::chrono::milliseconds(20);
        request.attempts = 1;
        return request;
    };
    const auto count = [&](std::string_view sql) {
        return here.shared
            .transact([&](store::connection&) -> result<std::int64_t> { return here.count(std::string(sql)); })
            .value();
    };
    EXPECT_EQ(desk.ask(hasty(desk.write_request(0, other_content))).get().what, outcome::unknown);
    EXPECT_EQ(desk.ask(hasty(desk.write_request(1, std::string(2 * 30, 'f')))).get().what, outcome::unknown);
    auto running = hasty(desk.request(2, operation_kind::run));
    running.commands = {from_hex("00a40804047f206f46").value(), from_hex("00b0000002").value()};
    EXPECT_EQ(desk.ask(running).get().what, outcome::unknown);
    while (count("SELECT COUNT(*) FROM operation WHERE outcome = 3") > 0) std::this_thread::yield();
    EXPECT_EQ(here.image_content(0), other_content);
    EXPECT_EQ(count("SELECT outcome FROM operation WHERE card_id = 1"), static_cast<int>(outcome::done));
    // More than the file holds: the card says so.
    EXPECT_EQ(count("SELECT outcome FROM operation WHERE card_id = 2"), static_cast<int>(outcome::failed));
    EXPECT_EQ(here.image_content(1), "");
    EXPECT_EQ(count("SELECT outcome FROM operation WHERE card_id = 3"), static_cast<int>(outcome::done));
    EXPECT_EQ(count("SELECT COUNT(*) FROM unmatched_message"), 0);
    EXPECT_EQ(count("SELECT COUNT(*) FROM image_doubt"), 1);  // card 2's
}

// It comes in the session of a campaign that waits for the same card: P3 gives it to the operation.
TEST(single_operations, a_late_answer_in_a_campaigns_session_settles_its_own_operation) {
    world here({.cards = 2, .faults = "delay = \"1s\"", .shared = true});
    branch desk(here);
    auto request = desk.write_request(0, other_content);
    request.por_timeout = std::chrono::milliseconds(20);
    request.attempts = 1;
    EXPECT_EQ(desk.ask(request).get().what, outcome::unknown);
    here.sim->wait_for_waiting(1);
    const auto made =
        here.run({.writes = write_text("7f20/6f3e", "0102"), .telecom = "por_timeout = \"5s\"\nattempts = 1"});
    here.expect_outcomes(made, {.done = 2});
    EXPECT_EQ(here.count("SELECT outcome FROM operation"), static_cast<int>(outcome::done));
    EXPECT_EQ(here.image_content(0), other_content);
}

// A flood of answers that nobody awaits, and an operation in the middle of it.
TEST(single_operations, go_on_while_a_flood_of_late_answers_is_settled) {
    constexpr int many = 1'500;
    world here({.cards = many + 1, .faults = "delay = \"300ms\"", .shared = true});
    const auto made = here.run({.telecom = "por_timeout = \"10ms\"\nattempts = 1"});
    here.expect_outcomes(made, {.unknown = many + 1});
    here.sim->wait_for_waiting(many + 1);
    branch desk(here);
    EXPECT_EQ(desk.write(many, other_content).what, outcome::done);
    const auto unknown = [&] {
        return here.shared
            .transact([&](store::connection&) -> result<std::int64_t> {
                return here.count("SELECT SUM(unknown) FROM chunk");
            })
            .value();
    };
    EXPECT_GT(unknown(), 0);                               // it did not wait for all of them
    auto waiting = desk.request(0, operation_kind::read);  // keeps the link up
    while (unknown() > 0) desk.ask(waiting).get();
    here.expect_outcomes(made, {.done = many + 1});
    EXPECT_EQ(here.image_content(many), other_content);  // newer than what the campaign wrote
}

// The desk is held up while links break: each time the SMSC brings once more what was not acknowledged.
TEST(single_operations, answers_that_are_delivered_again_are_kept_once) {
    constexpr std::uint64_t many = 20;
    world here({.cards = many, .faults = "delay = \"100ms\"", .shared = true});
    const auto made = here.run({.telecom = "por_timeout = \"10ms\"\nattempts = 1"});
    here.expect_outcomes(made, {.unknown = many});
    here.sim->wait_for_waiting(many);
    branch desk(here);
    auto reading = desk.request(0, operation_kind::read);
    desk.ask(reading,
             [&] {
                 here.sim->break_links(many);
                 here.sim->break_links(many);
             })
        .get();
    const auto unsettled = [&] {
        return here.shared
            .transact([&](store::connection&) -> result<std::int64_t> {
                return here.count(
                    "SELECT COUNT(*) FROM target t WHERE NOT EXISTS (SELECT 1 FROM outcome o "
                    "WHERE o.card_id = t.card_id AND o.outcome = 0)");
            })
            .value();
    };
    while (here.sim->statistics().waiting > 0 || unsettled() > 0) desk.ask(reading).get();
    here.expect_outcomes(made, {.done = many});
    std::map<bytes, int> times;
    for (const auto& one : here.answers()) ++times[one.octets];
    EXPECT_GE(times.size(), many);
    for (const auto& [octets, kept] : times) EXPECT_EQ(kept, 1) << to_hex(octets);
}

// C-13, C-14: allowed in P1; the message that was formatted already is formatted again, and the card takes it.
TEST(campaigns, C_14_an_operation_after_formatting_makes_the_message_stale_and_it_is_formatted_again) {
    world here({.cards = 1'500, .shared = true});
    here.adjust = [](environment& env) { env.workers = 1; };
    branch desk(here);
    const auto made = here.create();
    std::atomic<bool> once = false;
    here.progress.when_moved = [&] {
        if (once.exchange(true)) return;
        EXPECT_EQ(desk.write(3, other_content).what, outcome::done);  // the first chunk is formatted
    };
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 1'500});
    EXPECT_EQ(here.sim->statistics().refused, 0U);
    EXPECT_EQ(here.sim->read(3).content, spn_content);
    EXPECT_EQ(here.image_content(3), spn_content);
    EXPECT_EQ(here.sim->read(3).executed, 2U);
    EXPECT_EQ(here.summary(made).subject.round, 1);
    EXPECT_EQ(here.messages().size(), 1'500U);
}

// The message as it was before: what C-14 is for.
TEST(campaigns, C_14_the_card_refuses_the_message_that_is_not_formatted_again) {
    world here({.cards = 1, .shared = true});
    here.adjust = [](environment& env) { env.workers = 1; };
    branch desk(here);
    const auto made = here.create({.telecom = "por_timeout = \"200ms\"\nattempts = 1"});
    here.progress.when_moved = [&] {
        if (here.messages().size() != 1) return;
        here.progress.when_moved = {};
        EXPECT_EQ(desk.write(0, other_content).what, outcome::done);
        EXPECT_EQ(here.count("SELECT COUNT(*) FROM operation WHERE moment > (SELECT formatted FROM chunk)"), 1);
        here.shared
            .transact([](store::connection& writer) { return writer.execute("UPDATE chunk SET formatted = 1000000"); })
            .value();
    };
    here.conduct_now(made);
    EXPECT_GT(here.sim->statistics().refused, 0U);  // counter low
}

// C-13: from the release of its chunk to the end of P3 a card is the campaign's.
TEST(campaigns, C_13_an_operation_is_inhibited_while_the_campaign_sends_and_settles) {
    world here({.cards = 50, .faults = "delay = \"300ms\"", .shared = true});
    branch desk(here);
    const auto made = here.create({.telecom = "por_timeout = \"2s\""});
    std::atomic<bool> asked = false;
    single_answer during;
    std::future<single_answer> waiting;
    std::thread asker;
    here.tap.on_submit = [&](const telecom::outbound_message&) {
        if (asked.exchange(true)) return;
        asker = std::thread([&] {
            during = desk.write(4, other_content);
            waiting = desk.ask(desk.write_request(5, other_content, true));
        });
    };
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    asker.join();
    ASSERT_TRUE(during.inhibited);
    EXPECT_EQ(during.refused->code, "inhibited");
    EXPECT_EQ(during.inhibited->campaign, made.id);
    EXPECT_EQ(during.inhibited->phase, "exchange");
    // The one that waits comes after the campaign.
    EXPECT_EQ(waiting.get().what, outcome::done);
    EXPECT_EQ(here.sim->read(5).content, other_content);
    EXPECT_EQ(here.image_content(5), other_content);
    EXPECT_EQ(desk.write(4, other_content).what, outcome::done);  // nobody is locked for ever
    here.expect_outcomes(made, {.done = 50});
}

// C-15: formatted and not yet released it is accessible; what became stale then leaves the round for the next one.
TEST(campaigns, C_15_an_operation_between_the_phases_sends_its_card_to_the_next_round) {
    world here({.cards = 20, .shared = true});
    branch desk(here);
    const auto made = here.create();
    here.progress.when_ended = [&](int round, phase which) {
        if (round != 1 || which != phase::prepare) return;
        EXPECT_EQ(desk.write(6, other_content).what, outcome::done);
    };
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 20});
    EXPECT_EQ(here.summary(made).subject.round, 2);
    EXPECT_EQ(here.sim->statistics().refused, 0U);
    EXPECT_EQ(here.sim->read(6).content, spn_content);
    EXPECT_EQ(here.image_content(6), spn_content);
}

// C-16: what a message was computed from is compared with what is there, and nothing is marked: a changed card costs
// one write of its image, all others none.
TEST(campaigns, C_16_stale_is_what_differs_from_the_version_at_formatting_at_one_write_per_changed_card) {
    world here({.cards = 40, .shared = true});
    branch desk(here);
    here.run();
    here.note_rows("UPDATE", "image_file", "NEW.card_id");
    here.note_rows("INSERT", "image_file", "NEW.card_id");
    here.note_rows("UPDATE", "card", "NEW.card_id");
    const auto made = here.create({.name = "next", .writes = write_text(spn_file, "0241")});
    std::map<std::int64_t, std::uint64_t> formatted;
    here.progress.when_ended = [&](int round, phase which) {
        if (round != 1 || which != phase::prepare) return;
        for (const auto& message : here.messages())
            if (message.entry.counter > 1) formatted[message.card] = message.entry.image_version;
        for (const std::size_t card : {7U, 9U}) EXPECT_EQ(desk.write(card, other_content).what, outcome::done);
        std::vector<std::int64_t> stale;
        for (std::size_t card = 0; card < 40; ++card) {
            const auto now = here.registered(card);
            if (static_cast<std::uint64_t>(now.image_version) != formatted.at(now.id.value))
                stale.push_back(now.id.value);
        }
        EXPECT_EQ(stale, (std::vector{here.registered(7).id.value, here.registered(9).id.value}));
        EXPECT_EQ(here.count("SELECT COUNT(*) FROM written"), 2);
    };
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 40});
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM target WHERE campaign_key = 2 AND round = 2"), 2);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM written"), 2 + 40);
    EXPECT_EQ(here.sim->statistics().refused, 0U);
}

// C-12: nothing is marked, of no card, when a campaign is made, begins and ends.
TEST(campaigns, C_12_a_campaign_writes_no_row_of_any_card_for_the_sake_of_access) {
    world here({.cards = 300, .faults = "card_off = 1", .shared = true});
    here.note_rows("UPDATE", "card", "'card'");
    here.note_rows("UPDATE", "image_file", "'image'");
    here.note_rows("INSERT", "image_file", "'image'");
    here.note_rows("UPDATE", "key_set", "'keys'");
    const auto made = here.run({.telecom = "por_timeout = \"20ms\"\nattempts = 1"});
    here.expect_outcomes(made, {.unknown = 300});
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM written"), 0);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM operation"), 0);
}

TEST(single_operations, operations_of_a_process_that_died_end_unknown_and_free_their_cards) {
    world here({.cards = 2, .faults = "card_off = 1", .shared = true});
    {
        branch desk(here);
        auto request = desk.write_request(0, other_content);
        request.por_timeout = std::chrono::seconds(30);
        desk.ask(request);
        const auto begun = [&] {
            return here.shared.transact([&](store::connection&) -> result<std::int64_t> {
                return here.count("SELECT COUNT(*) FROM operation_packet");
            });
        };
        while (begun().value() == 0) std::this_thread::yield();
    }
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM operation WHERE state = 0"), 1);
    const auto abandoned = here.shared.transact([](store::connection& writer) {
        return operations::operation_store(writer).abandon(timestamp::max(), system_clock().now());
    });
    EXPECT_EQ(abandoned.value(), 1);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM operation WHERE state = 0"), 0);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM image_doubt"), 1);
}

}  // namespace
}  // namespace tessera::campaigns
