// P1 of a key rotation: a card's new key set, and the packets that bring and prove it. Each card has its own, so this
// asks the registry card by card; campaigns that rotate no keys never come here.
#pragma once

#include <optional>

#include "base/random.h"
#include "campaigns/blocks.h"
#include "campaigns/types.h"
#include "cards/key_rotation.h"
#include "codec/secured_packet.h"

namespace tessera::campaigns {

// A key set that was made for a card, to be committed as pending with its packet.
struct made_key_set {
    cards::card_id card;
    cards::stored_key_set keys;
    crypto::cipher_algorithm encryption_algorithm{};
    bytes wrapped_encryption_key;
};
[[nodiscard]] result<void> commit_key_set(store::connection& writer, const made_key_set& made,
                                          const key_rotation& rotation, timestamp now);

// What P1 makes of a card: an outcome, or a packet.
struct formatted_keys {
    std::optional<card_outcome> outcome;
    std::uint8_t key_version = 0;  // by which the packet speaks
    std::uint64_t counter = 0;
    std::int64_t counting = 0;  // as cards::counting_application() has it
    bytes packet;
    std::optional<made_key_set> fresh;
};

// Not thread safe.
class key_formatter {
public:
    key_formatter(store::connection& reader, cards::key_vault& vault, const definition& what, random_port& random)
        : reader_(&reader), vault_(&vault), what_(&what), random_(&random) {}
    // write: PUT KEY under the old version; read_back: the question under the new one. Touches nothing durable.
    [[nodiscard]] result<formatted_keys> format(cards::card_id card, operations::purpose what);

private:
    struct new_keys {
        cards::key_set set;
        cards::encryption_key encryption;
        std::optional<made_key_set> fresh;
    };
    [[nodiscard]] result<std::optional<cards::key_set>> find(cards::card_id card, std::uint8_t version);
    [[nodiscard]] result<formatted_keys> format_change(cards::card_id card);
    [[nodiscard]] result<formatted_keys> format_question(cards::card_id card);
    [[nodiscard]] result<std::optional<new_keys>> keys_for(cards::card_id card);
    [[nodiscard]] result<new_keys> make_keys(cards::card_id card);
    [[nodiscard]] result<std::uint64_t> last_counter(cards::card_id card, const cards::key_set_header& keys);
    [[nodiscard]] result<bool> build(const cards::key_set& keys, cards::card_id card, byte_view script,
                                     formatted_keys& into);

    store::connection* reader_;
    cards::key_vault* vault_;
    const definition* what_;
    random_port* random_;
    codec::secured_packet_codec codec_;
    crypto::block_crypto crypto_;
};

}  // namespace tessera::campaigns
