// A data directory and everything that stands in it: tessera.toml, master.key (mode 0600), tessera.db, and the lock by
// which one process owns it at a time.
#pragma once

#include <expected>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cards/key_vault.h"
#include "store/database.h"
#include "tessera/configuration.h"

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
    std::string instance;  // a name of this process, for leases
    directory_lock lock;
    configuration settings;
    std::unique_ptr<store::database> storage;
    std::unique_ptr<store::connection> writer;
    cards::key_vault vault;
};

// Makes what is missing of a data directory. True if anything was. Errors: cannot_write, in_use, database.
[[nodiscard]] result<bool> initialize(const std::filesystem::path& path);

// Opens an initialised one. Errors: not_initialized, in_use, bad_configuration (each mistake), bad_master_key
// (permissions, form, or not the one that the database's keys are wrapped under), database.
[[nodiscard]] std::expected<data_directory, std::vector<error>> open_data_directory(const std::filesystem::path& path);

}  // namespace tessera::app
