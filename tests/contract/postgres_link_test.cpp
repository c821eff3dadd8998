// What only a driver with a server has to show: a link that goes away, and writers beside one another.
#include <gtest/gtest.h>

#include "postgres/test_database.h"

namespace tessera::store {
namespace {

class postgres_link : public testing::Test {
protected:
    void SetUp() override {
        storage = schema.open().value();
        writer = storage->connect(access::write).value();
        ASSERT_TRUE(writer->execute("CREATE TABLE thing (id BIGINT PRIMARY KEY)"));
    }
    [[nodiscard]] std::int64_t things(connection& from) {
        const auto query = from.prepare("SELECT COUNT(*) FROM thing").value();
        EXPECT_TRUE(query->step().value());
        return query->integer(0);
    }
    // Another session ends this one's, as a restart of the server does.
    void cut(connection& victim) {
        const auto query = victim.prepare("SELECT pg_backend_pid()").value();
        ASSERT_TRUE(query->step().value());
        const auto other = storage->connect(access::write).value();
        const auto killer = other->prepare("SELECT pg_terminate_backend($1::int)").value();
        const auto process = query->integer(0);
        killer->with(process);
        ASSERT_TRUE(killer->step().value());
    }

    postgres_schema schema;
    std::unique_ptr<database> storage;
    std::unique_ptr<connection> writer;
};

TEST_F(postgres_link, a_commit_of_a_failed_transaction_is_no_success) {
    ASSERT_TRUE(writer->begin());
    EXPECT_FALSE(writer->execute("INSERT INTO nothing VALUES (1)"));
    EXPECT_FALSE(writer->commit());
}

TEST_F(postgres_link, a_commit_tells_what_had_failed_though_nobody_looked) {
    ASSERT_TRUE(writer->execute("INSERT INTO thing VALUES (1)"));
    ASSERT_TRUE(writer->begin());
    static_cast<void>(writer->execute("INSERT INTO thing VALUES (1)"));
    EXPECT_EQ(writer->commit().error().code, code_unique);
}

TEST_F(postgres_link, statements_that_are_gone_are_gone_from_the_server) {
    const auto prepared = [&] {
        const auto query = writer->prepare("SELECT COUNT(*) FROM pg_prepared_statements WHERE name <> ''").value();
        EXPECT_TRUE(query->step().value());
        return query->integer(0);
    };
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(writer->begin());
        EXPECT_EQ(things(*writer), 0);
        ASSERT_TRUE(writer->commit());
    }
    EXPECT_LE(prepared(), 4);
}

TEST_F(postgres_link, a_transaction_whose_link_is_cut_is_run_again_on_a_new_one) {
    int runs = 0;
    const auto work = [&]() -> result<void> {
        TESSERA_TRY_VALUE(auto* insert, writer->kept("INSERT INTO thing (id) VALUES ($1)"));
        TESSERA_TRY(insert->with(1).execute());
        if (++runs == 1) cut(*writer);
        return insert->with(2).execute();
    };
    const auto done = in_transaction(*writer, work);
    ASSERT_TRUE(done) << to_string(done.error());
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(things(*writer), 2);
}

TEST_F(postgres_link, a_link_that_was_cut_while_nobody_used_it_is_made_anew) {
    const auto reader = storage->connect(access::read).value();
    auto* query = reader->kept("SELECT COUNT(*) FROM thing").value();
    ASSERT_TRUE(query->with().step().value());
    cut(*reader);
    cut(*writer);
    ASSERT_TRUE(writer->begin());
    ASSERT_TRUE(writer->execute("INSERT INTO thing (id) VALUES (1)"));
    ASSERT_TRUE(writer->commit());
    ASSERT_TRUE(query->with().step().value());  // no transaction, nothing changed: asked again
    EXPECT_EQ(query->integer(0), 1);
    cut(*reader);
    const snapshot view(*reader);
    ASSERT_TRUE(view.begun());
    EXPECT_EQ(things(*reader), 1);
}

TEST_F(postgres_link, what_was_queued_on_a_link_that_is_cut_is_not_there) {
    ASSERT_TRUE(writer->begin());
    auto* insert = writer->kept("INSERT INTO thing (id) VALUES ($1)").value();
    ASSERT_TRUE(insert->with(1).queue());
    cut(*writer);
    for (int i = 2; i < 1'000; ++i) static_cast<void>(insert->with(i).queue());
    const auto ended = writer->commit();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code, code_retry);
    writer->rollback();
    EXPECT_EQ(things(*writer), 0);
}

TEST_F(postgres_link, a_lazy_transaction_alone_does_not_wait_for_the_disk) {
    const auto how = [&] {
        const auto query = writer->prepare("SHOW synchronous_commit").value();
        EXPECT_TRUE(query->step().value());
        return result<std::string>(std::string(query->text(0)));
    };
    EXPECT_EQ(in_transaction(*writer, how).value(), "on");
    EXPECT_EQ(in_transaction(*writer, how, durability::lazy).value(), "off");
    EXPECT_EQ(in_transaction(*writer, how).value(), "on");
}

TEST_F(postgres_link, two_that_read_what_the_other_writes_cannot_both_commit) {
    const auto other = storage->connect(access::write).value();
    ASSERT_TRUE(writer->begin());
    ASSERT_TRUE(other->begin());
    EXPECT_EQ(things(*writer), 0);
    EXPECT_EQ(things(*other), 0);
    ASSERT_TRUE(writer->execute("INSERT INTO thing (id) VALUES (1)"));
    ASSERT_TRUE(other->execute("INSERT INTO thing (id) VALUES (2)"));
    ASSERT_TRUE(writer->commit());
    const auto second = other->commit();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, code_retry);
}

TEST(postgres_addresses, never_hold_a_password_and_are_never_repeated) {
    for (const auto* wrong :
         {"host=/nowhere password=hunter2 user=x", "password=hunter2 'unclosed", "hunter2",
          "postgresql://u:hunter2@h/d", "postgresql://u:hunt@hunter2@h/d", "postgresql://u:9/hunter2@h/d",
          "postgresql://u:hunter2/x@h/d", "postgresql://h/d?password=hunter2", "postgresql://h/d?sslpassword=hunter2",
          "postgresql://h/d?hunter2=1"}) {
        const auto opened = open_postgres({.address = wrong, .schema = {}});
        ASSERT_FALSE(opened) << wrong;
        EXPECT_EQ(opened.error().code, "bad_value");
        EXPECT_EQ(to_string(opened.error()).find("hunter2"), std::string::npos) << to_string(opened.error());
    }
    for (const auto* right : {"postgresql://u@h:5433/d", "postgresql:///d?host=/run/postgresql", "dbname=d",
                              "postgresql://u@a:1,b:2/d?target_session_attrs=read-write&passfile=/etc/pgpass"})
        EXPECT_TRUE(check_address(right)) << right;
}

}  // namespace
}  // namespace tessera::store
