#include "campaigns/control.h"

#include <algorithm>

#include "base/limits.h"
#include "campaigns/wave_store.h"

namespace tessera::campaigns {

result<campaign> change_state(store::connection& writer, campaign_key key, campaign_event event, timestamp now) {
    campaign_store campaigns(writer);
    TESSERA_TRY_VALUE(auto subject, campaigns.get(key));
    const auto next = next_state(subject.state, event);
    if (!next) {
        const std::string verb = event == campaign_event::pause    ? "paused"
                                 : event == campaign_event::resume ? "resumed"
                                                                   : "cancelled";
        return failure("bad_state", subject.id,
                       "is " + std::string(to_string(subject.state)) + " and cannot be " + verb);
    }
    if (subject.state == campaign_state::running)
        TESSERA_TRY(campaigns.end_phase(subject.key, subject.round, subject.phase, now));
    subject.state = *next;
    if (event == campaign_event::cancel) subject.finished_at = now;
    TESSERA_TRY(campaigns.set_state(subject.key, subject.state, subject.round, subject.phase, subject.finished_at));
    return subject;
}

result<std::string> checked_name(std::string_view who) {
    if (who.empty() || who.size() > limits::approver_octets ||
        std::ranges::any_of(who, [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
        return failure("bad_name", "by",
                       "expected somebody's name, 1 to " + std::to_string(limits::approver_octets) + " characters");
    return std::string(who);
}

result<std::int64_t> pause_running(store::connection& writer, timestamp now) {
    TESSERA_TRY_VALUE(const auto running, campaign_store(writer).in_state(campaign_state::running));
    for (const auto key : running) TESSERA_TRY(change_state(writer, key, campaign_event::pause, now));
    return static_cast<std::int64_t>(running.size());
}

result<campaign> approve(store::connection& writer, campaign_key key, std::string_view who, bool by_name,
                         timestamp now) {
    TESSERA_TRY(checked_name(who));
    campaign_store campaigns(writer);
    TESSERA_TRY_VALUE(auto subject, campaigns.get(key));
    TESSERA_TRY_VALUE(const auto gates, wave_store(writer).gates(key));
    const bool danger = std::ranges::any_of(
        gates, [](const gate& one) { return one.kind == gate_kind::danger && !one.approved_at.has_value(); });
    if (danger && !by_name)
        return failure("bad_name", "by", waits_for(gates) + "; say who takes the responsibility: --by NAME");
    TESSERA_TRY_VALUE(const auto opened, wave_store(writer).approve(key, who, now));
    if (opened == 0)
        return failure("bad_state", subject.id,
                       "is " + std::string(to_string(subject.state)) + " and waits for no approval");
    if (const auto next = next_state(subject.state, campaign_event::approve)) {
        subject.state = *next;
        TESSERA_TRY(campaigns.set_state(key, subject.state, subject.round, subject.phase, subject.finished_at));
    }
    return subject;
}

}  // namespace tessera::campaigns
