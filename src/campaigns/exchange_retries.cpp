// The part of exchange_core that decides when a packet goes again: time-outs, receipts, an SMSC that will not take it.
#include <algorithm>

#include "campaigns/exchange_core.h"

namespace tessera::campaigns {
namespace {

// Cards of a chunk that are to be sent to again at about the same time wait for one another, for each time costs a
// reading of the whole chunk's messages.
instant due_together(instant now, duration delay) {
    constexpr int share = 8;
    const auto step = std::max<instant::duration>(delay / share, std::chrono::milliseconds(1));
    const auto steps = (now + delay).time_since_epoch() / step;
    return instant((steps + 1) * step);
}

}  // namespace

// A receipt proves nothing about the card; one that says that delivery has ended without success spares waiting for it.
void exchange_core::on_receipt(const telecom::inbound_receipt& receipt) {
    if (const auto found = outstanding_.find(receipt.subscriber); found != outstanding_.end()) {
        const auto where = found->second;
        const auto& one = slots_[where.slot]->entries[where.index];
        // Otherwise it speaks of a sending that is over.
        if (one.state == entry_state::awaiting && one.packets > 0) take_receipt(where, receipt);
    }
    network_->acknowledge(receipt.handle);
}

void exchange_core::take_receipt(place where, const telecom::inbound_receipt& receipt) {
    auto& open = *slots_[where.slot];
    if (const auto cause = cause_of(receipt, settings_.sending_again.retries)) {
        brought_nothing(where, *cause);
        close_if_finished(where.slot);
        free_slot(where.slot);
    } else if (delivery_failed(receipt.state)) {
        open.entries[where.index].deadline = clock_->monotonic();
        open.next_deadline = clock_->monotonic();
    } else if (receipt.state == "DELIVRD" && settings_.sending_again.wait_validity) {
        note_delivery(where);
    }
}

// --- sendings that bring nothing

// How long an answer to what the network took over is waited for.
duration exchange_core::patience() const {
    const auto& rules = settings_.sending_again;
    return rules.wait_validity ? settings_.por_timeout + rules.validity : settings_.por_timeout;
}

// Every part of the packet has reached the card: it answers soon or not at all.
void exchange_core::note_delivery(place where) {
    auto& open = *slots_[where.slot];
    auto& one = open.entries[where.index];
    const auto& packet = open.packets[one.first_packet + one.sequence];
    constexpr int reference_bits = 8;
    if (++notes_[note_key(where)].delivered < codec::part_count(packet.octets, reference_bits, packet.port != 0))
        return;
    one.deadline = std::min(one.deadline, clock_->monotonic() + settings_.por_timeout);
    open.next_deadline = std::min(open.next_deadline, one.deadline);
}

// The sending under way came to nothing: the packet rests until its rule sends it again, or is given up.
void exchange_core::brought_nothing(place where, retry_cause why) {
    auto& open = *slots_[where.slot];
    auto& one = open.entries[where.index];
    const auto& rule = settings_.sending_again.retries.of(why);
    const auto noted = notes_.find(note_key(where));
    if (noted != notes_.end()) noted->second.delivered = 0;
    if (!rule) {
        int by_rules = 0;  // sendings that other causes account for
        if (noted != notes_.end())
            for (const auto failures : noted->second.failures) by_rules += failures;
        if (one.attempts - by_rules >= settings_.attempts) return finish(where);
        one.state = entry_state::needs_sending;
        return;
    }
    auto& notes = noted != notes_.end() ? noted->second : notes_[note_key(where)];
    const int failures = ++notes.failures.at(static_cast<std::size_t>(why));
    if (failures >= rule->attempts) return finish(where);
    one.state = entry_state::resting;
    one.deadline = due_together(clock_->monotonic(), delay_after(*rule, failures));
    open.next_deadline = std::min(open.next_deadline, one.deadline);
}

}  // namespace tessera::campaigns
