// The Database port: connections, statements and transactions, in the subset of SQL that SQLite and PostgreSQL share.
// Parameters are written $1, $2, ...; integers are 64-bit; times are microseconds since 1970; ids are made by us.
//
// A database hands out connections; a connection and its statements belong to one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "store/row_shape.h"

namespace tessera::store {

// Error codes that every driver uses: "retry" (serialisation failure, deadlock, busy: the whole transaction may be run
// again), "unique" (a uniqueness rule refused the row), "database" (anything else).
inline constexpr std::string_view code_retry = "retry";
inline constexpr std::string_view code_unique = "unique";
inline constexpr std::string_view code_database = "database";

// Not about what was asked: the same may go well another time.
[[nodiscard]] inline bool is_about_database(const error& why) {
    return why.code == code_database || why.code == code_retry;
}

class statement {
public:
    virtual ~statement() = default;

    // Index from 1. Text and octets must stay in place until the statement was stepped.
    virtual void bind(int index, std::int64_t value) = 0;
    virtual void bind(int index, std::string_view value) = 0;
    virtual void bind(int index, byte_view value) = 0;
    virtual void bind_null(int index) = 0;

    // True: a row stands ready. False: no more rows; the statement is reset, its parameters keep their values.
    [[nodiscard]] virtual result<bool> step() = 0;
    virtual void reset() = 0;
    // Of a query that may have any number of rows, said before its first step, in a transaction: the driver then never
    // holds more than limits::rows_fetched of them.
    virtual void in_pieces() {}

    // Column from 0, of the row that stands ready. Views are valid until the next step() or reset(). NULL reads as 0 or
    // empty.
    [[nodiscard]] virtual std::int64_t integer(int column) const = 0;
    [[nodiscard]] virtual std::string_view text(int column) const = 0;
    [[nodiscard]] virtual byte_view octets(int column) const = 0;
    [[nodiscard]] virtual bool is_null(int column) const = 0;

    // Binds all arguments in order and starts anew.
    template <class... Values>
    statement& with(const Values&... values) {
        reset();
        int index = 0;
        (bind_any(++index, values), ...);
        return *this;
    }
    // The one integer of the one row that there is, as of a count. Starts anew.
    [[nodiscard]] result<std::int64_t> single_integer();
    // Steps to the end, ignoring rows.
    [[nodiscard]] result<void> execute();
    // execute() without waiting to hear how it went, where the driver can: in a transaction, a failure may be told by
    // any later call on the connection, at the latest by commit(), and changed() does not count its rows. What was
    // bound may go when this returns.
    [[nodiscard]] virtual result<void> queue() { return execute(); }

private:
    template <class Value>
    void bind_any(int index, const Value& value) {
        if constexpr (std::is_same_v<Value, std::nullptr_t>)
            bind_null(index);
        else if constexpr (std::is_enum_v<Value> || std::is_integral_v<Value>)
            bind(index, static_cast<std::int64_t>(value));
        else if constexpr (std::is_convertible_v<const Value&, std::string_view>)
            bind(index, std::string_view(value));
        else
            bind(index, byte_view(value));
    }
};

class connection {
public:
    virtual ~connection() = default;

    // One or more statements without parameters.
    [[nodiscard]] virtual result<void> execute(std::string_view sql) = 0;
    // Exactly one statement.
    [[nodiscard]] virtual result<std::unique_ptr<statement>> prepare(std::string_view sql) = 0;
    // A prepared statement that the connection keeps; `sql` is a literal, known by its address.
    [[nodiscard]] result<statement*> kept(const char* sql);
    // Likewise one that inserts so many rows of a shape, known by its address.
    [[nodiscard]] result<statement*> kept(const row_shape& shape, int rows);
    // Rows that the last INSERT, UPDATE or DELETE changed.
    [[nodiscard]] virtual std::int64_t changed() const = 0;
    // Where copies() is true: any number of rows of a shape that has `copy`, their values one row after the other. In a
    // transaction; of rows that are refused, none is written. changed() does not count them.
    [[nodiscard]] virtual bool copies() const { return false; }
    [[nodiscard]] virtual result<void> copy(const row_shape& shape, std::span<const row_value> values);

    [[nodiscard]] virtual result<void> begin() = 0;
    // commit() may then return before it is durable: it is so with the next durable commit of any connection that
    // writes something at the latest, in the order of commits. A process that dies loses nothing of it; a machine that
    // loses its power may. For work that would simply be done again.
    [[nodiscard]] virtual result<void> begin_lazily() { return begin(); }
    [[nodiscard]] virtual result<void> commit() = 0;  // durable when it returns, but for begin_lazily()
    virtual void rollback() = 0;
    // How often in_transaction() runs what met others before it tells so.
    [[nodiscard]] virtual int attempts() const { return 8; }
    // Holds nothing any more of what others may wait for, neither a transaction nor rows half read; its kept statements
    // stay prepared.
    void rest();

protected:
    void forget_statements() {
        kept_.clear();
        kept_rows_.clear();
    }

private:
    std::unordered_map<const char*, std::unique_ptr<statement>> kept_;
    std::map<std::pair<const row_shape*, int>, std::unique_ptr<statement>> kept_rows_;
};

enum class access : std::uint8_t { read, write };

class database;

struct give_back {
    database* owner = nullptr;
    void operator()(connection* lent) const;
};
// A read connection for one piece of work; it goes back to its database, with all that it has prepared.
using lent_reader = std::unique_ptr<connection, give_back>;

class database {
public:
    virtual ~database() = default;
    // A read connection sees one snapshot per transaction and never waits for writers. Thread safe.
    [[nodiscard]] virtual result<std::unique_ptr<connection>> connect(access mode) = 0;
    // One that read before and rests, or a new one. What was lent must be back before the database goes. Thread safe.
    [[nodiscard]] result<lent_reader> lend_reader();
    // What stands for {int}, {blob}, {table}, {clustered} and {server_only} in the text of a migration.
    [[nodiscard]] virtual std::string_view dialect_word(std::string_view token) const = 0;

private:
    friend give_back;
    void take_back(std::unique_ptr<connection> reader);

    std::mutex mutex_;
    std::vector<std::unique_ptr<connection>> resting_;  // at most limits::resting_readers
};

enum class durability : std::uint8_t { now, lazy };  // begin() or begin_lazily()

// Runs work() in a transaction, again if the database asks for it; work returns result<T> and must start from nothing
// each time. A failure rolls back.
template <class Work>
[[nodiscard]] auto in_transaction(connection& database, Work&& work, durability when = durability::now)
    -> decltype(work()) {
    for (int attempt = 1;; ++attempt) {
        auto begun = when == durability::now ? database.begin() : database.begin_lazily();
        auto outcome = begun ? work() : decltype(work())(std::unexpected(std::move(begun).error()));
        if (outcome) {
            auto committed = database.commit();
            if (committed) return outcome;
            outcome = std::unexpected(std::move(committed).error());
        }
        database.rollback();  // nothing where there is no transaction
        if (outcome.error().code != code_retry || attempt == database.attempts()) return outcome;
    }
}

// Rolls back when it goes out of scope without commit(). For readers: one snapshot for several queries.
class snapshot {
public:
    explicit snapshot(connection& database) : database_(&database), begun_(database.begin()) {}
    snapshot(const snapshot&) = delete;
    snapshot& operator=(const snapshot&) = delete;
    ~snapshot() {
        if (begun_) database_->rollback();
    }
    [[nodiscard]] const result<void>& begun() const { return begun_; }

private:
    connection* database_;
    result<void> begun_;
};

}  // namespace tessera::store
