// What a campaign needs from outside, handed in by whoever runs it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/limits.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "campaigns/types.h"
#include "cards/key_vault.h"
#include "net/event_loop.h"
#include "store/database.h"
#include "store/shared_writer.h"
#include "telecom/network.h"

namespace tessera::campaigns {

using store::shared_writer;

// Told what goes on; called from any thread, never concurrently for one phase's end and beginning.
class progress_sink {
public:
    virtual ~progress_sink() = default;
    virtual void phase_began(int round, phase which, std::int64_t cards) = 0;
    virtual void cards_moved(std::int64_t count) = 0;  // so many more have gone through the phase
    virtual void phase_ended(int round, phase which) = 0;
    // Nothing may be sent before that time; `what` says why.
    virtual void waits(std::string_view /*what*/, timestamp /*until*/) {}
};

// For whoever has nobody to show it to.
class silent_progress final : public progress_sink {
public:
    void phase_began(int, phase, std::int64_t) override {}
    void cards_moved(std::int64_t) override {}
    void phase_ended(int, phase) override {}
};

// Reads a stored campaign's definition.
using definition_source = std::function<result<definition>(const campaign&)>;
using network_factory = std::function<std::unique_ptr<telecom::network>(net::event_loop&, telecom::network_events&)>;

// Who conducts a campaign: one process alone, which owns the data directory, or several on one database, of which each
// does what its role names.
enum class role : std::uint8_t {
    alone,
    worker,   // P1 and P3
    gateway,  // P2
    all,
};

struct environment {
    store::database* storage = nullptr;
    shared_writer* writer = nullptr;
    cards::key_vault* vault = nullptr;
    const clock_port* clock = nullptr;
    random_port* random = &system_random();  // for new keys; thread safe
    // Called when P2 begins and not before: the session is opened by it and closed when P2 ends (C-3).
    network_factory open_network;
    // Where P2 runs, and whatever open_network() makes: a loop that another thread runs, and that outlives P2.
    net::event_loop* shared_loop = nullptr;
    progress_sink* progress = nullptr;
    const std::atomic<bool>* stop = nullptr;    // set: stop at the next commit, to be resumed later
    const std::atomic<bool>* halted = nullptr;  // likewise, by whoever watches over this piece of work
    std::string instance;                       // names this process as owner of leases
    campaigns::role role = role::alone;
    // After which others take over what a process that has died held.
    std::chrono::milliseconds lease_time = limits::lease_time;
    std::int64_t chunk_cards = limits::chunk_cards;  // of the chunks that waves and further rounds are cut into
    int workers = 2;                                 // threads of P1 and of P3
    std::int64_t sends_per_hour = 0;                 // house_rules.h

    [[nodiscard]] bool shared() const { return role != role::alone; }
    [[nodiscard]] bool stopping() const { return is_set(stop) || is_set(halted); }

private:
    static bool is_set(const std::atomic<bool>* flag) {
        return flag != nullptr && flag->load(std::memory_order_relaxed);
    }
};

// Counts the cards of a wave that failed while a phase is at work on it. Thread safe.
class failure_watch {
public:
    failure_watch(std::int64_t already, std::int64_t most) : failed_(already), most_(most) {}
    void failed(std::int64_t cards) { failed_ += cards; }
    [[nodiscard]] bool exceeded() const { return failed_.load(std::memory_order_relaxed) > most_; }

private:
    std::atomic<std::int64_t> failed_;
    std::int64_t most_;
};

// What every phase of one campaign works from.
struct campaign_run {
    const environment* env = nullptr;
    campaign subject;
    const definition* what = nullptr;
    int first_round = 1;                       // of the wave (of its leg) that is under way; its cards' first
    failure_watch* watch = nullptr;            // where the wave may have failures up to a threshold only
    std::optional<timestamp> send_until = {};  // P2 ends then, done or not
    bool winding_up = false;                   // the campaign was cancelled

    // Whoever is not settled after it comes in no other one.
    [[nodiscard]] bool last_round() const {
        return winding_up || subject.round - first_round + 1 >= static_cast<int>(limits::rounds);
    }
    // The phase ends where it stands, to be gone on with or not.
    [[nodiscard]] bool stopping() const { return env->stopping() || (watch != nullptr && watch->exceeded()); }
};

}  // namespace tessera::campaigns
