// MSISDNs that move: a subscriber gets another number, or another card.
#pragma once

#include <span>
#include <vector>

#include "cards/store.h"

namespace tessera::cards {

struct number_change {
    std::string iccid;
    std::uint64_t msisdn = 0;  // 0: none any more
};
struct changed_number {
    card_id card;
    std::string iccid;
    std::uint64_t before = 0;
    std::uint64_t now = 0;
};

// All or none, in the caller's transaction; numbers may go round in a circle. Changes that say nothing new are left
// out of what is returned. Errors, with the card's ICCID or the number as field: not_found; conflict (another card
// holds the number and keeps it, or the changes name a card or a number twice).
[[nodiscard]] result<std::vector<changed_number>> change_numbers(card_store& cards,
                                                                 std::span<const number_change> changes, timestamp now);

// The number goes from one card to the one that takes its place. Errors: not_found; conflict (the old card has no
// number, or the new one has one already).
[[nodiscard]] result<std::vector<changed_number>> swap_cards(card_store& cards, std::string_view old_iccid,
                                                             std::string_view new_iccid, timestamp now);

// A CSV file with the columns iccid and msisdn; an empty number: none. Errors, with "FILE:LINE": not_found, bad_header,
// bad_row, bad_iccid, bad_msisdn, too_long (limits::number_changes).
[[nodiscard]] result<std::vector<number_change>> read_number_changes(const std::string& path);

}  // namespace tessera::cards
