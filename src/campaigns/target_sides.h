// A campaign may have something for cards and something for mobile terminals (C-1). Each of them sees a campaign of its
// own: the same but for what is written, and where. Whatever builds packets or weighs answers works on such a side.
#pragma once

#include <unordered_map>

#include "campaigns/types.h"
#include "store/database.h"

namespace tessera::campaigns {

// Files for writes, the application on the card.
[[nodiscard]] definition for_cards(const definition& whole);
// Settings for writes, the agent. `whole` has terminals.
[[nodiscard]] definition for_terminals(const definition& whole);

// Which targets are terminals, and where their agents listen.
class terminal_ports {
public:
    // Of the registry's terminals from first to last; what was loaded before is forgotten.
    [[nodiscard]] result<void> load(store::connection& reader, cards::card_id first, cards::card_id last);
    // 0: it is a card.
    [[nodiscard]] std::uint16_t of(cards::card_id card) const {
        const auto found = ports_.find(card.value);
        return found == ports_.end() ? std::uint16_t{0} : found->second;
    }
    [[nodiscard]] bool empty() const { return ports_.empty(); }

private:
    std::unordered_map<std::int64_t, std::uint16_t> ports_;
};

}  // namespace tessera::campaigns
