// No statement that runs for a card, a chunk or an answer walks a table with a row per card.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <regex>

#include "campaigns/counter_report.h"
#include "campaigns/image_scan.h"
#include "campaigns/key_scan.h"
#include "campaigns/late_answers.h"
#include "campaigns/membership.h"
#include "campaigns/store.h"
#include "campaigns/trigger_store.h"
#include "cards/card_events.h"
#include "cards/near_counters.h"
#include "cards/store.h"
#include "operations/late_answer.h"
#include "operations/store.h"
#include "store/migrations.h"
#include "store/sqlite/sqlite_database.h"

namespace tessera::campaigns {
namespace {

// Passes everything on and remembers the statements.
class recording_connection final : public store::connection {
public:
    explicit recording_connection(store::connection& inner) : inner_(&inner) {}
    result<void> execute(std::string_view sql) override { return inner_->execute(sql); }
    result<std::unique_ptr<store::statement>> prepare(std::string_view sql) override {
        statements.emplace_back(sql);
        return inner_->prepare(sql);
    }
    [[nodiscard]] std::int64_t changed() const override { return inner_->changed(); }
    result<void> begin() override { return inner_->begin(); }
    result<void> commit() override { return inner_->commit(); }
    void rollback() override { inner_->rollback(); }

    std::vector<std::string> statements;

private:
    store::connection* inner_;
};

class query_plans : public testing::Test {
protected:
    query_plans() { store::migrate(*storage, *writer, from_microseconds(0)).value(); }
    ~query_plans() override {
        writer.reset();
        storage.reset();
        std::filesystem::remove_all(directory);
    }

    // Steps of the plans that read a whole table of cards, or `also` those: "SCAN t: SELECT ...".
    std::vector<std::string> scans(const std::vector<std::string>& also = {}) {
        std::vector<std::string> found;
        for (const auto& sql : recorded.statements) {
            const auto plan = writer->prepare("EXPLAIN QUERY PLAN " + sql).value();
            while (plan->step().value()) {
                const std::string detail(plan->text(3));
                std::smatch scanned;
                if (!std::regex_search(detail, scanned, std::regex("^SCAN (\\w+)"))) continue;
                // All that are under way are a handful, and nothing else stands in this index.
                if (detail.ends_with("USING INDEX operation_in_flight")) continue;
                const auto table = table_of(sql, scanned[1]);
                if (holds_cards(table) || std::ranges::find(also, table) != also.end())
                    found.push_back(detail + ": " + sql);
            }
        }
        return found;
    }

    std::filesystem::path directory = [] {
        auto pattern = (std::filesystem::temp_directory_path() / "tessera-plans-XXXXXX").string();
        return std::filesystem::path(mkdtemp(pattern.data()));
    }();
    std::unique_ptr<store::database> storage = store::open_sqlite(directory / "test.db").value();
    std::unique_ptr<store::connection> writer = storage->connect(store::access::write).value();
    recording_connection recorded{*writer};
    campaign_store campaigns{recorded};
    operations::operation_store operations{recorded};
    cards::card_id card{7};
    chunk_id where{campaign_key{1}, 1, 0};
    chunk held{where, cards::card_id{1}, cards::card_id{1'000}, 1'000};

private:
    // What stands behind an alias.
    static std::string table_of(const std::string& sql, const std::string& alias) {
        std::smatch named;
        const bool is_alias = std::regex_search(sql, named, std::regex("\\b([a-z_]{3,})\\s+" + alias + "\\b"));
        return is_alias ? named[1].str() : alias;
    }
    static bool holds_cards(const std::string& table) {
        constexpr std::array<std::string_view, 14> tables{
            "card",    "card_tag",  "key_set",       "key_counter",  "image_file", "image_doubt",       "target",
            "outcome", "operation", "message_block", "answer_block", "chunk",      "unmatched_message", "terminal"};
        return std::ranges::find(tables, table) != tables.end();
    }
};

TEST_F(query_plans, the_test_sees_a_scan) {
    static_cast<void>(recorded.prepare("SELECT o.round FROM outcome o WHERE o.card_id = 1"));
    static_cast<void>(recorded.prepare("SELECT COUNT(*) FROM card"));
    EXPECT_EQ(scans().size(), 2U);
}

TEST_F(query_plans, records_of_cards_are_found_by_their_keys) {
    const card_outcome found{card, operations::outcome::unknown, {}, 1};
    EXPECT_TRUE(campaigns.put_messages(where, bytes{}));
    EXPECT_TRUE(campaigns.messages(where));
    EXPECT_TRUE(campaigns.put_answers(where, 1, bytes{}));
    EXPECT_TRUE(campaigns.answers(where));
    EXPECT_TRUE(campaigns.put_unmatched(1, 1, bytes{}));
    EXPECT_TRUE(campaigns.put_outcome(where.campaign, found, 0, 1, from_microseconds(0)));
    EXPECT_TRUE(campaigns.latest_outcome(where.campaign, card));
    EXPECT_TRUE(campaigns.recount(where.campaign, card, 1, found.what, operations::outcome::done));
    EXPECT_TRUE(campaigns.card_of(1));
    const chunk sparse{where, cards::card_id{1}, cards::card_id{1'000'000}, 10};
    for (const auto& one : {held, sparse}) {
        EXPECT_TRUE(key_scan().load(recorded, one));
        EXPECT_TRUE(image_scan().load(recorded, one, {}));
        EXPECT_TRUE(campaigns.counters_given(one));
    }
    EXPECT_TRUE(campaigns.match_late(card, 1));
    EXPECT_TRUE(campaigns.mark_late(card));
    EXPECT_TRUE(campaigns.late_cards(1));
    EXPECT_TRUE(campaigns.clear_late(card));
    EXPECT_TRUE(campaigns.unproved_for(card));
    EXPECT_TRUE(campaigns.participations(where.campaign, card));
    EXPECT_TRUE(campaigns.participations(card));
    EXPECT_TRUE(keep_late_answer(recorded, 1, bytes{}, 0, 2));
    EXPECT_GE(recorded.statements.size(), 15U);
    EXPECT_EQ(scans(), std::vector<std::string>{});
}

TEST_F(query_plans, access_staleness_and_leaving_a_round_are_looks_into_indexes) {
    environment env;
    membership members(env, {});
    EXPECT_TRUE(members.inhibits(recorded, card));
    EXPECT_FALSE(campaigns.replace_messages(where, bytes{}, 1, {}));
    EXPECT_TRUE(campaigns.set_formatted(where, 1));
    EXPECT_TRUE(campaigns.formatted(where));
    EXPECT_TRUE(campaigns.stale_chunks(where.campaign, 1));
    EXPECT_TRUE(campaigns.operations_in_flight(where.campaign, 1));
    EXPECT_TRUE(campaigns.left_round(held));
    EXPECT_EQ(scans(), std::vector<std::string>{});
}

TEST_F(query_plans, campaigns_about_the_same_cards_are_found_by_their_state) {
    EXPECT_TRUE(campaigns.awaited_by_others(where.campaign, held.first, held.last, from_microseconds(1)));
    EXPECT_TRUE(campaigns.exchanging(card));
    EXPECT_TRUE(campaigns.others_prepared_since(where.campaign, 1));
    EXPECT_TRUE(campaigns.given_counters(held.first, held.last));
    environment env;
    EXPECT_TRUE(membership(env, {}).inhibits(recorded, card));
    EXPECT_EQ(scans({"campaign"}), std::vector<std::string>{});
}

TEST_F(query_plans, single_operations_are_found_by_card_and_moment) {
    const operations::operation_key key{1};
    EXPECT_TRUE(operations.touched(held.first, held.last, 1));
    EXPECT_TRUE(operations.in_flight(held.first, held.last));
    EXPECT_TRUE(operations.moment());
    EXPECT_TRUE(operations.touch(key));
    EXPECT_TRUE(operations.unknown(card));
    EXPECT_TRUE(operations.unknown(card, 1));
    EXPECT_TRUE(operations.add_answer(key, bytes{}));
    EXPECT_TRUE(operations.whole(key));
    EXPECT_TRUE(operations.history(card));
    EXPECT_EQ(scans(), std::vector<std::string>{});
}

TEST_F(query_plans, terminals_of_a_chunk_are_found_by_their_keys) {
    cards::card_store cards(recorded);
    EXPECT_TRUE(cards.terminals(held.first, held.last));
    EXPECT_TRUE(cards.terminal_port(card));
    EXPECT_EQ(scans(), std::vector<std::string>{});
}

// What was triggered, and what happened, is kept for ever.
TEST_F(query_plans, triggers_cost_by_what_is_open_and_new) {
    trigger_store triggers(recorded);
    cards::card_event_store events(recorded);
    const trigger_key key{1};
    const trigger_store::membership one{1, card};
    EXPECT_TRUE(triggers.ready(1));
    EXPECT_TRUE(triggers.had_effect(key, one));
    EXPECT_TRUE(triggers.campaigns_of(key, card, from_microseconds(0)));
    EXPECT_TRUE(triggers.put_refused(key, one, "why", from_microseconds(0)));
    EXPECT_TRUE(triggers.put_campaign(key, where.campaign, {one}, from_microseconds(0)));
    EXPECT_TRUE(triggers.is_triggered(where.campaign));
    EXPECT_TRUE(events.after(0, 1));
    const cards::equipment phone{"490154203237518", ""}, other{"356938035643809", ""};
    const auto tell = [&](const cards::equipment& seen, timestamp at, const std::string& source) {
        return events.record(card, {cards::event_kind::registration, seen, at, source}, from_microseconds(1'000'000));
    };
    EXPECT_TRUE(tell(phone, from_microseconds(1'000'000), "sms"));
    EXPECT_TRUE(tell(other, from_microseconds(999'999), "eir"));
    EXPECT_EQ(scans({"campaign", "triggered_campaign", "triggered_card", "trigger_refused_card", "campaign_gate",
                     "card_event", "card_phone"}),
              std::vector<std::string>{});
}

TEST_F(query_plans, counters_near_their_end_are_found_without_the_others) {
    EXPECT_TRUE(cards::near_counters(recorded, 1'000, 10));
    campaign subject;
    subject.id = "x";
    EXPECT_TRUE(cards_near_counter_end(recorded, subject));
    EXPECT_EQ(scans(), std::vector<std::string>{});
}

}  // namespace
}  // namespace tessera::campaigns
