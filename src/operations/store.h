// The SQL of single operations, nothing else. One per connection; everything runs in the caller's transaction.
#pragma once

#include <vector>

#include "operations/types.h"
#include "store/database.h"

namespace tessera::operations {

struct stored_operation {
    operation_key key;
    std::string id;
    cards::card_id card;
    operation_kind kind{};
    std::string what;  // "write 7f20/6f46"
    std::uint32_t application = 0;
    std::uint8_t key_version = 0;
    timestamp started_at;
    std::optional<timestamp> ended_at;
    std::optional<outcome> result;
    cause why;
};

class operation_store {
public:
    explicit operation_store(store::connection& database) : database_(&database) {}

    // In flight from now on; `key` is made here.
    [[nodiscard]] result<operation_key> insert(const stored_operation& begun, const single_request& asked);
    [[nodiscard]] result<void> put_packet(operation_key key, int sequence, std::uint64_t counter, byte_view octets);
    [[nodiscard]] result<void> put_answer(operation_key key, int ordinal, byte_view octets);
    // A counter was used, or the image changed: messages formatted before are stale.
    [[nodiscard]] result<void> touch(operation_key key);
    [[nodiscard]] result<void> end(operation_key key, outcome what, const cause& why, int attempts, timestamp now);

    // --- of operations that ended unknown, for answers that come later; a card's newest first, a few at most
    [[nodiscard]] result<std::vector<operation_key>> unknown(cards::card_id card);
    [[nodiscard]] result<std::vector<operation_key>> unknown(cards::card_id card, std::uint32_t application);
    // Behind the answers that it has.
    [[nodiscard]] result<void> add_answer(operation_key key, byte_view octets);
    // What is needed to weigh its answers; nothing of trials, and of operations older than the columns for it. The
    // commands of a run come back as one text and empty ones.
    struct record {
        single_request asked;
        std::vector<std::uint64_t> counters;  // of its packets, in order
        std::vector<bytes> answers;           // in order of arrival
    };
    [[nodiscard]] result<std::optional<record>> whole(operation_key key);
    [[nodiscard]] result<void> revise(operation_key key, outcome what, const cause& why);

    // The latest moment of all.
    [[nodiscard]] result<std::int64_t> moment();
    // Cards from first to last that an operation has touched after `moment`; that one is at work on now. In order.
    [[nodiscard]] result<std::vector<cards::card_id>> touched(cards::card_id first, cards::card_id last,
                                                              std::int64_t moment);
    [[nodiscard]] result<std::vector<cards::card_id>> in_flight(cards::card_id first, cards::card_id last);
    // Operations of a process that is no more, those that began before a time: they end unknown. Returns how many.
    [[nodiscard]] result<std::int64_t> abandon(timestamp begun_before, timestamp now);
    // A card's operations, oldest first.
    [[nodiscard]] result<std::vector<stored_operation>> history(cards::card_id card);

private:
    store::connection* database_;
};

}  // namespace tessera::operations
