// A campaign cut into waves: what its file says of them, and the rows that it becomes.
//
// A wave's cards go in one leg, or in one for every time zone among them. A leg has rounds of its own, with barriers of
// its own (C-5); rounds are numbered on from leg to leg. A campaign without waves has no legs, and all its cards are in
// round 1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace tessera::limits {
inline constexpr std::size_t waves_per_campaign = 100;
inline constexpr std::size_t approver_octets = 100;  // the name of who approves
}  // namespace tessera::limits

namespace tessera::campaigns {

// What must hold of a wave, or the campaign stops. In percent of the wave's cards.
struct wave_terms {
    double success_threshold = 0;  // done or skipped at least, when the wave is over
    double error_threshold = 100;  // failed at most, at any time
    bool approval = false;         // somebody must approve before the next wave begins
};

// One [[wave]]. None of size, percent and tag: the cards that are left.
struct wave_rule {
    std::optional<std::int64_t> size;
    std::optional<double> percent;  // of all targets
    std::string tag;
    wave_terms terms;
};

struct wave_rules {
    std::vector<wave_rule> rules;       // in order; the first is wave 1
    std::optional<std::uint64_t> seed;  // of the order in which cards are drawn; else made up at creation
};

inline constexpr int test_wave = 0;  // of the test cards that every campaign must pass first
inline constexpr wave_terms test_wave_terms{100, 100, false};

[[nodiscard]] inline wave_terms terms_of(const wave_rules& rules, int wave) {
    if (wave == test_wave) return test_wave_terms;
    const auto index = static_cast<std::size_t>(wave) - 1;
    return index < rules.rules.size() ? rules.rules[index].terms : wave_terms{};
}

struct leg {
    int number = 0;  // 1, 2, ... within the campaign, in order of their waves
    int wave = 0;
    std::string zone;  // of its cards, where the window is one of each card's zone
    std::int64_t targets = 0;
    int first_round = 0;  // 0: it has not begun
    int last_round = 0;   // 0: it has not ended
};

// The first round of the leg that a round belongs to; 1 without legs.
[[nodiscard]] inline int first_round_of(const std::vector<leg>& legs, int round) {
    int first = 1;
    for (const auto& one : legs)
        if (one.first_round <= round && one.first_round > first) first = one.first_round;
    return first;
}

// What a campaign may have to wait for.
enum class gate_kind : std::uint8_t {
    danger = 0,   // it writes what can make a card useless
    wave = 1,     // the wave before wants its successor approved
    errors = 2,   // more cards failed than the wave may have
    success = 3,  // fewer cards were reached than the wave must have
};

struct gate {
    int number = 0;
    gate_kind kind{};
    int wave = 0;
    std::string reason;
    timestamp asked_at;
    std::string approved_by;
    std::optional<timestamp> approved_at;  // nothing: it is closed
};

}  // namespace tessera::campaigns
