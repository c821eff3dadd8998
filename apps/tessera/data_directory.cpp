#include "tessera/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <thread>

#include "base/hex.h"
#include "base/ids.h"
#include "base/local_limits.h"
#include "store/postgres/postgres_database.h"
#include "tessera/database_opening.h"
#include "tessera/patience.h"
#include "tessera/text_file.h"

namespace tessera::app {
namespace {

constexpr auto owner_only = S_IRUSR | S_IWUSR;

std::unexpected<error> system_failure(std::string_view code, const std::filesystem::path& path,
                                      std::string_view doing) {
    return failure(code, path.string(), std::string(doing) + ": " + std::strerror(errno));
}

std::string boot_id() {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string text;
    std::getline(file, text);
    return text;
}

// Written whole or not at all: under another name first, then moved; readable by the owner alone.
result<void> write_private_file(const std::filesystem::path& path, std::string_view text) {
    const auto partial = path.string() + ".partial";
    ::unlink(partial.c_str());  // one that somebody left keeps its own mode and owner
    const int descriptor = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, owner_only);
    if (descriptor < 0) return system_failure("cannot_write", path, "cannot be created");
    const bool written =
        ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(descriptor) == 0;
    ::close(descriptor);
    if (!written || ::rename(partial.c_str(), path.c_str()) != 0)
        return system_failure("cannot_write", path, "cannot be written");
    return {};
}

result<void> make_master_key(const std::filesystem::path& path) {
    secret key;
    system_random().fill(key.resize(crypto::master_key_octets));
    auto text = to_hex(key.reveal()) + "\n";
    auto written = write_private_file(path, text);
    wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    return written;
}

std::unexpected<std::vector<error>> all_of(error one) { return std::unexpected(std::vector{std::move(one)}); }

// Whether something stands there; that it may not even be looked for is an error of its own.
result<bool> is_there(const std::filesystem::path& path) {
    std::error_code problem;
    const bool found = std::filesystem::exists(path, problem);
    if (problem) return failure("cannot_read", path.string(), "cannot be read: " + problem.message());
    return found;
}

std::expected<configuration, std::vector<error>> read_configuration(const std::filesystem::path& path) {
    const auto there = is_there(path);
    if (!there) return all_of(there.error());
    if (!*there) return parse_configuration("", path.string());  // all defaults hold
    const auto text = read_text_file(path.string(), limits::configuration_octets);
    if (!text) return all_of(text.error());
    if (text->size() > limits::configuration_octets)
        return all_of({"bad_configuration", path.string(),
                       "is longer than " + std::to_string(limits::configuration_octets) + " octets"});
    return parse_configuration(*text, path.string());
}

result<void> check_initialized(const std::filesystem::path& path) {
    TESSERA_TRY_VALUE(const bool there, is_there(path / "master.key"));
    if (there) return {};
    TESSERA_TRY_VALUE(const bool stored, is_there(path / "tessera.db"));
    if (stored)
        return failure("no_master_key", (path / "master.key").string(),
                       "is missing, and the database has keys encrypted under it: put it back");
    return failure("not_initialized", path.string(),
                   "is no data directory of tessera yet; make one with: tessera --data " + path.string() + " init");
}

// An empty one would pass for a new one, and the counters of its cards would begin anew.
result<void> check_database(const std::filesystem::path& path) {
    std::error_code missing;
    if (std::filesystem::file_size(path / "tessera.db", missing) != 0 &&
        missing != std::errc::no_such_file_or_directory)
        return {};
    return failure("no_database", (path / "tessera.db").string(),
                   "is missing or empty, but there is a master key: put it back, or begin anew with: tessera --data " +
                       path.string() + " init");
}

data_directory made_of(const std::filesystem::path& path, std::string instance, std::optional<directory_lock> lock,
                       database_settings database, configuration settings, opened_database opened) {
    settings.database = std::move(database);
    return {path,
            std::move(instance),
            std::move(lock),
            std::move(settings),
            std::move(opened.storage),
            std::move(opened.writer),
            cards::key_vault(std::move(opened.wrapper))};
}

// What overrules tessera.toml is known even where that has mistakes.
database_place place_of(const data_location& where, const std::expected<configuration, std::vector<error>>& settings) {
    database_place made{where.directory, settings ? settings->database : database_settings()};
    if (!where.database.empty()) made.settings.url = where.database;
    return made;
}

std::expected<data_directory, std::vector<error>> try_beside(const data_location& where, store::access access) {
    const auto& path = where.directory;
    if (const auto there = check_initialized(path); !there) return all_of(there.error());
    auto settings = read_configuration(path / "tessera.toml");
    const auto place = place_of(where, settings);
    if (!settings) return std::unexpected(std::move(settings).error());
    if (!place.is_server())
        if (const auto there = check_database(path); !there) return all_of(there.error());
    auto opened = open_database(place, access);
    if (!opened) return all_of(std::move(opened).error());
    return made_of(path, make_uuid7(system_clock().now(), system_random()), std::nullopt, place.settings,
                   std::move(*settings), std::move(*opened));
}

// Everybody is beside everybody.
std::expected<data_directory, std::vector<error>> open_shared(const data_location& where) {
    return try_beside(where, store::access::write);
}

std::string configuration_for(const std::string& database) {
    std::string text(default_configuration());
    if (database.empty()) return text;
    std::string quoted;
    for (const char c : database) quoted += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
    return text + "\n[database]\nurl = \"" + quoted + "\"\n";
}

// The master key of a database that has none yet.
result<void> make_key_for(const database_place& place) {
    const auto file = place.directory / "master.key";
    if (place.is_server()) {
        TESSERA_TRY(wants_no_master_key_yet(place));
    } else {
        TESSERA_TRY_VALUE(const bool stored, is_there(place.directory / "tessera.db"));
        if (stored)
            return failure("bad_master_key", file.string(),
                           "is missing, but the database has keys encrypted under it; put it back");
    }
    return make_master_key(file);
}

}  // namespace

result<directory_lock> directory_lock::take(const std::filesystem::path& directory, std::string_view instance) {
    const auto path = directory / "tessera.lock";
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, owner_only);
    if (descriptor < 0) return system_failure("cannot_write", path, "cannot be opened");
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        std::array<char, 16> pid{};
        // The owner writes its pid right after it has the lock.
        auto count = ::pread(descriptor, pid.data(), pid.size() - 1, 0);
        const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
        while (count == 0 && std::chrono::steady_clock::now() < until) {
            std::this_thread::yield();
            count = ::pread(descriptor, pid.data(), pid.size() - 1, 0);
        }
        ::close(descriptor);
        const std::string_view held(pid.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
        const auto digits = held.substr(0, held.find('\n'));
        const std::string owner = digits.empty() ? "unknown" : std::string(digits);
        return failure("in_use", directory.string(), "is in use by the tessera process with pid " + owner);
    }
    const auto text = std::to_string(::getpid()) + "\n" + boot_id() + "\n" + std::string(instance) + "\n";
    if (::ftruncate(descriptor, 0) != 0 ||
        ::pwrite(descriptor, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
        ::close(descriptor);
        return system_failure("cannot_write", path, "cannot be written");
    }
    return directory_lock(descriptor);
}

directory_lock::directory_lock(directory_lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
directory_lock::~directory_lock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

result<bool> initialize(const data_location& where) {
    const auto& path = where.directory;
    std::error_code problem;
    if (!where.database.empty()) TESSERA_TRY(store::check_address(where.database));
    const bool fresh = std::filesystem::create_directories(path, problem);
    if (problem) return failure("cannot_write", path.string(), "cannot be created: " + problem.message());
    if (fresh) std::filesystem::permissions(path, std::filesystem::perms::owner_all, problem);
    TESSERA_TRY_VALUE(const auto lock, directory_lock::take(path, "init"));
    TESSERA_TRY_VALUE(const bool configured, is_there(path / "tessera.toml"));
    TESSERA_TRY_VALUE(const bool keyed, is_there(path / "master.key"));
    if (!configured) TESSERA_TRY(write_private_file(path / "tessera.toml", configuration_for(where.database)));
    const auto settings = read_configuration(path / "tessera.toml");
    // Where the database is, only a configuration tells that can be read.
    if (!settings) return std::unexpected(settings.error().front());
    const auto place = place_of(where, settings);
    TESSERA_TRY_VALUE(const bool stored, place.is_server() ? result<bool>(true) : is_there(path / "tessera.db"));
    if (!keyed) TESSERA_TRY(make_key_for(place));
    TESSERA_TRY(make_database(place));
    return !configured || !keyed || !stored;
}

std::expected<data_directory, std::vector<error>> open_data_directory(const data_location& where) {
    const auto& path = where.directory;
    if (const auto there = check_initialized(path); !there) return all_of(there.error());
    auto settings = read_configuration(path / "tessera.toml");
    const auto place = place_of(where, settings);
    if (place.is_server()) return open_shared(where);
    auto instance = make_uuid7(system_clock().now(), system_random());
    auto lock = directory_lock::take(path, instance);
    if (!lock) return all_of(std::move(lock).error());
    if (!settings) return std::unexpected(std::move(settings).error());
    if (const auto there = check_database(path); !there) return all_of(there.error());
    auto opened = make_database(place);
    if (!opened) return all_of(std::move(opened).error());
    return made_of(path, std::move(instance), std::move(*lock), place.settings, std::move(*settings),
                   std::move(*opened));
}

std::expected<data_directory, std::vector<error>> own_data_directory(const data_location& where) {
    const patience waiting;
    for (;;) {
        auto made = open_data_directory(where);
        if (made || made.error().front().code != "in_use" || !waiting.wait_a_little()) return made;
    }
}

std::expected<data_directory, std::vector<error>> open_beside(const data_location& where, store::access access) {
    auto made = try_beside(where, access);
    if (made) return made;
    const auto& code = made.error().front().code;
    if (code != code_older_schema && code != code_unfinished) return made;
    // Nobody but its owner brings it up to date. An owner of an earlier program leaves it as it is.
    const auto owned = own_data_directory(where);
    if (!owned) return owned.error().front().code == "in_use" ? std::move(made) : std::unexpected(owned.error());
    return try_beside(where, access);
}

}  // namespace tessera::app
