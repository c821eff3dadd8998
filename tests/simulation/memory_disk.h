// A disk in memory, as SQLite sees one (a VFS), that can lose its power. What was written is seen by everybody; what
// was not synchronised is lost by a loss of power, or in part: any of its sectors may have got through. Everything that
// belongs to the process that died then gets SQLITE_IOERR, so that it unwinds, and leaves no trace.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"

namespace tessera::simulation {

// Where in a commit. lazily: a commit that is not synchronised by itself has no difference between the last two.
enum class commit_moment : std::uint8_t {
    before,   // its last frame is not written yet
    written,  // it is, and not synchronised
    durable,
};

enum class power : std::uint8_t { kept, lost };  // with kept power, a process dies and loses nothing that was written

class memory_disk {
public:
    explicit memory_disk(std::uint64_t seed) : random_(seed) {}
    memory_disk(const memory_disk&) = delete;
    memory_disk& operator=(const memory_disk&) = delete;

    // From now on SQLite's default VFS is this disk. One at a time.
    static void use(memory_disk* disk);

    // Called at every moment of every commit, counted from 1; may call crash().
    std::function<void(std::uint64_t commit, commit_moment where)> on_commit;
    // A writer has let go of the log: others may write. Its commit, or what it gave up, is behind it.
    std::function<void()> on_release;
    // To which process the thread that calls belongs. Files that it opens are that process's.
    std::function<std::uint64_t()> process;
    // How long a synchronisation takes: called at the end of each, may wait.
    std::function<void()> on_sync;
    // SQLite waits for a lock.
    std::function<void(int microseconds)> on_wait;
    std::function<std::int64_t()> wall_milliseconds;

    // All processes end.
    void crash(power what);
    // One of several does, and loses nothing that it wrote: its locks are gone, and its files give errors. None of its
    // threads may be in the middle of something in the files' shared index that it would undo: they are to stand still.
    void kill(std::uint64_t which);
    [[nodiscard]] std::uint64_t commits() const { return commits_; }
    [[nodiscard]] std::uint64_t syncs() const { return syncs_; }
    [[nodiscard]] std::uint64_t sectors_lost() const { return sectors_lost_; }
    // No connection holds a lock that others wait for.
    [[nodiscard]] bool nobody_writes() const;

    // All files as they are, to begin others with.
    using image = std::map<std::string, bytes>;
    [[nodiscard]] image contents() const;
    void begin_with(const image& files);

    struct file;
    struct handle;

private:
    friend struct disk_methods;
    void sync(file& which);
    void lose_power(file& which);
    void note_frame(file& which, byte_view octets);
    void note_page(file& which);

    seeded_random random_;
    std::uint64_t life_ = 0;  // of processes; handles of an earlier one are dead
    std::uint64_t commits_ = 0;
    std::uint64_t syncs_ = 0;
    std::uint64_t sectors_lost_ = 0;
    std::map<std::string, std::shared_ptr<file>> files_;
    std::set<handle*> open_;
};

}  // namespace tessera::simulation
