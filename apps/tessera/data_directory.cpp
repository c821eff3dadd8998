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
#include <iterator>
#include <thread>

#include "base/hex.h"
#include "base/ids.h"
#include "store/migrations.h"
#include "store/sqlite/sqlite_database.h"

namespace tessera::app {
namespace {

constexpr auto owner_only = S_IRUSR | S_IWUSR;
constexpr std::string_view check_name = "master_key_check";
constexpr std::string_view check_plain = "tessera master key";

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

result<secret> read_master_key(const std::filesystem::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return system_failure("bad_master_key", path, "cannot be read");
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

// A constant wrapped under the master key tells a wrong one from a damaged database.
result<void> check_master_key(store::connection& writer, crypto::key_wrapper& wrapper,
                              const std::filesystem::path& path) {
    TESSERA_TRY_VALUE(auto* query, writer.kept("SELECT value FROM meta WHERE name = $1"));
    TESSERA_TRY_VALUE(const bool there, query->with(check_name).step());
    if (there) {
        const auto wrapped = from_hex(query->text(0));
        query->reset();
        secret plain;
        if (wrapped && wrapper.unwrap(*wrapped, as_bytes(check_name), plain)) return {};
        return failure("bad_master_key", path.string(),
                       "is not the master key that this database's keys are encrypted under");
    }
    bytes wrapped;
    TESSERA_TRY(wrapper.wrap(as_bytes(check_plain), as_bytes(check_name), wrapped));
    TESSERA_TRY_VALUE(auto* put, writer.kept("INSERT INTO meta (name, value) VALUES ($1, $2)"));
    return put->with(check_name, to_hex(wrapped)).execute();
}

std::expected<configuration, std::vector<error>> read_configuration(const std::filesystem::path& path) {
    if (!std::filesystem::exists(path)) return parse_configuration("", path.string());  // all defaults hold
    std::ifstream file(path);
    if (std::filesystem::is_directory(path)) file.close();
    const std::string text(std::istreambuf_iterator<char>(file), {});
    if (!file.is_open() || file.bad())
        return std::unexpected(std::vector{error{"cannot_read", path.string(), "cannot be read"}});
    return parse_configuration(text, path.string());
}

struct opened_database {
    std::unique_ptr<store::database> storage;
    std::unique_ptr<store::connection> writer;
    std::unique_ptr<crypto::key_wrapper> wrapper;
};

result<void> connect(opened_database& made, const std::filesystem::path& file) {
    TESSERA_TRY_VALUE(made.storage, store::open_sqlite(file));
    TESSERA_TRY_VALUE(made.writer, made.storage->connect(store::access::write));
    return store::migrate(*made.storage, *made.writer, system_clock().now());
}

result<opened_database> open_database(const std::filesystem::path& directory) {
    opened_database made;
    TESSERA_TRY_VALUE(const auto master_key, read_master_key(directory / "master.key"));
    made.wrapper = crypto::make_software_wrapper(master_key, system_random());
    if (auto done = connect(made, directory / "tessera.db"); !done) {
        auto problem = std::move(done).error();
        if (problem.field == "database") problem.field = (directory / "tessera.db").string();
        return std::unexpected(std::move(problem));
    }
    TESSERA_TRY(check_master_key(*made.writer, *made.wrapper, directory / "master.key"));
    return made;
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

result<bool> initialize(const std::filesystem::path& path) {
    std::error_code problem;
    const bool fresh = std::filesystem::create_directories(path, problem);
    if (problem) return failure("cannot_write", path.string(), "cannot be created: " + problem.message());
    if (fresh) std::filesystem::permissions(path, std::filesystem::perms::owner_all, problem);
    TESSERA_TRY_VALUE(const auto lock, directory_lock::take(path, "init"));
    const bool complete = std::filesystem::exists(path / "tessera.toml") &&
                          std::filesystem::exists(path / "master.key") && std::filesystem::exists(path / "tessera.db");
    if (!std::filesystem::exists(path / "tessera.toml"))
        TESSERA_TRY(write_private_file(path / "tessera.toml", default_configuration()));
    if (!std::filesystem::exists(path / "master.key")) {
        if (std::filesystem::exists(path / "tessera.db"))
            return failure("bad_master_key", (path / "master.key").string(),
                           "is missing, but the database has keys encrypted under it; put it back");
        TESSERA_TRY(make_master_key(path / "master.key"));
    }
    if (const auto settings = read_configuration(path / "tessera.toml"); !settings)
        return std::unexpected(settings.error().front());
    TESSERA_TRY(open_database(path));
    return !complete;
}

std::expected<data_directory, std::vector<error>> open_data_directory(const std::filesystem::path& path) {
    const auto all = [](error one) { return std::unexpected(std::vector{std::move(one)}); };
    if (!std::filesystem::exists(path / "master.key"))
        return all({"not_initialized", path.string(),
                    "is no data directory of tessera yet; make one with: tessera --data " + path.string() + " init"});
    auto instance = make_uuid7(system_clock().now(), system_random());
    auto lock = directory_lock::take(path, instance);
    if (!lock) return all(std::move(lock).error());
    // An empty one would pass for a new one, and the counters of its cards would begin anew.
    std::error_code missing;
    if (std::filesystem::file_size(path / "tessera.db", missing) == 0 ||
        missing == std::errc::no_such_file_or_directory)
        return all({"no_database", (path / "tessera.db").string(),
                    "is missing or empty, but there is a master key: put it back, or begin anew with: tessera --data " +
                        path.string() + " init"});
    auto settings = read_configuration(path / "tessera.toml");
    if (!settings) return std::unexpected(std::move(settings).error());
    auto opened = open_database(path);
    if (!opened) return all(std::move(opened).error());
    return data_directory{path,
                          std::move(instance),
                          std::move(*lock),
                          std::move(*settings),
                          std::move(opened->storage),
                          std::move(opened->writer),
                          cards::key_vault(std::move(opened->wrapper))};
}

}  // namespace tessera::app
