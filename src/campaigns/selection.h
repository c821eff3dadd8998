// A selection of targets as SQL: conditions on the table `card`, called c, in the subset that all databases share.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "campaigns/types.h"
#include "store/database.h"

namespace tessera::campaigns {

// Values stand in parameters alone, numbered from `first_parameter` on.
struct selection_piece {
    std::string condition;
    int first_parameter = 1;
    std::vector<std::variant<std::int64_t, std::string, bytes>> values;

    // The values stay here: this must outlive the statement's steps.
    void bind(store::statement& to) const;
};

// Calls `use` with pieces whose cards, one piece after the other, are the selection in rising order of card id: one
// piece, or one for every limits::selection_items cards of a list.
[[nodiscard]] result<void> for_each_piece(const target_selection& selection, int first_parameter,
                                          const std::function<result<void>(const selection_piece&)>& use);

// Whether the selection means that card.
[[nodiscard]] result<bool> selects(store::connection& database, const target_selection& selection, cards::card_id card);

}  // namespace tessera::campaigns
