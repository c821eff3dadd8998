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
    // take(), and whether a message of the card is among them.
    bool said_anything(cards::card_id card);
    // Valid until the next call.
    [[nodiscard]] const std::vector<operations::raw_answer>& of_card() const { return current_; }

private:
    bytes block_;
    std::vector<answer_entry> all_;
    std::size_t next_ = 0;
    std::vector<operations::raw_answer> current_;
};

// Whether P3, when it writes, has looked at all that there is: another process, or whoever hears single operations in
// this one, may store an answer meanwhile. Who stores one reads the chunk's state and P3 reads the answers, so of two
// at once one is run again: either P3 sees the answer, or who stores it sees that P3 is over, and has it looked at as a
// late one.
class all_heard {
public:
    // In the snapshot that the answers are read in.
    [[nodiscard]] result<void> note(store::connection& reader, const chunk_id& where);
    // In the transaction that settles the chunk. Errors: overtaken.
    [[nodiscard]] result<void> still_all(store::connection& writer, const chunk_id& where) const;

private:
    std::int64_t blocks_ = 0;
};

}  // namespace tessera::campaigns
