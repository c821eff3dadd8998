// The messages of a chunk, and what came back for it, packed: one row holds many. A row per card and packet cost half
// of a campaign's time; a chunk is written, sent and settled as one anyway.
//
// Integers are big-endian. Decoders trust nothing: a block that does not parse is an error, never a guess.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "cards/types.h"
#include "operations/verdict.h"
#include "telecom/network.h"

namespace tessera::campaigns {

// One packet in the buffer of C-2: its final octets and what they were made of.
struct message_entry {
    cards::card_id card;
    telecom::subscriber_number subscriber = 0;
    operations::purpose what{};
    std::uint8_t sequence = 0;  // among the card's packets of the round
    std::uint8_t key_version = 0;
    std::uint64_t counter = 0;
    std::uint64_t image_version = 0;  // of the image that it was computed from (C-16)
    std::uint16_t port = 0;           // of a terminal's agent; 0: a card
    byte_view packet;
};
void append_entry(bytes& block, const message_entry& entry);
// Views into `block`. Errors: bad_block.
[[nodiscard]] result<std::vector<message_entry>> parse_messages(byte_view block);

// One thing that came back (C-7: raw).
struct answer_entry {
    cards::card_id card;
    operations::answer_kind kind{};
    std::uint8_t attempt = 0;
    std::uint32_t status = 0;
    byte_view octets;
};
void append_entry(bytes& block, const answer_entry& entry);
// Appends to `into`, in order; views into `block`. Errors: bad_block.
[[nodiscard]] result<void> parse_answers(byte_view block, std::vector<answer_entry>& into);

}  // namespace tessera::campaigns
