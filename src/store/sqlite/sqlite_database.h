// The embedded driver: SQLite in WAL mode, one file. Commits are durable (synchronous=FULL): commit() returns after
// fsync.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "store/database.h"

namespace tessera::store {

struct sqlite_settings {
    std::int64_t writer_cache_kibibytes = 64 * 1024;
    std::int64_t reader_cache_kibibytes = 16 * 1024;
    std::int64_t checkpoint_pages = 16'384;  // of the log, from which on it is copied home (wal_keeper.h)
};

// Opens or creates; new files are readable by the owner alone. Errors: database.
[[nodiscard]] result<std::unique_ptr<database>> open_sqlite(const std::filesystem::path& file,
                                                            const sqlite_settings& settings = {});

}  // namespace tessera::store
