#include "campaigns/store.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/event_limits.h"
#include "base/limits.h"
#include "campaigns/chunk_rows.h"
#include "campaigns/image_scan.h"
#include "campaigns/late_answers.h"
#include "cards/store.h"
#include "operations/image_update.h"
#include "store/migrations.h"
#include "store/sqlite/sqlite_database.h"

namespace tessera::campaigns {
namespace {

class campaign_store_test : public testing::Test {
protected:
    campaign_store_test() { store::migrate(*storage, *writer, at(0)).value(); }
    ~campaign_store_test() override {
        writer.reset();
        storage.reset();
        std::filesystem::remove_all(directory);
    }
    static chunk_progress progress_of(std::int64_t prepared, std::int64_t sent, std::int64_t answered) {
        chunk_progress made;
        made.prepared = prepared, made.sent = sent, made.answered = answered;
        return made;
    }
    static timestamp at(std::int64_t microseconds) { return from_microseconds(microseconds); }

    campaign_key campaign_with(std::int64_t cards) {
        campaign made;
        made.id = "an id";
        made.name = "a name";
        const auto key = campaigns.insert(made, 0xb00010).value();
        for (std::int64_t card = 1; card <= cards; ++card)
            EXPECT_TRUE(campaigns.add_target(key, 1, cards::card_id{card}, operations::purpose::write).value());
        EXPECT_EQ(campaigns.cut_into_chunks(key, 1).value(), cards);
        return key;
    }

    static std::filesystem::path made_directory() {
        auto pattern = (std::filesystem::temp_directory_path() / "tessera-store-XXXXXX").string();
        return mkdtemp(pattern.data());
    }

    std::filesystem::path directory = made_directory();
    std::unique_ptr<store::database> storage = store::open_sqlite(directory / "test.db").value();
    std::unique_ptr<store::connection> writer = storage->connect(store::access::write).value();
    campaign_store campaigns{*writer};
};

TEST_F(campaign_store_test, cuts_targets_into_chunks) {
    const auto key = campaign_with(2'001);
    const auto chunks = campaigns.chunks(key, 1).value();
    ASSERT_EQ(chunks.size(), 3U);
    EXPECT_EQ(chunks[0].first.value, 1);
    EXPECT_EQ(chunks[0].last.value, 1'000);
    EXPECT_EQ(chunks[0].targets, 1'000);
    EXPECT_EQ(chunks[2].first.value, 2'001);
    EXPECT_EQ(chunks[2].targets, 1);
    EXPECT_EQ(campaigns.cut_into_chunks(key, 2).value(), 0);
}

TEST_F(campaign_store_test, a_leased_chunk_is_left_alone_until_its_lease_is_over) {
    const auto key = campaign_with(1'500);
    EXPECT_EQ(campaigns.lease(key, 1, chunk_state::created, "a", at(0), at(10), 9).value().size(), 2U);
    EXPECT_TRUE(campaigns.lease(key, 1, chunk_state::created, "b", at(10), at(20), 9).value().empty());
    campaigns.renew_leases(key, "a", at(30)).value();
    EXPECT_TRUE(campaigns.lease(key, 1, chunk_state::created, "b", at(20), at(40), 9).value().empty());
    EXPECT_EQ(campaigns.lease(key, 1, chunk_state::created, "b", at(31), at(40), 1).value().size(), 1U);
}

TEST_F(campaign_store_test, who_lost_the_lease_cannot_write) {
    const auto key = campaign_with(5);
    const auto first = campaigns.lease(key, 1, chunk_state::created, "a", at(0), at(10), 9).value().front();
    // Nobody takes over from himself: the work would be open twice.
    EXPECT_TRUE(campaigns.lease(key, 1, chunk_state::created, "a", at(11), at(20), 9).value().empty());
    const auto second = campaigns.lease(key, 1, chunk_state::created, "b", at(11), at(20), 9).value().front();
    EXPECT_GT(second.epoch, first.epoch);
    const auto late = campaigns.move_chunk(first, "a", chunk_state::prepared, 0, {});
    ASSERT_FALSE(late.has_value());
    EXPECT_EQ(late.error().code, "lease_lost");
    EXPECT_EQ(campaigns.move_chunk(second, "a", chunk_state::prepared, 0, {}).error().code, "lease_lost");
    campaigns.move_chunk(second, "b", chunk_state::prepared, 0, progress_of(5, 0, 0)).value();
    EXPECT_EQ(campaigns.progress(key).value().front().progress.prepared, 5);
    EXPECT_EQ(campaigns.move_chunk(second, "b", chunk_state::released, 1, {}).error().code, "lease_lost");  // it ended
}

TEST_F(campaign_store_test, a_released_chunk_stays_with_its_owner) {
    const auto key = campaign_with(5);
    const auto held = campaigns.lease(key, 1, chunk_state::created, "a", at(0), at(10), 9).value().front();
    campaigns.move_chunk(held, "a", chunk_state::released, 1, {}).value();
    campaigns.move_chunk(held, "a", chunk_state::released, 2, {}).value();
    EXPECT_TRUE(campaigns.lease(key, 1, chunk_state::released, "b", at(5), at(10), 9).value().empty());
    campaigns.move_chunk(held, "a", chunk_state::closed, 2, progress_of(0, 5, 4)).value();
    EXPECT_EQ(campaigns.chunks(key, 1).value().front().attempt, 2);
}

TEST_F(campaign_store_test, breaking_leases_shuts_out_their_owners) {
    const auto key = campaign_with(5);
    const auto held = campaigns.lease(key, 1, chunk_state::created, "a", at(0), at(10), 9).value().front();
    campaigns.break_leases(key).value();
    EXPECT_EQ(campaigns.move_chunk(held, "a", chunk_state::prepared, 0, {}).error().code, "lease_lost");
    EXPECT_EQ(campaigns.lease(key, 1, chunk_state::created, "a", at(1), at(10), 9).value().size(), 1U);
}

TEST_F(campaign_store_test, a_late_settlement_moves_a_card_between_counts) {
    const auto key = campaign_with(1'500);
    const auto held = campaigns.lease(key, 1, chunk_state::created, "a", at(0), at(10), 1).value().front();
    chunk_progress progress;
    progress.outcomes.count(operations::outcome::unknown, 1'000);
    campaigns.move_chunk(held, "a", chunk_state::settled, 1, progress).value();
    campaigns.recount(key, cards::card_id{7}, 1, operations::outcome::unknown, operations::outcome::done).value();
    const auto counts = campaigns.progress(key).value().front().progress.outcomes;
    EXPECT_EQ(counts.unknown, 999);
    EXPECT_EQ(counts.done, 1);
}

TEST_F(campaign_store_test, a_phase_cut_short_gets_another_run) {
    const auto key = campaign_with(1);
    campaigns.begin_phase(key, 1, phase::prepare, at(1)).value();
    campaigns.begin_phase(key, 1, phase::prepare, at(5)).value();
    campaigns.end_phase(key, 1, phase::prepare, at(9)).value();
    const auto times = campaigns.phases(key).value();
    ASSERT_EQ(times.size(), 2U);
    EXPECT_FALSE(times[0].ended.has_value());
    EXPECT_EQ(times[1].ended, at(9));
}

TEST_F(campaign_store_test, an_image_is_read_in_one_scan_by_file_and_record) {
    cards::card_store cards(*writer);
    const bytes one{1, 2, 3};
    cards.put_image(cards::card_id{2}, "7f20/6f46", 0, one, {}, at(1)).value();
    cards.put_image(cards::card_id{3}, "7f20/6f46", 2, one, {}, at(1)).value();
    image_scan images;
    images
        .load(*writer, cards_between(cards::card_id{1}, cards::card_id{3}),
              {{"7f20/6f46", 0, {1}}, {"7f20/6f46", 2, {1}}})
        .value();
    EXPECT_TRUE(images.of(cards::card_id{1})[0].empty());
    EXPECT_EQ(to_bytes(images.of(cards::card_id{2})[0]), one);
    const auto& last = images.of(cards::card_id{3});
    EXPECT_TRUE(last[0].empty());
    EXPECT_EQ(to_bytes(last[1]), one);
}

TEST(image_scan, an_update_leaves_the_rest_of_a_file) {
    const bytes before{1, 2, 3};
    const bytes content{9, 8};
    const bytes after{9, 8, 3};
    EXPECT_EQ(operations::overlaid(before, content), after);
    EXPECT_EQ(operations::overlaid({}, content), content);
    EXPECT_TRUE(holds(after, content));
    EXPECT_FALSE(holds(before, content));
    EXPECT_FALSE(holds(content, after));
}

// Each process takes its own clock for the ordinals of what it hears.
TEST_F(campaign_store_test, two_who_put_answers_at_one_moment_lose_none) {
    const auto key = campaign_with(5);
    const auto held = campaigns.lease(key, 1, chunk_state::created, "a", at(0), at(10), 9).value().front();
    campaigns.move_chunk(held, "a", chunk_state::released, 1, {}).value();
    const bytes first{1, 2}, second{3, 4}, third{5, 6};
    EXPECT_EQ(campaigns.put_answers(held.id, 100, first).value(), 100);
    const auto stands_at = campaigns.put_answers(held.id, 100, second).value();
    EXPECT_EQ(stands_at, 101);
    EXPECT_EQ(campaigns.put_answers(held.id, 101, third).value(), 102);
    EXPECT_EQ(campaigns.answers(held.id).value(), (bytes{1, 2, 3, 4, 5, 6}));
    // What is passed on is found where it stands, once, by the one who awaits it.
    EXPECT_FALSE(campaigns.pass_on(held.id, stands_at, "a").value());
    EXPECT_TRUE(campaigns.pass_on(held.id, stands_at, "b").value());
    EXPECT_TRUE(campaigns.take_passed(key, 1, "b", 9).value().empty());
    const auto taken = campaigns.take_passed(key, 1, "a", 9).value();
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_EQ(taken.front().ordinal, stands_at);
    EXPECT_EQ(taken.front().octets, second);
    EXPECT_TRUE(campaigns.take_passed(key, 1, "a", 9).value().empty());
    // Nor is a message lost that belongs to nobody.
    campaigns.put_unmatched(7, 4917, first).value();
    campaigns.put_unmatched(7, 4917, second).value();
    EXPECT_EQ(unmatched_messages(*writer)->kept, 2);
}

// Anybody may send messages to us.
TEST_F(campaign_store_test, of_messages_that_belong_to_nobody_the_newest_are_kept) {
    std::int64_t ordinal = 0;
    const auto put = [&](std::int64_t messages, std::size_t octets) {
        return store::in_transaction(*writer, [&]() -> result<void> {
            for (std::int64_t i = 0; i < messages; ++i)
                TESSERA_TRY(campaigns.put_unmatched(++ordinal, 4917, bytes(octets, 1)));
            return {};
        });
    };
    const auto number = [&](const char* sql) {
        const auto query = writer->prepare(sql).value();
        EXPECT_TRUE(query->step().value());
        return query->integer(0);
    };
    ASSERT_TRUE(put(limits::unmatched_messages + 5, 1));
    EXPECT_EQ(unmatched_messages(*writer)->kept, limits::unmatched_messages);
    EXPECT_EQ(unmatched_messages(*writer)->dropped, 5);
    EXPECT_EQ(number("SELECT COUNT(*) FROM unmatched_message"), limits::unmatched_messages);
    EXPECT_EQ(number("SELECT MIN(ordinal) FROM unmatched_message"), 6);
    constexpr std::size_t long_one = 60'000;
    ASSERT_TRUE(put(limits::unmatched_octets / static_cast<std::int64_t>(long_one) + 2, long_one));
    EXPECT_LE(number("SELECT SUM(LENGTH(octets)) FROM unmatched_message"), limits::unmatched_octets);
    EXPECT_EQ(number("SELECT COUNT(*) FROM unmatched_message"), unmatched_messages(*writer)->kept);
    EXPECT_EQ(unmatched_messages(*writer)->kept + unmatched_messages(*writer)->dropped, ordinal);
    EXPECT_EQ(number("SELECT MAX(ordinal) FROM unmatched_message"), ordinal);
}

}  // namespace
}  // namespace tessera::campaigns
