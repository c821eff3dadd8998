// What an audit reads of a card next: the same of all cards in the first round, and of each what is still missing in
// later ones.
#pragma once

#include <unordered_map>
#include <vector>

#include "campaigns/store.h"
#include "campaigns/types.h"

namespace tessera::campaigns {

// The audit's files, as image_scan asks for them.
[[nodiscard]] std::vector<operations::file_write> files_of(const std::vector<operations::file_read>& reads);

// Not thread safe. `what` must outlive it.
class audit_plan {
public:
    explicit audit_plan(const definition& what);

    // How far earlier rounds have come with cards first..last.
    [[nodiscard]] result<void> load(store::connection& reader, campaign_key key, cards::card_id first,
                                    cards::card_id last);
    [[nodiscard]] const std::vector<operations::reading>& readings_of(cards::card_id card) const;
    // Valid until the next call.
    [[nodiscard]] const std::vector<operations::read_piece>& pieces_of(cards::card_id card);
    [[nodiscard]] const std::vector<bytes>& scripts_of(cards::card_id card);

private:
    const definition* what_;
    std::vector<operations::reading> nothing_;
    std::vector<operations::read_piece> first_;
    std::vector<bytes> first_scripts_;
    std::unordered_map<std::int64_t, std::vector<operations::reading>> begun_;
    std::vector<operations::read_piece> pieces_;
    std::vector<bytes> scripts_;
};

}  // namespace tessera::campaigns
