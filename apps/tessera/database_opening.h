// The database of a data directory: tessera.db in it, or a server that many processes share. Its keys are encrypted
// under the directory's master.key.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/key_wrapper.h"
#include "store/database.h"
#include "tessera/configuration.h"

namespace tessera::app {

struct opened_database {
    std::unique_ptr<store::database> storage;
    std::unique_ptr<store::connection> writer;
    std::unique_ptr<crypto::key_wrapper> wrapper;
};

struct database_place {
    std::filesystem::path directory;
    database_settings settings;  // url empty: tessera.db

    [[nodiscard]] bool is_server() const { return !settings.url.empty(); }
};

inline constexpr std::string_view code_older_schema = "older_schema";
inline constexpr std::string_view code_unfinished = "unfinished";

// Makes the schema, or brings it up to date, and notes the master key in one that has none yet. Errors: bad_master_key
// (permissions, form, or not the one that the keys are wrapped under), newer_schema, database.
[[nodiscard]] result<opened_database> make_database(const database_place& place);
// Takes it as it is. Errors: likewise; older_schema, unfinished (make_database() mends both).
[[nodiscard]] result<opened_database> open_database(const database_place& place, store::access access);
// A server whose keys are encrypted already wants that master key, not a new one: bad_master_key. Makes the schema.
[[nodiscard]] result<void> wants_no_master_key_yet(const database_place& place);

}  // namespace tessera::app
