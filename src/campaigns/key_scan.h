// The key sets of a chunk's cards and the counters given out under them: a scan or two instead of queries card by card,
// which would be the longest part of P1 and P3 where the database is behind a socket.
#pragma once

#include <optional>
#include <vector>

#include "campaigns/types.h"
#include "cards/key_vault.h"
#include "store/database.h"

namespace tessera::campaigns {

struct scanned_keys {
    cards::key_set_header header;
    byte_view wrapped;               // valid until the next load
    std::uint64_t last_counter = 0;  // that was given to a packet, or below every one that will be
};

class key_scan {
public:
    // Reads them, of all versions and applications.
    [[nodiscard]] result<void> load(store::connection& reader, const chunk& held);
    // Likewise without the counters: last_counter tells nothing then.
    [[nodiscard]] result<void> load_keys(store::connection& reader, const chunk& held);

    // The key set by which an application is spoken to under a version: its own, or that of all applications. Nothing:
    // there is none. Cards in rising order.
    [[nodiscard]] std::optional<scanned_keys> of(cards::card_id card, std::uint8_t key_version,
                                                 std::uint32_t application);
    // Likewise unwrapped, for what was said under it. Errors: no_key, bad_wrapping.
    [[nodiscard]] result<cards::key_set> unwrapped(cards::card_id card, std::uint8_t key_version,
                                                   std::uint32_t application, cards::key_vault& vault);

private:
    struct key_row {
        std::int64_t card = 0;
        cards::key_set_header header;
        std::size_t at = 0;  // in wrapped_
        std::size_t octets = 0;
    };
    struct counter_row {
        std::int64_t card = 0;
        cards::application_counter given;
    };
    std::vector<key_row> keys_;
    std::vector<counter_row> counters_;
    std::size_t next_key_ = 0;
    std::size_t next_counter_ = 0;
    bytes wrapped_;

    [[nodiscard]] std::uint64_t last_counter(std::int64_t card, const cards::key_set_header& keys,
                                             std::int64_t counting);
};

}  // namespace tessera::campaigns
