#include "campaigns/chunk_answers.h"

#include <algorithm>

#include "base/limits.h"
#include "campaigns/chunk_work.h"

namespace tessera::campaigns {

result<void> chunk_answers::load(store::connection& reader, const chunk_id& where) {
    TESSERA_TRY_VALUE(block_, campaign_store(reader).answers(where));
    all_.clear();
    next_ = 0;
    TESSERA_TRY(parse_answers(block_, all_));
    std::ranges::stable_sort(all_, {}, &answer_entry::card);
    return {};
}

int chunk_answers::take(cards::card_id card) {
    current_.clear();
    int attempts = 0;
    while (next_ < all_.size() && all_[next_].card < card) ++next_;
    for (; next_ < all_.size() && all_[next_].card == card; ++next_) {
        const auto& one = all_[next_];
        if (current_.size() < limits::answers_per_card) current_.push_back({one.kind, one.status, one.octets});
        attempts = std::max(attempts, static_cast<int>(one.attempt));
    }
    return attempts;
}

bool chunk_answers::said_anything(cards::card_id card) {
    take(card);
    return std::ranges::find(current_, operations::answer_kind::message, &operations::raw_answer::kind) !=
           current_.end();
}

result<void> all_heard::note(store::connection& reader, const chunk_id& where) {
    TESSERA_TRY_VALUE(blocks_, campaign_store(reader).answer_blocks(where));
    return {};
}

result<void> all_heard::still_all(store::connection& writer, const chunk_id& where) const {
    TESSERA_TRY_VALUE(const auto now, campaign_store(writer).answer_blocks(where));
    if (now == blocks_) return {};
    return failure(code_overtaken, "chunk", "an answer was stored for it meanwhile");
}

}  // namespace tessera::campaigns
