// The SQL of waves: legs, who belongs to them, and gates. One per connection; everything runs in the caller's
// transaction.
#pragma once

#include <functional>
#include <vector>

#include "campaigns/types.h"
#include "store/database.h"

namespace tessera::campaigns {

class wave_store {
public:
    explicit wave_store(store::connection& database) : database_(&database) {}

    // --- legs: made when the campaign is
    [[nodiscard]] result<void> put_leg(campaign_key key, const leg& made, std::uint64_t seed);
    [[nodiscard]] result<void> put_member(campaign_key key, cards::card_id card, int leg);
    // In order of number; empty for a campaign without waves.
    [[nodiscard]] result<std::vector<leg>> legs(campaign_key key);
    [[nodiscard]] result<bool> in_legs(campaign_key key);
    // The leg's cards become the targets of `round`, to be written.
    [[nodiscard]] result<void> begin_leg(campaign_key key, int leg, int round);
    [[nodiscard]] result<void> end_leg(campaign_key key, int leg, int round);

    // --- gates
    [[nodiscard]] result<void> close_gate(campaign_key key, gate_kind kind, int wave, std::string_view reason,
                                          timestamp now);
    [[nodiscard]] result<std::vector<gate>> gates(campaign_key key);
    // Opens all that are closed; returns how many.
    [[nodiscard]] result<std::int64_t> approve(campaign_key key, std::string_view who, timestamp now);

private:
    store::connection* database_;
};

// What stands closed, as a text for people: empty if nothing.
[[nodiscard]] std::string waits_for(const std::vector<gate>& gates);

}  // namespace tessera::campaigns
