// The server that cluster.sh started, for tests that run on PostgreSQL when they are asked to.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>

#include "store/postgres/postgres_database.h"

namespace tessera::store {

[[nodiscard]] inline const char* postgres_address() { return std::getenv("TESSERA_POSTGRES"); }
[[nodiscard]] inline bool postgres_asked_for() { return postgres_address() != nullptr; }

// A schema of its own on that server: an empty database for one test. It goes with this.
class postgres_schema {
public:
    postgres_schema() {
        static std::atomic<int> made = 0;
        settings_.address = postgres_address();
        settings_.schema = "test_" + std::to_string(::getpid()) + "_" + std::to_string(++made);
        if (!rule("CREATE SCHEMA " + settings_.schema)) std::abort();
    }
    ~postgres_schema() { static_cast<void>(rule("DROP SCHEMA " + settings_.schema + " CASCADE")); }
    postgres_schema(const postgres_schema&) = delete;
    postgres_schema& operator=(const postgres_schema&) = delete;

    // Every call opens the same one, as a program does that starts anew.
    [[nodiscard]] result<std::unique_ptr<database>> open() const { return open_postgres(settings_); }

private:
    [[nodiscard]] static result<void> rule(const std::string& sql) {
        TESSERA_TRY_VALUE(const auto storage, open_postgres({.address = postgres_address(), .schema = {}}));
        TESSERA_TRY_VALUE(const auto connection, storage->connect(access::write));
        return connection->execute(sql);
    }
    postgres_settings settings_;
};

}  // namespace tessera::store
