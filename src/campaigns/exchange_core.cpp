#include "campaigns/exchange_core.h"

#include <algorithm>

#include "base/limits.h"
#include "codec/smpp_pdu.h"

namespace tessera::campaigns {
namespace {

// token = slot, sequence of the packet, index of the entry
constexpr std::uint64_t make_token(std::uint32_t slot, std::uint8_t sequence, std::uint32_t index) {
    return static_cast<std::uint64_t>(slot) << 32U | static_cast<std::uint64_t>(sequence) << 24U | index;
}
constexpr std::uint32_t slot_of(std::uint64_t token) { return static_cast<std::uint32_t>(token >> 32U); }
constexpr std::uint8_t sequence_of(std::uint64_t token) { return static_cast<std::uint8_t>(token >> 24U); }
constexpr std::uint32_t index_of(std::uint64_t token) { return static_cast<std::uint32_t>(token & 0xffffffU); }

// A rule that receipts speak to, or waiting for the end of a validity, is in vain where none are asked for.
bool needs_receipts(const sending_rules& rules) {
    return rules.wait_validity || rules.retries.of(retry_cause::absent) || rules.retries.of(retry_cause::busy) ||
           rules.retries.of(retry_cause::expired);
}

}  // namespace

exchange_core::exchange_core(const exchange_settings& settings, exchange_journal& journal, const clock_port& clock)
    : settings_(settings),
      journal_(&journal),
      clock_(&clock),
      receipts_(needs_receipts(settings.sending_again)),
      reassembler_(settings.por_timeout),
      renewed_(clock.monotonic()),
      link_down_since_(clock.monotonic()) {}

void exchange_core::start() {
    network_->open();
    want_chunks();
}

// No answer can come while there is no link, so that time does not count.
void exchange_core::on_open() {
    const auto outage = clock_->monotonic() - link_down_since_;
    for (const auto& open : slots_) {
        if (open_ || !open || open->closed) continue;
        for (auto& one : open->entries)
            if (one.state == entry_state::awaiting) one.deadline += outage;
        if (open->next_deadline != instant::max()) open->next_deadline += outage;
    }
    open_ = true;
    pump();
}

// --- sending

void exchange_core::pump() {
    while (open_ && !stopping_ && !draining_ && !send_queue_.empty()) {
        if (!send(send_queue_.front())) return;
        send_queue_.pop_front();
    }
    want_chunks();
}

bool exchange_core::send(std::uint64_t token) {
    auto& open = *slots_[slot_of(token)];
    auto& one = open.entries[index_of(token)];
    // An answer may have come while it waited in the queue.
    const bool current = one.state == entry_state::queued && one.sequence == sequence_of(token);
    if (current) {
        const auto& packet = open.packets[one.first_packet + one.sequence];
        const byte_view arena = open.arena;
        if (!network_->submit({one.subscriber, arena.subspan(packet.offset, packet.octets), packet.reference, token,
                               settings_.sending_again.validity, receipts_, packet.port}))
            return false;
        one.state = entry_state::submitted;
        one.never_left = false;
        ++one.attempts;
        ++open.in_flight;
    }
    if (--open.unsent == 0 && !open.loading) {
        // Sent for the first time, most packets are never needed again; the journal has them.
        const bool more_to_come = std::ranges::any_of(open.entries, [](const entry& e) {
            return e.state != entry_state::finished && e.sequence + 1 < e.packets;
        });
        if (!more_to_come) bytes().swap(open.arena);
    }
    free_slot(slot_of(token));
    return true;
}

void exchange_core::want_chunks() {
    if (stopping_ || draining_ || failed_) return;
    while (!leased_.empty() && loads_ < limits::exchange_loads && send_queue_.size() < limits::exchange_queue &&
           open_chunks_ < limits::open_chunks) {
        const auto held = leased_.front();
        leased_.pop_front();
        std::uint32_t slot = 0;
        if (free_slots_.empty()) {
            slot = static_cast<std::uint32_t>(slots_.size());
            slots_.emplace_back();
        } else {
            slot = free_slots_.back();
            free_slots_.pop_back();
        }
        slots_[slot] = std::make_unique<open_chunk>();
        slots_[slot]->held = held;
        ++open_chunks_;
        request_load(slot);
    }
    if (leased_.empty() && !leasing_ && !exhausted_) {
        leasing_ = true;
        journal_->lease(limits::exchange_loads);
    }
}

void exchange_core::request_load(std::uint32_t slot) {
    auto& open = *slots_[slot];
    open.loading = true;
    ++loads_;
    const bool resumed = open.held.state == chunk_state::released && open.entries.empty();
    int attempt = std::max(open.held.attempt, 1);
    for (const auto& one : open.entries)
        if (one.state == entry_state::needs_sending) attempt = std::max(attempt, one.attempts + 1);
    open.held.attempt = attempt;
    journal_->release(open.held, attempt, resumed);
}

void exchange_core::on_leased(std::vector<chunk> chunks) {
    leasing_ = false;
    exhausted_ = chunks.empty();
    leased_.insert(leased_.end(), chunks.begin(), chunks.end());
    want_chunks();
    end_if_done();
}

void exchange_core::on_loaded(loaded_chunk loaded) {
    --loads_;
    std::uint32_t slot = 0;
    while (!slots_[slot] || slots_[slot]->held.id.number != loaded.held.id.number || !slots_[slot]->loading) ++slot;
    auto& open = *slots_[slot];
    const bool first_time = open.entries.empty();
    if (first_time) {
        open.resumed = open.held.state == chunk_state::released;
        open.sent_before = loaded.sent;
        open.answered_before = loaded.answered;
    }
    open.loading = false;
    open.held.state = chunk_state::released;
    open.arena = std::move(loaded.arena);
    open.packets = std::move(loaded.packets);
    if (first_time) {
        admit(slot, loaded);
        if (open.resumed) replay_answers(slot, loaded);
    } else {
        // The same targets in the same order: the octets are where they were.
        for (std::size_t i = 0; i < open.entries.size(); ++i)
            open.entries[i].first_packet = loaded.targets[i].first_packet;
    }
    for (std::uint32_t i = 0; i < open.entries.size(); ++i)
        if (open.entries[i].state == entry_state::needs_sending) queue_entry(slot, i);
    if (stopping_) take_stock(open);
    close_if_finished(slot);
    pump();
    end_if_done();
}

void exchange_core::admit(std::uint32_t slot, const loaded_chunk& loaded) {
    auto& open = *slots_[slot];
    const auto deadline = clock_->monotonic() + settings_.por_timeout;
    open.entries.reserve(loaded.targets.size());
    for (const auto& target : loaded.targets) {
        entry made;
        made.card = target.card;
        made.subscriber = target.subscriber;
        made.first_packet = target.first_packet;
        made.packets = target.packets;
        made.never_left = !open.resumed || std::ranges::binary_search(loaded.unsent, target.card);
        if (target.packets == 0) {
            made.state = entry_state::awaiting;
            made.attempts = static_cast<std::uint8_t>(settings_.attempts);
            made.deadline = deadline;
            open.next_deadline = std::min(open.next_deadline, deadline);
        }
        const auto others = std::ranges::equal_range(loaded.awaited_by_others, target.card);
        made.others = static_cast<std::uint8_t>(std::min<std::size_t>(others.size(), limits::answers_for_others));
        outstanding_[target.subscriber] = {slot, static_cast<std::uint32_t>(open.entries.size())};
        open.entries.push_back(made);
    }
    open.unfinished = open.entries.size();
}

// What came back before a crash. A card with several packets starts again at its first one: which of them an answer
// belongs to cannot be told from outside, and a packet that the card has run is refused by its counter.
void exchange_core::replay_answers(std::uint32_t slot, const loaded_chunk& loaded) {
    auto& entries = slots_[slot]->entries;
    std::size_t index = 0;
    for (const auto& answer : loaded.answers) {
        while (index < entries.size() && entries[index].card < answer.card) ++index;
        if (index == entries.size() || entries[index].card != answer.card) continue;
        auto& one = entries[index];
        if (one.packets > 1 || one.state == entry_state::finished) continue;
        bool ours = true;
        const bool message = answer.kind == operations::answer_kind::message;
        if (message && !(completes(one.subscriber, answer.octets, ours) && ours)) continue;
        if (message && answer.attempt == 0) continue;  // came in before anything of this round was sent
        if (message && may_be_for_others(one)) continue;
        count_sent(*slots_[slot], one);
        if (message) count_answered(*slots_[slot]);
        finish({slot, static_cast<std::uint32_t>(index)});
    }
}

void exchange_core::queue_entry(std::uint32_t slot, std::uint32_t index) {
    auto& open = *slots_[slot];
    auto& one = open.entries[index];
    one.state = entry_state::queued;
    ++open.unsent;
    send_queue_.push_back(make_token(slot, one.sequence, index));
}

void exchange_core::on_result(std::uint64_t token, telecom::submit_result result, std::uint32_t command_status) {
    const auto slot = slot_of(token);
    auto& open = *slots_[slot];
    auto& one = open.entries[index_of(token)];
    --open.in_flight;
    const bool current = one.state == entry_state::submitted && one.sequence == sequence_of(token);
    switch (result) {
        case telecom::submit_result::accepted:
            count_sent(open, one);
            if (one.sequence == sequence_of(token)) one.may_have_left = true;
            if (!current) break;
            one.state = entry_state::awaiting;
            one.deadline = clock_->monotonic() + patience();
            open.next_deadline = std::min(open.next_deadline, one.deadline);
            break;
        case telecom::submit_result::refused:
            if (!current) break;
            // Refused after a crash is refused: had the network taken the octets before, it would take them again.
            pending_.answers.push_back(
                {open.held.id.number, one.card,
                 one.may_have_left ? operations::answer_kind::refused_later : operations::answer_kind::refused,
                 one.attempts, command_status, 0, 0});
            finish({slot, index_of(token)});
            break;
        case telecom::submit_result::exhausted:
            if (!current) break;
            if (settings_.sending_again.retries.of(retry_cause::throttled)) {
                brought_nothing({slot, index_of(token)}, retry_cause::throttled);
                break;
            }
            // The network is in trouble for a while: an attempt is worth its time-out, or an outage would use up all of
            // them.
            one.state = entry_state::awaiting;
            one.deadline = clock_->monotonic() + settings_.por_timeout;
            open.next_deadline = std::min(open.next_deadline, one.deadline);
            break;
        case telecom::submit_result::link_lost:
            // It may have left: the identical octets go again, on the same count, and the card's counter keeps the
            // effect single. A packet that loses the link again and again is perhaps why it is lost.
            if (!current) break;
            one.may_have_left = true;
            if (one.losses == limits::link_losses_per_packet && one.attempts >= settings_.attempts) {
                finish({slot, index_of(token)});
                break;
            }
            if (one.losses < limits::link_losses_per_packet) {
                ++one.losses;
                --one.attempts;
            }
            one.state = entry_state::needs_sending;
            open.next_deadline = clock_->monotonic();
            break;
    }
    close_if_finished(slot);
    free_slot(slot);
}

// --- receiving

// True when this user data is a whole response, or the part that completes one. ours: it names the campaign's
// application.
bool exchange_core::completes(telecom::subscriber_number subscriber, byte_view user_data, bool& ours) {
    const auto names_us = [&](byte_view packet) {
        const auto application = codec::secured_packet_codec::peek_response(packet);
        return !application || *application == settings_.application || settings_.agent == *application;
    };
    if (user_data.size() > 3 && user_data[0] == 0x02 && user_data[1] == 0x71 && user_data[2] == 0x00) {
        ours = names_us(user_data.subspan(3));
        return true;
    }
    auto added = reassembler_.add(subscriber, user_data, clock_->monotonic());
    if (!added) return true;  // without a header of its own, or a broken one: kept raw, for P3 to look at
    if (!*added) return false;
    ours = names_us((*added)->packet);
    return true;
}

void exchange_core::on_message(const telecom::inbound_message& message) {
    // Whoever stops does not wait until nothing comes any more: what comes now stays with the SMSC, as it does when the
    // session is closed.
    if (stopping_ || pending_.answers.size() + pending_.strangers.size() >= limits::journal_pending ||
        pending_.acknowledge.size() + copies_.size() >= limits::journal_pending ||
        pending_.arena.size() >= limits::journal_pending_octets) {
        network_->refuse(message.handle, codec::smpp::status::receiver_temporary_error);
        return;
    }
    const auto octets = static_cast<std::uint32_t>(message.user_data.size());
    const auto found = outstanding_.find(message.subscriber);
    bool ours = true;
    const bool whole = found == outstanding_.end() || completes(message.subscriber, message.user_data, ours);
    const bool awaited = found != outstanding_.end() && ours;
    const auto before = seen_.add(message.subscriber, message.user_data, {batch_, awaited});
    // Two whole answers may be alike, as complaints without a counter are: each is one.
    const bool store = !before || (awaited && whole);
    if (store && !awaited) pending_.strangers.push_back({message.subscriber, pending_.keep(message.user_data), octets});
    if (store && awaited) {
        const auto where = found->second;
        const auto& one = slots_[where.slot]->entries[where.index];
        pending_.answers.push_back({slots_[where.slot]->held.id.number, one.card, operations::answer_kind::message,
                                    std::max<int>(one.attempts, one.may_have_left ? 1 : 0), 0,
                                    pending_.keep(message.user_data), octets});
        if (whole && !may_be_for_others(slots_[where.slot]->entries[where.index])) answered(where);
    }
    acknowledge(message.handle, store ? batch_ : before->batch);
}

// The network may forget what it delivered when the batch that stores it is durable: perhaps it is already.
void exchange_core::acknowledge(const telecom::inbound_handle& handle, std::uint64_t batch) {
    if (batch == batch_)
        pending_.acknowledge.push_back(handle);
    else if (writing_ && batch + 1 == batch_)
        copies_.push_back(handle);
    else
        network_->acknowledge(handle);
}

// Another campaign stands still that has sent the card something, too, and nothing here can tell whose answer it is:
// both are awaited, as long as one would wait for an answer. P3 has the keys, and gives each its own.
bool exchange_core::may_be_for_others(entry& one) {
    if (one.others == 0) return false;
    --one.others;
    one.heard = one.attempts > 0 || one.may_have_left;
    return true;
}

// Any answer to a packet lets the next one go (C-5); after the last one nothing more is awaited.
void exchange_core::answered(place where) {
    auto& open = *slots_[where.slot];
    auto& one = open.entries[where.index];
    // A packet that cannot have left yet was not answered: this is some earlier packet's answer, which came late.
    if (one.attempts == 0 && !one.may_have_left) return;
    count_sent(open, one);
    if (one.sequence + 1 < one.packets) {
        go_to_next_packet(where);
        if (open.arena.empty() || open.loading) {
            one.state = entry_state::needs_sending;
            open.next_deadline = clock_->monotonic();  // the next tick loads it again
        } else {
            queue_entry(where.slot, where.index);
            pump();
        }
        return;
    }
    count_answered(open);
    finish(where);
    close_if_finished(where.slot);
    free_slot(where.slot);
}

void exchange_core::go_to_next_packet(place where) {
    auto& one = slots_[where.slot]->entries[where.index];
    ++one.sequence;
    one.attempts = 0;
    one.losses = 0;
    one.may_have_left = false;
    one.heard = false;
    if (!notes_.empty()) notes_.erase(note_key(where));
}

void exchange_core::finish(place where) {
    auto& open = *slots_[where.slot];
    auto& one = open.entries[where.index];
    one.state = entry_state::finished;
    if (!notes_.empty()) notes_.erase(note_key(where));
    --open.unfinished;
    ++finished_;
    if (const auto found = outstanding_.find(one.subscriber);
        found != outstanding_.end() && found->second.slot == where.slot)
        outstanding_.erase(found);
}

void exchange_core::close_if_finished(std::uint32_t slot) {
    auto& open = *slots_[slot];
    // A submit without result may still have to be counted as sent.
    if (open.closed || open.loading || open.unfinished > 0 || open.in_flight > 0) return;
    open.closed = true;
    --open_chunks_;
    pending_.moves.push_back({open.held, chunk_state::closed, open.held.attempt, std::exchange(open.progress, {})});
    free_slot(slot);
}

// A slot is used again only when no token of it can come back.
void exchange_core::free_slot(std::uint32_t slot) {
    if (!slots_[slot] || !slots_[slot]->closed || slots_[slot]->in_flight > 0 || slots_[slot]->unsent > 0) return;
    slots_[slot].reset();
    free_slots_.push_back(slot);
}

// --- time

void exchange_core::sweep(std::uint32_t slot, instant now) {
    auto& open = *slots_[slot];
    if (open.closed || open.loading || open.next_deadline > now) return;
    // Chunks whose cards are due wait their turn, as new ones do.
    if (loads_ >= limits::exchange_loads || send_queue_.size() >= limits::exchange_queue) return;
    open.next_deadline = instant::max();
    bool sending = false;
    for (std::uint32_t i = 0; i < open.entries.size(); ++i) {
        auto& one = open.entries[i];
        if (one.state == entry_state::resting && one.deadline <= now) one.state = entry_state::needs_sending;
        if (one.state == entry_state::awaiting && one.deadline <= now) {
            if (one.packets == 0)
                finish({slot, i});
            else if (one.heard)
                take_as_answered({slot, i});
            else
                brought_nothing({slot, i}, retry_cause::no_answer);
        }
        if (one.state == entry_state::awaiting || one.state == entry_state::resting)
            open.next_deadline = std::min(open.next_deadline, one.deadline);
        sending = sending || one.state == entry_state::needs_sending;
    }
    if (sending && !draining_)
        request_load(slot);
    else
        close_if_finished(slot);
}

void exchange_core::tick() {
    const auto now = clock_->monotonic();
    if (!stopping_ && open_)
        for (std::uint32_t slot = 0; slot < slots_.size(); ++slot)
            if (slots_[slot]) sweep(slot, now);
    if (draining_ && (now >= drained_by_ || !awaits_answers(now))) stop();
    reassembler_.expire(now);
    if (now - renewed_ > settings_.lease_renewal) {
        renewed_ = now;
        pending_.renew_leases = true;
    }
    pump();
    flush();
    end_if_done();
}

void exchange_core::flush() {
    if (writing_ || pending_.empty() || failed_) return;
    writing_ = true;
    ++batch_;
    journal_->write(std::exchange(pending_, {}));
}

void exchange_core::on_written(journal_batch batch) {
    writing_ = false;
    for (const auto& handle : batch.acknowledge) network_->acknowledge(handle);
    for (const auto& handle : copies_) network_->acknowledge(handle);
    copies_.clear();
    flush();
    end_if_done();
}

// --- ending

void exchange_core::end_if_done() {
    if (closing_ || ended_) return;
    const bool all_closed = exhausted_ && leased_.empty() && open_chunks_ == 0 && loads_ == 0;
    const bool through = (all_closed || (stopping_ && loads_ == 0)) && !writing_ && pending_.empty();
    if (!failed_ && !through) return;
    closing_ = true;
    network_->close();
}

void exchange_core::on_link_down(std::string_view) {
    if (open_) link_down_since_ = clock_->monotonic();
    open_ = false;
}
void exchange_core::on_closed() { ended_ = true; }
void exchange_core::on_failed(const error& why) {
    fail(why);
    ended_ = true;
}
void exchange_core::on_journal_failed(const error& why) { fail(why); }
void exchange_core::fail(const error& why) {
    if (!failed_) failed_ = why;
    end_if_done();
}

}  // namespace tessera::campaigns
