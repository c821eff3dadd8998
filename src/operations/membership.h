// What single operations must know of fleets; implemented by campaigns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "cards/types.h"
#include "store/database.h"
#include "telecom/network.h"

namespace tessera::operations {

// Why a card is not to be touched now (C-13): which campaign manages it, and where that stands.
struct inhibition {
    std::string campaign;  // id
    std::string name;
    std::string phase;  // exchange or settle
};

// Calls run in the caller's transaction, on the process's one writing connection: what they find holds until it
// commits. Thread safe as far as connections differ.
class membership {
public:
    virtual ~membership() = default;
    [[nodiscard]] virtual result<std::optional<inhibition>> inhibits(store::connection& writer,
                                                                     cards::card_id card) = 0;
    // Errors: stopped_all (nothing that writes may begin now).
    [[nodiscard]] virtual result<void> may_write(store::connection& writer) = 0;
    // Something came from a card that no operation awaits: kept, for the campaign, or the operation that has ended,
    // that it belongs to (C-8).
    [[nodiscard]] virtual result<void> keep_stray(store::connection& writer, telecom::subscriber_number subscriber,
                                                  byte_view user_data) = 0;
    // Settles some of what keep_stray() kept, in one transaction of its own. True: there may be more.
    [[nodiscard]] virtual result<bool> settle_strays() = 0;
};

}  // namespace tessera::operations
