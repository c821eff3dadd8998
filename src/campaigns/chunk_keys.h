// The key sets of a chunk's cards: one query in order of card instead of one per card, which a database behind a socket
// would make the longest part of P3.
#pragma once

#include <optional>
#include <vector>

#include "campaigns/store.h"
#include "cards/key_vault.h"
#include "cards/store.h"

namespace tessera::campaigns {

class chunk_keys {
public:
    // Reads the key sets of the chunk's targets for `application`, of the version that most of them speak by. The
    // reader outlives this.
    [[nodiscard]] result<void> load(store::connection& reader, const chunk& held, std::uint8_t key_version,
                                    std::uint32_t application);
    // The keys that a card's packets of that version were built with; of another version than load() was told it is
    // asked for. Cards in rising order. Errors: no_key, and those of unwrapping.
    [[nodiscard]] result<cards::key_set> of(cards::card_id card, std::uint8_t key_version, cards::key_vault& vault);

private:
    struct row {
        cards::card_id card;
        cards::key_set_header header;
        std::size_t at = 0;  // in wrapped_
        std::size_t octets = 0;
    };
    store::connection* reader_ = nullptr;
    std::uint8_t key_version_ = 0;
    std::uint32_t application_ = 0;
    bool own_keys_ = false;  // some card has keys for the application
    std::vector<row> rows_;
    std::size_t next_ = 0;
    bytes wrapped_;

    [[nodiscard]] result<cards::key_set> ask(cards::card_id card, std::uint8_t key_version, cards::key_vault& vault);
};

}  // namespace tessera::campaigns
