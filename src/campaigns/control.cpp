#include "campaigns/control.h"

namespace tessera::campaigns {

result<campaign> change_state(store::connection& writer, campaign_key key, campaign_event event, timestamp now) {
    campaign_store campaigns(writer);
    TESSERA_TRY_VALUE(auto subject, campaigns.get(key));
    const auto next = next_state(subject.state, event);
    if (!next) {
        const std::string verb = event == campaign_event::pause ? "paused" : "cancelled";
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

}  // namespace tessera::campaigns
