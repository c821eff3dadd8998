// Which cards go in which wave, decided once, when a campaign is made.
//
// A card that a wave names by its tag belongs to the first such wave. Waves by size and percent draw from the others in
// an order that depends on nothing but a seed and the card, so that a canary is a fair sample of the fleet; the rest is
// the last one's. Test cards (house_rules.h) are wave 0, whether the campaign means them or not, unless it excludes
// them.
#pragma once

#include "campaigns/house_rules.h"
#include "campaigns/types.h"
#include "store/database.h"

namespace tessera::campaigns {

struct wave_plan {
    struct member {
        cards::card_id card;
        int leg = 0;
    };
    std::vector<leg> legs;        // in order of number
    std::vector<member> members;  // in order of card id
};

// Whether the campaign goes in legs at all.
[[nodiscard]] bool goes_in_legs(const definition& what, const house_rules& house);

// Reads, and writes nothing. Errors: no_targets (of the whole, or of a wave), bad_waves (cards that no wave takes),
// no_test_card, no_zone.
[[nodiscard]] result<wave_plan> plan_waves(store::connection& reader, const definition& what, const house_rules& house,
                                           std::uint64_t seed);

}  // namespace tessera::campaigns
