// Contents with variables of the card: what a campaign writes into each card is its own then.
#pragma once

#include <unordered_map>
#include <vector>

#include "campaigns/store.h"
#include "campaigns/types.h"
#include "cards/store.h"

namespace tessera::campaigns {

// The card's own writes, encoded from what the registry says of it now; or why there are none: no_variable,
// bad_variable (as outcome's cause).
using own_writes = std::expected<std::vector<operations::file_write>, operations::cause>;
[[nodiscard]] result<own_writes> writes_for(store::connection& database, const definition& what, cards::card_id card);

// A campaign's contents as they were formatted, of cards between two ids. For a campaign without variables nothing is
// read and every card has the definition's. Not thread safe. `what` must outlive it.
class formatted_writes {
public:
    explicit formatted_writes(const definition& what) : what_(&what) {}

    [[nodiscard]] result<void> load(store::connection& reader, campaign_key key, cards::card_id first,
                                    cards::card_id last);
    [[nodiscard]] bool known(cards::card_id card) const { return !what_->is_personal() || own_.contains(card.value); }
    [[nodiscard]] const std::vector<operations::file_write>& of(cards::card_id card) const;

private:
    const definition* what_;
    std::unordered_map<std::int64_t, std::vector<operations::file_write>> own_;
};

// The definition of one card's part: with its own contents.
[[nodiscard]] definition with_writes(const definition& what, const std::vector<operations::file_write>& writes);

}  // namespace tessera::campaigns
