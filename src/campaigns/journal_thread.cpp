#include "campaigns/journal_thread.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "campaigns/blocks.h"
#include "campaigns/chunk_work.h"
#include "codec/secured_packet.h"
#include "codec/sms_tpdu.h"

namespace tessera::campaigns {
namespace {

// The application that a response names, as far as its octets tell without any key.
std::optional<std::uint32_t> application_in(byte_view user_data) {
    const auto header = codec::parse_user_data_header(user_data);
    if (!header || !header->response_packet) return std::nullopt;
    const auto application = codec::secured_packet_codec::peek_response(user_data.subspan(header->octets));
    if (!application) return std::nullopt;
    return operations::application_of(*application);
}

}  // namespace

journal_thread::journal_thread(const campaign_run& run, net::event_loop& loop, journal_events& events)
    : run_(run), loop_(&loop), events_(&events) {}

result<void> journal_thread::open() {
    TESSERA_TRY_VALUE(reader_, run_.env->storage->connect(store::access::read));
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
                                                          now, now + lease_time, limit));
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
    // The sent mark of C-9: from this commit on, any packet of the chunk may have left.
    TESSERA_TRY(env.writer->transact([&](store::connection& writer) {
        return campaign_store(writer).move_chunk(held, env.instance, chunk_state::released, attempt, {});
    }));
    auto loaded = std::make_shared<loaded_chunk>();
    loaded->held = held;
    const store::snapshot view(*reader_);
    TESSERA_TRY(view.begun());
    TESSERA_TRY(load_packets(*loaded));
    if (with_answers) TESSERA_TRY(load_answers(*loaded));
    loop_->post([this, loaded] { events_->on_loaded(std::move(*loaded)); });
    return {};
}

result<void> journal_thread::load_packets(loaded_chunk& into) {
    TESSERA_TRY_VALUE(into.arena, campaign_store(*reader_).messages(into.held.id));
    TESSERA_TRY_VALUE(const auto entries, parse_messages(into.arena));
    into.targets.reserve(entries.size());
    into.packets.reserve(entries.size());
    for (const auto& entry : entries) {
        if (into.targets.empty() || into.targets.back().card != entry.card)
            into.targets.push_back({entry.card, entry.subscriber, static_cast<std::uint32_t>(into.packets.size()), 0});
        if (entry.what == operations::purpose::listen) continue;
        into.packets.push_back({static_cast<std::uint32_t>(entry.packet.data() - into.arena.data()),
                                static_cast<std::uint32_t>(entry.packet.size()),
                                static_cast<std::uint8_t>(entry.counter)});
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
    return env.writer->transact([&](store::connection& writer) -> result<void> {
        campaign_store campaigns(writer);
        TESSERA_TRY(put_answers(campaigns, batch));
        TESSERA_TRY(put_strangers(campaigns, batch));
        for (const auto& move : batch.moves)
            TESSERA_TRY(campaigns.move_chunk(move.held, env.instance, move.to, move.attempt, move.more));
        if (batch.renew_leases)
            TESSERA_TRY(campaigns.renew_leases(run_.subject.key, env.instance, env.clock->now() + lease_time));
        return {};
    });
}

result<void> journal_thread::put_answers(campaign_store& campaigns, const journal_batch& batch) {
    const byte_view arena = batch.arena;
    bytes block;
    for (auto one = batch.answers.begin(); one != batch.answers.end();) {
        const auto chunk = one->chunk;
        block.clear();
        for (; one != batch.answers.end() && one->chunk == chunk; ++one)
            append_entry(block, {one->card, one->kind, static_cast<std::uint8_t>(one->attempt), one->status,
                                 arena.subspan(one->offset, one->octets)});
        TESSERA_TRY(campaigns.put_answers({run_.subject.key, run_.subject.round, chunk}, next_ordinal(), block));
    }
    return {};
}

// C-8: an answer that this exchange does not await is given to the campaign that sent its card something, or kept as it
// is.
result<void> journal_thread::put_strangers(campaign_store& campaigns, const journal_batch& batch) {
    const byte_view arena = batch.arena;
    for (const auto& one : batch.strangers) {
        const auto octets = arena.subspan(one.offset, one.octets);
        const auto application = application_in(octets).value_or(operations::application_of(run_.what->security.tar));
        TESSERA_TRY_VALUE(const auto match, campaigns.match_late(one.subscriber, application));
        if (!match) {
            TESSERA_TRY(campaigns.put_unmatched(next_ordinal(), one.subscriber, octets));
            continue;
        }
        bytes block;
        append_entry(block, {match->card, operations::answer_kind::message, 0, 0, octets});
        TESSERA_TRY(campaigns.put_answers(match->where, next_ordinal(), block));
        TESSERA_TRY(campaigns.mark_late(match->card));
    }
    return {};
}

// Times of arrival in microseconds, each used once.
std::int64_t journal_thread::next_ordinal() {
    ordinal_ = std::max(ordinal_ + 1, to_microseconds(run_.env->clock->now()));
    return ordinal_;
}

}  // namespace tessera::campaigns
