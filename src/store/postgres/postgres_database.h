// The driver for PostgreSQL (15 and later), by libpq. Any number of processes work on one database.
//
// Writers run SERIALIZABLE: what a transaction decided upon was true when it committed, or it is "retry" and
// in_transaction runs it again, after a pause that grows. Readers run REPEATABLE READ, READ ONLY: one snapshot per
// transaction. A link that is lost is made anew by the next begin(), or by the next statement outside a transaction.
#pragma once

#include <memory>
#include <string>

#include "base/limits.h"
#include "base/time.h"
#include "store/database.h"

namespace tessera::store {

struct postgres_settings {
    std::string address;  // as libpq has it: "postgresql://user@host/name" or "host=/run/postgresql dbname=tessera"
    std::string schema;   // where tessera's tables are; empty: where the server puts them
    // How long begin() goes on trying to reach a server that has gone away.
    duration return_wait = limits::database_return_wait;
};

// An address stands in command lines, logs and errors, so one with a password in it is refused: that belongs into a
// file (~/.pgpass, PGPASSFILE, or passfile= in the address). Errors: bad_value; none repeats what it does not
// understand.
[[nodiscard]] result<void> check_address(const std::string& address);

// Connects once to see that it can. Errors: bad_value, database; none repeats the address.
[[nodiscard]] result<std::unique_ptr<database>> open_postgres(const postgres_settings& settings);

}  // namespace tessera::store
