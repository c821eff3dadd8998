// What a campaign has come to: counts, times, one row per card.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "campaigns/store.h"
#include "campaigns/types.h"
#include "campaigns/waits.h"

namespace tessera::campaigns {

struct phase_summary {
    double seconds = 0;      // all runs and rounds together
    std::int64_t cards = 0;  // that went through it
    [[nodiscard]] double cards_per_second() const { return seconds > 0 ? static_cast<double>(cards) / seconds : 0; }
};

// It was cancelled, and what it had sent is not settled yet: who has no outcome may still get one.
[[nodiscard]] bool is_settling(const campaign& subject);

struct campaign_summary {
    campaign subject;
    outcome_counts outcomes;
    std::optional<std::int64_t> drift;  // of an audit: cards that hold something else than expected
    std::vector<round_progress> rounds;
    std::vector<leg> legs;    // of a campaign in waves
    std::string waits_for;    // approvals that it cannot go on without; empty: none
    std::vector<wait> waits;  // whatever keeps it from going on, if waits_of() was asked
    phase_summary prepare, exchange, settle;
    double seconds = 0;  // of all phases

    // Of every card's first round: of round 1, or of the first rounds of the legs.
    [[nodiscard]] chunk_progress first_round() const;
    // Of the rounds of one leg.
    [[nodiscard]] outcome_counts outcomes_of(const leg& one) const;
    // Targets of a cancelled campaign that nothing was sent to; nobody knows yet while it is settling.
    [[nodiscard]] std::int64_t not_sent() const {
        return subject.state == campaign_state::cancelled && !is_settling(subject) ? subject.targets - outcomes.total()
                                                                                   : 0;
    }
};

// `now` stands for the end of a phase that is still running.
[[nodiscard]] result<campaign_summary> summarize(store::connection& database, const campaign& subject,
                                                 std::optional<timestamp> now);

// Every target in order, with its latest outcome; pages through the database.
[[nodiscard]] result<void> for_each_target(store::connection& database, campaign_key key,
                                           const std::function<void(const report_row&)>& use);

// Outcomes by cause: "failed: por_status 01 RC/CC/DS failed" -> 12. Reads every outcome.
[[nodiscard]] result<std::map<std::string, std::int64_t>> count_causes(store::connection& database, campaign_key key);

}  // namespace tessera::campaigns
