#include "campaigns/image_scan.h"

#include <algorithm>

namespace tessera::campaigns {

bytes overlaid(byte_view before, byte_view content) {
    bytes after = to_bytes(content);
    if (before.size() > content.size()) append(after, before.subspan(content.size()));
    return after;
}

bool holds(byte_view held, byte_view content) {
    return held.size() >= content.size() && std::equal(content.begin(), content.end(), held.begin());
}

result<void> image_scan::load(store::connection& reader, cards::card_id first, cards::card_id last,
                              const std::vector<operations::file_write>& writes) {
    rows_.clear();
    next_ = 0;
    current_.assign(writes.size(), {});
    TESSERA_TRY_VALUE(
        auto* query,
        reader.kept(
            "SELECT card_id, file, record, content FROM image_file WHERE card_id BETWEEN $1 AND $2 ORDER BY card_id"));
    query->with(first.value, last.value);
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return {};
        for (std::size_t i = 0; i < writes.size(); ++i)
            if (query->text(1) == writes[i].file && query->integer(2) == writes[i].record)
                rows_.push_back({query->integer(0), i, to_bytes(query->octets(3))});
    }
}

const std::vector<byte_view>& image_scan::of(cards::card_id card) {
    std::ranges::fill(current_, byte_view{});
    while (next_ < rows_.size() && rows_[next_].card < card.value) ++next_;
    for (; next_ < rows_.size() && rows_[next_].card == card.value; ++next_)
        current_[rows_[next_].write] = rows_[next_].content;
    return current_;
}

}  // namespace tessera::campaigns
