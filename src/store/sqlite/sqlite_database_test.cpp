// What concerns the SQLite driver alone; what every driver owes stands in tests/contract.
#include "store/sqlite/sqlite_database.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace tessera::store {
namespace {

class sqlite_file : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "tessera-sqlite-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder); }
    static unsigned mode_of(const std::filesystem::path& file) {
        struct stat found {};
        return ::stat(file.c_str(), &found) == 0 ? found.st_mode & 0777U : 0;
    }
    std::filesystem::path folder;
};

TEST_F(sqlite_file, all_its_files_are_the_owner_s_alone) {
    const auto previous = ::umask(0);
    const auto storage = open_sqlite(folder / "a.db").value();
    const auto writer = storage->connect(access::write).value();
    ASSERT_TRUE(writer->execute("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)"));
    ::umask(previous);
    for (const auto* name : {"a.db", "a.db-wal", "a.db-shm"}) EXPECT_EQ(mode_of(folder / name), 0600U) << name;
}

TEST_F(sqlite_file, one_that_is_none_or_cannot_be_is_refused_by_name) {
    std::ofstream(folder / "text.db") << std::string(4096, 'x');
    const auto connected = open_sqlite(folder / "text.db").value()->connect(access::write);
    ASSERT_FALSE(connected);
    EXPECT_EQ(connected.error().code, code_database);
    const auto missing = open_sqlite(folder / "nowhere" / "a.db");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().field, (folder / "nowhere" / "a.db").string());
}

std::int64_t synchronous(connection& of) {
    const auto asked = of.prepare("PRAGMA synchronous").value();
    return asked->step().value() ? asked->integer(0) : -1;
}

TEST_F(sqlite_file, every_transaction_but_a_lazy_one_waits_for_the_disk) {
    constexpr std::int64_t normal = 1;
    constexpr std::int64_t full = 2;
    const auto storage = open_sqlite(folder / "a.db").value();
    const auto writer = storage->connect(access::write).value();
    EXPECT_EQ(synchronous(*writer), full);
    const auto during = [&] { return result<std::int64_t>(synchronous(*writer)); };
    EXPECT_EQ(in_transaction(*writer, during, durability::lazy).value(), normal);
    EXPECT_EQ(in_transaction(*writer, during, durability::lazy).value(), normal);
    EXPECT_EQ(in_transaction(*writer, during).value(), full);
    EXPECT_EQ(in_transaction(*writer, during, durability::lazy).value(), normal);
    EXPECT_EQ(in_transaction(*writer, during).value(), full);
}

// Who died in a commit may have left it in the log only, and not even there on the disk.
TEST_F(sqlite_file, what_others_left_in_the_log_is_home_before_a_writer_acts_on_it) {
    const auto content = [&] {
        std::ifstream file(folder / "a.db", std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    const auto before = open_sqlite(folder / "a.db").value();
    const auto left = before->connect(access::write).value();
    ASSERT_TRUE(left->execute("CREATE TABLE t (word TEXT); INSERT INTO t VALUES ('finished')"));
    EXPECT_EQ(content().find("finished"), std::string::npos);
    const auto after = open_sqlite(folder / "a.db").value();
    const auto reader = after->connect(access::read).value();
    EXPECT_EQ(content().find("finished"), std::string::npos);
    const auto writer = after->connect(access::write).value();
    EXPECT_NE(content().find("finished"), std::string::npos);
}

// Commits that go on and on must not make it longer and longer, whoever copies it.
TEST_F(sqlite_file, its_log_is_copied_home_and_begun_anew) {
    constexpr std::int64_t pages = 16;
    constexpr std::uintmax_t page_octets = 4096;
    sqlite_settings settings;
    settings.checkpoint_pages = pages;
    const auto storage = open_sqlite(folder / "a.db", settings).value();
    const auto writer = storage->connect(access::write).value();
    ASSERT_TRUE(writer->execute("CREATE TABLE t (id INTEGER PRIMARY KEY, octets BLOB)"));
    const bytes octets(3 * page_octets, 7);
    std::uintmax_t longest = 0;
    for (int i = 0; i < 500; ++i) {
        ASSERT_TRUE(in_transaction(*writer, [&]() -> result<void> {
            TESSERA_TRY_VALUE(auto* insert, writer->kept("INSERT INTO t VALUES ($1, $2)"));
            return insert->with(i, octets).execute();
        }));
        longest = std::max(longest, std::filesystem::file_size(folder / "a.db-wal"));
    }
    EXPECT_LE(longest, 6 * pages * (page_octets + 24) + 32);
    const auto reader = storage->connect(access::read).value();
    const auto check = reader->prepare("PRAGMA integrity_check").value();
    ASSERT_TRUE(check->step().value());
    EXPECT_EQ(check->text(0), "ok");
    const auto count = reader->prepare("SELECT COUNT(*) FROM t").value();
    ASSERT_TRUE(count->step().value());
    EXPECT_EQ(count->integer(0), 500);
}

}  // namespace
}  // namespace tessera::store
