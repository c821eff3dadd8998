#include "operations/image_update.h"

namespace tessera::operations {

bytes overlaid(byte_view before, byte_view content) {
    bytes after = to_bytes(content);
    if (before.size() > content.size()) append(after, before.subspan(content.size()));
    return after;
}

result<void> write_image(cards::card_store& cards, cards::card_id card, const std::vector<file_write>& writes,
                         const std::vector<byte_view>& before, timestamp now) {
    for (std::size_t i = 0; i < writes.size(); ++i) {
        const auto& write = writes[i];
        if (before[i].size() > write.content.size())
            TESSERA_TRY(cards.put_image(card, write.file, write.record, overlaid(before[i], write.content), now));
        else
            TESSERA_TRY(cards.put_image(card, write.file, write.record, write.content, now));
    }
    return {};
}

}  // namespace tessera::operations
