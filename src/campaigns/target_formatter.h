// P1's work on the targets of a campaign, or of one side of it (target_sides.h): their images, keys and packets.
#pragma once

#include "campaigns/audit_plan.h"
#include "campaigns/chunk_blocks.h"
#include "campaigns/image_scan.h"
#include "campaigns/key_scan.h"
#include "campaigns/prepare_keys.h"
#include "campaigns/store.h"
#include "campaigns/target_sides.h"
#include "cards/key_vault.h"
#include "operations/packet_builder.h"

namespace tessera::campaigns {

struct raised_counter {
    cards::card_id card;
    std::int64_t application = 0;  // as cards::counting_application() has it
    std::uint64_t counter = 0;
    std::uint8_t key_version = 0;
};

// Everything one chunk's transaction will write.
struct prepared_chunk {
    bytes messages;  // blocks.h
    std::vector<raised_counter> counters;
    std::vector<card_outcome> outcomes;
    std::vector<campaign_store::own_content> contents;  // where they have variables
    std::vector<made_key_set> key_sets;
    chunk_progress progress;
    void clear() {
        messages.clear(), counters.clear(), outcomes.clear(), contents.clear(), key_sets.clear();
        progress = {};
    }
};

// Not thread safe. Definition, reader and vault must outlive it.
class target_formatter {
public:
    // first_round: of those who are prepared, as campaign_run has it.
    target_formatter(const definition& what, int first_round, store::connection& reader, cards::key_vault& vault,
                     random_port& random);

    // Adds what becomes of the round's targets in a chunk, or in a piece of one. ports: of the terminals among them,
    // where a campaign has some; those of the other side are passed over then. Reads only; the caller holds a snapshot.
    [[nodiscard]] result<void> format(const chunk& which, const terminal_ports* ports, prepared_chunk& into);

private:
    // One row of the query for targets.
    struct target {
        cards::card_id id;
        operations::purpose what{};
        telecom::subscriber_number subscriber = 0;  // 0: none
        bool has_keys = false;
        cards::key_set_header header;
        byte_view wrapped;
        std::uint64_t last_counter = 0;
        std::uint16_t port = 0;  // of a terminal
    };
    target read_target(const store::statement& row);
    result<store::statement*> targets_query(const chunk& which);
    void scripts_from(const definition& what);
    result<bool> take_own(const chunk_id& where, const target& card);
    result<void> format_rotation(const target& card);
    result<void> format_card(const chunk_id& where, const target& card);
    [[nodiscard]] message_entry entry_of(const target& card) const;
    result<void> repeat(const chunk_id& where, const target& card);
    const std::vector<bytes>& scripts_for(const target& card);
    bool build(const target& card, const cards::key_set& keys);
    result<void> end(cards::card_id card, operations::outcome what, operations::cause why);

    const definition* what_;
    int first_round_;
    store::connection* reader_;
    cards::key_vault* vault_;
    operations::packet_builder builder_;
    std::vector<bytes> writes_;
    std::vector<bytes> reads_;
    std::optional<audit_plan> audit_;
    std::vector<operations::file_write> files_;  // that the campaign is about
    definition own_;                             // of the card that is looked at, where contents have variables
    image_scan images_;
    key_scan scanned_;
    key_formatter keys_;
    std::optional<chunk_blocks> earlier_;  // of the snapshot, where something goes again
    std::optional<bool> differ_;           // whether cards have current key sets of their own
    bytes packet_;
    prepared_chunk* into_ = nullptr;
};

}  // namespace tessera::campaigns
