// The durable side of P2, seen from the exchange: chunks to send come out of it, what came back goes into it. Calls
// return at once; answers come back through journal_events on the exchange's own thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "campaigns/types.h"
#include "telecom/network.h"

namespace tessera::campaigns {

// A chunk whose release is durable: what may be sent of it, and on a resumed one what came back before the crash.
struct loaded_chunk {
    struct packet {
        std::uint32_t offset = 0, octets = 0;  // into arena
        std::uint8_t reference = 0;            // for the concatenation; a function of the packet
        std::uint16_t port = 0;                // of a terminal's agent; 0: a card
    };
    struct target {
        cards::card_id card;
        telecom::subscriber_number subscriber = 0;
        std::uint32_t first_packet = 0;
        std::uint8_t packets = 0;  // 0: only listened for
    };
    struct stored_answer {
        cards::card_id card;
        operations::answer_kind kind{};
        int attempt = 0;  // 0: came when nothing of the card's packet had been sent
        bytes octets;
    };
    chunk held;
    bytes arena;
    std::vector<packet> packets;
    std::vector<target> targets;  // in order of card id
    std::vector<stored_answer> answers;
    std::vector<cards::card_id> unsent;  // in order; of a resumed one: nothing of theirs had left before
    // In order, once for each other campaign that an answer of theirs may be for.
    std::vector<cards::card_id> awaited_by_others;
    std::int64_t sent = 0, answered = 0;  // counted before the crash; the same cards are counted again
};

// One transaction's worth.
struct journal_batch {
    struct answer {
        std::int64_t chunk = 0;
        cards::card_id card;
        operations::answer_kind kind{};
        int attempt = 0;
        std::uint32_t status = 0;
        std::uint32_t offset = 0, octets = 0;  // into arena
    };
    struct unmatched {  // from a subscriber that this exchange awaits nothing of
        telecom::subscriber_number subscriber = 0;
        std::uint32_t offset = 0, octets = 0;
    };
    struct move {
        chunk held;
        chunk_state to{};
        int attempt = 0;
        chunk_progress more;
    };
    bytes arena;
    std::vector<answer> answers;
    std::vector<unmatched> strangers;
    std::vector<move> moves;
    // Cards of a chunk that was released: nothing of theirs has left.
    struct unsent_cards {
        chunk held;
        std::vector<cards::card_id> cards;
    };
    std::vector<unsent_cards> unsent;
    std::vector<telecom::inbound_handle> acknowledge;  // when the batch is durable, and not before
    bool renew_leases = false;

    [[nodiscard]] bool empty() const {
        return answers.empty() && strangers.empty() && moves.empty() && unsent.empty() && acknowledge.empty() &&
               !renew_leases;
    }
    std::uint32_t keep(byte_view octets) {
        const auto offset = static_cast<std::uint32_t>(arena.size());
        append(arena, octets);
        return offset;
    }
};

class journal_events {
public:
    virtual ~journal_events() = default;
    virtual void on_leased(std::vector<chunk> chunks) = 0;  // empty: no chunk is left
    virtual void on_loaded(loaded_chunk loaded) = 0;
    virtual void on_written(journal_batch batch) = 0;      // durable
    virtual void on_journal_failed(const error& why) = 0;  // nothing more will come
};

class exchange_journal {
public:
    virtual ~exchange_journal() = default;
    // Chunks that a crash left released come first.
    virtual void lease(std::int64_t limit) = 0;
    // Marks the chunk as released for sending attempt `attempt`, makes that durable, then loads it (on_loaded).
    // with_answers: also what is stored of it already.
    virtual void release(const chunk& held, int attempt, bool with_answers) = 0;
    virtual void write(journal_batch batch) = 0;
};

}  // namespace tessera::campaigns
