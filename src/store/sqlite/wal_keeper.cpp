#include "store/sqlite/wal_keeper.h"

#include <sqlite3.h>

#include <system_error>

namespace tessera::store {
namespace {

constexpr int rest_pages = 256;      // so little that a commit may copy it
constexpr int passes = 4;            // while the thread copies, more is written
constexpr std::int64_t too_far = 4;  // times `pages`: a commit copies whatever there is

struct progress {
    int log = 0;
    int copied = 0;
};

// Waits for nobody: what a reader still looks at stays for the next time. Trouble (a full disk) does, too; the log is
// where the data is safe.
progress checkpoint(sqlite3* handle) {
    progress made;
    sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_PASSIVE, &made.log, &made.copied);
    return made;
}

}  // namespace

wal_keeper::~wal_keeper() {
    {
        const std::lock_guard held(mutex_);
        state_ = state::over;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void wal_keeper::look_after(sqlite3* writer) { sqlite3_wal_hook(writer, &wal_keeper::on_commit, this); }

int wal_keeper::on_commit(void* keeper, sqlite3* writer, const char* /*schema*/, int pages) {
    static_cast<wal_keeper*>(keeper)->committed(writer, pages);
    return SQLITE_OK;
}

void wal_keeper::committed(sqlite3* writer, std::int64_t pages) {
    if (pages < pages_) return;
    {
        std::unique_lock held(mutex_);
        if (state_ == state::idle) {
            state_ = begin_thread() ? state::copying : state::rest;
            changed_.notify_all();
        }
        if (state_ != state::rest && pages < too_far * pages_) return;
        // While the thread copies, nobody else may. It has fallen behind, so whoever writes waits for it.
        changed_.wait(held, [this] { return state_ != state::copying; });
    }
    const auto made = checkpoint(writer);
    const std::lock_guard held(mutex_);
    // Where a reader was in the way, the next commit tries again.
    if (state_ == state::rest && made.copied == made.log) state_ = state::idle;
}

// Called from within SQLite, through which no exception may pass. Without a thread the commit copies all by itself.
bool wal_keeper::begin_thread() {
    if (thread_.joinable()) return true;
    try {
        thread_ = std::thread([this] { work(); });
    } catch (const std::system_error&) {
        return false;
    }
    return true;
}

void wal_keeper::work() {
    std::unique_lock held(mutex_);
    for (;;) {
        changed_.wait(held, [this] { return state_ == state::copying || state_ == state::over; });
        if (state_ == state::over) return;
        held.unlock();
        copy();
        held.lock();
        if (state_ == state::copying) state_ = state::rest;
        changed_.notify_all();
    }
}

void wal_keeper::copy() {
    sqlite3* handle = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    // A connection that has read nothing yet does not know that there is a log.
    if (sqlite3_open_v2(file_.c_str(), &handle, flags, nullptr) == SQLITE_OK &&
        sqlite3_exec(handle, "PRAGMA schema_version", nullptr, nullptr, nullptr) == SQLITE_OK) {
        int copied = 0;
        for (int pass = 0; pass < passes; ++pass) {
            const auto made = checkpoint(handle);
            if (made.copied - copied <= rest_pages) break;
            copied = made.copied;
        }
    }
    sqlite3_close_v2(handle);
}

}  // namespace tessera::store
