#include "tessera/database_opening.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/hex.h"
#include "base/random.h"
#include "store/migrations.h"
#include "store/postgres/postgres_database.h"
#include "store/sqlite/sqlite_database.h"

namespace tessera::app {
namespace {

constexpr std::string_view check_name = "master_key_check";
constexpr std::string_view check_plain = "tessera master key";

result<secret> read_master_key(const std::filesystem::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        return failure("bad_master_key", path.string(), std::string("cannot be read: ") + std::strerror(errno));
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return failure("bad_master_key", path.string(),
                       "may be read by others than its owner; expected mode 0600 (chmod 600)");
    std::array<char, 2 * crypto::master_key_octets + 2> text{};
    std::ifstream file(path);
    file.read(text.data(), text.size());
    std::string_view digits(text.data(), static_cast<std::size_t>(file.gcount()));
    while (!digits.empty() && (digits.back() == '\n' || digits.back() == '\r')) digits.remove_suffix(1);
    secret key;
    const auto read = from_hex_into(digits, key.resize(crypto::master_key_octets));
    wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    if (!read) return failure("bad_master_key", path.string(), "expected 64 hexadecimal digits");
    return key;
}

// A constant wrapped under the master key tells a wrong one from a damaged database. False: there is none.
result<bool> check_master_key(store::connection& reader, crypto::key_wrapper& wrapper,
                              const std::filesystem::path& path) {
    TESSERA_TRY_VALUE(auto* query, reader.kept("SELECT value FROM meta WHERE name = $1"));
    TESSERA_TRY_VALUE(const bool there, query->with(check_name).step());
    if (!there) return false;
    const auto wrapped = from_hex(query->text(0));
    query->reset();
    secret plain;
    if (wrapped && wrapper.unwrap(*wrapped, as_bytes(check_name), plain)) return true;
    return failure("bad_master_key", path.string(),
                   "is not the master key that this database's keys are encrypted under");
}

result<void> check_or_note_master_key(store::connection& writer, crypto::key_wrapper& wrapper,
                                      const std::filesystem::path& path) {
    TESSERA_TRY_VALUE(const bool there, check_master_key(writer, wrapper, path));
    if (there) return {};
    bytes wrapped;
    TESSERA_TRY(wrapper.wrap(as_bytes(check_plain), as_bytes(check_name), wrapped));
    TESSERA_TRY_VALUE(auto* put, writer.kept("INSERT INTO meta (name, value) VALUES ($1, $2)"));
    return put->with(check_name, to_hex(wrapped)).execute();
}

// A failure of SQLite is one of its file; a server's address stays out of errors. Nobody owns a server's database, so
// only whoever knows that no earlier program uses it may bring it up to date.
error naming(error problem, const database_place& place) {
    if (problem.field == "database" && !place.is_server()) problem.field = (place.directory / "tessera.db").string();
    if (place.is_server() && (problem.code == code_older_schema || problem.code == code_unfinished))
        problem.message +=
            "; when no process of an earlier program uses it: tessera --data " + place.directory.string() + " init";
    return problem;
}

result<std::unique_ptr<store::database>> storage_at(const database_place& place) {
    if (!place.is_server()) return store::open_sqlite(place.directory / "tessera.db");
    store::postgres_settings settings;
    settings.address = place.settings.url;
    return store::open_postgres(settings);
}

result<opened_database> connect(const database_place& place, store::access access) {
    opened_database made;
    TESSERA_TRY_VALUE(const auto master_key, read_master_key(place.directory / "master.key"));
    made.wrapper = crypto::make_software_wrapper(master_key, system_random());
    TESSERA_TRY_VALUE(made.storage, storage_at(place));
    TESSERA_TRY_VALUE(made.writer, made.storage->connect(access));
    return made;
}

// Two that make a server's tables at the same time are in each other's way once.
result<void> migrate(opened_database& made) {
    auto migrated = store::migrate(*made.storage, *made.writer, system_clock().now());
    if (!migrated && (migrated.error().code == store::code_unique || migrated.error().code == store::code_retry))
        migrated = store::migrate(*made.storage, *made.writer, system_clock().now());
    return migrated;
}

result<opened_database> try_to_make(const database_place& place) {
    TESSERA_TRY_VALUE(auto made, connect(place, store::access::write));
    TESSERA_TRY(migrate(made));
    TESSERA_TRY(check_or_note_master_key(*made.writer, *made.wrapper, place.directory / "master.key"));
    return made;
}

result<opened_database> try_to_open(const database_place& place, store::access access) {
    TESSERA_TRY_VALUE(auto made, connect(place, access));
    TESSERA_TRY(store::check_schema(*made.writer));
    TESSERA_TRY_VALUE(const bool checked,
                      check_master_key(*made.writer, *made.wrapper, place.directory / "master.key"));
    if (!checked) return failure(code_unfinished, place.directory.string(), "was not initialised to its end");
    return made;
}

}  // namespace

result<opened_database> make_database(const database_place& place) {
    auto made = try_to_make(place);
    if (!made) return std::unexpected(naming(std::move(made).error(), place));
    return made;
}

result<opened_database> open_database(const database_place& place, store::access access) {
    auto made = try_to_open(place, access);
    if (!made) return std::unexpected(naming(std::move(made).error(), place));
    return made;
}

result<void> wants_no_master_key_yet(const database_place& place) {
    opened_database there;
    TESSERA_TRY_VALUE(there.storage, storage_at(place));
    TESSERA_TRY_VALUE(there.writer, there.storage->connect(store::access::write));
    TESSERA_TRY(migrate(there));
    TESSERA_TRY_VALUE(auto* query, there.writer->kept("SELECT 1 FROM meta WHERE name = $1"));
    TESSERA_TRY_VALUE(const bool taken, query->with(check_name).step());
    query->reset();
    if (!taken) return {};
    return failure("bad_master_key", (place.directory / "master.key").string(),
                   "is missing, but the database has keys encrypted under one: copy master.key from the data "
                   "directory of another process that uses it");
}

}  // namespace tessera::app
