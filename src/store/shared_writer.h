// The one connection of a process that writes; SQLite has room for one writer, and short transactions in turn cost no
// more.
#pragma once

#include <condition_variable>
#include <mutex>

#include "store/database.h"

namespace tessera::store {

// Thread safe. `connection` must outlive its use.
class shared_writer {
public:
    store::connection* connection = nullptr;

    // Runs work(connection) in a transaction.
    template <class Work>
    [[nodiscard]] auto transact(Work&& work) {
        const turn mine(*this, false);
        return in_transaction(*connection, [&] { return work(*connection); });
    }
    // Likewise, durable with the next transact() that writes something at the latest (connection::begin_lazily()).
    template <class Work>
    [[nodiscard]] auto transact_lazily(Work&& work) {
        const turn mine(*this, false);
        const auto of_turn = [&] { return work(*connection); };
        return in_transaction(*connection, of_turn, durability::lazy);
    }
    // As transact(), before everybody who waits in transact(): for work that somebody is waiting for.
    template <class Work>
    [[nodiscard]] auto transact_first(Work&& work) {
        const turn mine(*this, true);
        return in_transaction(*connection, [&] { return work(*connection); });
    }

private:
    class turn {
    public:
        turn(shared_writer& owner, bool first) : owner_(&owner) {
            std::unique_lock held(owner_->mutex_);
            if (first) {
                ++owner_->first_waiting_;
                owner_->free_.wait(held, [this] { return !owner_->taken_; });
                --owner_->first_waiting_;
            } else {
                owner_->free_.wait(held, [this] { return !owner_->taken_ && owner_->first_waiting_ == 0; });
            }
            owner_->taken_ = true;
        }
        ~turn() {
            {
                const std::lock_guard held(owner_->mutex_);
                owner_->taken_ = false;
            }
            owner_->free_.notify_all();
        }
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;

    private:
        shared_writer* owner_;
    };

    std::mutex mutex_;
    std::condition_variable free_;
    int first_waiting_ = 0;
    bool taken_ = false;
};

}  // namespace tessera::store
