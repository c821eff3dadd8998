#include "campaigns/waits.h"

#include "campaigns/create.h"
#include "campaigns/duty.h"
#include "campaigns/opening.h"
#include "campaigns/safety_store.h"
#include "campaigns/store.h"
#include "campaigns/trigger_store.h"
#include "campaigns/wave_store.h"

namespace tessera::campaigns {
namespace {

result<std::optional<wait>> wait_to_send(store::connection& database, const campaign& subject,
                                         std::int64_t sends_per_hour, timestamp now) {
    const bool sends = subject.phase == phase::prepare || subject.phase == phase::exchange;
    if (subject.state != campaign_state::running || !sends) return std::nullopt;
    TESSERA_TRY_VALUE(const auto what, definition_of(subject));
    if (!is_restricted(what, sends_per_hour)) return std::nullopt;
    course legs(what);
    TESSERA_TRY(legs.load(database, subject.key));
    const auto found = next_opening(database, what, legs, subject.round, sends_per_hour, now);
    if (!found && found.error().code == "closed_window")
        return wait{wait_kind::window, "the window, which " + found.error().message, std::nullopt};
    if (!found) return std::unexpected(found.error());
    if (found->what == send_limit::none) return std::nullopt;
    const auto kind = found->what == send_limit::window ? wait_kind::window : wait_kind::sends_per_hour;
    return wait{kind, std::string(to_string(found->what)), found->from};
}

// campaign "winter" 01a208a5-...
result<std::string> named_campaign(store::connection& database, std::string_view id) {
    TESSERA_TRY_VALUE(const auto found, campaign_store(database).find(id));
    const auto name = found ? "\"" + found->name + "\" " : std::string();
    return "campaign " + name + std::string(id);
}

// One campaign at a time runs in a process.
result<std::optional<wait>> wait_in_queue(store::connection& database, const campaign& subject,
                                          std::string_view under_way) {
    const bool would_go_on = subject.state == campaign_state::created || subject.state == campaign_state::running;
    if (!would_go_on || under_way.empty() || under_way == subject.id) return std::nullopt;
    TESSERA_TRY_VALUE(const bool queues, trigger_store(database).is_triggered(subject.key));
    if (!queues) return std::nullopt;
    TESSERA_TRY_VALUE(const auto before, named_campaign(database, under_way));
    return wait{wait_kind::queue, "its turn, after " + before, std::nullopt};
}

// Of those that several processes conduct, one at a time is in P2.
result<std::optional<wait>> wait_to_speak(store::connection& database, const campaign& subject, timestamp now) {
    if (subject.state != campaign_state::running || subject.phase != phase::exchange) return std::nullopt;
    TESSERA_TRY_VALUE(const auto speaks, duty_holder(database, duty_exchange, now));
    if (!speaks || *speaks == subject.id) return std::nullopt;
    TESSERA_TRY_VALUE(const auto named, named_campaign(database, *speaks));
    return wait{wait_kind::exchange, named + ", which exchanges with its cards", std::nullopt};
}

}  // namespace

std::string_view to_string(wait_kind what) {
    constexpr std::string_view names[] = {"stop_all",       "approval", "queue",   "window",
                                          "sends_per_hour", "link",     "exchange"};
    return names[static_cast<std::size_t>(what)];
}

result<std::vector<wait>> waits_of(store::connection& database, const campaign& subject, std::int64_t sends_per_hour,
                                   timestamp now, std::string_view under_way) {
    std::vector<wait> found;
    if (subject.state == campaign_state::finished || subject.state == campaign_state::cancelled) return found;
    TESSERA_TRY_VALUE(const auto stop, safety_store(database).standing());
    if (stop)
        found.push_back({wait_kind::stop_all,
                         "everything was stopped by " + stop->by + " at " + to_iso8601(stop->since), std::nullopt});
    TESSERA_TRY_VALUE(const auto gates, wave_store(database).gates(subject.key));
    for (const auto& one : gates)
        if (!one.approved_at) found.push_back({wait_kind::approval, one.reason, std::nullopt});
    TESSERA_TRY_VALUE(auto queueing, wait_in_queue(database, subject, under_way));
    if (queueing) found.push_back(std::move(*queueing));
    TESSERA_TRY_VALUE(auto speaking, wait_to_speak(database, subject, now));
    if (speaking) found.push_back(std::move(*speaking));
    TESSERA_TRY_VALUE(auto sending, wait_to_send(database, subject, sends_per_hour, now));
    if (sending) found.push_back(std::move(*sending));
    return found;
}

std::string describe(const std::vector<wait>& waits) {
    std::string text;
    for (const auto& one : waits) {
        text += (text.empty() ? "" : "; ") + one.why;
        if (one.until) text += ", until " + to_iso8601(*one.until);
    }
    return text;
}

}  // namespace tessera::campaigns
