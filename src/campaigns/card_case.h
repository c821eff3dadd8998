// One card's whole part in a campaign, all rounds, put before the judge: for second rounds and for late answers. A
// chunk's first round is settled by one scan instead.
#pragma once

#include "campaigns/chunk_blocks.h"
#include "campaigns/packet_scripts.h"
#include "campaigns/store.h"
#include "campaigns/types.h"
#include "cards/key_vault.h"
#include "cards/store.h"
#include "operations/verdict.h"

namespace tessera::campaigns {

// What the packets of a purpose were built from, in order of sequence.
struct packet_plan {
    explicit packet_plan(const definition& what);
    std::uint32_t application;
    packet_scripts scripts;

    [[nodiscard]] operations::sent_packet describe(operations::purpose what, int sequence, std::uint64_t counter) const;
};

// What a round's packets were: by the last one's counter the image knows them again.
struct formatted_from {
    std::uint64_t image_version = 0;
    cards::image_proof proof;
};

struct card_case {
    // Under the key set that `found` is about: that of the latest round, or an earlier one under which more was proved.
    std::vector<operations::sent_round> rounds;
    std::vector<formatted_from> formatted;  // of each round
    operations::verdict found;
    int attempts = 0;
    int answers_in_round = 0;  // messages of the latest round
    // Rounds in which the first sending was answered, so that no repeat was refused; 0 where the card ran anything.
    int fresh_rounds = 0;
};

// blocks: of the same connection, made in the same transaction. Errors: no_key (the key set is gone), database.
[[nodiscard]] result<card_case> assess_card(store::connection& database, chunk_blocks& blocks, cards::key_vault& vault,
                                            operations::judge& judge, const definition& what, const packet_plan& plan,
                                            campaign_key key, cards::card_id card);

// By which its packets of the application were built. Errors: no_key (it is gone).
[[nodiscard]] result<cards::key_set> keys_of(store::connection& database, cards::key_vault& vault, cards::card_id card,
                                             std::uint8_t key_version, std::uint32_t application);

// The packets of the latest round that a card took part in, and what it said to whichever campaign.
struct latest_round {
    chunk_id where;
    std::vector<message_entry> packets;  // without their octets; empty: it was sent nothing
    cards::key_set keys;
    bytes octets;  // that the answers are in
    std::vector<operations::raw_answer> answers;
};
// Errors: no_key, database.
[[nodiscard]] result<latest_round> answers_of_latest_round(store::connection& database, chunk_blocks& blocks,
                                                           cards::key_vault& vault, const definition& what,
                                                           campaign_key key, cards::card_id card);

}  // namespace tessera::campaigns
