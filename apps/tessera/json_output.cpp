#include "tessera/json_output.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <cstdio>

#include "campaigns/campaign_file.h"
#include "operations/counter_hint.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

double rounded(double value, double steps) { return std::round(value * steps) / steps; }

json::object outcomes_json(const campaigns::outcome_counts& outcomes) {
    return {{"done", outcomes.done},
            {"skipped", outcomes.skipped},
            {"failed", outcomes.failed},
            {"unknown", outcomes.unknown}};
}

json::object phase_json(const campaigns::phase_summary& phase) {
    return {{"seconds", rounded(phase.seconds, 1e6)},
            {"cards", phase.cards},
            {"cards_per_second", rounded(phase.cards_per_second(), 10)}};
}

json::array waits_json(const std::vector<campaigns::wait>& waits) {
    json::array made;
    for (const auto& one : waits)
        made.push_back({{"for", campaigns::to_string(one.what)},
                        {"why", one.why},
                        {"until", one.until ? json::value(to_iso8601(*one.until)) : json::value(nullptr)}});
    return made;
}

json::value optional_text(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

}  // namespace

std::string text_of(const json::object& from, std::string_view key, std::string_view none) {
    const auto* found = from.if_contains(key);
    if (found == nullptr || found->is_null()) return std::string(none);
    return found->is_string() ? std::string(found->get_string()) : json::serialize(*found);
}

void print_json(const json::object& object) {
    const auto line = json::serialize(object) + "\n";
    std::fwrite(line.data(), 1, line.size(), stdout);
}

json::object to_json(const cards::card& card) {
    const auto& identity = card.identity;
    return {{"iccid", identity.iccid},
            {"imsi", optional_text(identity.imsi)},
            {"msisdn", identity.msisdn == 0 ? json::value(nullptr) : json::value(std::to_string(identity.msisdn))},
            {"profile", card.profile},
            {"image_version", card.image_version},
            {"imported_at", to_iso8601(card.imported_at)}};
}

json::object status_json(const campaigns::campaign_summary& summary) {
    const auto& subject = summary.subject;
    const auto first = summary.first_round();
    json::array rounds;
    for (const auto& round : summary.rounds)
        rounds.push_back({{"round", round.round},
                          {"targets", round.targets},
                          {"prepared", round.progress.prepared},
                          {"sent", round.progress.sent},
                          {"answered", round.progress.answered},
                          {"settled", round.progress.outcomes.total()},
                          {"next_round", round.progress.next_round}});
    json::array waves;
    for (const auto& one : summary.legs) {
        auto wave = outcomes_json(summary.outcomes_of(one));
        wave["wave"] = one.wave;
        if (!one.zone.empty()) wave["zone"] = one.zone;
        wave["targets"] = one.targets;
        wave["first_round"] = one.first_round == 0 ? json::value(nullptr) : json::value(one.first_round);
        wave["state"] = one.first_round == 0 ? "created" : one.last_round == 0 ? "running" : "finished";
        waves.push_back(std::move(wave));
    }
    return {
        {"id", subject.id},
        {"name", subject.name},
        {"state", campaigns::to_string(subject.state)},
        {"round", subject.round},
        {"phase", subject.phase == campaigns::phase::none ? json::value(nullptr)
                                                          : json::value(campaigns::to_string(subject.phase))},
        {"targets", subject.targets},
        {"prepared", first.prepared},
        {"sent", first.sent},
        {"answered", first.answered},
        {"settled", summary.outcomes.total()},
        {"outcomes", outcomes_json(summary.outcomes)},
        {"drift", summary.drift ? json::value(*summary.drift) : json::value(nullptr)},
        {"rounds", std::move(rounds)},
        {"waves", std::move(waves)},
        {"waits_for", optional_text(summary.waits.empty() ? summary.waits_for : campaigns::describe(summary.waits))},
        {"waits", waits_json(summary.waits)},
        {"not_sent", summary.not_sent()},
        {"settling", campaigns::is_settling(subject)},
        {"created_at", to_iso8601(subject.created_at)},
        {"finished_at", subject.finished_at ? json::value(to_iso8601(*subject.finished_at)) : json::value(nullptr)}};
}

json::object row_json(const campaigns::report_row& row, bool cancelled) {
    const bool caused = row.outcome && row.why.kind != operations::cause_kind::none;
    const auto hint = caused ? operations::counter_hint(row.why) : std::nullopt;
    return {{"iccid", row.iccid},
            {"outcome", row.outcome ? json::value(operations::to_string(*row.outcome))
                        : cancelled ? json::value(campaigns::not_sent)
                                    : json::value(nullptr)},
            {"cause", caused ? json::value(operations::describe(row.why)) : json::value(nullptr)},
            {"cause_kind", caused ? json::value(operations::to_string(row.why.kind)) : json::value(nullptr)},
            {"cause_value", caused ? json::value(row.why.value) : json::value(nullptr)},
            {"hint", hint ? json::value(*hint) : json::value(nullptr)},
            {"attempts", row.attempts},
            {"round", row.outcome ? json::value(row.round) : json::value(nullptr)},
            {"settled_at", row.outcome ? json::value(to_iso8601(row.settled_at)) : json::value(nullptr)}};
}

json::object summary_json(const campaigns::campaign_summary& summary) {
    auto made = outcomes_json(summary.outcomes);
    if (summary.drift) made["drift"] = *summary.drift;
    made["targets"] = summary.subject.targets;
    made["not_sent"] = summary.not_sent();
    made["rounds"] = summary.subject.round;
    made["seconds"] = rounded(summary.seconds, 1e6);
    made["phases"] = json::object{{"prepare", phase_json(summary.prepare)},
                                  {"exchange", phase_json(summary.exchange)},
                                  {"settle", phase_json(summary.settle)}};
    return made;
}

}  // namespace tessera::app
