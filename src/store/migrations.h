// The schema, as a list of steps that only ever grows. {int}, {blob}, {table} and {clustered} are the driver's words.
#pragma once

#include "base/time.h"
#include "store/database.h"

namespace tessera::store {

[[nodiscard]] int schema_version();

// Brings the database to this program's schema, each step in a transaction of its own; a second call changes nothing.
// up_to: not beyond that step. Errors: newer_schema (the database was written by a later program), database.
[[nodiscard]] result<void> migrate(database& storage, connection& writer, timestamp now, int up_to = schema_version());

// Whether the database has this program's schema; writes nothing. Errors: newer_schema, older_schema (it wants
// migrate()), database.
[[nodiscard]] result<void> check_schema(connection& reader);

}  // namespace tessera::store
