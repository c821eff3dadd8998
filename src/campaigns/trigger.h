// A trigger: a campaign file with a section [trigger] in place of [targets]. The cards of events that it is for become
// the targets of campaigns that are made of it, which are campaigns like any other from then on.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/time.h"
#include "cards/card_events.h"

namespace tessera::campaigns {

struct trigger_terms {
    std::string name;  // as a tag looks
    std::vector<cards::event_kind> on;
    std::string profile;                        // empty: whichever
    std::vector<std::string> tags;              // any of them; none: whichever
    std::vector<std::string> imei;              // how it begins: a TAC, or less, or more; none: whichever
    duration every = std::chrono::seconds(10);  // so long cards are gathered for one campaign, from the first event on
    std::int64_t cards_max = 1'000;             // of one campaign; with so many it does not wait any more
    std::int64_t per_card_and_day = 1;          // campaigns of this trigger for one card in 24 hours

    [[nodiscard]] bool means(cards::event_kind kind) const { return std::ranges::find(on, kind) != on.end(); }
};

}  // namespace tessera::campaigns
