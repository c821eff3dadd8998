// The cards of events that a trigger is for, gathered for its next campaign. In memory: whoever begins anew, after a
// crash or otherwise, finds the same in the events after the last one that had its effect.
#pragma once

#include <set>

#include "campaigns/trigger_store.h"

namespace tessera::campaigns {

struct gathered_card {
    std::int64_t event = 0;
    cards::card_id card;
    std::string iccid, profile;
};

class trigger_gathering {
public:
    // `what` is the trigger's file, and outlives this. Events after `seen` are its business.
    trigger_gathering(trigger_key key, const definition& what, std::int64_t seen)
        : key_(key), terms_(&*what.trigger), kind_(what.targets.kind), seen_(seen) {}

    // Goes on behind the last event that it looked at, until it is full; at most limits::trigger_events_per_look of
    // them. True: there may be more.
    [[nodiscard]] result<bool> look(store::connection& reader, timestamp now);

    [[nodiscard]] bool due(timestamp now) const { return full() || (first_ && *first_ + terms_->every <= now); }
    [[nodiscard]] bool empty() const { return members_.empty(); }
    // Of a card there may be several, by its events.
    [[nodiscard]] const std::vector<gathered_card>& members() const { return members_; }
    [[nodiscard]] std::int64_t seen() const { return seen_; }        // the last event that was looked at
    [[nodiscard]] std::int64_t limited() const { return limited_; }  // events of cards that had their campaigns
    // Those have had their effect; what comes is gathered anew.
    void begin_anew();

private:
    [[nodiscard]] bool full() const;
    [[nodiscard]] result<void> take(store::connection& reader, const cards::stored_event& event, timestamp now);
    [[nodiscard]] result<bool> is_for(store::connection& reader, const cards::card& card);

    trigger_key key_;
    const trigger_terms* terms_;
    target_kind kind_;
    std::int64_t seen_;
    std::int64_t limited_ = 0;
    std::set<std::int64_t> among_;  // cards of the members
    std::vector<gathered_card> members_;
    std::optional<timestamp> first_;  // when the first of their events was recorded
};

}  // namespace tessera::campaigns
