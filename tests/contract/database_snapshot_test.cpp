// Readers beside a writer.
#include <thread>

#include "database_drivers.h"

namespace tessera::store {
namespace {

using lines = std::vector<std::string>;

class database_readers : public database_contract {
protected:
    void SetUp() override {
        database_contract::SetUp();
        run("CREATE TABLE thing (id {int} PRIMARY KEY, name TEXT) {table}");
        run("INSERT INTO thing (id, name) VALUES (1, 'before')");
        reader = connect(access::read);
        ASSERT_TRUE(reader);
    }
    [[nodiscard]] static lines all(connection& from) { return rows(from, "SELECT id, name FROM thing ORDER BY id"); }

    std::unique_ptr<connection> reader;
};

TEST_P(database_readers, a_snapshot_stays_as_it_was_while_others_write) {
    {
        const snapshot one(*reader);
        ASSERT_TRUE(one.begun());
        EXPECT_EQ(all(*reader), lines{"1|before"});
        run("UPDATE thing SET name = 'after'");
        run("INSERT INTO thing (id, name) VALUES (2, 'new')");
        EXPECT_EQ(all(*reader), lines{"1|before"});
    }
    EXPECT_EQ(all(*reader), (lines{"1|after", "2|new"}));
}

TEST_P(database_readers, nobody_sees_what_is_not_committed_and_readers_do_not_wait) {
    ASSERT_TRUE(writer->begin());
    run("UPDATE thing SET name = 'unborn'");
    EXPECT_EQ(all(*reader), lines{"1|before"});
    EXPECT_EQ(all(*writer), lines{"1|unborn"});
    writer->rollback();
    EXPECT_EQ(all(*reader), lines{"1|before"});
}

TEST_P(database_readers, a_writer_commits_beside_a_snapshot_that_is_held) {
    const snapshot one(*reader);
    EXPECT_EQ(all(*reader), lines{"1|before"});
    const auto update = [&]() -> result<void> { return writer->execute("UPDATE thing SET name = 'after'"); };
    EXPECT_TRUE(in_transaction(*writer, update));
    EXPECT_EQ(all(*connect(access::read)), lines{"1|after"});
}

TEST_P(database_readers, a_reader_cannot_write) {
    EXPECT_FALSE(reader->execute("UPDATE thing SET name = 'mine'"));
    EXPECT_EQ(all(*reader), lines{"1|before"});
}

TEST_P(database_readers, one_that_is_given_back_is_lent_again_with_what_it_has_prepared) {
    constexpr const char* sql = "SELECT name FROM thing ORDER BY id";
    auto first = storage->lend_reader().value();
    const auto* const before = first->kept(sql).value();
    const auto beside = storage->lend_reader().value();
    EXPECT_NE(beside.get(), first.get());
    first.reset();
    const auto again = storage->lend_reader().value();
    EXPECT_EQ(again->kept(sql).value(), before);
    EXPECT_FALSE(again->execute("UPDATE thing SET name = 'mine'"));
}

TEST_P(database_readers, one_that_is_given_back_after_a_mistake_goes_on_working) {
    {
        const auto lent = storage->lend_reader().value();
        EXPECT_FALSE(lent->kept("SELECT nothing FROM nowhere"));
    }
    EXPECT_EQ(all(*storage->lend_reader().value()), lines{"1|before"});
}

// Whoever has it next sees what is there by then, and nothing that was left half done stands in its way.
TEST_P(database_readers, one_that_is_given_back_half_way_holds_nothing) {
    run("INSERT INTO thing (id, name) VALUES (2, 'two')");
    constexpr const char* sql = "SELECT name FROM thing ORDER BY id";
    const auto half_way = [&](bool in_a_transaction) {
        const auto lent = storage->lend_reader().value();
        if (in_a_transaction) {
            ASSERT_TRUE(lent->begin());
        }
        auto* query = lent->kept(sql).value();
        query->with().in_pieces();
        ASSERT_TRUE(query->step().value());
    };
    half_way(true);
    half_way(false);
    run("UPDATE thing SET name = 'after'");
    const auto lent = storage->lend_reader().value();
    const snapshot one(*lent);
    ASSERT_TRUE(one.begun());
    auto* query = lent->kept(sql).value();
    ASSERT_TRUE(query->with().step().value());
    EXPECT_EQ(query->text(0), "after");
    EXPECT_TRUE(query->step().value());
    EXPECT_FALSE(query->step().value());
}

// Two writers raise one number; none of the increments may be lost.
TEST_P(database_readers, writers_take_turns) {
    run("CREATE TABLE total (id {int} PRIMARY KEY, value {int} NOT NULL) {table}");
    run("INSERT INTO total (id, value) VALUES (1, 0)");
    constexpr int each = 25;
    const auto raise = [&] {
        const auto mine = connect(access::write);
        for (int i = 0; i < each; ++i) {
            const auto work = [&]() -> result<void> {
                TESSERA_TRY_VALUE(auto* query, mine->kept("SELECT value FROM total"));
                TESSERA_TRY(query->with().step());
                const auto value = query->integer(0);
                query->reset();
                TESSERA_TRY_VALUE(auto* update, mine->kept("UPDATE total SET value = $1"));
                return update->with(value + 1).execute();
            };
            const auto raised = in_transaction(*mine, work);
            EXPECT_TRUE(raised) << to_string(raised.error());
        }
    };
    std::thread other(raise);
    raise();
    other.join();
    EXPECT_EQ(rows(*reader, "SELECT value, id FROM total"), lines{std::to_string(2 * each) + "|1"});
}

INSTANTIATE_TEST_SUITE_P(drivers, database_readers, testing::ValuesIn(drivers()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace tessera::store
