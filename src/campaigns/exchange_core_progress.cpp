// What the exchange counts, and how it ends when its time is over.
#include <algorithm>

#include "campaigns/exchange_core.h"

namespace tessera::campaigns {

void exchange_core::count_sent(open_chunk& open, entry& one) {
    if (!one.counted && one.packets > 0) {
        if (open.sent_before > 0)
            --open.sent_before;
        else
            ++open.progress.sent;
    }
    one.counted = true;
}

void exchange_core::count_answered(open_chunk& open) {
    if (open.answered_before > 0)
        --open.answered_before;
    else
        ++open.progress.answered;
}

void exchange_core::on_passed(std::int64_t chunk_number, cards::card_id card, byte_view user_data) {
    for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
        auto* open = slots_[slot].get();
        if (open == nullptr || open->closed || open->held.id.number != chunk_number) continue;
        const auto found = std::ranges::lower_bound(open->entries, card, {}, &entry::card);
        if (found == open->entries.end() || found->card != card || found->state == entry_state::finished) return;
        bool ours = true;
        if (completes(found->subscriber, user_data, ours) && ours && !may_be_for_others(*found))
            answered({slot, static_cast<std::uint32_t>(found - open->entries.begin())});
        return;
    }
}

// Something came, and nothing else in the time that an answer may take.
void exchange_core::take_as_answered(place where) {
    auto& open = *slots_[where.slot];
    auto& one = open.entries[where.index];
    count_sent(open, one);
    if (one.sequence + 1 < one.packets) {
        go_to_next_packet(where);
        one.state = entry_state::needs_sending;
        return;
    }
    count_answered(open);
    finish(where);
}

void exchange_core::drain() {
    if (draining_ || stopping_) return;
    draining_ = true;
    drained_by_ = clock_->monotonic() + settings_.por_timeout;
}

void exchange_core::stop() {
    if (!stopping_ && !failed_) {
        for (const auto& open : slots_)
            if (open && !open->closed) take_stock(*open);
        report_progress();
    }
    stopping_ = true;
    flush();
    end_if_done();
}

bool exchange_core::awaits_answers(instant now) const {
    return std::ranges::any_of(slots_, [&](const auto& open) {
        if (!open || open->closed) return false;
        return open->in_flight > 0 || std::ranges::any_of(open->entries, [&](const entry& one) {
                   return one.state == entry_state::awaiting && one.deadline > now;
               });
    });
}

// At the end of a chunk that is not through: what is with the network may have left; of some nothing ever did.
void exchange_core::take_stock(open_chunk& open) {
    journal_batch::unsent_cards unsent{open.held, {}};
    for (auto& one : open.entries) {
        if (one.packets == 0) continue;
        if (one.never_left) unsent.cards.push_back(one.card);
        if (one.attempts > 0 || one.may_have_left) count_sent(open, one);
    }
    if (!unsent.cards.empty()) pending_.unsent.push_back(std::move(unsent));
}

void exchange_core::report_progress() {
    if (failed_ || closing_) return;  // nothing more is written
    for (const auto& open : slots_) {
        if (!open || open->closed || open->entries.empty()) continue;
        if (open->progress.sent == 0 && open->progress.answered == 0) continue;
        pending_.moves.push_back(
            {open->held, chunk_state::released, open->held.attempt, std::exchange(open->progress, {})});
    }
}

}  // namespace tessera::campaigns
