#include "campaigns/report.h"

#include "campaigns/create.h"
#include "campaigns/wave_store.h"

namespace tessera::campaigns {
namespace {

constexpr std::int64_t rows_per_page = 5'000;

}  // namespace

bool is_settling(const campaign& subject) {
    return subject.state == campaign_state::cancelled && subject.phase != phase::none;
}

chunk_progress campaign_summary::first_round() const {
    chunk_progress made;
    for (const auto& one : rounds) {
        if (first_round_of(legs, one.round) != one.round) continue;
        made.prepared += one.progress.prepared;
        made.sent += one.progress.sent;
        made.answered += one.progress.answered;
        made.next_round += one.progress.next_round;
        made.outcomes += one.progress.outcomes;
    }
    return made;
}

outcome_counts campaign_summary::outcomes_of(const leg& one) const {
    outcome_counts made;
    for (const auto& round : rounds)
        if (one.first_round != 0 && first_round_of(legs, round.round) == one.first_round)
            made += round.progress.outcomes;
    return made;
}

result<campaign_summary> summarize(store::connection& database, const campaign& subject, std::optional<timestamp> now) {
    campaign_store campaigns(database);
    campaign_summary made;
    made.subject = subject;
    TESSERA_TRY_VALUE(made.rounds, campaigns.progress(subject.key));
    const auto what = definition_of(subject);
    if (what && what->is_audit()) {
        TESSERA_TRY_VALUE(made.drift, campaigns.drifted(subject.key));
    }
    wave_store waves(database);
    TESSERA_TRY_VALUE(made.legs, waves.legs(subject.key));
    TESSERA_TRY_VALUE(const auto gates, waves.gates(subject.key));
    const bool over = subject.state == campaign_state::finished || subject.state == campaign_state::cancelled;
    if (!over) made.waits_for = waits_for(gates);
    TESSERA_TRY_VALUE(const auto times, campaigns.phases(subject.key));
    for (const auto& round : made.rounds) {
        made.outcomes += round.progress.outcomes;
        made.prepare.cards += round.targets;
        made.exchange.cards += round.targets;
        made.settle.cards += round.targets;
    }
    for (std::size_t i = 0; i < times.size(); ++i) {
        const auto& one = times[i];
        // A run that a crash cut short has no end that anybody knows; only the last one can be going on.
        const bool going_on = now && i + 1 == times.size() && subject.state == campaign_state::running;
        if (!one.ended && !going_on) continue;
        const double took = seconds((one.ended ? *one.ended : *now) - one.started);
        auto& into = one.phase == phase::prepare    ? made.prepare
                     : one.phase == phase::exchange ? made.exchange
                                                    : made.settle;
        into.seconds += took;
        made.seconds += took;
    }
    return made;
}

result<void> for_each_target(store::connection& database, campaign_key key,
                             const std::function<void(const report_row&)>& use) {
    campaign_store campaigns(database);
    for (std::int64_t after = 0;;) {
        TESSERA_TRY_VALUE(const auto rows, campaigns.report(key, after, rows_per_page));
        for (const auto& row : rows) use(row);
        if (static_cast<std::int64_t>(rows.size()) < rows_per_page) return {};
        after = rows.back().card;
    }
}

result<std::map<std::string, std::int64_t>> count_causes(store::connection& database, campaign_key key) {
    TESSERA_TRY_VALUE(const auto rows, campaign_store(database).causes(key));
    std::map<std::string, std::int64_t> found;
    for (const auto& row : rows) {
        auto name = std::string(operations::to_string(row.what));
        if (row.why.kind != operations::cause_kind::none) name += ": " + operations::describe(row.why);
        found[name] += row.cards;
    }
    return found;
}

}  // namespace tessera::campaigns
