// What the two halves of smsc share and nobody else sees.
#pragma once

#include <vector>

#include "sim/smsc.h"

namespace tessera::sim {

struct smsc::link {
    enum class protocol : std::uint8_t { unknown, smpp, control };

    link_id id = 0;
    instant opened_at{};
    protocol speaks = protocol::unknown;
    account* bound_to = nullptr;
    bool transmits = false;
    bool receives = false;
    bool closing = false;
    bool touched = false;
    bytes output;

    // deliver_sm without answer: that of sequence number n stands at n modulo the window.
    struct slot {
        bool taken = false;
        std::uint32_t sequence = 0;
        delivery what;
    };
    std::vector<slot> outstanding;
    std::size_t outstanding_count = 0;
    std::uint32_t next_sequence = 1;
};

// A submit_sm that was accepted, on its way to the card.
struct smsc::submission {
    card_index card = no_card;
    std::uint64_t card_hash = 0;
    std::uint64_t ordinal = 0;
    std::uint64_t message_id = 0;
    byte_view user_data;
    bool has_header = false;
    peer_address source;
    bool receipt = false;             // when it is delivered
    bool receipt_on_failure = false;  // when it is not
    duration validity{0};
};

// A submission that waits for another try; it owns its octets.
struct smsc::undelivered {
    account* sender = nullptr;
    submission message;  // but for user_data
    card_message content;
    std::uint64_t attempts = 1;
    instant expires{};
};

}  // namespace tessera::sim
