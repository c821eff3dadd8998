// The schema's steps, on every driver.
#include "database_drivers.h"
#include "store/migrations.h"

namespace tessera::store {
namespace {

using lines = std::vector<std::string>;
constexpr auto applied = "SELECT version, applied_at FROM schema_migration ORDER BY version";

class database_migration : public database_contract {};

TEST_P(database_migration, a_second_run_changes_nothing) {
    ASSERT_TRUE(migrate(*storage, *writer, from_microseconds(1)));
    run("INSERT INTO profile (profile_id, name) VALUES (1, 'telco')");
    const auto first = rows(*writer, applied);
    EXPECT_EQ(first.size(), static_cast<std::size_t>(schema_version()));
    EXPECT_EQ(first.front(), "1|1");
    ASSERT_TRUE(migrate(*storage, *writer, from_microseconds(2)));
    EXPECT_EQ(rows(*writer, applied), first);
    EXPECT_EQ(rows(*writer, "SELECT profile_id, name FROM profile"), lines{"1|telco"});
}

TEST_P(database_migration, a_schema_half_way_is_completed) {
    constexpr int half_way = 2;
    ASSERT_TRUE(migrate(*storage, *writer, from_microseconds(1), half_way));
    run("INSERT INTO profile (profile_id, name) VALUES (1, 'telco')");
    ASSERT_TRUE(migrate(*storage, *writer, from_microseconds(2)));
    lines wanted;
    for (int version = 1; version <= schema_version(); ++version)
        wanted.push_back(std::to_string(version) + (version <= half_way ? "|1" : "|2"));
    EXPECT_EQ(rows(*writer, applied), wanted);
    EXPECT_EQ(rows(*writer, "SELECT profile_id, name FROM profile"), lines{"1|telco"});
}

TEST_P(database_migration, a_step_that_fails_leaves_nothing_of_itself) {
    run("CREATE TABLE outcome (id {int} PRIMARY KEY) {table}");  // in the way of the last table of step 2
    const auto failed = migrate(*storage, *writer, from_microseconds(1));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, code_database);
    EXPECT_EQ(rows(*writer, applied), lines{"1|1"});
    EXPECT_FALSE(writer->execute("SELECT 1 FROM campaign"));
}

TEST_P(database_migration, a_schema_of_a_later_program_is_refused_and_left_alone) {
    ASSERT_TRUE(migrate(*storage, *writer, from_microseconds(1)));
    const auto later = schema_version() + 1;
    run("INSERT INTO schema_migration (version, name, applied_at) VALUES (" + std::to_string(later) + ", 'later', 7)");
    const auto before = rows(*writer, applied);
    const auto refused = migrate(*storage, *writer, from_microseconds(2));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "newer_schema");
    EXPECT_EQ(rows(*writer, applied), before);
}

TEST_P(database_migration, an_identity_names_one_card_alone) {
    ASSERT_TRUE(migrate(*storage, *writer, from_microseconds(1)));
    run("INSERT INTO profile (profile_id, name) VALUES (1, 'telco')");
    const std::string head = "INSERT INTO card (card_id, iccid, imsi, msisdn, profile_id, imported_at) VALUES ";
    run(head + "(1, 'a', 'i', 7, 1, 0), (2, 'b', NULL, NULL, 1, 0), (3, 'c', NULL, NULL, 1, 0)");
    for (const auto* taken : {"(4, 'a', NULL, NULL, 1, 0)", "(4, 'd', 'i', NULL, 1, 0)", "(4, 'd', NULL, 7, 1, 0)"})
        EXPECT_EQ(writer->execute(head + taken).error().code, code_unique) << taken;
    EXPECT_EQ(writer->execute(head + "(4, 'd', NULL, NULL, 99, 0)").error().code, code_database);
}

INSTANTIATE_TEST_SUITE_P(drivers, database_migration, testing::ValuesIn(drivers()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace tessera::store
