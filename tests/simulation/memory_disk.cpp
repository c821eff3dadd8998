#include "memory_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <tuple>
#include <utility>

namespace tessera::simulation {
namespace {

constexpr std::size_t sector = 512;
constexpr int frame_header_octets = 24;
constexpr std::size_t log_header_octets = 32;
constexpr int lock_slots = SQLITE_SHM_NLOCK;
constexpr int writer_slot = 0;  // WAL_WRITE_LOCK: held by the one that writes to the log

memory_disk* the_disk = nullptr;

}  // namespace

struct memory_disk::file {
    struct change {
        std::uint64_t offset = 0;
        bytes octets;            // empty: the file is cut there
        std::uint64_t size = 0;  // after a cut
    };
    // The memory that connections share instead of the -shm file; gone with the processes.
    struct shared_index {
        std::vector<std::unique_ptr<std::array<std::uint8_t, 32'768>>> regions;
        std::array<int, lock_slots> shared{};
        std::array<bool, lock_slots> exclusive{};
        int users = 0;
    };

    bytes now;      // as everybody sees it
    bytes durable;  // as it was when it was last synchronised
    std::vector<change> unsynchronised;
    std::shared_ptr<shared_index> index = std::make_shared<shared_index>();
    std::map<const void*, int> locks;  // by handle
    bool is_log = false;
    bool commit_under_way = false;  // the page of its last frame comes next
    bool commit_unsynchronised = false;
};

struct memory_disk::handle {
    sqlite3_file base;
    memory_disk* disk;
    std::shared_ptr<file> what;
    std::shared_ptr<file::shared_index> index;
    std::uint64_t life;
    std::uint64_t process;
    std::uint32_t shared;     // bits of lock slots
    std::uint32_t exclusive;  // likewise
    bool killed;
    [[nodiscard]] bool dead() const { return killed || life != disk->life_; }
};

namespace {

using file = memory_disk::file;
using handle = memory_disk::handle;

void apply(bytes& to, std::uint64_t offset, byte_view octets) {
    if (to.size() < offset + octets.size()) to.resize(offset + octets.size());
    std::ranges::copy(octets, to.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace

// --- what SQLite calls

struct disk_methods {
    static handle& of(sqlite3_file* opened) { return *reinterpret_cast<handle*>(opened); }

    static int close(sqlite3_file* opened) {
        auto& mine = of(opened);
        unmap(opened, 0);
        mine.what->locks.erase(&mine);
        mine.disk->open_.erase(&mine);
        mine.~handle();
        return SQLITE_OK;
    }
    static int read(sqlite3_file* opened, void* into, int count, sqlite3_int64 offset) {
        auto& mine = of(opened);
        if (mine.dead()) return SQLITE_IOERR_READ;
        auto* to = static_cast<std::uint8_t*>(into);
        const auto wanted = static_cast<std::size_t>(count);
        const auto begin = std::min(static_cast<std::size_t>(offset), mine.what->now.size());
        const auto there = std::min(wanted, mine.what->now.size() - begin);
        std::copy_n(mine.what->now.begin() + static_cast<std::ptrdiff_t>(begin), there, to);
        if (there == wanted) return SQLITE_OK;
        std::memset(to + there, 0, wanted - there);
        return SQLITE_IOERR_SHORT_READ;
    }
    static int write(sqlite3_file* opened, const void* from, int count, sqlite3_int64 offset) {
        auto& mine = of(opened);
        if (mine.dead()) return SQLITE_IOERR_WRITE;
        const byte_view octets(static_cast<const std::uint8_t*>(from), static_cast<std::size_t>(count));
        auto& what = *mine.what;
        const bool frame =
            what.is_log && count == frame_header_octets && static_cast<std::size_t>(offset) >= log_header_octets;
        if (frame) mine.disk->note_frame(what, octets);
        if (mine.dead()) return SQLITE_IOERR_WRITE;
        apply(what.now, static_cast<std::uint64_t>(offset), octets);
        what.unsynchronised.push_back({static_cast<std::uint64_t>(offset), to_bytes(octets), 0});
        if (what.commit_under_way && !frame) mine.disk->note_page(what);
        return mine.dead() ? SQLITE_IOERR_WRITE : SQLITE_OK;
    }
    static int truncate(sqlite3_file* opened, sqlite3_int64 size) {
        auto& mine = of(opened);
        if (mine.dead()) return SQLITE_IOERR_TRUNCATE;
        mine.what->now.resize(static_cast<std::size_t>(size));
        mine.what->unsynchronised.push_back({0, {}, static_cast<std::uint64_t>(size)});
        return SQLITE_OK;
    }
    static int sync(sqlite3_file* opened, int) {
        auto& mine = of(opened);
        if (mine.dead()) return SQLITE_IOERR_FSYNC;
        mine.disk->sync(*mine.what);
        return mine.dead() ? SQLITE_IOERR_FSYNC : SQLITE_OK;
    }
    static int size(sqlite3_file* opened, sqlite3_int64* found) {
        auto& mine = of(opened);
        if (mine.dead()) return SQLITE_IOERR_FSTAT;
        *found = static_cast<sqlite3_int64>(mine.what->now.size());
        return SQLITE_OK;
    }
    // Who reads holds a shared lock as long as it is connected; the exclusive one tells the last connection that it is.
    static int lock(sqlite3_file* opened, int level) {
        auto& mine = of(opened);
        if (mine.dead()) return SQLITE_IOERR_LOCK;
        const auto& holders = mine.what->locks;
        const bool in_the_way = std::ranges::any_of(holders, [&](const auto& one) {
            if (one.first == &mine) return false;
            return one.second == SQLITE_LOCK_EXCLUSIVE || level == SQLITE_LOCK_EXCLUSIVE ||
                   (level >= SQLITE_LOCK_RESERVED && one.second >= SQLITE_LOCK_RESERVED);
        });
        if (in_the_way) return SQLITE_BUSY;
        auto& held = mine.what->locks[&mine];
        held = std::max(held, level);
        return SQLITE_OK;
    }
    static int unlock(sqlite3_file* opened, int level) {
        auto& mine = of(opened);
        if (level == SQLITE_LOCK_NONE || mine.killed)
            mine.what->locks.erase(&mine);
        else
            mine.what->locks[&mine] = level;
        return SQLITE_OK;
    }
    static int check_lock(sqlite3_file* opened, int* held) {
        *held = 0;
        for (const auto& [holder, level] : of(opened).what->locks)
            if (level >= SQLITE_LOCK_RESERVED) *held = 1;
        return SQLITE_OK;
    }
    static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
    static int sector_size(sqlite3_file*) { return 4'096; }
    static int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

    static int map(sqlite3_file* opened, int region, int octets, int extend, void volatile** found) {
        auto& mine = of(opened);
        *found = nullptr;
        if (mine.dead()) return SQLITE_IOERR_SHMMAP;
        attach(mine);
        auto& all = mine.index->regions;
        if (static_cast<std::size_t>(octets) > std::tuple_size_v<std::array<std::uint8_t, 32'768>>)
            return SQLITE_IOERR_SHMSIZE;
        const auto wanted = static_cast<std::size_t>(region) + 1;
        if (all.size() < wanted && extend == 0) return SQLITE_OK;
        while (all.size() < wanted) all.push_back(std::make_unique<std::array<std::uint8_t, 32'768>>());
        *found = all[static_cast<std::size_t>(region)]->data();
        return SQLITE_OK;
    }
    static int lock_index(sqlite3_file* opened, int first, int count, int flags) {
        auto& mine = of(opened);
        if (mine.killed) return (flags & SQLITE_SHM_LOCK) != 0 ? SQLITE_IOERR_SHMLOCK : SQLITE_OK;
        attach(mine);
        auto& index = *mine.index;
        const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
        const bool take = (flags & SQLITE_SHM_LOCK) != 0;
        if (mine.dead() && take) return SQLITE_IOERR_SHMLOCK;
        const bool released = !take && exclusive && first == writer_slot && (mine.exclusive & 1U << writer_slot) != 0;
        for (int slot = first; take && slot < first + count; ++slot) {
            const auto at = static_cast<std::size_t>(slot);
            const bool own = (mine.shared >> slot & 1U) != 0;
            const bool in_the_way = index.exclusive[at] || (exclusive && index.shared[at] > (own ? 1 : 0));
            if (in_the_way && (mine.exclusive >> slot & 1U) == 0) return SQLITE_BUSY;
        }
        for (int slot = first; slot < first + count; ++slot) change(mine, index, slot, exclusive, take);
        if (released && !mine.dead() && mine.disk->on_release) mine.disk->on_release();
        return SQLITE_OK;
    }
    static void change(handle& mine, file::shared_index& index, int slot, bool exclusive, bool take) {
        const auto at = static_cast<std::size_t>(slot);
        const auto bit = 1U << static_cast<unsigned>(slot);
        auto& held = exclusive ? mine.exclusive : mine.shared;
        if (((held & bit) != 0) == take) return;
        held ^= bit;
        if (exclusive)
            index.exclusive[at] = take;
        else
            index.shared[at] += take ? 1 : -1;
    }
    static void attach(handle& mine) {
        if (mine.index) return;
        mine.index = mine.what->index;
        ++mine.index->users;
    }
    // It is gone with the last who used it.
    static void let_go(handle& mine) {
        for (int slot = 0; slot < lock_slots; ++slot) {
            change(mine, *mine.index, slot, false, false);
            change(mine, *mine.index, slot, true, false);
        }
        if (--mine.index->users == 0 && mine.what->index == mine.index)
            mine.what->index = std::make_shared<file::shared_index>();
    }
    static void barrier(sqlite3_file*) {}
    static int unmap(sqlite3_file* opened, int) {
        auto& mine = of(opened);
        if (mine.index && !mine.killed) let_go(mine);
        mine.index.reset();
        return SQLITE_OK;
    }

    static const sqlite3_io_methods& io() {
        static const sqlite3_io_methods all = [] {
            sqlite3_io_methods made{};
            made.iVersion = 2;
            made.xClose = close;
            made.xRead = read;
            made.xWrite = write;
            made.xTruncate = truncate;
            made.xSync = sync;
            made.xFileSize = size;
            made.xLock = lock;
            made.xUnlock = unlock;
            made.xCheckReservedLock = check_lock;
            made.xFileControl = control;
            made.xSectorSize = sector_size;
            made.xDeviceCharacteristics = characteristics;
            made.xShmMap = map;
            made.xShmLock = lock_index;
            made.xShmBarrier = barrier;
            made.xShmUnmap = unmap;
            return made;
        }();
        return all;
    }

    static int open(sqlite3_vfs*, const char* name, sqlite3_file* into, int flags, int* made) {
        into->pMethods = nullptr;
        if (the_disk == nullptr || name == nullptr) return SQLITE_CANTOPEN;
        auto& place = the_disk->files_[name];
        if (!place) place = std::make_shared<file>();
        place->is_log = (flags & SQLITE_OPEN_WAL) != 0;
        const auto process = the_disk->process ? the_disk->process() : 0;
        the_disk->open_.insert(new (into)
                                   handle{{&io()}, the_disk, place, nullptr, the_disk->life_, process, 0, 0, false});
        if (made != nullptr) *made = flags;
        return SQLITE_OK;
    }
    static int remove(sqlite3_vfs*, const char* name, int) {
        the_disk->files_.erase(name);
        return SQLITE_OK;
    }
    static int access(sqlite3_vfs*, const char* name, int, int* found) {
        const auto known = the_disk->files_.find(name);
        *found = known != the_disk->files_.end() && !known->second->now.empty() ? 1 : 0;
        return SQLITE_OK;
    }
    static int full_name(sqlite3_vfs*, const char* name, int room, char* into) {
        sqlite3_snprintf(room, into, "%s", name);
        return SQLITE_OK;
    }
    static int randomness(sqlite3_vfs*, int count, char* into) {
        the_disk->random_.fill({reinterpret_cast<std::uint8_t*>(into), static_cast<std::size_t>(count)});
        return count;
    }
    static int wait(sqlite3_vfs*, int microseconds) {
        if (the_disk->on_wait) the_disk->on_wait(microseconds);
        return microseconds;
    }
    static int time_now(sqlite3_vfs*, sqlite3_int64* milliseconds) {
        constexpr sqlite3_int64 julian_1970 = 210'866'760'000'000;
        *milliseconds = julian_1970 + (the_disk->wall_milliseconds ? the_disk->wall_milliseconds() : 0);
        return SQLITE_OK;
    }
};

void memory_disk::use(memory_disk* disk) {
    static sqlite3_vfs methods = [] {
        sqlite3_vfs made{};
        made.iVersion = 2;
        made.szOsFile = sizeof(handle);
        made.mxPathname = 512;
        made.zName = "memory_disk";
        made.xOpen = disk_methods::open;
        made.xDelete = disk_methods::remove;
        made.xAccess = disk_methods::access;
        made.xFullPathname = disk_methods::full_name;
        made.xRandomness = disk_methods::randomness;
        made.xSleep = disk_methods::wait;
        made.xCurrentTimeInt64 = disk_methods::time_now;
        return made;
    }();
    the_disk = disk;
    sqlite3_vfs_register(&methods, 1);
    sqlite3_randomness(0, nullptr);  // its generator begins anew, from this disk's
}

// --- commits

// The header of a frame: page number, then for the last one of a commit the size of the database in pages.
void memory_disk::note_frame(file& which, byte_view octets) {
    which.commit_under_way = load_big_endian(octets.subspan(4, 4)) != 0;
    if (!which.commit_under_way) return;
    ++commits_;
    if (on_commit) on_commit(commits_, commit_moment::before);
}

void memory_disk::note_page(file& which) {
    which.commit_under_way = false;
    which.commit_unsynchronised = true;
    if (on_commit) on_commit(commits_, commit_moment::written);
}

void memory_disk::sync(file& which) {
    ++syncs_;
    for (const auto& one : which.unsynchronised) {
        if (one.octets.empty())
            which.durable.resize(one.size);
        else
            apply(which.durable, one.offset, one.octets);
    }
    which.unsynchronised.clear();
    const bool commit = std::exchange(which.commit_unsynchronised, false);
    if (commit && on_commit) on_commit(commits_, commit_moment::durable);
    if (on_sync) on_sync();
}

// --- losing power

void memory_disk::crash(power what) {
    ++life_;
    for (auto& [name, one] : files_) {
        // Dead processes may still hold the old one.
        auto fresh = std::make_shared<file>(*one);
        fresh->index = std::make_shared<file::shared_index>();
        fresh->locks.clear();
        fresh->commit_under_way = fresh->commit_unsynchronised = false;
        one = fresh;
        if (what == power::lost) lose_power(*one);
    }
}

void memory_disk::kill(std::uint64_t which) {
    for (auto* one : open_) {
        if (one->process != which || one->dead()) continue;
        one->killed = true;
        one->what->locks.erase(one);
        if ((one->exclusive & 1U << writer_slot) != 0)
            for (const auto& [name, each] : files_) each->commit_under_way = each->commit_unsynchronised = false;
        if (one->index) disk_methods::let_go(*one);  // what it has mapped stays where it is
    }
}

// Everything, nothing, or any sectors of what was not synchronised got through.
void memory_disk::lose_power(file& which) {
    const auto luck = random_.below(4);
    const double share = luck == 0 ? 0.0 : luck == 1 ? 1.0 : 0.01 * static_cast<double>(random_.below(100));
    for (const auto& one : which.unsynchronised) {
        if (one.octets.empty()) {
            if (random_.chance(share)) which.durable.resize(one.size);
            continue;
        }
        for (std::size_t at = 0; at < one.octets.size();) {
            const auto left = sector - (one.offset + at) % sector;
            const auto count = std::min(left, one.octets.size() - at);
            if (random_.chance(share))
                apply(which.durable, one.offset + at, byte_view(one.octets).subspan(at, count));
            else
                ++sectors_lost_;
            at += count;
        }
    }
    which.unsynchronised.clear();
    which.now = which.durable;
}

bool memory_disk::nobody_writes() const {
    return std::ranges::none_of(files_, [](const auto& one) {
        return std::ranges::any_of(one.second->index->exclusive, [](bool held) { return held; });
    });
}

memory_disk::image memory_disk::contents() const {
    image all;
    for (const auto& [name, one] : files_) all[name] = one->now;
    return all;
}

void memory_disk::begin_with(const image& files) {
    files_.clear();
    for (const auto& [name, octets] : files) {
        auto made = std::make_shared<file>();
        made->now = made->durable = octets;
        files_[name] = made;
    }
}

}  // namespace tessera::simulation
