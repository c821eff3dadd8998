#include "campaigns/card_plan.h"

#include <algorithm>

#include "operations/setting.h"

namespace tessera::campaigns {

card_plan plan_of(const card_facts& facts) {
    if (facts.what == operations::purpose::write && facts.holds) return card_plan::skip;
    if (!facts.has_subscriber) return card_plan::no_subscriber;
    if (facts.what == operations::purpose::listen) return card_plan::listen;
    if (facts.what == operations::purpose::repeat) return card_plan::repeat;
    return facts.has_keys ? card_plan::build : card_plan::no_key;
}

bool holds_all(image_scan& images, cards::card_id card, const std::vector<operations::file_write>& writes) {
    const auto& held = images.of(card);
    if (writes.empty() || images.doubtful(card)) return false;
    for (std::size_t i = 0; i < held.size(); ++i)
        // A setting is replaced whole.
        if (operations::is_setting(writes[i]) ? !std::ranges::equal(held[i], writes[i].content)
                                              : !holds(held[i], writes[i].content))
            return false;
    return true;
}

}  // namespace tessera::campaigns
