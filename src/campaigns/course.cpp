#include "campaigns/course.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "campaigns/wave_store.h"

namespace tessera::campaigns {
namespace {

constexpr double hair = 1e-9;  // percentages are decimal fractions, which no double holds exactly

std::string percent(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.4g %%", value);
    return text.data();
}

double share(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

result<void> course::load(store::connection& database, campaign_key key) {
    wave_store waves(database);
    TESSERA_TRY_VALUE(legs_, waves.legs(key));
    if (legs_.empty()) return {};
    TESSERA_TRY_VALUE(rounds_, campaign_store(database).progress(key));
    TESSERA_TRY_VALUE(gates_, waves.gates(key));
    return {};
}

const leg* course::of_round(int round) const {
    const auto first = first_round(round);
    const auto found = std::ranges::find(legs_, first, &leg::first_round);
    return found == legs_.end() ? nullptr : &*found;
}

const leg* course::next(timestamp now) const {
    const leg* best = nullptr;
    timestamp best_opens;
    for (const auto& one : legs_) {
        if (one.first_round != 0) continue;
        if (best != nullptr && one.wave != best->wave) break;
        const auto opens = opening_of(one, now);
        if (best != nullptr && opens >= best_opens) continue;
        best = &one;
        best_opens = opens;
    }
    return best;
}

timestamp course::opening_of(const leg& one, timestamp now) const {
    if (!what_->window || one.zone.empty()) return now;
    const auto zone = time_zone::find(one.zone);
    if (!zone) return now;  // told when it is to be waited for
    const auto opening = send_window(*what_->window, *zone).next(now);
    return opening ? opening->from : timestamp::max();
}

course::tally course::of_wave(int wave) const {
    tally made;
    for (const auto& one : legs_) {
        if (one.wave != wave) continue;
        made.targets += one.targets;
        for (const auto& round : rounds_)
            if (one.first_round != 0 && first_round(round.round) == one.first_round)
                made.outcomes += round.progress.outcomes;
    }
    return made;
}

bool course::failures_accepted(int wave) const {
    return std::ranges::any_of(gates_, [&](const gate& one) {
        return one.kind == gate_kind::errors && one.wave == wave && one.approved_at.has_value();
    });
}

std::unique_ptr<failure_watch> course::watch(int round) const {
    const auto* under_way = of_round(round);
    if (under_way == nullptr || terms(under_way->wave).error_threshold >= 100 || failures_accepted(under_way->wave))
        return nullptr;
    const auto counted = of_wave(under_way->wave);
    const auto most =
        std::floor(static_cast<double>(counted.targets) * terms(under_way->wave).error_threshold / 100 + hair);
    return std::make_unique<failure_watch>(counted.outcomes.failed, static_cast<std::int64_t>(most));
}

std::optional<std::string> course::too_many_failures(int wave) const {
    const auto counted = of_wave(wave);
    const auto most = terms(wave).error_threshold;
    const auto failed = share(counted.outcomes.failed, counted.targets);
    if (failed <= most + hair || failures_accepted(wave)) return std::nullopt;
    return name_of_wave(wave) + ": " + std::to_string(counted.outcomes.failed) + " of " +
           std::to_string(counted.targets) + " cards failed, " + percent(failed) + ", and error_threshold is " +
           percent(most);
}

std::optional<std::string> course::too_few_successes(int wave) const {
    const auto counted = of_wave(wave);
    const auto least = terms(wave).success_threshold;
    const auto good = counted.outcomes.done + counted.outcomes.skipped;
    if (share(good, counted.targets) >= least - hair) return std::nullopt;
    return name_of_wave(wave) + ": " + std::to_string(good) + " of " + std::to_string(counted.targets) +
           " cards are done or skipped, " + percent(share(good, counted.targets)) + ", and success_threshold is " +
           percent(least);
}

std::string name_of_wave(int wave) {
    return wave == test_wave ? "wave 0, the test cards" : "wave " + std::to_string(wave);
}

}  // namespace tessera::campaigns
