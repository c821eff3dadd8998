// What a proved write does to the image of its card (C-17).
#pragma once

#include <vector>

#include "cards/store.h"
#include "operations/script.h"

namespace tessera::operations {

// An update from the file's begin leaves what lies behind it.
[[nodiscard]] bytes overlaid(byte_view before, byte_view content);

// before: of each write, what the image held of its file; empty where nothing.
[[nodiscard]] result<void> write_image(cards::card_store& cards, cards::card_id card,
                                       const std::vector<file_write>& writes, const std::vector<byte_view>& before,
                                       timestamp now);

}  // namespace tessera::operations
