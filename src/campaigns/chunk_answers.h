// What came back for a chunk, dealt out card by card.
#pragma once

#include <vector>

#include "campaigns/blocks.h"
#include "campaigns/store.h"

namespace tessera::campaigns {

class chunk_answers {
public:
    [[nodiscard]] result<void> load(store::connection& reader, const chunk_id& where);
    // The card's answers into of_card(); cards in rising order. The last sending that was answered, 0 if none was.
    int take(cards::card_id card);
    // Valid until the next call.
    [[nodiscard]] const std::vector<operations::raw_answer>& of_card() const { return current_; }

private:
    bytes block_;
    std::vector<answer_entry> all_;
    std::size_t next_ = 0;
    std::vector<operations::raw_answer> current_;
};

}  // namespace tessera::campaigns
