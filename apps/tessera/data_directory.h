// A data directory and everything that stands in it: tessera.toml, master.key (mode 0600), tessera.db, and the lock by
// which one process owns it at a time: whoever sends to cards, or runs campaigns. What only looks something up, or
// writes to the registry in transactions of its own, goes beside the owner. Where the database is a server there is
// neither tessera.db nor an owner: any number of processes use the directory, and copies of it on other machines.
#pragma once

#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cards/key_vault.h"
#include "store/database.h"
#include "tessera/configuration.h"
#include "tessera/data_location.h"

namespace tessera::app {

// The lock of a data directory, held for as long as this lives; the kernel lets go of it when the process dies,
// however.
class directory_lock {
public:
    // Errors: in_use (names the pid of the owner), cannot_write.
    [[nodiscard]] static result<directory_lock> take(const std::filesystem::path& directory, std::string_view instance);
    directory_lock(directory_lock&& other) noexcept;
    directory_lock& operator=(directory_lock&&) = delete;
    ~directory_lock();

private:
    explicit directory_lock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

struct data_directory {
    std::filesystem::path path;
    std::string instance;                // a name of this process, for leases
    std::optional<directory_lock> lock;  // none: beside its owner, if it has one
    configuration settings;
    std::unique_ptr<store::database> storage;
    std::unique_ptr<store::connection> writer;  // reads only, where it was opened so
    cards::key_vault vault;

    // Others may be at work on the same database, as this process is.
    [[nodiscard]] bool shared() const { return !settings.database.url.empty(); }
};

// Makes what is missing of a data directory, and brings its database up to date. An address of a server goes into
// tessera.toml, if that is not there yet. True if a file was missing. Errors: cannot_write, in_use, database;
// bad_master_key (the server has keys under another one); bad_value (of the address).
[[nodiscard]] result<bool> initialize(const data_location& where);

// Opens an initialised one and owns it; where the database is a server, beside all others. Errors: not_initialized,
// in_use, bad_configuration (each mistake), bad_master_key (permissions, form, or not the one that the database's keys
// are wrapped under), database; of a server older_schema (initialize() mends it), newer_schema.
[[nodiscard]] std::expected<data_directory, std::vector<error>> open_data_directory(const data_location& where);
// Likewise, and waits for an owner that is just going (limits::owner_wait).
[[nodiscard]] std::expected<data_directory, std::vector<error>> own_data_directory(const data_location& where);

// Opens an initialised one beside whoever owns it, or nobody. What writes must be sound beside an owner: short
// transactions that start from what the database says (ARCHITECTURE.md, "Beside an owner"). An older schema is brought
// up to date first, if nobody owns it. Errors: as above, but in_use; older_schema (and an owner that is of an earlier
// program), newer_schema.
[[nodiscard]] std::expected<data_directory, std::vector<error>> open_beside(const data_location& where,
                                                                            store::access access);

}  // namespace tessera::app
