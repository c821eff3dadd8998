#include "store/postgres/postgres_link.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "base/limits.h"

namespace tessera::store {
namespace {

constexpr int between_attempts_ms = 200;
constexpr int first_pause_ms = 4;

// The server's words without the lines that quote the statement or its rows: there may be keys in them.
std::string first_line(const char* text) {
    const std::string_view said = text == nullptr ? "" : text;
    return std::string(said.substr(0, said.find('\n')));
}

// Classes of SQLSTATE after which the whole transaction may be run again (PostgreSQL 15, appendix A).
bool may_be_run_again(std::string_view state) {
    return state == "40001"      // serialization_failure
           || state == "40P01"   // deadlock_detected
           || state == "55P03";  // lock_not_available
}

// INSERT, UPDATE and DELETE; a query has a count, too.
bool changes_rows(std::string_view tag) {
    return tag.starts_with("INSERT") || tag.starts_with("UPDATE") || tag.starts_with("DELETE");
}

std::string seconds(std::chrono::seconds how_long) { return std::to_string(how_long.count()); }

}  // namespace

postgres_link::postgres_link(const postgres_settings& settings, access mode)
    : settings_(settings),
      mode_(mode),
      jitter_(static_cast<std::uint64_t>(::getpid()) ^ reinterpret_cast<std::uintptr_t>(this)) {}

// --- the session

result<void> postgres_link::connect() {
    queued_ = 0;
    forgotten_.clear();
    ++session_;
    const auto wait = seconds(limits::database_connect_wait);
    const auto silence = seconds(limits::database_silence);
    const auto silence_ms = std::to_string(std::chrono::milliseconds(limits::database_silence).count());
    // What stands before the address is overruled by it, what stands behind it overrules it.
    const std::array keywords{"connect_timeout",
                              "keepalives_idle",
                              "tcp_user_timeout",
                              "application_name",
                              "dbname",
                              "client_encoding",
                              static_cast<const char*>(nullptr)};
    const std::array values{wait.c_str(),
                            silence.c_str(),
                            silence_ms.c_str(),
                            "tessera",
                            settings_.address.c_str(),
                            "UTF8",
                            static_cast<const char*>(nullptr)};
    handle_.reset(PQconnectdbParams(keywords.data(), values.data(), 1));
    if (lost())
        return failure(code_database, "database",
                       "PostgreSQL cannot be reached: " + first_line(PQerrorMessage(handle_.get())));
    PQsetNoticeProcessor(
        handle_.get(), [](void*, const char*) {}, nullptr);
    return set_up();
}

result<void> postgres_link::set_up() {
    // A client that is gone without a word must not keep its locks.
    const auto silence = seconds(limits::database_silence);
    std::string setup =
        "SET standard_conforming_strings = on; SET jit = off; "
        // Our queries are short, and where tables are fresh it is guessed that they are not.
        "SET max_parallel_workers_per_gather = 0; SET client_min_messages = warning; "
        "SET DateStyle = 'ISO'; SET tcp_keepalives_idle = " +
        silence + "; SET tcp_keepalives_interval = " + silence + "; ";
    // A whole table that is read is locked against everybody who writes into it, as far as serialisation goes.
    if (mode_ == access::write)
        setup +=
            "SET default_transaction_isolation = 'serializable'; SET enable_seqscan = off; "
            // Whoever sleeps within a transaction keeps others from its rows; our own never pause for long.
            "SET idle_in_transaction_session_timeout = '" +
            silence +
            "s'; "
            // A commit that returned is on the disk, whatever the server's default.
            "SET synchronous_commit = on";
    else
        setup +=
            "SET default_transaction_isolation = 'repeatable read'; "
            "SET default_transaction_read_only = on";
    TESSERA_TRY(checked(result_ptr(PQexec(handle_.get(), setup.c_str())), "connect"));
    if (settings_.schema.empty()) return {};
    char* const quoted = PQescapeIdentifier(handle_.get(), settings_.schema.data(), settings_.schema.size());
    if (quoted == nullptr) return failure(code_database, "schema", first_line(PQerrorMessage(handle_.get())));
    const std::string path = std::string("SET search_path = ") + quoted;
    PQfreemem(quoted);
    TESSERA_TRY(checked(result_ptr(PQexec(handle_.get(), path.c_str())), "connect"));
    return {};
}

result<void> postgres_link::ensure() {
    if (in_transaction_ || !lost()) return {};
    const auto until = std::chrono::steady_clock::now() + settings_.return_wait;
    for (;;) {
        auto connected = connect();
        if (connected || std::chrono::steady_clock::now() >= until) return connected;
        ::poll(nullptr, 0, between_attempts_ms);
    }
}

// --- what the server says

std::unexpected<error> postgres_link::refused(const PGresult* answer, std::string_view doing) {
    const char* const given = answer == nullptr ? nullptr : PQresultErrorField(answer, PG_DIAG_SQLSTATE);
    last_state_ = given == nullptr ? "" : given;
    std::string_view kind = code_database;
    if (may_be_run_again(last_state_)) {
        kind = code_retry;
        ++conflicts_;
    }
    if (last_state_ == "23505") kind = code_unique;
    const char* const primary = answer == nullptr ? nullptr : PQresultErrorField(answer, PG_DIAG_MESSAGE_PRIMARY);
    auto why = first_line(primary == nullptr ? PQerrorMessage(handle_.get()) : primary);
    if (lost()) {
        // Nothing of an unfinished transaction holds; commit() speaks for itself.
        kind = code_retry;
        why = "the connection to PostgreSQL was lost: " + why;
    }
    error problem{std::string(kind), "database", std::string(doing) + ": " + why};
    if (in_transaction_ && !failed_) failed_ = problem;
    return std::unexpected(std::move(problem));
}

result<result_ptr> postgres_link::checked(result_ptr answer, std::string_view doing) {
    const auto status = PQresultStatus(answer.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return refused(answer.get(), doing);
    if (changes_rows(PQcmdStatus(answer.get()))) {
        const std::string_view count = PQcmdTuples(answer.get());
        changed_ = 0;
        std::from_chars(count.data(), count.data() + count.size(), changed_);
    }
    return answer;
}

// --- statements

result<result_ptr> postgres_link::run(const std::string& sql) {
    TESSERA_TRY(ensure());
    TESSERA_TRY(drain());
    return checked(result_ptr(PQexec(handle_.get(), sql.c_str())), "execute");
}

result<result_ptr> postgres_link::run_for_binary(const std::string& sql) {
    TESSERA_TRY(drain());
    constexpr int binary = 1;
    return checked(result_ptr(PQexecParams(handle_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, binary)),
                   "statement");
}

result<result_ptr> postgres_link::prepare(const std::string& name, const std::string& sql, std::span<const Oid> types) {
    TESSERA_TRY(drain());
    return checked(
        result_ptr(PQprepare(handle_.get(), name.c_str(), sql.c_str(), static_cast<int>(types.size()), types.data())),
        "prepare");
}

result<result_ptr> postgres_link::describe(const std::string& name) {
    TESSERA_TRY(drain());
    return checked(result_ptr(PQdescribePrepared(handle_.get(), name.c_str())), "prepare");
}

result<result_ptr> postgres_link::run_prepared(const std::string& name, const statement_parameters& given,
                                               bool binary_results) {
    TESSERA_TRY(drain());
    return checked(result_ptr(PQexecPrepared(handle_.get(), name.c_str(), static_cast<int>(given.values.size()),
                                             given.values.data(), given.lengths.data(), given.formats.data(),
                                             binary_results ? 1 : 0)),
                   "statement");
}

result<void> postgres_link::queue_prepared(const std::string& name, const statement_parameters& given) {
    if (queued_ == 0 && PQenterPipelineMode(handle_.get()) != 1) return refused(nullptr, "statement");
    if (PQsendQueryPrepared(handle_.get(), name.c_str(), static_cast<int>(given.values.size()), given.values.data(),
                            given.lengths.data(), given.formats.data(), 0) != 1)
        return refused(nullptr, "statement");
    // Bounded, so that neither side ever waits for the other to read: the answers fit what a socket buffers.
    if (++queued_ >= limits::statements_queued) return drain();
    return {};
}

result<void> postgres_link::copy(const std::string& sql, std::string_view rows) {
    TESSERA_TRY(drain());
    const result_ptr begun(PQexec(handle_.get(), sql.c_str()));
    if (PQresultStatus(begun.get()) != PGRES_COPY_IN) return refused(begun.get(), "copy");
    constexpr std::size_t piece = std::size_t{1} << 20U;
    bool sent = true;
    for (std::size_t at = 0; sent && at < rows.size(); at += piece) {
        const auto part = rows.substr(at, piece);
        sent = PQputCopyData(handle_.get(), part.data(), static_cast<int>(part.size())) == 1;
    }
    sent = PQputCopyEnd(handle_.get(), nullptr) == 1 && sent;
    result<void> heard;
    while (const result_ptr answer{PQgetResult(handle_.get())})
        if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK && heard) heard = refused(answer.get(), "copy");
    if (heard && (!sent || lost())) heard = refused(nullptr, "copy");
    return heard;
}

result<void> postgres_link::drain() {
    if (queued_ == 0) return {};
    queued_ = 0;
    auto heard = PQpipelineSync(handle_.get()) == 1 ? read_until_sync() : result<void>(refused(nullptr, "statement"));
    // A link that stays in that mode is of no use any more.
    if (PQexitPipelineMode(handle_.get()) != 1) {
        if (heard) heard = failure(code_retry, "database", "the connection to PostgreSQL was lost");
        handle_.reset();
    }
    return heard;
}

result<void> postgres_link::read_until_sync() {
    result<void> heard;
    for (;;) {
        const result_ptr answer(PQgetResult(handle_.get()));
        // Nothing stands between the answers of two statements.
        if (!answer) {
            if (lost()) return refused(nullptr, "statement");
            continue;
        }
        const auto status = PQresultStatus(answer.get());
        if (status == PGRES_PIPELINE_SYNC) return heard;
        if (status == PGRES_FATAL_ERROR && heard) heard = refused(answer.get(), "statement");
    }
}

// --- transactions

// Who met somebody else waits a little, each another while, so that they do not meet again.
void postgres_link::pause_after_conflicts() {
    if (conflicts_ == 0) return;
    constexpr int doublings = 8;
    const auto longest = std::min<std::int64_t>(std::int64_t{first_pause_ms} << std::min(conflicts_ - 1, doublings),
                                                limits::conflict_pause_max.count());
    ::poll(nullptr, 0, static_cast<int>(jitter_.below(static_cast<std::uint64_t>(longest)) + 1));
}

std::string postgres_link::take_forgotten() {
    std::string sql;
    for (const auto& name : forgotten_) sql += "DEALLOCATE " + name + "; ";
    forgotten_.clear();
    return sql;
}

result<void> postgres_link::begin(bool lazily) {
    pause_after_conflicts();
    TESSERA_TRY(ensure());
    failed_.reset();
    const std::string sql = lazily ? "BEGIN; SET LOCAL synchronous_commit = off" : "BEGIN";
    auto begun = run(take_forgotten() + sql);
    if (!begun && lost()) begun = run(sql);  // it went while nobody used it
    if (!begun) return std::unexpected(std::move(begun).error());
    in_transaction_ = true;
    ++transactions_;
    return {};
}

// The one answer that cannot be repeated: when the link goes while it is awaited, nobody knows whether it holds.
result<void> postgres_link::commit() {
    TESSERA_TRY(drain());
    if (lost()) return refused(nullptr, "commit");
    auto answer = checked(result_ptr(PQexec(handle_.get(), "COMMIT")), "commit");
    in_transaction_ = false;
    if (!answer) {
        if (!lost()) return std::unexpected(std::move(answer).error());
        return failure(code_database, "database", "the connection to PostgreSQL was lost while a commit was awaited");
    }
    // COMMIT of a transaction in which something failed is answered with ROLLBACK.
    if (std::string_view(PQcmdStatus(answer->get())) != "COMMIT")
        return std::unexpected(failed_.value_or(error{std::string(code_database), "database", "commit: rolled back"}));
    conflicts_ = 0;
    return {};
}

void postgres_link::rollback() {
    [[maybe_unused]] const auto heard = drain();  // nothing of it holds
    in_transaction_ = false;
    if (lost() || PQtransactionStatus(handle_.get()) == PQTRANS_IDLE) return;
    const result_ptr ended(PQexec(handle_.get(), "ROLLBACK"));
}

}  // namespace tessera::store
