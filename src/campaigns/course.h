// What a campaign in waves has behind it and before it: which leg goes next, and what keeps it from going.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "campaigns/environment.h"
#include "campaigns/store.h"
#include "campaigns/wave.h"

namespace tessera::campaigns {

class course {
public:
    explicit course(const definition& what) : what_(&what) {}
    // As it stands in the database; of a campaign without waves there is nothing to know.
    [[nodiscard]] result<void> load(store::connection& database, campaign_key key);

    [[nodiscard]] bool in_legs() const { return !legs_.empty(); }
    [[nodiscard]] int first_round(int round) const { return first_round_of(legs_, round); }
    // The leg that a round belongs to, and the one that goes when it is over; null: none.
    [[nodiscard]] const leg* of_round(int round) const;
    // Of legs of one wave the one whose window opens first.
    [[nodiscard]] const leg* next(timestamp now) const;

    // Null where the wave of that round may have any number of failures.
    [[nodiscard]] std::unique_ptr<failure_watch> watch(int round) const;
    // What is to be told when the wave has more failures than it may have, or, being over, fewer successes.
    [[nodiscard]] std::optional<std::string> too_many_failures(int wave) const;
    [[nodiscard]] std::optional<std::string> too_few_successes(int wave) const;
    [[nodiscard]] wave_terms terms(int wave) const { return terms_of(what_->waves, wave); }

private:
    struct tally {
        std::int64_t targets = 0;
        outcome_counts outcomes;
    };
    [[nodiscard]] tally of_wave(int wave) const;
    [[nodiscard]] bool failures_accepted(int wave) const;
    [[nodiscard]] timestamp opening_of(const leg& one, timestamp now) const;

    const definition* what_;
    std::vector<leg> legs_;
    std::vector<round_progress> rounds_;
    std::vector<gate> gates_;
};

// "wave 2", "the test cards".
[[nodiscard]] std::string name_of_wave(int wave);

}  // namespace tessera::campaigns
