// One session with a PostgreSQL server: what the connection and its statements share.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "store/postgres/postgres_database.h"

namespace tessera::store {

struct clear_result {
    void operator()(PGresult* gone) const { PQclear(gone); }
};
using result_ptr = std::unique_ptr<PGresult, clear_result>;

// What PQsendQueryPrepared takes, gathered.
struct statement_parameters {
    std::span<const char* const> values;
    std::span<const int> lengths;
    std::span<const int> formats;
};

// One thread at a time.
class postgres_link {
public:
    postgres_link(const postgres_settings& settings, access mode);
    ~postgres_link() = default;
    postgres_link(const postgres_link&) = delete;
    postgres_link& operator=(const postgres_link&) = delete;

    // Connects and sets the session up. Errors: database.
    [[nodiscard]] result<void> connect();
    // Outside a transaction, a link that is down is connected again, as long as settings allow. Errors: database.
    [[nodiscard]] result<void> ensure();
    // Rises with every connect(): what was prepared on an earlier session is gone.
    [[nodiscard]] std::int64_t session() const { return session_; }
    // Between begin() and the end of it, whatever became of the link meanwhile.
    [[nodiscard]] bool in_transaction() const { return in_transaction_; }
    [[nodiscard]] std::int64_t transactions() const { return transactions_; }  // begun so far
    [[nodiscard]] bool lost() const { return !handle_ || PQstatus(handle_.get()) != CONNECTION_OK; }
    [[nodiscard]] bool reads_only() const { return mode_ == access::read; }

    // Each waits for what was queued first, and fails with its failure.
    [[nodiscard]] result<result_ptr> run(const std::string& sql);
    [[nodiscard]] result<result_ptr> run_for_binary(const std::string& sql);
    [[nodiscard]] result<result_ptr> prepare(const std::string& name, const std::string& sql,
                                             std::span<const Oid> types);
    [[nodiscard]] result<result_ptr> describe(const std::string& name);
    [[nodiscard]] result<result_ptr> run_prepared(const std::string& name, const statement_parameters& given,
                                                  bool binary_results);
    // Sends without waiting for the answer.
    [[nodiscard]] result<void> queue_prepared(const std::string& name, const statement_parameters& given);
    // COPY FROM STDIN in binary: `rows` as copy_octets() makes them. In a transaction.
    [[nodiscard]] result<void> copy(const std::string& sql, std::string_view rows);
    // Waits for all that was queued; the first failure of it.
    [[nodiscard]] result<void> drain();

    [[nodiscard]] result<void> begin(bool lazily);
    [[nodiscard]] result<void> commit();
    void rollback();

    // A prepared statement that nobody uses any more: the server is told by and by.
    void forget(std::string name) { forgotten_.push_back(std::move(name)); }

    [[nodiscard]] std::int64_t changed() const { return changed_; }
    [[nodiscard]] std::string next_name() { return "s" + std::to_string(++names_); }
    // SQLSTATE of what the server refused last.
    [[nodiscard]] const std::string& last_state() const { return last_state_; }

private:
    struct finish {
        void operator()(PGconn* handle) const { PQfinish(handle); }
    };
    [[nodiscard]] result<void> set_up();
    [[nodiscard]] result<result_ptr> checked(result_ptr answer, std::string_view doing);
    [[nodiscard]] std::unexpected<error> refused(const PGresult* answer, std::string_view doing);
    [[nodiscard]] result<void> read_until_sync();
    void pause_after_conflicts();
    [[nodiscard]] std::string take_forgotten();

    postgres_settings settings_;
    access mode_;
    std::unique_ptr<PGconn, finish> handle_;
    bool in_transaction_ = false;
    std::int64_t session_ = 0;
    std::int64_t transactions_ = 0;
    std::int64_t changed_ = 0;
    std::int64_t names_ = 0;
    std::size_t queued_ = 0;
    int conflicts_ = 0;  // since the last commit
    seeded_random jitter_;
    std::string last_state_;
    std::optional<error> failed_;  // what ended the transaction, if something did
    std::vector<std::string> forgotten_;
};

}  // namespace tessera::store
