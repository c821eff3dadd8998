// The images of a chunk's cards, as far as a campaign's writes touch them: one scan in key order instead of a query per
// card.
#pragma once

#include <optional>
#include <span>
#include <unordered_set>
#include <vector>

#include "campaigns/types.h"
#include "store/database.h"

namespace tessera::campaigns {

[[nodiscard]] bool holds(byte_view held, byte_view content);

class image_scan {
public:
    // Reads the image rows of a chunk's targets.
    [[nodiscard]] result<void> load(store::connection& reader, const chunk& held,
                                    const std::vector<operations::file_write>& writes);

    // The sum of the versions of what load() has read, and of what there is now of the same cards: they differ where
    // anybody has changed an image meanwhile.
    [[nodiscard]] std::int64_t versions() const { return versions_; }
    [[nodiscard]] static result<std::int64_t> versions_now(store::connection& database, const chunk& held);

    // Of cards that something is under way to, nothing is known for certain.
    void doubt(std::span<const cards::card_id> cards) {
        for (const auto card : cards) doubts_.insert(card.value);
    }

    // The card's known content of each write's file, empty where nothing is known; cards in rising order. Valid until
    // the next call.
    [[nodiscard]] const std::vector<byte_view>& of(cards::card_id card);
    // Of the card that of() was asked for last.
    [[nodiscard]] std::uint64_t image_version() const { return version_; }
    // Likewise: by which packet each write's file was proved; nothing where the image has nothing of it.
    [[nodiscard]] const std::vector<std::optional<cards::image_proof>>& proofs() const { return proofs_; }
    // Something was sent to this card that wrote one of the files, and what became of it is not known.
    [[nodiscard]] bool doubtful(cards::card_id card) const { return doubts_.contains(card.value); }

private:
    struct row {
        std::int64_t card;
        std::uint64_t version;
        std::size_t write;  // of none of the writes: their number
        cards::image_proof proof;
        bytes content;
    };
    std::vector<row> rows_;
    std::int64_t versions_ = 0;
    std::unordered_set<std::int64_t> doubts_;
    std::size_t next_ = 0;
    std::vector<byte_view> current_;
    std::vector<std::optional<cards::image_proof>> proofs_;
    std::uint64_t version_ = 0;
};

}  // namespace tessera::campaigns
