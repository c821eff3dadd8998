// Copies the write-ahead log home beside the writers. A commit that does it itself holds everybody up for as long as
// the disk takes; here a thread does the bulk, and a commit the little that was written meanwhile, so that the log can
// begin anew. How durable a commit is does not depend on any of it.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

struct sqlite3;

namespace tessera::store {

// Thread safe. Shared by the write connections of one database.
class wal_keeper {
public:
    // pages: of the log, from which on it is copied.
    wal_keeper(std::filesystem::path file, std::int64_t pages) : file_(std::move(file)), pages_(pages) {}
    ~wal_keeper();
    wal_keeper(const wal_keeper&) = delete;
    wal_keeper& operator=(const wal_keeper&) = delete;

    // From now on commits of this connection look after the log. The keeper must outlive it.
    void look_after(sqlite3* writer);

private:
    enum class state : unsigned char { idle, copying, rest, over };

    static int on_commit(void* keeper, sqlite3* writer, const char* schema, int pages);
    void committed(sqlite3* writer, std::int64_t pages);
    bool begin_thread();
    void work();
    void copy();

    std::filesystem::path file_;
    std::int64_t pages_;
    std::mutex mutex_;
    std::condition_variable changed_;
    state state_ = state::idle;
    std::thread thread_;  // from the first time that there is something to copy
};

}  // namespace tessera::store
