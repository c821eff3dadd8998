// What a proved write, or a proved reading, does to the image of its card (C-17).
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

// The card executed what proved `one` after `other`, as far as their counters can tell.
[[nodiscard]] bool is_later(const cards::image_proof& one, const cards::image_proof& other);

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

// What a card said that a file of it holds.
struct proved_reading {
    std::string_view file;  // canonical path
    std::uint16_t record = 0;
    byte_view content;
    bool whole = false;                 // it ends where the file ends
    std::optional<known_image> before;  // nothing where the image has nothing
    cards::image_proof proof;           // the packet that brought it, of several the first
    bool untouched = true;              // nobody has changed the image since the packet was formatted
    bool doubted = false;               // image_doubt names the file
};
enum class comparison : std::uint8_t {
    nothing_known,
    same,
    differs,
    overtaken,  // the image is of later, or nobody can tell which of both is: it stays
};

// True: a file that begins with `found`, and ends with it if it is `whole`, may be one that begins with `expected`.
[[nodiscard]] bool agrees(byte_view expected, byte_view found, bool whole);

// The image follows the truth that was read; a difference goes into the card's history. In the caller's transaction.
[[nodiscard]] result<comparison> read_image(cards::card_store& cards, cards::card_id card, const proved_reading& proved,
                                            timestamp now);

// Of writes that nobody but the packet with this counter tells of, of several the last. In the caller's transaction.
[[nodiscard]] result<void> write_image_after(cards::card_store& cards, cards::card_id card,
                                             const std::vector<file_write>& writes,
                                             const application_security& security, std::uint64_t counter,
                                             timestamp now);

}  // namespace tessera::operations
