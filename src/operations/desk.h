// Single operations: one card, now (C-12 to C-17). The desk decides whether the card may be touched, commits counter
// and packet before anything is sent, sends the same octets again where no answer comes, judges what came back, and
// updates the image after the card's own word.
#pragma once

#include <functional>
#include <memory>

#include "base/random.h"
#include "cards/key_vault.h"
#include "net/event_loop.h"
#include "operations/bearer.h"
#include "operations/types.h"
#include "store/shared_writer.h"
#include "telecom/single_line.h"

namespace tessera::operations {

struct desk_environment {
    store::shared_writer* writer = nullptr;
    cards::key_vault* vault = nullptr;  // the desk makes another one of it
    const clock_port* clock = nullptr;
    random_port* random = nullptr;
    membership* fleets = nullptr;
    telecom::radio* radio = nullptr;
    net::event_loop* home = nullptr;  // where the desk lives; its transactions run there, too
    bool alone = true;                // no other process performs operations on this database
};

// The place of one operation in the desk's queue. Home loop's thread.
class operation_place {
public:
    // It is not to begin any more. False: it has begun, and goes on.
    bool withdraw() {
        withdrawn_ = !begun_;
        return withdrawn_;
    }

private:
    friend class desk;
    bool begun_ = false;
    bool withdrawn_ = false;
};

class desk {
public:
    explicit desk(const desk_environment& env);
    // Whoever still waits is told nothing any more. Operations under way stay in flight in the database; the next
    // process finds them.
    ~desk();
    desk(const desk&) = delete;
    desk& operator=(const desk&) = delete;

    // Operations of a process that died: their cards are free again, and their files' images stay in doubt. Whoever is
    // not alone takes for dead what has gone on for an hour.
    [[nodiscard]] result<void> begin();
    // Calls `done` once, from the home loop, never before it returns; of what was withdrawn with a refusal (withdrawn).
    // Home loop's thread.
    std::shared_ptr<operation_place> perform(single_request request, std::function<void(single_answer)> done);
    // The same by another way than the radio; the card needs no MSISDN.
    void perform_by(std::shared_ptr<bearer> way, single_request request, std::function<void(single_answer)> done);
    // Nothing is under way or waits.
    [[nodiscard]] bool idle() const;

private:
    class machine;
    std::unique_ptr<machine> machine_;
};

}  // namespace tessera::operations
