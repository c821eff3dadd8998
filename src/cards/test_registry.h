// A registry in a folder of its own, for the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "cards/import.h"
#include "store/migrations.h"
#include "store/sqlite/sqlite_database.h"

namespace tessera::cards {

inline constexpr auto test_time = timestamp(std::chrono::seconds(1'700'000'000));

[[nodiscard]] inline key_vault test_vault(std::uint8_t master = 0x4d) {
    const secret master_key(bytes(crypto::master_key_octets, master));
    return key_vault(crypto::make_software_wrapper(master_key, system_random()));
}

class registry_test : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "tessera-cards-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
        storage = store::open_sqlite(folder / "tessera.db").value();
        writer = storage->connect(store::access::write).value();
        ASSERT_TRUE(store::migrate(*storage, *writer, test_time));
    }
    void TearDown() override {
        writer.reset();
        storage.reset();
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }

    [[nodiscard]] std::string file(const std::string& name, std::string_view content) const {
        const auto path = (folder / name).string();
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }
    [[nodiscard]] static std::string content(const std::string& path) {
        std::ifstream from(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(from), {}};
    }
    // Everything that the registry holds, a row a line, but for the wrapped keys, which differ from run to run.
    [[nodiscard]] std::string everything() const {
        std::string all;
        for (const auto* sql :
             {"SELECT iccid || ' ' || COALESCE(imsi, '-') || ' ' || COALESCE(msisdn, 0) || ' ' || p.name || ' ' || "
              "imported_at FROM card JOIN profile p USING (profile_id) ORDER BY card_id",
              "SELECT card_id || ' v' || key_version || ' ' || application || ' ' || counter_scope || ' ' || "
              "kic_algorithm || ' ' || kid_algorithm || ' ' || "
              "initial_counter || ' ' || created_at FROM key_set ORDER BY card_id, key_version, application",
              "SELECT name FROM profile ORDER BY profile_id",
              "SELECT card_id || ' ' || tag FROM card_tag ORDER BY card_id, tag",
              "SELECT card_id || ' ' || counter FROM key_counter ORDER BY card_id"}) {
            const auto query = writer->prepare(sql).value();
            while (query->step().value()) all.append(query->text(0)).push_back('\n');
        }
        return all;
    }
    [[nodiscard]] std::int64_t count(const std::string& table) const {
        const auto query = writer->prepare("SELECT COUNT(*) FROM " + table).value();
        return query->step().value() ? query->integer(0) : -1;
    }

    std::filesystem::path folder;
    std::unique_ptr<store::database> storage;
    std::unique_ptr<store::connection> writer;
    key_vault vault = test_vault();
};

}  // namespace tessera::cards
