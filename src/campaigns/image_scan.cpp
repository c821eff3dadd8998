#include "campaigns/image_scan.h"

#include <algorithm>

#include "campaigns/chunk_rows.h"

namespace tessera::campaigns {

bool holds(byte_view held, byte_view content) {
    return held.size() >= content.size() && std::equal(content.begin(), content.end(), held.begin());
}

result<void> image_scan::load(store::connection& reader, const chunk& held,
                              const std::vector<operations::file_write>& writes) {
    rows_.clear();
    versions_ = 0;
    next_ = 0;
    current_.assign(writes.size(), {});
    proofs_.assign(writes.size(), std::nullopt);
#define TESSERA_SCANNED_IMAGE \
    "r.card_id, r.file, r.record, r.version, r.content, r.key_version, r.application, r.counter"
    TESSERA_TRY_VALUE(auto* query, rows_of(reader, held,
                                           {TESSERA_ROWS_OF_RANGE(TESSERA_SCANNED_IMAGE, "image_file"),
                                            TESSERA_ROWS_OF_TARGETS(TESSERA_SCANNED_IMAGE, "image_file")}));
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) break;
        std::size_t write = 0;
        while (write < writes.size() &&
               (query->text(1) != writes[write].file || query->integer(2) != writes[write].record))
            ++write;
        row found{query->integer(0),
                  static_cast<std::uint64_t>(query->integer(3)),
                  write,
                  {static_cast<std::uint8_t>(query->integer(5)), static_cast<std::uint32_t>(query->integer(6)),
                   static_cast<std::uint64_t>(query->integer(7))},
                  {}};
        if (write < writes.size()) found.content = to_bytes(query->octets(4));
        versions_ += query->integer(3);
        rows_.push_back(std::move(found));
    }
    doubts_.clear();
#define TESSERA_SCANNED_DOUBTS "r.card_id, r.file, r.record"
    TESSERA_TRY_VALUE(auto* doubts, rows_of(reader, held,
                                            {TESSERA_ROWS_OF_RANGE(TESSERA_SCANNED_DOUBTS, "image_doubt"),
                                             TESSERA_ROWS_OF_TARGETS(TESSERA_SCANNED_DOUBTS, "image_doubt")}));
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, doubts->step());
        if (!more) return {};
        for (const auto& write : writes)
            if (doubts->text(1) == write.file && doubts->integer(2) == write.record) doubts_.insert(doubts->integer(0));
    }
}

result<std::int64_t> image_scan::versions_now(store::connection& database, const chunk& held) {
    TESSERA_TRY_VALUE(auto* query, rows_of(database, held,
                                           {TESSERA_SUM_OF_RANGE("COALESCE(SUM(r.version), 0)", "image_file"),
                                            TESSERA_SUM_OF_TARGETS("COALESCE(SUM(r.version), 0)", "image_file")}));
    return query->single_integer();
}

const std::vector<byte_view>& image_scan::of(cards::card_id card) {
    std::ranges::fill(current_, byte_view{});
    std::ranges::fill(proofs_, std::nullopt);
    version_ = 0;
    while (next_ < rows_.size() && rows_[next_].card < card.value) ++next_;
    for (auto at = next_; at < rows_.size() && rows_[at].card == card.value; ++at) {
        version_ += rows_[at].version;
        if (rows_[at].write >= current_.size()) continue;
        current_[rows_[at].write] = rows_[at].content;
        proofs_[rows_[at].write] = rows_[at].proof;
    }
    return current_;
}

}  // namespace tessera::campaigns
