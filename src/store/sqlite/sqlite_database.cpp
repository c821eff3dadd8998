#include "store/sqlite/sqlite_database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <string>

#include "base/system_error.h"
#include "store/sqlite/wal_keeper.h"

namespace tessera::store {
namespace {

struct close_handle {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
using handle_ptr = std::unique_ptr<sqlite3, close_handle>;

std::unexpected<error> refused(sqlite3* handle, int code, std::string_view doing) {
    const int primary = code & 0xff;
    std::string_view kind = code_database;
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) kind = code_retry;
    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) kind = code_unique;
    return failure(kind, "database", std::string(doing) + ": " + sqlite3_errmsg(handle));
}

class sqlite_statement final : public statement {
public:
    sqlite_statement(sqlite3* handle, sqlite3_stmt* compiled) : handle_(handle), compiled_(compiled) {
        // $1 is a name to SQLite; where it stands is looked up once.
        for (int i = 1; i <= sqlite3_bind_parameter_count(compiled); ++i) {
            const char* name = sqlite3_bind_parameter_name(compiled, i);
            const auto number = name == nullptr ? static_cast<std::size_t>(i) : std::stoul(name + 1);
            if (places_.size() <= number) places_.resize(number + 1);
            places_[number] = i;
        }
    }
    ~sqlite_statement() override { sqlite3_finalize(compiled_); }
    sqlite_statement(const sqlite_statement&) = delete;
    sqlite_statement& operator=(const sqlite_statement&) = delete;

    void bind(int index, std::int64_t value) override { sqlite3_bind_int64(compiled_, place(index), value); }
    void bind(int index, std::string_view value) override {
        sqlite3_bind_text(compiled_, place(index), value.data() == nullptr ? "" : value.data(),
                          static_cast<int>(value.size()), SQLITE_STATIC);
    }
    void bind(int index, byte_view value) override {
        // A null pointer would bind NULL; empty octets are not NULL.
        if (value.empty())
            sqlite3_bind_zeroblob(compiled_, place(index), 0);
        else
            sqlite3_bind_blob(compiled_, place(index), value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
    }
    void bind_null(int index) override { sqlite3_bind_null(compiled_, place(index)); }

    result<bool> step() override {
        const int code = sqlite3_step(compiled_);
        if (code == SQLITE_ROW) return true;
        if (code == SQLITE_DONE) {
            sqlite3_reset(compiled_);
            return false;
        }
        auto problem = refused(handle_, sqlite3_extended_errcode(handle_), "statement");
        sqlite3_reset(compiled_);
        return problem;
    }
    void reset() override { sqlite3_reset(compiled_); }

    std::int64_t integer(int column) const override { return sqlite3_column_int64(compiled_, column); }
    std::string_view text(int column) const override {
        const auto* begin = reinterpret_cast<const char*>(sqlite3_column_text(compiled_, column));
        return begin == nullptr
                   ? std::string_view{}
                   : std::string_view{begin, static_cast<std::size_t>(sqlite3_column_bytes(compiled_, column))};
    }
    byte_view octets(int column) const override {
        const auto* begin = static_cast<const std::uint8_t*>(sqlite3_column_blob(compiled_, column));
        return {begin, begin == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(compiled_, column))};
    }
    bool is_null(int column) const override { return sqlite3_column_type(compiled_, column) == SQLITE_NULL; }

private:
    int place(int index) const { return places_[static_cast<std::size_t>(index)]; }

    sqlite3* handle_;
    sqlite3_stmt* compiled_;
    std::vector<int> places_;
};

class sqlite_connection final : public connection {
public:
    sqlite_connection(handle_ptr handle, access mode, std::shared_ptr<wal_keeper> keeper)
        : keeper_(std::move(keeper)), handle_(std::move(handle)), mode_(mode) {
        if (mode == access::write) keeper_->look_after(handle_.get());
    }
    ~sqlite_connection() override { forget_statements(); }

    result<void> execute(std::string_view sql) override {
        const std::string text(sql);
        const int code = sqlite3_exec(handle_.get(), text.c_str(), nullptr, nullptr, nullptr);
        if (code != SQLITE_OK) return refused(handle_.get(), sqlite3_extended_errcode(handle_.get()), "execute");
        return {};
    }
    result<std::unique_ptr<statement>> prepare(std::string_view sql) override {
        sqlite3_stmt* compiled = nullptr;
        const char* tail = nullptr;
        const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                            SQLITE_PREPARE_PERSISTENT, &compiled, &tail);
        if (code != SQLITE_OK) return refused(handle_.get(), code, "prepare");
        auto made = std::make_unique<sqlite_statement>(handle_.get(), compiled);
        const auto rest = sql.substr(static_cast<std::size_t>(tail - sql.data()));
        if (compiled == nullptr || rest.find_first_not_of(" \t\r\n;") != std::string_view::npos)
            return failure(code_database, "database", "prepare: expected exactly one statement");
        return made;
    }
    std::int64_t changed() const override { return sqlite3_changes64(handle_.get()); }

    result<void> begin() override {
        TESSERA_TRY(synchronise(true));
        return begin_as_is();
    }
    // The log is written in order: who synchronises it takes along whatever stands before.
    result<void> begin_lazily() override {
        TESSERA_TRY(synchronise(false));
        return begin_as_is();
    }
    result<void> commit() override { return execute("COMMIT"); }
    void rollback() override {
        if (sqlite3_get_autocommit(handle_.get()) == 0)
            sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    }

private:
    // IMMEDIATE takes the write lock at once, so a writer never finds half-way that it cannot have it.
    result<void> begin_as_is() { return execute(mode_ == access::write ? "BEGIN IMMEDIATE" : "BEGIN"); }
    result<void> synchronise(bool each_commit) {
        if (synchronised_ == each_commit) return {};
        TESSERA_TRY(execute(each_commit ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"));
        synchronised_ = each_commit;
        return {};
    }

    std::shared_ptr<wal_keeper> keeper_;
    handle_ptr handle_;
    access mode_;
    bool synchronised_ = true;  // as connect() sets it
};

class sqlite_database final : public database {
public:
    sqlite_database(std::filesystem::path file, const sqlite_settings& settings)
        : file_(std::move(file)),
          settings_(settings),
          keeper_(std::make_shared<wal_keeper>(file_, settings.checkpoint_pages)) {}

    result<std::unique_ptr<connection>> connect(access mode) override {
        sqlite3* raw = nullptr;
        const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
        const int code = sqlite3_open_v2(file_.c_str(), &raw, flags, nullptr);
        handle_ptr handle(raw);
        if (code != SQLITE_OK) return failure(code_database, file_.string(), sqlite3_errstr(code));
        sqlite3_extended_result_codes(handle.get(), 1);
        sqlite3_busy_timeout(handle.get(), 10'000);
        const auto cache = mode == access::write ? settings_.writer_cache_kibibytes : settings_.reader_cache_kibibytes;
        auto made = std::make_unique<sqlite_connection>(std::move(handle), mode, keeper_);
        TESSERA_TRY(made->execute(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;"
            "PRAGMA secure_delete=OFF; PRAGMA cache_size=-" +
            std::to_string(cache)));
        // A process that died in a commit may have left it in the log and not synchronised it. Whoever acts on it makes
        // it durable first: copying the log home begins with that.
        TESSERA_TRY(made->execute(mode == access::read ? "PRAGMA query_only=ON" : "PRAGMA wal_checkpoint(PASSIVE)"));
        return made;
    }

    std::string_view dialect_word(std::string_view token) const override {
        if (token == "int") return "INTEGER";
        if (token == "blob") return "BLOB";
        if (token == "table") return "STRICT";
        if (token == "clustered") return "STRICT, WITHOUT ROWID";
        if (token == "server_only") return "--";
        return {};
    }

private:
    std::filesystem::path file_;
    sqlite_settings settings_;
    std::shared_ptr<wal_keeper> keeper_;
};

// Counting all allocations of a process takes one lock for every one of them; nobody asks for the sums. Takes effect
// once, before the library is first used.
void configure_library() {
    static const int done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    static_cast<void>(done);
}

}  // namespace

result<std::unique_ptr<database>> open_sqlite(const std::filesystem::path& file, const sqlite_settings& settings) {
    configure_library();
    // SQLite creates its files with the permissions of the main one, so that is made here, for the owner alone.
    const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (made < 0)
        return failure(code_database, file.string(),
                       with_reason("cannot be opened or created for reading and writing"));
    ::close(made);
    return std::make_unique<sqlite_database>(file, settings);
}

}  // namespace tessera::store
