// Rows of an import whose names nobody has yet: asked for by the hundred, written by the hundred or, where the database
// can, copied. Most rows of a first import are such; all others are looked at one by one (import.cpp).
#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "cards/import_row.h"
#include "cards/key_vault.h"
#include "store/row_batch.h"

namespace tessera::cards {

// Of one transaction. Rows that it has seen must stay where they are as long as it lives.
class new_cards {
public:
    new_cards(store::connection& writer, key_vault& vault, timestamp now);

    // Which names of these rows the registry has.
    [[nodiscard]] result<void> look_up(std::span<const import_row* const> rows);
    // Nobody has one of the row's names, neither in the registry nor among the rows that were asked about before.
    [[nodiscard]] bool is_new(const import_row& row);
    // Of a row that is_new(), and whose key sets are different ones.
    [[nodiscard]] result<void> add(card_id id, profile_id profile, const import_row& row);
    // Before anything else reads what was added.
    [[nodiscard]] result<void> flush();

private:
    template <class Name, class Take>
    result<void> ask(const store::row_shape& query, std::vector<Name> names, Take&& take);
    result<void> add_keys(card_id id, const key_set& keys);
    result<void> add_encryption_keys(card_id id, const import_row& row);

    store::connection* writer_;
    key_vault* vault_;
    std::int64_t now_;
    // ICCIDs and IMSIs together: one that is also the other only costs its row the look that all others get.
    std::unordered_set<std::string_view> taken_;
    std::unordered_set<std::uint64_t> taken_numbers_;
    std::deque<std::string> found_;  // that names in the registry are views of
    store::row_batch cards_, key_sets_, encryption_keys_, tags_, variables_, terminals_;
};

}  // namespace tessera::cards
