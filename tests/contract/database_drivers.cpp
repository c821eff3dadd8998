#include "database_drivers.h"

#include <cstdlib>
#include <filesystem>

#include "postgres/test_database.h"
#include "store/sqlite/sqlite_database.h"

namespace tessera::store {
namespace {

class sqlite_place final : public database_place {
public:
    sqlite_place() {
        std::string pattern = (std::filesystem::temp_directory_path() / "tessera-contract-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) std::abort();
        folder_ = pattern;
    }
    ~sqlite_place() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    result<std::unique_ptr<database>> open() override { return open_sqlite(folder_ / "tessera.db"); }

private:
    std::filesystem::path folder_;
};

class postgres_place final : public database_place {
public:
    result<std::unique_ptr<database>> open() override { return schema_.open(); }

private:
    postgres_schema schema_;
};

}  // namespace

std::vector<driver> drivers() {
    if (postgres_asked_for()) return {{"postgres", [] { return std::make_unique<postgres_place>(); }}};
    return {{"sqlite", [] { return std::make_unique<sqlite_place>(); }}};
}

void database_contract::SetUp() {
    place = GetParam().place();
    auto opened = place->open();
    ASSERT_TRUE(opened) << to_string(opened.error());
    storage = std::move(*opened);
    writer = connect(access::write);
    ASSERT_TRUE(writer);
}

std::string database_contract::in_dialect(std::string_view sql) const {
    std::string text;
    for (std::size_t at = 0; at < sql.size(); ++at) {
        const auto close = sql[at] == '{' ? sql.find('}', at) : std::string_view::npos;
        if (close == std::string_view::npos) {
            text.push_back(sql[at]);
            continue;
        }
        text += storage->dialect_word(sql.substr(at + 1, close - at - 1));
        at = close;
    }
    return text;
}

void database_contract::run(std::string_view sql) {
    const auto ran = writer->execute(in_dialect(sql));
    ASSERT_TRUE(ran) << to_string(ran.error());
}

std::vector<std::string> database_contract::rows(connection& from, std::string_view sql) {
    std::vector<std::string> all;
    auto query = from.prepare(sql);
    if (!query) return {to_string(query.error())};
    for (;;) {
        const auto more = (*query)->step();
        if (!more) return {to_string(more.error())};
        if (!*more) return all;
        std::string line;
        for (int column = 0; column < 2; ++column) {
            if (column != 0) line.push_back('|');
            line += (*query)->is_null(column) ? std::string("-") : std::string((*query)->text(column));
        }
        all.push_back(line);
    }
}

std::unique_ptr<connection> database_contract::connect(access mode) const {
    auto made = storage->connect(mode);
    EXPECT_TRUE(made) << to_string(made.error());
    return made ? std::move(*made) : nullptr;
}

}  // namespace tessera::store
