#include "campaigns/journal_thread.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/limits.h"
#include "base/local_limits.h"
#include "campaigns/blocks.h"
#include "campaigns/chunk_work.h"
#include "campaigns/duty.h"
#include "campaigns/late_answers.h"
#include "operations/store.h"

namespace tessera::campaigns {

journal_thread::journal_thread(const campaign_run& run, net::event_loop& loop, journal_events& events)
    : run_(run), loop_(&loop), events_(&events) {}

result<void> journal_thread::open() {
    TESSERA_TRY_VALUE(reader_, run_.env->storage->lend_reader());
    thread_ = std::thread([this] { work_through(); });
    return {};
}

void journal_thread::close() {
    {
        const std::lock_guard held(mutex_);
        closing_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void journal_thread::enqueue(task work) {
    {
        const std::lock_guard held(mutex_);
        tasks_.push_back(std::move(work));
    }
    wake_.notify_one();
}

void journal_thread::work_through() {
    for (;;) {
        task next;
        {
            std::unique_lock held(mutex_);
            wake_.wait(held, [this] { return closing_ || !tasks_.empty(); });
            if (tasks_.empty()) return;
            next = std::move(tasks_.front());
            tasks_.pop_front();
        }
        auto done = next();
        if (!done) {
            loop_->post([this, why = std::move(done).error()] { events_->on_journal_failed(why); });
            return;
        }
    }
}

// --- leasing

void journal_thread::lease(std::int64_t limit) {
    enqueue([this, limit] { return lease_now(limit); });
}

result<void> journal_thread::lease_now(std::int64_t limit) {
    const auto& env = *run_.env;
    const auto now = env.clock->now();
    auto leased = env.writer->transact([&](store::connection& writer) -> result<std::vector<chunk>> {
        campaign_store campaigns(writer);
        for (const auto state : {chunk_state::released, chunk_state::prepared}) {
            TESSERA_TRY_VALUE(auto found, campaigns.lease(run_.subject.key, run_.subject.round, state, env.instance,
                                                          now, now + env.lease_time, limit));
            if (!found.empty()) return found;
        }
        return std::vector<chunk>{};
    });
    if (!leased) return std::unexpected(std::move(leased).error());
    loop_->post([this, chunks = std::move(*leased)]() mutable { events_->on_leased(std::move(chunks)); });
    return {};
}

// --- releasing and loading

void journal_thread::release(const chunk& held, int attempt, bool with_answers) {
    enqueue([this, held, attempt, with_answers] { return release_now(held, attempt, with_answers); });
}

result<void> journal_thread::release_now(const chunk& held, int attempt, bool with_answers) {
    const auto& env = *run_.env;
    // The sent mark of C-9: from this commit on, any packet of the chunk may have left, and single operations keep
    // their hands off its cards (C-13). Those whose messages are out of date leave the round with it: on a resumed
    // chunk, as far as it is known that nothing of theirs has left.
    // Whoever is in the exchange already stays: a chunk that is loaded again has the same targets in the same order.
    const bool again = held.state == chunk_state::released;
    std::vector<cards::card_id> left;
    std::vector<cards::card_id> unsent;
    auto released = env.writer->transact([&](store::connection& writer) -> result<void> {
        TESSERA_TRY(may_speak(writer));
        chunk_progress progress;
        if (with_answers) {
            TESSERA_TRY_VALUE(unsent, campaign_store(writer).take_unsent(held));
        }
        if (!again || !unsent.empty()) {
            TESSERA_TRY_VALUE(left, set_aside(writer, held, with_answers ? &unsent : nullptr));
            progress.next_round = static_cast<std::int64_t>(left.size());
        }
        return campaign_store(writer).move_chunk(held, env.instance, chunk_state::released, attempt, progress);
    });
    TESSERA_TRY(std::move(released));
    auto loaded = std::make_shared<loaded_chunk>();
    loaded->held = held;
    loaded->unsent = std::move(unsent);
    const store::snapshot view(*reader_);
    TESSERA_TRY(view.begun());
    TESSERA_TRY(still_ours(held));
    if (again) {
        TESSERA_TRY_VALUE(left, campaign_store(*reader_).left_round(held));
    }
    TESSERA_TRY(load_packets(*loaded, left));
    if (with_answers) {
        TESSERA_TRY(load_answers(*loaded));
        TESSERA_TRY_VALUE(const auto counted, campaign_store(*reader_).exchanged(held.id));
        loaded->sent = counted.sent;
        loaded->answered = counted.answered;
    }
    TESSERA_TRY_VALUE(loaded->awaited_by_others,
                      campaign_store(*reader_).awaited_by_others(run_.subject.key, held.first, held.last,
                                                                 env.clock->now() - limits::cancelled_answers_wait));
    loop_->post([this, loaded] { events_->on_loaded(std::move(*loaded)); });
    return {};
}

// Whoever slept since the release may find the chunk settled by others, and another round's targets where it looks for
// those that left this one.
result<void> journal_thread::still_ours(const chunk& held) {
    if (!run_.env->shared()) return {};
    TESSERA_TRY_VALUE(const bool ours, campaign_store(*reader_).is_released_to(held, run_.env->instance));
    if (ours) return {};
    return failure(code_lease_lost, "chunk", "chunk " + std::to_string(held.id.number) + " was taken over by another");
}

// Another campaign is in P2, where this one was taken for dead, or it was cancelled or paused: of what is released now,
// nobody would settle anything.
result<void> journal_thread::may_speak(store::connection& writer) const {
    if (!run_.env->shared()) return {};
    TESSERA_TRY_VALUE(const bool runs, campaign_store(writer).is_running(run_.subject.key));
    if (!runs) return failure(code_lease_lost, "exchange", "the campaign does not run any more");
    TESSERA_TRY_VALUE(const bool ours, has_duty(writer, duty_exchange, run_.subject.id));
    if (ours) return {};
    return failure(code_lease_lost, "exchange", "another campaign is in P2");
}

namespace {

// Under which the campaign's counters are kept.
std::vector<std::int64_t> counted_for(const definition& what) {
    std::vector<std::int64_t> made{cards::all_applications, operations::application_of(what.security.tar)};
    if (what.terminals) made.push_back(operations::application_of(what.terminals->application));
    return made;
}

// Of one card's packets of a round, what tells whether a card would still take them.
struct numbered_message {
    cards::card_id card;
    std::uint8_t key_version = 0;
    std::uint64_t counter = 0;  // the last packet's
};

// The registry has given out higher counters for the key set since: another campaign's packets come before these.
bool is_overtaken(const numbered_message& one, std::span<const campaign_store::given_counter> given,
                  std::span<const std::int64_t> applications) {
    const auto of_card = std::ranges::equal_range(given, one.card, {}, &campaign_store::given_counter::card);
    return std::ranges::any_of(of_card, [&](const auto& counter) {
        return counter.key_version == one.key_version && counter.counter > one.counter &&
               std::ranges::find(applications, counter.application) != applications.end();
    });
}

}  // namespace

// Mostly nobody: looks into indexes. Whoever has a message of this round comes with the next one instead (C-15): cards
// that single operations touched since their messages were formatted, and those whose counters another campaign used.
// of: nobody else.
result<std::vector<cards::card_id>> journal_thread::set_aside(store::connection& writer, const chunk& held,
                                                              const std::vector<cards::card_id>* of) {
    campaign_store campaigns(writer);
    operations::operation_store operations(writer);
    TESSERA_TRY_VALUE(const auto formatted, campaigns.formatted(held.id));
    TESSERA_TRY_VALUE(const auto touched, operations.touched(held.first, held.last, formatted));
    TESSERA_TRY_VALUE(const auto busy, operations.in_flight(held.first, held.last));
    TESSERA_TRY_VALUE(const bool beside, campaigns.others_prepared_since(held.id.campaign, held.id.round));
    std::vector<cards::card_id> left;
    if ((touched.empty() && busy.empty() && !beside) || run_.last_round()) return left;
    std::vector<campaign_store::given_counter> given;
    const auto applications = counted_for(*run_.what);
    if (beside) {
        TESSERA_TRY_VALUE(given, campaigns.given_counters(held.first, held.last));
    }
    TESSERA_TRY_VALUE(const auto block, campaigns.messages(held.id));
    TESSERA_TRY_VALUE(const auto entries, parse_messages(block));
    for (auto one = entries.begin(); one != entries.end();) {
        const auto what = one->what;
        numbered_message message{one->card, one->key_version, one->counter};
        for (; one != entries.end() && one->card == message.card; ++one) message.counter = one->counter;
        // What goes again has perhaps been executed: where its counter was passed, the card refuses it, and is asked.
        if (what == operations::purpose::listen || what == operations::purpose::repeat) continue;
        if (of != nullptr && !std::ranges::binary_search(*of, message.card)) continue;
        if (!std::ranges::binary_search(touched, message.card) && !std::ranges::binary_search(busy, message.card) &&
            !is_overtaken(message, given, applications))
            continue;
        TESSERA_TRY(campaigns.add_target(held.id.campaign, held.id.round + 1, message.card, what));
        left.push_back(message.card);
    }
    return left;
}

result<void> journal_thread::load_packets(loaded_chunk& into, const std::vector<cards::card_id>& left) {
    TESSERA_TRY_VALUE(into.arena, campaign_store(*reader_).messages(into.held.id));
    TESSERA_TRY_VALUE(const auto entries, parse_messages(into.arena));
    into.targets.reserve(entries.size());
    into.packets.reserve(entries.size());
    for (const auto& entry : entries) {
        if (std::ranges::binary_search(left, entry.card)) continue;
        if (into.targets.empty() || into.targets.back().card != entry.card)
            into.targets.push_back({entry.card, entry.subscriber, static_cast<std::uint32_t>(into.packets.size()), 0});
        if (entry.what == operations::purpose::listen) continue;
        into.packets.push_back({static_cast<std::uint32_t>(entry.packet.data() - into.arena.data()),
                                static_cast<std::uint32_t>(entry.packet.size()),
                                static_cast<std::uint8_t>(entry.counter), entry.port});
        ++into.targets.back().packets;
    }
    return {};
}

result<void> journal_thread::load_answers(loaded_chunk& into) {
    TESSERA_TRY_VALUE(const auto block, campaign_store(*reader_).answers(into.held.id));
    std::vector<answer_entry> entries;
    TESSERA_TRY(parse_answers(block, entries));
    std::ranges::stable_sort(entries, {}, &answer_entry::card);
    for (const auto& entry : entries)
        into.answers.push_back({entry.card, entry.kind, entry.attempt, to_bytes(entry.octets)});
    return {};
}

// --- writing

void journal_thread::write(journal_batch batch) {
    auto shared = std::make_shared<journal_batch>(std::move(batch));
    enqueue([this, shared]() -> result<void> {
        TESSERA_TRY(write_now(*shared));
        loop_->post([this, shared] { events_->on_written(std::move(*shared)); });
        return {};
    });
}

// Answers come in random order; sorted, each chunk's share of a batch is one row.
result<void> journal_thread::write_now(journal_batch& batch) {
    std::ranges::stable_sort(batch.answers, {}, &journal_batch::answer::chunk);
    const auto& env = *run_.env;
    auto written = env.writer->transact([&](store::connection& writer) -> result<void> {
        campaign_store campaigns(writer);
        TESSERA_TRY(put_answers(campaigns, batch));
        for (const auto& move : batch.moves) TESSERA_TRY(move_on(campaigns, move));
        for (const auto& one : batch.unsent) TESSERA_TRY(put_unsent(campaigns, one));
        return batch.renew_leases ? renew_leases(writer) : result<void>();
    });
    TESSERA_TRY(std::move(written));
    // What counts is what is durable, once.
    if (run_.watch != nullptr)
        run_.watch->failed(
            std::ranges::count(batch.answers, operations::answer_kind::refused, &journal_batch::answer::kind));
    return put_strangers(batch);
}

result<void> journal_thread::move_on(campaign_store& campaigns, const journal_batch::move& move) {
    if (run_.env->shared() && move.to == chunk_state::closed) TESSERA_TRY(campaigns.forget_passed(move.held.id));
    return campaigns.move_chunk(move.held, run_.env->instance, move.to, move.attempt, move.more);
}

// Whoever slept may have lost the chunk to another one, who has sent what it has not.
result<void> journal_thread::put_unsent(campaign_store& campaigns, const journal_batch::unsent_cards& of) const {
    if (run_.env->shared()) {
        TESSERA_TRY_VALUE(const bool ours, campaigns.is_released_to(of.held, run_.env->instance));
        if (!ours) return {};
    }
    for (const auto card : of.cards) TESSERA_TRY(campaigns.put_unsent(of.held.id.campaign, of.held.id.round, card));
    return {};
}

result<void> journal_thread::renew_leases(store::connection& writer) {
    const auto& env = *run_.env;
    const auto now = env.clock->now();
    renewed_ = env.clock->monotonic();
    TESSERA_TRY(campaign_store(writer).renew_leases(run_.subject.key, env.instance, now + env.lease_time));
    if (!env.shared()) return {};
    // Where it was lost, the next release says so.
    const auto taken = take_duty(writer, duty_exchange, run_.subject.id, now, now + env.lease_time);
    return taken ? result<void>() : std::unexpected(taken.error());
}

result<void> journal_thread::put_answers(campaign_store& campaigns, const journal_batch& batch) {
    const byte_view arena = batch.arena;
    bytes block;
    for (auto one = batch.answers.begin(); one != batch.answers.end();) {
        const auto chunk = one->chunk;
        const auto first = one;
        block.clear();
        for (; one != batch.answers.end() && one->chunk == chunk; ++one) {
            append_entry(block, {one->card, one->kind, static_cast<std::uint8_t>(one->attempt), one->status,
                                 arena.subspan(one->offset, one->octets)});
        }
        const chunk_id where{run_.subject.key, run_.subject.round, chunk};
        TESSERA_TRY(campaigns.put_answers(where, arrivals_.next(*run_.env->clock), block));
        TESSERA_TRY(mark_if_settled(campaigns, where, std::span(first, one)));
    }
    return {};
}

// Whoever was taken for dead brings answers to a chunk that others have brought to its end.
result<void> journal_thread::mark_if_settled(campaign_store& campaigns, const chunk_id& where,
                                             std::span<const journal_batch::answer> answers) const {
    if (!run_.env->shared()) return {};
    TESSERA_TRY_VALUE(const bool in_time, campaigns.is_released(where));
    if (in_time) return {};
    for (const auto& one : answers) TESSERA_TRY(campaigns.mark_late(one.card));
    return {};
}

// C-8: an answer that this exchange does not await is given to the campaign that sent its card something, or kept as it
// is. Each takes a few queries, so of many some at a time: leases are renewed between them, and others get their turn.
// All are acknowledged when all are durable.
result<void> journal_thread::put_strangers(const journal_batch& batch) {
    const byte_view arena = batch.arena;
    const auto application = operations::application_of(run_.what->security.tar);
    const auto by = run_.env->shared() ? std::string_view(run_.env->instance) : std::string_view{};
    const auto& env = *run_.env;
    const auto some = [&](std::size_t first) {
        const auto count = std::min(limits::strangers_per_commit, batch.strangers.size() - first);
        const bool due = env.clock->monotonic() - renewed_ > env.lease_time / limits::lease_renewals;
        return env.writer->transact([&, first, count, due](store::connection& writer) -> result<void> {
            for (const auto& one : std::span(batch.strangers).subspan(first, count))
                TESSERA_TRY(keep_late_answer(writer, one.subscriber, arena.subspan(one.offset, one.octets), application,
                                             arrivals_.next(*env.clock), by));
            return due ? renew_leases(writer) : result<void>();
        });
    };
    for (std::size_t first = 0; first < batch.strangers.size(); first += limits::strangers_per_commit)
        TESSERA_TRY(some(first));
    return {};
}

}  // namespace tessera::campaigns
