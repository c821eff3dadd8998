// What concerns the SQLite driver alone; what every driver owes stands in tests/contract.
#include "store/sqlite/sqlite_database.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

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

}  // namespace
}  // namespace tessera::store
