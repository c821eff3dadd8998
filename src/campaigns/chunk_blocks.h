// What chunks hold, read once for several of their cards: for those that are looked at one by one.
#pragma once

#include <deque>
#include <span>
#include <vector>

#include "campaigns/blocks.h"
#include "campaigns/store.h"

namespace tessera::campaigns {

// Keeps a few chunks, as they were when they were read: one for each snapshot or transaction. Not thread safe.
class chunk_blocks {
public:
    explicit chunk_blocks(store::connection& database) : campaigns_(database) {}

    // A card's own entries, in order of sequence and of arrival; valid until the next call. Errors: database,
    // bad_block.
    [[nodiscard]] result<std::span<const message_entry>> messages(const chunk_id& where, cards::card_id card);
    [[nodiscard]] result<std::span<const answer_entry>> answers(const chunk_id& where, cards::card_id card);

private:
    template <class Entry>
    struct kept {
        chunk_id where;
        bytes octets;
        std::vector<Entry> entries;  // in order of card
    };
    campaign_store campaigns_;
    std::deque<kept<message_entry>> messages_;
    std::deque<kept<answer_entry>> answers_;
};

}  // namespace tessera::campaigns
