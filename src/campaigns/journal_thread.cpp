#include "campaigns/journal_thread.h"

#include <algorithm>
#include <optional>
#include <utility>

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
    TESSERA_TRY_VALUE(
        auto* query,
        reader_->kept(
            "SELECT t.card_id, t.purpose, c.msisdn, m.counter, m.packet FROM target t JOIN card c ON c.card_id = "
            "t.card_id "
            "LEFT JOIN message m ON m.campaign_key = t.campaign_key AND m.round = t.round AND m.card_id = t.card_id "
            "WHERE t.campaign_key = $1 AND t.round = $2 AND t.card_id BETWEEN $3 AND $4 ORDER BY t.card_id, "
            "m.sequence"));
    const auto& held = into.held;
    query->with(held.id.campaign.value, held.id.round, held.first.value, held.last.value);
    into.targets.reserve(static_cast<std::size_t>(held.targets));
    into.packets.reserve(static_cast<std::size_t>(held.targets));
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return {};
        const cards::card_id card{query->integer(0)};
        const bool packet = !query->is_null(4);
        const bool listens = static_cast<operations::purpose>(query->integer(1)) == operations::purpose::listen;
        if (!packet && !listens) continue;  // settled in P1 already
        if (into.targets.empty() || into.targets.back().card != card)
            into.targets.push_back({card, static_cast<telecom::subscriber_number>(query->integer(2)),
                                    static_cast<std::uint32_t>(into.packets.size()), 0});
        if (!packet) continue;
        const auto octets = query->octets(4);
        into.packets.push_back({static_cast<std::uint32_t>(into.arena.size()),
                                static_cast<std::uint32_t>(octets.size()),
                                static_cast<std::uint8_t>(query->integer(3))});
        append(into.arena, octets);
        ++into.targets.back().packets;
    }
}

result<void> journal_thread::load_answers(loaded_chunk& into) {
    TESSERA_TRY_VALUE(auto* query,
                      reader_->kept("SELECT card_id, kind, attempt, octets FROM answer WHERE campaign_key = $1 AND "
                                    "round = $2 AND card_id BETWEEN $3 AND $4 "
                                    "ORDER BY card_id, ordinal"));
    const auto& held = into.held;
    query->with(held.id.campaign.value, held.id.round, held.first.value, held.last.value);
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return {};
        into.answers.push_back({cards::card_id{query->integer(0)},
                                static_cast<operations::answer_kind>(query->integer(1)),
                                static_cast<int>(query->integer(2)), to_bytes(query->octets(3))});
    }
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

// Answers come in random order; in key order they cost a tenth.
result<void> journal_thread::write_now(journal_batch& batch) {
    std::ranges::stable_sort(batch.answers, {}, [](const journal_batch::answer& one) { return one.card; });
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

result<void> journal_thread::put_answers(campaign_store& campaigns, journal_batch& batch) {
    const byte_view arena = batch.arena;
    for (const auto& one : batch.answers)
        TESSERA_TRY(campaigns.put_answer(run_.subject.key, run_.subject.round, one.card, next_ordinal(), one.kind,
                                         one.attempt, one.status, arena.subspan(one.offset, one.octets)));
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
        TESSERA_TRY(campaigns.put_answer(match->campaign, match->round, match->card, next_ordinal(),
                                         operations::answer_kind::message, 0, 0, octets));
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
