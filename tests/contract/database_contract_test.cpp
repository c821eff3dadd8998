// Statements and transactions: what every driver of the Database port owes its users.
#include <limits>

#include "base/limits.h"
#include "database_drivers.h"
#include "store/row_batch.h"

namespace tessera::store {
namespace {

using lines = std::vector<std::string>;

class database_statement : public database_contract {
protected:
    void SetUp() override {
        database_contract::SetUp();
        run("CREATE TABLE thing (id {int} PRIMARY KEY, name TEXT, number {int}, octets {blob}) {table}");
    }
    [[nodiscard]] statement& kept(const char* sql) {
        auto made = writer->kept(sql);
        EXPECT_TRUE(made) << to_string(made.error());
        return **made;
    }
};

TEST_P(database_statement, integers_are_64_bit) {
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    auto& insert = kept("INSERT INTO thing (id, number) VALUES ($1, $2)");
    ASSERT_TRUE(insert.with(1, least).execute());
    ASSERT_TRUE(insert.with(most, most).execute());
    auto& query = kept("SELECT number, id FROM thing ORDER BY id");
    ASSERT_TRUE(query.with().step().value());
    EXPECT_EQ(query.integer(0), least);
    ASSERT_TRUE(query.step().value());
    EXPECT_EQ(query.integer(0), most);
    EXPECT_EQ(query.integer(1), most);
    EXPECT_FALSE(query.step().value());
}

TEST_P(database_statement, null_is_neither_empty_text_nor_empty_octets) {
    auto& insert = kept("INSERT INTO thing (id, name, octets) VALUES ($1, $2, $3)");
    ASSERT_TRUE(insert.with(1, nullptr, nullptr).execute());
    ASSERT_TRUE(insert.with(2, "", bytes{}).execute());
    ASSERT_TRUE(insert.with(3, std::string_view{}, byte_view{}).execute());
    auto& query = kept("SELECT name, octets FROM thing ORDER BY id");
    ASSERT_TRUE(query.with().step().value());
    for (const int column : {0, 1}) {
        EXPECT_TRUE(query.is_null(column));
        EXPECT_TRUE(query.text(column).empty());
        EXPECT_TRUE(query.octets(column).empty());
        EXPECT_EQ(query.integer(column), 0);
    }
    for (const int row : {2, 3}) {
        ASSERT_TRUE(query.step().value());
        for (const int column : {0, 1}) {
            EXPECT_FALSE(query.is_null(column)) << row;
            EXPECT_TRUE(query.octets(column).empty()) << row;
        }
    }
}

TEST_P(database_statement, octets_and_text_come_back_as_they_were) {
    bytes all(256);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
    const std::string text = "Zürich \xe6\x9d\xb1\xe4\xba\xac 'quoted' \"twice\" $1 ; --";
    ASSERT_TRUE(kept("INSERT INTO thing (id, name, octets) VALUES ($1, $2, $3)").with(1, text, all).execute());
    auto& query = kept("SELECT name, octets FROM thing");
    ASSERT_TRUE(query.with().step().value());
    EXPECT_EQ(query.text(0), text);
    EXPECT_EQ(to_bytes(query.octets(1)), all);
}

TEST_P(database_statement, octets_and_integers_in_one_row) {
    const bytes octets{0x00, 0xff, 0x5c, 0x78};
    ASSERT_TRUE(writer->kept("INSERT INTO thing (id, octets) VALUES ($1, $2)").value()->with(-7, octets).execute());
    const auto query = writer->prepare("SELECT octets, id, SUM(id) FROM thing GROUP BY id, octets").value();
    ASSERT_TRUE(query->step().value());
    EXPECT_EQ(to_bytes(query->octets(0)), octets);
    EXPECT_EQ(query->integer(1), -7);
    EXPECT_EQ(query->text(1), "-7");
    EXPECT_EQ(query->integer(2), -7);
}

TEST_P(database_statement, truth_is_1_and_untruth_0) {
    run("INSERT INTO thing (id, octets) VALUES (1, NULL)");
    auto& query = kept("SELECT id = 1, id = 2, octets IS NULL, EXISTS (SELECT 1 FROM thing WHERE id = 2) FROM thing");
    ASSERT_TRUE(query.with().step().value());
    EXPECT_EQ(query.integer(0), 1);
    EXPECT_EQ(query.integer(1), 0);
    EXPECT_EQ(query.integer(2), 1);
    EXPECT_EQ(query.integer(3), 0);
}

TEST_P(database_statement, a_parameter_may_be_null_at_first_and_have_a_value_then) {
    auto& insert = kept("INSERT INTO thing (id, name, number, octets) VALUES ($1, $2, $3, $4)");
    ASSERT_TRUE(insert.with(1, nullptr, nullptr, nullptr).execute());
    ASSERT_TRUE(insert.with(2, "two", nullptr, bytes{2}).execute());
    ASSERT_TRUE(insert.with(3, nullptr, 3, nullptr).execute());
    EXPECT_EQ(rows(*writer, "SELECT id, COALESCE(name, '') || COALESCE(number, 0) FROM thing ORDER BY id"),
              (lines{"1|0", "2|two0", "3|3"}));
}

TEST_P(database_statement, parameters_may_repeat_and_stand_in_any_order) {
    ASSERT_TRUE(kept("INSERT INTO thing (number, name, id) VALUES ($3, $2, $3)").with(1, "two", 3).execute());
    EXPECT_EQ(rows(*writer, "SELECT number, name FROM thing WHERE id = 3"), lines{"3|two"});
    auto& query = kept("SELECT id, name FROM thing WHERE $2 = name AND id = $1 AND number = $1");
    EXPECT_TRUE(query.with(3, "two").step().value());
    EXPECT_FALSE(query.with(2, "two").step().value());
    ASSERT_TRUE(kept("UPDATE thing SET number = $11 WHERE id = $2 AND $1 = 1 AND $3 + $4 + $5 + $6 + $7 + $8 + $9 + "
                     "$10 = 52")
                    .with(1, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11)
                    .execute());
    EXPECT_EQ(rows(*writer, "SELECT number, name FROM thing"), lines{"11|two"});
}

TEST_P(database_statement, a_kept_statement_is_made_once_and_starts_anew) {
    static constexpr const char* sql = "SELECT id FROM thing WHERE id >= $1 ORDER BY id";
    run("INSERT INTO thing (id) VALUES (1), (2), (3)");
    auto& query = kept(sql);
    EXPECT_EQ(&kept(sql), &query);
    ASSERT_TRUE(query.with(1).step().value());
    ASSERT_TRUE(query.with(2).step().value());  // left half-way
    EXPECT_EQ(query.integer(0), 2);
    ASSERT_TRUE(query.step().value());
    ASSERT_FALSE(query.step().value());
    ASSERT_TRUE(query.step().value());  // reset by its end; the parameter keeps its value
    EXPECT_EQ(query.integer(0), 2);
}

TEST_P(database_statement, a_bound_null_does_not_outlive_the_next_binding) {
    auto& insert = kept("INSERT INTO thing (id, name) VALUES ($1, $2)");
    insert.with(1, "a");
    insert.bind_null(2);
    ASSERT_TRUE(insert.execute());
    ASSERT_TRUE(insert.with(2, "b").execute());
    EXPECT_EQ(rows(*writer, "SELECT id, name FROM thing ORDER BY id"), (lines{"1|-", "2|b"}));
}

TEST_P(database_statement, changed_counts_the_rows_of_the_last_change) {
    auto& insert = kept("INSERT INTO thing (id) VALUES ($1) ON CONFLICT DO NOTHING");
    ASSERT_TRUE(insert.with(1).execute());
    EXPECT_EQ(writer->changed(), 1);
    ASSERT_TRUE(insert.with(1).execute());
    EXPECT_EQ(writer->changed(), 0);
    run("INSERT INTO thing (id) VALUES (2), (3)");
    ASSERT_TRUE(kept("UPDATE thing SET number = 5 WHERE id > $1").with(1).execute());
    EXPECT_EQ(writer->changed(), 2);
    ASSERT_TRUE(kept("DELETE FROM thing WHERE id > $1").with(9).execute());
    EXPECT_EQ(writer->changed(), 0);
}

TEST_P(database_statement, a_uniqueness_rule_that_refuses_is_told_from_other_refusals) {
    run("CREATE TABLE strict_thing (id {int} PRIMARY KEY, name TEXT NOT NULL UNIQUE) {table}");
    run("CREATE TABLE pair (a {int} NOT NULL, b {int} NOT NULL, PRIMARY KEY (a, b)) {clustered}");
    run("INSERT INTO strict_thing (id, name) VALUES (1, 'one')");
    run("INSERT INTO pair (a, b) VALUES (1, 1)");
    for (const auto* again :
         {"INSERT INTO strict_thing (id, name) VALUES (1, 'two')",
          "INSERT INTO strict_thing (id, name) VALUES (2, 'one')", "INSERT INTO pair (a, b) VALUES (1, 1)"}) {
        const auto refused = writer->execute(again);
        ASSERT_FALSE(refused) << again;
        EXPECT_EQ(refused.error().code, code_unique) << again;
        EXPECT_EQ(kept(again).execute().error().code, code_unique) << again;
    }
    for (const auto* wrong : {"INSERT INTO strict_thing (id, name) VALUES (3, NULL)",
                              "INSERT INTO pair (a, b) VALUES (1, 'text')", "INSERT INTO nothing VALUES (1)"})
        EXPECT_EQ(writer->execute(wrong).error().code, code_database) << wrong;
    EXPECT_EQ(rows(*writer, "SELECT id, name FROM strict_thing"), lines{"1|one"});
}

TEST_P(database_statement, a_statement_goes_on_working_after_a_refusal) {
    auto& insert = kept("INSERT INTO thing (id) VALUES ($1)");
    ASSERT_TRUE(insert.with(1).execute());
    ASSERT_FALSE(insert.with(1).execute());
    EXPECT_TRUE(insert.with(2).execute());
}

constexpr row_shape thing_rows{"INSERT INTO thing (id, name, number, octets) VALUES", 4,
                               "ON CONFLICT (id) DO UPDATE SET number = excluded.number"};

TEST_P(database_statement, a_batch_writes_any_number_of_rows_as_they_were_given) {
    for (const int count : {0, 1, 9, 10, 99, 100, 101, 237}) {
        run("DELETE FROM thing");
        row_batch rows(*writer, thing_rows);
        for (int i = 0; i < count; ++i) {
            const auto name = "n" + std::to_string(i);  // gone when it is written
            const bytes octets(static_cast<std::size_t>(i % 3), static_cast<std::uint8_t>(i));
            if (i % 2 == 0)
                ASSERT_TRUE(rows.add(i, name, i * 10, octets));
            else
                ASSERT_TRUE(rows.add(i, name, nullptr, octets));
        }
        ASSERT_TRUE(rows.flush());
        auto& query = kept("SELECT id, name, number, octets FROM thing ORDER BY id");
        query.with();
        for (int i = 0; i < count; ++i) {
            ASSERT_TRUE(query.step().value()) << count;
            EXPECT_EQ(query.integer(0), i);
            EXPECT_EQ(query.text(1), "n" + std::to_string(i));
            EXPECT_EQ(query.is_null(2), i % 2 != 0);
            EXPECT_EQ(query.integer(2), i % 2 == 0 ? i * 10 : 0);
            EXPECT_EQ(to_bytes(query.octets(3)), bytes(static_cast<std::size_t>(i % 3), static_cast<std::uint8_t>(i)));
        }
        EXPECT_FALSE(query.step().value());
    }
}

constexpr row_shape new_things{"INSERT INTO thing (name, id, octets, number) VALUES", 4, "",
                               "thing (name, id, octets, number)"};

TEST_P(database_statement, rows_that_meet_no_others_are_written_as_they_were_given_however_many) {
    for (const int count : {1, 19, 20, 101, 5'000, 5'001, 12'345}) {
        run("DELETE FROM thing");
        writer->begin().value();
        row_batch rows(*writer, new_things);
        for (int i = 0; i < count; ++i) {
            const auto number = i % 2 == 0 ? std::optional(std::int64_t{-7} * i) : std::nullopt;
            const auto name = i % 3 == 0 ? std::optional("n\n\\\"\t" + std::to_string(i)) : std::nullopt;
            ASSERT_TRUE(rows.add(name, i, bytes(static_cast<std::size_t>(i % 3), 0), number));
        }
        ASSERT_TRUE(rows.flush());
        writer->commit().value();
        auto& query = kept("SELECT id, name, number, octets FROM thing ORDER BY id");
        query.with();
        for (int i = 0; i < count; ++i) {
            ASSERT_TRUE(query.step().value()) << count;
            ASSERT_EQ(query.integer(0), i);
            ASSERT_EQ(query.is_null(1), i % 3 != 0);
            ASSERT_EQ(query.text(1), i % 3 == 0 ? "n\n\\\"\t" + std::to_string(i) : "");
            ASSERT_EQ(query.is_null(2), i % 2 != 0);
            ASSERT_EQ(query.integer(2), i % 2 == 0 ? -7 * i : 0);
            ASSERT_FALSE(query.is_null(3));
            ASSERT_EQ(to_bytes(query.octets(3)), bytes(static_cast<std::size_t>(i % 3), 0));
        }
        EXPECT_FALSE(query.step().value());
    }
}

TEST_P(database_statement, a_row_that_meets_another_one_fails_its_transaction_which_can_be_run_again) {
    run("INSERT INTO thing (id, name) VALUES (30, 'there')");
    writer->begin().value();
    row_batch batch(*writer, new_things);
    result<void> written;
    for (int i = 0; i < 50 && written; ++i) written = batch.add("new", i, bytes{}, nullptr);
    if (written) written = batch.flush();
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, code_unique);
    writer->rollback();
    EXPECT_EQ(rows(*writer, "SELECT id, name FROM thing ORDER BY id"), lines{"30|there"});
    run("INSERT INTO thing (id, name) VALUES (31, 'after')");
    EXPECT_EQ(rows(*writer, "SELECT id, name FROM thing ORDER BY id"), (lines{"30|there", "31|after"}));
}

TEST_P(database_statement, a_batch_does_what_its_shape_says_of_rows_that_are_there) {
    row_batch rows(*writer, thing_rows);
    for (int i = 0; i < 150; ++i) ASSERT_TRUE(rows.add(i, "first", 1, bytes{1}));
    ASSERT_TRUE(rows.flush());
    for (int i = 100; i < 220; ++i) ASSERT_TRUE(rows.add(i, "second", 2, bytes{2}));
    ASSERT_TRUE(rows.flush());
    auto& query = kept("SELECT COUNT(*), SUM(number), SUM(CASE name WHEN 'first' THEN 1 ELSE 0 END) FROM thing");
    ASSERT_TRUE(query.with().step().value());
    EXPECT_EQ(query.integer(0), 220);
    EXPECT_EQ(query.integer(1), 100 + 2 * 120);
    EXPECT_EQ(query.integer(2), 150);
}

TEST_P(database_statement, a_row_of_a_batch_that_is_refused_is_an_error_of_the_batch) {
    static constexpr row_shape plain{"INSERT INTO thing (id, name) VALUES", 2};
    row_batch rows(*writer, plain);
    ASSERT_TRUE(rows.add(1, "one"));
    ASSERT_TRUE(rows.add(1, "another"));
    const auto written = rows.flush();
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, code_unique);
}

TEST_P(database_statement, text_that_is_not_one_statement_is_refused) {
    for (const auto* wrong : {"", " ", "SELEKT 1", "INSERT INTO thing (id) VALUES (1); DELETE FROM thing"})
        EXPECT_EQ(writer->prepare(wrong).error().code, code_database) << wrong;
    EXPECT_TRUE(writer->prepare("SELECT 1;"));
}

class database_transaction : public database_statement {
protected:
    [[nodiscard]] lines all() { return rows(*writer, "SELECT id, name FROM thing ORDER BY id"); }
};

TEST_P(database_transaction, a_rollback_leaves_nothing_behind) {
    run("INSERT INTO thing (id) VALUES (1)");
    ASSERT_TRUE(writer->begin());
    run("INSERT INTO thing (id) VALUES (2)");
    run("DELETE FROM thing WHERE id = 1");
    writer->rollback();
    EXPECT_EQ(all(), lines{"1|-"});
    writer->rollback();  // of nothing
    EXPECT_TRUE(writer->begin());
    EXPECT_TRUE(writer->commit());
}

TEST_P(database_transaction, a_rollback_is_possible_with_a_query_half_way) {
    run("INSERT INTO thing (id) VALUES (1), (2)");
    ASSERT_TRUE(writer->begin());
    auto& query = kept("SELECT id FROM thing ORDER BY id");
    ASSERT_TRUE(query.with().step().value());
    run("INSERT INTO thing (id) VALUES (3)");
    writer->rollback();
    query.reset();
    EXPECT_EQ(all(), (lines{"1|-", "2|-"}));
}

TEST_P(database_transaction, the_helper_commits_what_succeeds_and_rolls_back_what_fails) {
    const auto insert = [&](int id) -> result<int> {
        TESSERA_TRY(writer->execute("INSERT INTO thing (id) VALUES (" + std::to_string(id) + ")"));
        if (id == 2) return failure("our_own", "id", "two is refused");
        return id;
    };
    EXPECT_EQ(in_transaction(*writer, [&] { return insert(1); }).value(), 1);
    EXPECT_EQ(in_transaction(*writer, [&] { return insert(2); }).error().code, "our_own");
    EXPECT_EQ(in_transaction(*writer, [&] { return insert(1); }).error().code, code_unique);
    EXPECT_EQ(all(), lines{"1|-"});
}

TEST_P(database_transaction, the_helper_runs_the_whole_again_when_asked_to_a_bounded_number_of_times) {
    int runs = 0;
    const auto third_time_lucky = [&]() -> result<void> {
        TESSERA_TRY(writer->execute("INSERT INTO thing (id) VALUES (1)"));
        if (++runs < 3) return failure(code_retry, "database", "serialization failure");
        return {};
    };
    EXPECT_TRUE(in_transaction(*writer, third_time_lucky));
    EXPECT_EQ(runs, 3);
    EXPECT_EQ(all(), lines{"1|-"});

    runs = 0;
    const auto never = [&]() -> result<void> {
        ++runs;
        return failure(code_retry, "database", "serialization failure");
    };
    EXPECT_EQ(in_transaction(*writer, never).error().code, code_retry);
    EXPECT_EQ(runs, writer->attempts());
}

// A connection that the database refuses for a while, wherever it is asked.
class refusing final : public connection {
public:
    explicit refusing(connection& inner) : inner_(&inner) {}
    result<void> execute(std::string_view sql) override { return inner_->execute(sql); }
    result<std::unique_ptr<statement>> prepare(std::string_view sql) override { return inner_->prepare(sql); }
    std::int64_t changed() const override { return inner_->changed(); }
    result<void> begin() override { return begins-- > 0 ? busy() : inner_->begin(); }
    result<void> commit() override { return commits-- > 0 ? busy() : inner_->commit(); }
    void rollback() override { inner_->rollback(); }
    int begins = 0, commits = 0;

private:
    static result<void> busy() { return failure(code_retry, "database", "busy"); }
    connection* inner_;
};

TEST_P(database_transaction, the_helper_tries_again_when_begin_or_commit_was_refused) {
    refusing shy(*writer);
    shy.begins = 2;
    shy.commits = 2;
    int runs = 0;
    const auto work = [&]() -> result<void> {
        ++runs;
        return shy.execute("INSERT INTO thing (id) VALUES (1)");
    };
    const auto done = in_transaction(shy, work);
    EXPECT_TRUE(done) << to_string(done.error());
    EXPECT_EQ(runs, 3);
    EXPECT_EQ(all(), lines{"1|-"});
}

TEST_P(database_transaction, what_was_committed_is_there_after_opening_anew) {
    const auto insert = [&]() -> result<void> { return writer->execute("INSERT INTO thing (id) VALUES (1)"); };
    const auto another = [&]() -> result<void> { return writer->execute("INSERT INTO thing (id) VALUES (2)"); };
    ASSERT_TRUE(in_transaction(*writer, insert));
    ASSERT_TRUE(in_transaction(*writer, another, durability::lazy));
    ASSERT_TRUE(writer->begin());
    run("INSERT INTO thing (id) VALUES (3)");  // never committed
    writer.reset();
    storage = std::move(place->open().value());
    writer = connect(access::write);
    EXPECT_EQ(all(), (lines{"1|-", "2|-"}));
}

TEST_P(database_transaction, queued_statements_are_there_at_the_commit_in_order) {
    const auto work = [&]() -> result<void> {
        TESSERA_TRY_VALUE(auto* insert, writer->kept("INSERT INTO thing (id, name) VALUES ($1, $2)"));
        TESSERA_TRY_VALUE(auto* update, writer->kept("UPDATE thing SET name = name || $2 WHERE id = $1"));
        for (int i = 0; i < 1'000; ++i) {
            const auto name = std::to_string(i);
            TESSERA_TRY(insert->with(i, name).queue());
            TESSERA_TRY(update->with(i, "!").queue());
        }
        return {};
    };
    const auto done = in_transaction(*writer, work);
    ASSERT_TRUE(done) << to_string(done.error());
    EXPECT_EQ(rows(*writer, "SELECT COUNT(*), COUNT(*) FROM thing WHERE name = id || '!'"), lines{"1000|1000"});
}

TEST_P(database_transaction, a_failure_in_the_queue_fails_the_commit) {
    const auto work = [&]() -> result<void> {
        TESSERA_TRY_VALUE(auto* insert, writer->kept("INSERT INTO thing (id) VALUES ($1)"));
        for (const int id : {1, 2, 1, 3}) TESSERA_TRY(insert->with(id).queue());
        return {};
    };
    EXPECT_EQ(in_transaction(*writer, work).error().code, code_unique);
    EXPECT_EQ(rows(*writer, "SELECT COUNT(*), 0 FROM thing"), lines{"0|0"});
}

TEST_P(database_transaction, a_query_after_queued_statements_sees_them) {
    ASSERT_TRUE(writer->begin());
    auto* insert = writer->kept("INSERT INTO thing (id) VALUES ($1)").value();
    ASSERT_TRUE(insert->with(1).queue());
    ASSERT_TRUE(insert->with(2).queue());
    EXPECT_EQ(rows(*writer, "SELECT id, name FROM thing ORDER BY id"), (lines{"1|-", "2|-"}));
    writer->rollback();
}

TEST_P(database_transaction, what_a_change_changed_is_told_until_the_next_change) {
    run("INSERT INTO thing (id) VALUES (1), (2), (3)");
    ASSERT_TRUE(in_transaction(*writer, [&]() -> result<void> {
        TESSERA_TRY_VALUE(auto* change, writer->kept("UPDATE thing SET number = 1 WHERE id <= $1"));
        TESSERA_TRY(change->with(2).execute());
        EXPECT_EQ(all().size(), 3U);  // a query is none
        EXPECT_EQ(writer->changed(), 2);
        TESSERA_TRY(change->with(0).execute());
        EXPECT_EQ(writer->changed(), 0);
        return {};
    }));
}

// Other statements meanwhile, of which it sees nothing or something, as the driver likes.
TEST_P(database_transaction, any_number_of_rows_come_in_pieces) {
    constexpr int count = 2 * static_cast<int>(limits::rows_fetched) + 1;
    ASSERT_TRUE(in_transaction(*writer, [&]() -> result<void> {
        row_batch batch(*writer, thing_rows);
        for (int i = 0; i < count; ++i) TESSERA_TRY(batch.add(i, std::to_string(i), nullptr, bytes{1}));
        return batch.flush();
    }));
    for (const int wanted : {count, 5, 1, 0, static_cast<int>(limits::rows_fetched)}) {
        ASSERT_TRUE(in_transaction(*writer, [&]() -> result<void> {
            auto& walk = kept("SELECT id, name FROM thing WHERE id < $1 ORDER BY id");
            walk.in_pieces();
            walk.with(wanted);
            for (int i = 0; i < wanted; ++i) {
                if (!walk.step().value() || walk.integer(0) != i || walk.text(1) != std::to_string(i))
                    return failure("wrong", "row", std::to_string(i));
                if (i % 1'000 == 0) TESSERA_TRY(kept("UPDATE thing SET number = 1 WHERE id = $1").with(i).execute());
            }
            EXPECT_FALSE(walk.step().value());
            return {};
        })) << wanted;
        // One that is left half way, and begun anew.
        ASSERT_TRUE(in_transaction(*writer, [&]() -> result<void> {
            auto& walk = kept("SELECT id, name FROM thing WHERE id < $1 ORDER BY id");
            TESSERA_TRY(walk.with(count).step());
            TESSERA_TRY(walk.with(count).step());
            EXPECT_EQ(walk.integer(0), 0);
            return {};
        }));
    }
}

const auto by_name = [](const auto& each) { return each.param.name; };
INSTANTIATE_TEST_SUITE_P(drivers, database_statement, testing::ValuesIn(drivers()), by_name);
INSTANTIATE_TEST_SUITE_P(drivers, database_transaction, testing::ValuesIn(drivers()), by_name);

}  // namespace
}  // namespace tessera::store
