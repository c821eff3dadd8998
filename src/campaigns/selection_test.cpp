// Which cards a selection means, asked of a registry.
#include "campaigns/selection.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/hex.h"
#include "base/limits.h"
#include "campaigns/store.h"
#include "cards/store.h"
#include "store/migrations.h"
#include "store/sqlite/sqlite_database.h"

namespace tessera::campaigns {
namespace {

using ids = std::vector<std::int64_t>;

class selection_test : public testing::Test {
protected:
    selection_test() {
        store::migrate(*storage, *writer, at).value();
        // Cards 1 to 8; odd ones of profile a, even ones of b; 8 has neither IMSI nor MSISDN.
        add(8);
    }
    ~selection_test() override {
        writer.reset();
        storage.reset();
        std::filesystem::remove_all(directory);
    }

    void add(std::int64_t last) {
        writer->begin().value();
        const auto a = cards.profile_named("a").value();
        const auto b = cards.profile_named("b").value();
        for (auto id = cards.last_card_id().value() + 1; id <= last; ++id) {
            const auto digits = std::to_string(id);
            cards::card_identity identity{"8949" + std::string(15 - digits.size(), '0') + digits,
                                          "00101" + std::string(10 - digits.size(), '0') + digits,
                                          static_cast<std::uint64_t>(49'000'000 + id)};
            if (id == 8) identity.imsi.clear(), identity.msisdn = 0;
            ASSERT_TRUE(cards.insert(cards::card_id{id}, identity, id % 2 == 1 ? a : b, at).value());
        }
        writer->commit().value();
    }
    // Twice, by the statement that makes targets and by its pieces alone.
    ids chosen(const target_selection& selection) {
        campaign made;
        made.id = "campaign " + std::to_string(++campaigns_made);
        const auto key = campaigns.insert(made, 0xb00010).value();
        const auto count =
            store::in_transaction(*writer, [&] { return campaigns.select_targets(key, selection); }).value();
        ids all;
        const auto rows = campaigns.report(key, 0, 1'000'000).value();
        for (const auto& row : rows) all.push_back(row.card);
        EXPECT_EQ(static_cast<std::int64_t>(all.size()), count);
        ids again;
        pieces = 0;
        for_each_piece(selection, 1, [&](const selection_piece& piece) -> result<void> {
            ++pieces;
            const auto query =
                writer->prepare("SELECT c.card_id FROM card c WHERE " + piece.condition + " ORDER BY c.card_id")
                    .value();
            piece.bind(*query);
            while (query->step().value()) again.push_back(query->integer(0));
            return {};
        }).value();
        EXPECT_EQ(again, all);
        return all;
    }
    static std::vector<cards::card_id> list(const ids& from) {
        std::vector<cards::card_id> made;
        for (const auto id : from) made.push_back(cards::card_id{id});
        return made;
    }
    void hold(std::int64_t card, std::string_view content) {
        cards.put_image(cards::card_id{card}, "7f20/6f46", 0, from_hex(content).value(), {}, at).value();
    }
    static std::filesystem::path made_directory() {
        auto pattern = (std::filesystem::temp_directory_path() / "tessera-selection-XXXXXX").string();
        return mkdtemp(pattern.data());
    }

    const timestamp at = from_microseconds(1);
    int campaigns_made = 0;
    int pieces = 0;
    std::filesystem::path directory = made_directory();
    std::unique_ptr<store::database> storage = store::open_sqlite(directory / "test.db").value();
    std::unique_ptr<store::connection> writer = storage->connect(store::access::write).value();
    campaign_store campaigns{*writer};
    cards::card_store cards{*writer};
};

TEST_F(selection_test, without_a_selector_all_cards_are_meant) { EXPECT_EQ(chosen({}), (ids{1, 2, 3, 4, 5, 6, 7, 8})); }

TEST_F(selection_test, selectors_narrow_one_another) {
    target_selection made;
    made.include.profile = "a";
    EXPECT_EQ(chosen(made), (ids{1, 3, 5, 7}));
    made.include.imsi_range = {"001010000000003", "001010000000006"};
    EXPECT_EQ(chosen(made), (ids{3, 5}));
    made.include.lists = {list({1, 2, 5}), list({2, 5, 7})};
    EXPECT_EQ(chosen(made), ids{5});
    made.include.tags = {"pilot"};
    EXPECT_EQ(chosen(made), ids{});
    cards.add_tag(cards::card_id{5}, "pilot").value();
    EXPECT_EQ(chosen(made), ids{5});
    made.include.msisdn_range = {49'000'006, 49'000'009};
    EXPECT_EQ(chosen(made), ids{});
}

TEST_F(selection_test, ranges_hold_both_ends_and_names_of_their_length) {
    target_selection made;
    made.include.iccid_range = {"8949000000000000002", "8949000000000000004"};
    EXPECT_EQ(chosen(made), (ids{2, 3, 4}));
    made.include.iccid_range = {"894900000000000000", "894999999999999999"};  // 18 digits: none of ours
    EXPECT_EQ(chosen(made), ids{});
    made.include.iccid_range.reset();
    made.include.msisdn_range = {49'000'007, 49'000'008};
    EXPECT_EQ(chosen(made), ids{7});
}

TEST_F(selection_test, each_exclusion_excludes_by_itself_and_cards_without_a_name_stay) {
    target_selection made;
    made.exclude.profile = "a";
    EXPECT_EQ(chosen(made), (ids{2, 4, 6, 8}));
    made.exclude.imsi_range = {"001010000000001", "001010000000002"};
    EXPECT_EQ(chosen(made), (ids{4, 6, 8}));
    made.exclude.msisdn_range = {49'000'004, 49'000'004};
    EXPECT_EQ(chosen(made), (ids{6, 8}));
    made.exclude.lists = {list({6}), list({1})};
    EXPECT_EQ(chosen(made), ids{8});
    cards.add_tag(cards::card_id{8}, "blocked").value();
    made.exclude.tags = {"other", "blocked"};
    EXPECT_EQ(chosen(made), ids{});
}

TEST_F(selection_test, an_earlier_campaign_s_latest_outcome_counts) {
    using operations::outcome;
    campaign before;
    before.id = "before";
    const auto key = campaigns.insert(before, 0xb00010).value();
    const auto settle = [&](std::int64_t card, outcome what, int revision) {
        campaigns.put_outcome(key, {cards::card_id{card}, what, {}, 1}, revision, 1, at).value();
    };
    settle(1, outcome::done, 0), settle(2, outcome::unknown, 0), settle(3, outcome::failed, 0);
    settle(4, outcome::unknown, 0), settle(4, outcome::done, 1);
    target_selection made;
    made.include.earlier = {key, {outcome::unknown, outcome::failed}};
    EXPECT_EQ(chosen(made), (ids{2, 3}));
    made.include.earlier->outcomes = {outcome::done};
    EXPECT_EQ(chosen(made), (ids{1, 4}));
    target_selection without;
    without.exclude.earlier = made.include.earlier;
    EXPECT_EQ(chosen(without), (ids{2, 3, 5, 6, 7, 8}));
}

TEST_F(selection_test, conditions_on_the_image_know_what_is_not_known) {
    hold(1, "0154ffff"), hold(2, "0154"), hold(3, "0155"), hold(4, "0154ff");
    cards.doubt_image(cards::card_id{4}, "7f20/6f46", 0).value();
    cards.put_image(cards::card_id{5}, "7f20/6f46", 2, from_hex("0154").value(), {}, at).value();
    const auto with = [&](std::string_view condition) {
        target_selection made;
        made.include.image = {parse_image_condition(condition).value()};
        return chosen(made);
    };
    EXPECT_EQ(with("file \"7f20/6f46\" == \"0154\""), (ids{1, 2}));  // 4 is doubted
    EXPECT_EQ(with("file \"7f20/6f46\" != \"0154\""), (ids{3, 4, 5, 6, 7, 8}));
    EXPECT_EQ(with("file \"7f20/6f46\" missing"), (ids{5, 6, 7, 8}));
    EXPECT_EQ(with("file \"7f20/6f46\" record 2 == \"01\""), ids{5});
    // By name, and by an identifier alone: wherever the card has such a file.
    EXPECT_EQ(with("file \"gsm/SPN\" == \"0154\""), (ids{1, 2}));
    EXPECT_EQ(with("file \"6F46\" == \"0154\""), (ids{1, 2}));
    EXPECT_EQ(with("file \"6F46\" != \"0154\""), (ids{3, 4, 5, 6, 7, 8}));
    EXPECT_EQ(with("file \"6F46\" missing"), (ids{5, 6, 7, 8}));
    EXPECT_EQ(with("file \"2F05\" missing").size(), 8U);
    target_selection both;
    both.include.image = {parse_image_condition("file \"7f20/6f46\" == \"01\"").value(),
                          parse_image_condition("file \"7f20/6f46\" != \"0154\"").value()};
    EXPECT_EQ(chosen(both), ids{3});
    target_selection none;
    none.exclude.image = both.include.image;
    EXPECT_EQ(chosen(none), (ids{1, 2, 4, 5, 6, 7, 8}));
}

TEST_F(selection_test, long_lists_take_several_statements) {
    add(2'500);
    ids named;
    for (std::int64_t id = 1; id <= 2'500; id += 2) named.push_back(id);
    target_selection made;
    made.include.lists = {list(named)};
    made.include.profile = "a";
    EXPECT_EQ(chosen(made), named);
    EXPECT_EQ(pieces, 2);
    target_selection others;
    others.exclude.lists = {list(named)};
    const auto left = chosen(others);
    EXPECT_EQ(pieces, 2);
    ASSERT_EQ(left.size(), 1'250U);
    for (std::size_t i = 0; i < left.size(); ++i) EXPECT_EQ(left[i], static_cast<std::int64_t>(2 * i + 2));
    cards.add_tag(cards::card_id{2'000}, "blocked").value();
    campaign before;
    before.id = "before";
    before.key = campaigns.insert(before, 0xb00010).value();
    campaigns.put_outcome(before.key, {cards::card_id{4}, operations::outcome::done, {}, 1}, 0, 1, at).value();
    others.exclude.tags = {"blocked"};
    others.exclude.earlier = {before.key, {operations::outcome::done}};
    EXPECT_EQ(chosen(others).size(), 1'248U);
    others.include.lists = {list({2, 3, 4, 2'000, 2'499, 2'500})};
    EXPECT_EQ(chosen(others), (ids{2, 2'500}));
    others.include.lists = {list({3})};
    EXPECT_EQ(chosen(others), ids{});
}

}  // namespace
}  // namespace tessera::campaigns
