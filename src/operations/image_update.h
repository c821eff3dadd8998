// What a proved write does to the image of its card (C-17).
#pragma once

#include <optional>
#include <vector>

#include "cards/store.h"
#include "operations/packet_builder.h"
#include "operations/script.h"

namespace tessera::operations {

// An update from the file's begin leaves what lies behind it.
[[nodiscard]] bytes overlaid(byte_view before, byte_view content);

// What the image holds of a file before the proved write goes into it.
struct known_image {
    byte_view content;
    cards::image_proof proof;
};

struct proved_writes {
    const std::vector<file_write>* writes = nullptr;
    std::vector<std::optional<known_image>> before;  // of each write; nothing where the image has nothing
    cards::image_proof proof;                        // the packet that proved them, of several the last
    bool untouched = true;                           // nobody has changed the image since the packet was formatted
    bool doubted = false;                            // image_doubt names one of the files
};

// In the caller's transaction. Where somebody else changed a file meanwhile, the counters say whose write the card
// executed last; where they cannot be compared, the image keeps what it has and the file is doubted.
[[nodiscard]] result<void> write_image(cards::card_store& cards, cards::card_id card, const proved_writes& proved,
                                       timestamp now);

// Of writes that nobody but the packet with this counter tells of, of several the last. In the caller's transaction.
[[nodiscard]] result<void> write_image_after(cards::card_store& cards, cards::card_id card,
                                             const std::vector<file_write>& writes,
                                             const application_security& security, std::uint64_t counter,
                                             timestamp now);

}  // namespace tessera::operations
