#include "campaigns/store.h"

#include "base/limits.h"
#include "campaigns/chunk_rows.h"
#include "campaigns/selection.h"
#include "campaigns/wave_store.h"

namespace tessera::campaigns {
namespace {

#define TESSERA_CAMPAIGN_COLUMNS \
    "SELECT campaign_key, id, name, definition, state, round, phase, targets, created_at, finished_at FROM campaign "
#define TESSERA_REPORT_COLUMNS                                                                            \
    "SELECT t.card_id, c.iccid, o.outcome, o.cause, o.cause_value, o.cause_detail, o.attempts, o.round, " \
    "o.settled_at "
#define TESSERA_REPORT_JOINS                                                                             \
    "JOIN card c ON c.card_id = t.card_id "                                                              \
    "LEFT JOIN outcome o ON o.campaign_key = t.campaign_key AND o.card_id = t.card_id AND o.revision = " \
    "(SELECT MAX(l.revision) FROM outcome l WHERE l.campaign_key = t.campaign_key AND l.card_id = t.card_id) "
#define TESSERA_CHUNK_COLUMNS "SELECT chunk, first_card, last_card, targets, state, epoch, attempt FROM chunk "

campaign read_campaign(const store::statement& row) {
    campaign found;
    found.key = campaign_key{row.integer(0)};
    found.id = row.text(1);
    found.name = row.text(2);
    found.definition_text = row.text(3);
    found.state = static_cast<campaign_state>(row.integer(4));
    found.round = static_cast<int>(row.integer(5));
    found.phase = static_cast<phase>(row.integer(6));
    found.targets = row.integer(7);
    found.created_at = from_microseconds(row.integer(8));
    if (!row.is_null(9)) found.finished_at = from_microseconds(row.integer(9));
    return found;
}

// Collects every row of a query that has its parameters.
template <class Read>
auto collect(store::statement& query, Read&& read) -> result<std::vector<decltype(read(query))>> {
    std::vector<decltype(read(query))> rows;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query.step());
        if (!more) return rows;
        rows.push_back(read(query));
    }
}

}  // namespace

result<std::optional<campaign>> campaign_store::one(store::statement& query) {
    TESSERA_TRY_VALUE(const bool there, query.step());
    if (!there) return std::nullopt;
    auto found = read_campaign(query);
    query.reset();
    return found;
}

result<campaign_key> campaign_store::insert(const campaign& made, std::uint32_t application,
                                            std::optional<std::uint32_t> agent) {
    TESSERA_TRY_VALUE(auto* next, database_->kept("SELECT COALESCE(MAX(campaign_key), 0) + 1 FROM campaign"));
    TESSERA_TRY_VALUE(const auto key, next->with().single_integer());
    TESSERA_TRY_VALUE(auto* make, database_->kept("INSERT INTO campaign (campaign_key, id, name, definition, "
                                                  "application, state, round, phase, targets, created_at, agent) "
                                                  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"));
    make->with(key, made.id, made.name, made.definition_text, application, made.state, made.round, made.phase,
               made.targets, to_microseconds(made.created_at), agent.value_or(0));
    if (!agent) make->bind_null(11);
    TESSERA_TRY(make->execute());
    return campaign_key{key};
}

result<std::optional<campaign>> campaign_store::find(std::string_view id) {
    TESSERA_TRY_VALUE(auto* query, database_->kept(TESSERA_CAMPAIGN_COLUMNS "WHERE id = $1"));
    return one(query->with(id));
}

result<std::optional<campaign>> campaign_store::find_by_name(std::string_view name) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept(TESSERA_CAMPAIGN_COLUMNS "WHERE name = $1 ORDER BY campaign_key LIMIT 1"));
    return one(query->with(name));
}

result<std::vector<campaign_key>> campaign_store::keys_of_name(std::string_view name, std::int64_t limit) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT campaign_key FROM campaign WHERE name = $1 "
                                                   "ORDER BY campaign_key LIMIT $2"));
    return collect(query->with(name, limit), [](const store::statement& row) { return campaign_key{row.integer(0)}; });
}

result<campaign> campaign_store::get(campaign_key key) {
    TESSERA_TRY_VALUE(auto* query, database_->kept(TESSERA_CAMPAIGN_COLUMNS "WHERE campaign_key = $1"));
    TESSERA_TRY_VALUE(auto found, one(query->with(key.value)));
    if (!found) return failure("not_found", "campaign", "there is none with this key");
    return std::move(*found);
}

result<std::vector<campaign>> campaign_store::list(std::int64_t after, std::int64_t limit) {
    TESSERA_TRY_VALUE(auto* query, database_->kept(TESSERA_CAMPAIGN_COLUMNS
                                                   "WHERE campaign_key > $1 ORDER BY campaign_key LIMIT $2"));
    return collect(query->with(after, limit), read_campaign);
}

result<bool> campaign_store::is_running(campaign_key key) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT COUNT(*) FROM campaign WHERE campaign_key = $1 "
                                                   "AND state = $2"));
    TESSERA_TRY_VALUE(const auto found, query->with(key.value, campaign_state::running).single_integer());
    return found > 0;
}

result<std::vector<campaign_key>> campaign_store::in_state(campaign_state state) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT campaign_key FROM campaign WHERE state = $1 ORDER BY campaign_key"));
    return collect(query->with(state), [](const store::statement& row) { return campaign_key{row.integer(0)}; });
}

result<void> campaign_store::set_targets(campaign_key key, std::int64_t targets) {
    TESSERA_TRY_VALUE(auto* set, database_->kept("UPDATE campaign SET targets = $2 WHERE campaign_key = $1"));
    return set->with(key.value, targets).execute();
}

result<void> campaign_store::set_state(campaign_key key, campaign_state state, int round, phase now,
                                       std::optional<timestamp> finished) {
    TESSERA_TRY_VALUE(
        auto* set,
        database_->kept(
            "UPDATE campaign SET state = $2, round = $3, phase = $4, finished_at = $5 WHERE campaign_key = $1"));
    set->with(key.value, state, round, now, finished ? to_microseconds(*finished) : 0);
    if (!finished) set->bind_null(5);
    return set->execute();
}

result<std::int64_t> campaign_store::select_targets(campaign_key key, const target_selection& selection) {
    static_assert(static_cast<int>(operations::purpose::write) == 0);  // as below
    std::int64_t count = 0;
    const auto add = [&](const selection_piece& piece) -> result<void> {
        TESSERA_TRY_VALUE(const auto fill,
                          database_->prepare("INSERT INTO target (campaign_key, round, card_id, purpose) "
                                             "SELECT $1, 1, c.card_id, 0 FROM card c WHERE " +
                                             piece.condition + " ORDER BY c.card_id"));
        fill->bind(1, key.value);
        piece.bind(*fill);
        TESSERA_TRY(fill->execute());
        count += database_->changed();
        return {};
    };
    TESSERA_TRY(for_each_piece(selection, 2, add));
    return count;
}

result<bool> campaign_store::add_target(campaign_key key, int round, cards::card_id card, operations::purpose what) {
    TESSERA_TRY_VALUE(auto* add, database_->kept("INSERT INTO target (campaign_key, round, card_id, purpose) VALUES "
                                                 "($1, $2, $3, $4) ON CONFLICT DO NOTHING"));
    TESSERA_TRY(add->with(key.value, round, card.value, what).execute());
    return database_->changed() == 1;
}

result<std::int64_t> campaign_store::cut_into_chunks(campaign_key key, int round, std::int64_t chunk_cards) {
    static_assert(static_cast<int>(chunk_state::created) == 0);  // as below
    TESSERA_TRY_VALUE(
        auto* walk,
        database_->kept("SELECT card_id FROM target WHERE campaign_key = $1 AND round = $2 ORDER BY card_id"));
    TESSERA_TRY_VALUE(auto* add,
                      database_->kept("INSERT INTO chunk (campaign_key, round, chunk, first_card, last_card, targets, "
                                      "state, owner, epoch, lease_until, attempt, "
                                      "prepared, sent, answered, done, skipped, failed, unknown, next_round) "
                                      "VALUES ($1, $2, $3, $4, $5, $6, 0, '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)"));
    walk->in_pieces();
    walk->with(key.value, round);
    std::int64_t total = 0;
    std::int64_t number = 0;
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::int64_t in_chunk = 0;
    const auto close = [&]() -> result<void> {
        if (in_chunk == 0) return {};
        TESSERA_TRY(add->with(key.value, round, number, first, last, in_chunk).execute());
        ++number;
        in_chunk = 0;
        return {};
    };
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, walk->step());
        if (!more) break;
        if (in_chunk == 0) first = walk->integer(0);
        last = walk->integer(0);
        ++total;
        if (++in_chunk == chunk_cards) TESSERA_TRY(close());
    }
    TESSERA_TRY(close());
    return total;
}

result<std::vector<chunk>> campaign_store::lease(campaign_key key, int round, chunk_state state, std::string_view owner,
                                                 timestamp now, timestamp until, std::int64_t limit) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept(TESSERA_CHUNK_COLUMNS "WHERE campaign_key = $1 AND round = $2 AND state = $3 AND "
                                                            "(owner = '' OR (owner <> $6 AND lease_until < $4)) "
                                                            "ORDER BY chunk LIMIT $5"));
    query->with(key.value, round, state, to_microseconds(now), limit, owner);
    TESSERA_TRY_VALUE(auto found,
                      collect(*query, [&](const store::statement& row) { return read_chunk(row, key, round); }));
    TESSERA_TRY_VALUE(auto* take, database_->kept("UPDATE chunk SET owner = $4, epoch = $5, lease_until = $6 WHERE "
                                                  "campaign_key = $1 AND round = $2 AND chunk = $3"));
    for (auto& one : found) {
        ++one.epoch;
        TESSERA_TRY(take->with(key.value, round, one.id.number, owner, one.epoch, to_microseconds(until)).execute());
    }
    return found;
}

result<void> campaign_store::break_leases(campaign_key key) {
    TESSERA_TRY_VALUE(auto* end, database_->kept("UPDATE chunk SET owner = '', lease_until = 0, epoch = epoch + 1 "
                                                 "WHERE campaign_key = $1 AND owner <> ''"));
    return end->with(key.value).execute();
}

result<void> campaign_store::break_leases(campaign_key key, std::string_view owner) {
    TESSERA_TRY_VALUE(auto* end, database_->kept("UPDATE chunk SET owner = '', lease_until = 0, epoch = epoch + 1 "
                                                 "WHERE campaign_key = $1 AND owner = $2"));
    return end->with(key.value, owner).execute();
}

result<bool> campaign_store::any_to_lease(campaign_key key, int round, chunk_state state, std::string_view owner,
                                          timestamp now) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT 1 FROM chunk WHERE campaign_key = $1 AND round = $2 AND state = $3 AND "
                                      "(owner = '' OR (owner <> $5 AND lease_until < $4)) LIMIT 1"));
    TESSERA_TRY_VALUE(const bool found, query->with(key.value, round, state, to_microseconds(now), owner).step());
    query->reset();
    return found;
}

result<void> campaign_store::renew_leases(campaign_key key, std::string_view owner, timestamp until) {
    TESSERA_TRY_VALUE(auto* renew,
                      database_->kept("UPDATE chunk SET lease_until = $3 WHERE campaign_key = $1 AND owner = $2"));
    return renew->with(key.value, owner, to_microseconds(until)).execute();
}

result<void> campaign_store::move_chunk(const chunk& held, std::string_view owner, chunk_state to, int attempt,
                                        const chunk_progress& more) {
    TESSERA_TRY_VALUE(
        auto* move,
        database_->kept("UPDATE chunk SET state = $6, attempt = $7, prepared = prepared + $8, sent = sent + $9, "
                        "answered = answered + $10, done = done + $11, "
                        "skipped = skipped + $12, failed = failed + $13, unknown = unknown + $14, next_round = "
                        "next_round + $15, owner = $16 "
                        "WHERE campaign_key = $1 AND round = $2 AND chunk = $3 AND owner = $4 AND epoch = $5"));
    const auto& outcomes = more.outcomes;
    const bool keeps = to == chunk_state::released;
    TESSERA_TRY(move->with(held.id.campaign.value, held.id.round, held.id.number, owner, held.epoch, to, attempt,
                           more.prepared, more.sent, more.answered, outcomes.done, outcomes.skipped, outcomes.failed,
                           outcomes.unknown, more.next_round, keeps ? owner : std::string_view{})
                    .execute());
    if (database_->changed() == 1) return {};
    return failure(code_lease_lost, "chunk",
                   "chunk " + std::to_string(held.id.number) + " was taken over by another worker");
}

result<std::vector<chunk>> campaign_store::chunks(campaign_key key, int round) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept(TESSERA_CHUNK_COLUMNS "WHERE campaign_key = $1 AND round = $2 ORDER BY chunk"));
    return collect(query->with(key.value, round),
                   [&](const store::statement& row) { return read_chunk(row, key, round); });
}

result<std::int64_t> campaign_store::chunks_in(campaign_key key, int round, chunk_state state) {
    TESSERA_TRY_VALUE(
        auto* query,
        database_->kept("SELECT COUNT(*) FROM chunk WHERE campaign_key = $1 AND round = $2 AND state = $3"));
    return query->with(key.value, round, state).single_integer();
}

result<std::vector<round_progress>> campaign_store::progress(campaign_key key) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT round, SUM(targets), SUM(prepared), SUM(sent), SUM(answered), SUM(done), "
                                      "SUM(skipped), SUM(failed), SUM(unknown), SUM(next_round) "
                                      "FROM chunk WHERE campaign_key = $1 GROUP BY round ORDER BY round"));
    return collect(query->with(key.value), [](const store::statement& row) {
        return round_progress{static_cast<int>(row.integer(0)),
                              row.integer(1),
                              {row.integer(2),
                               row.integer(3),
                               row.integer(4),
                               row.integer(9),
                               {row.integer(5), row.integer(6), row.integer(7), row.integer(8)}}};
    });
}

result<void> campaign_store::begin_phase(campaign_key key, int round, phase which, timestamp now) {
    TESSERA_TRY_VALUE(auto* begin,
                      database_->kept("INSERT INTO campaign_phase (campaign_key, round, phase, run, started_at) "
                                      "SELECT $1, $2, $3, COALESCE(MAX(run), 0) + 1, $4 FROM campaign_phase WHERE "
                                      "campaign_key = $1 AND round = $2 AND phase = $3"));
    return begin->with(key.value, round, which, to_microseconds(now)).execute();
}

result<void> campaign_store::end_phase(campaign_key key, int round, phase which, timestamp now) {
    TESSERA_TRY_VALUE(
        auto* end,
        database_->kept(
            "UPDATE campaign_phase SET ended_at = $4 WHERE campaign_key = $1 AND round = $2 AND phase = $3 AND "
            "ended_at IS NULL "
            "AND run = (SELECT MAX(run) FROM campaign_phase WHERE campaign_key = $1 AND round = $2 AND phase = $3)"));
    return end->with(key.value, round, which, to_microseconds(now)).execute();
}

result<std::vector<phase_times>> campaign_store::phases(campaign_key key) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT round, phase, started_at, ended_at FROM campaign_phase "
                                                   "WHERE campaign_key = $1 ORDER BY round, phase, run"));
    return collect(query->with(key.value), [](const store::statement& row) {
        phase_times times{static_cast<int>(row.integer(0)), static_cast<phase>(row.integer(1)),
                          from_microseconds(row.integer(2)), std::nullopt};
        if (!row.is_null(3)) times.ended = from_microseconds(row.integer(3));
        return times;
    });
}

result<std::vector<report_row>> campaign_store::report(campaign_key key, std::int64_t after, std::int64_t limit) {
    // A campaign without waves has all its targets in round 1.
    TESSERA_TRY_VALUE(const bool in_legs, wave_store(*database_).in_legs(key));
    TESSERA_TRY_VALUE(auto* query,
                      in_legs
                          ? database_->kept(TESSERA_REPORT_COLUMNS "FROM leg_target t " TESSERA_REPORT_JOINS
                                                                   "WHERE t.campaign_key = $1 AND t.card_id > $2 "
                                                                   "ORDER BY t.card_id LIMIT $3")
                          : database_->kept(TESSERA_REPORT_COLUMNS "FROM target t " TESSERA_REPORT_JOINS
                                                                   "WHERE t.campaign_key = $1 AND t.round = 1 "
                                                                   "AND t.card_id > $2 ORDER BY t.card_id LIMIT $3"));
    return collect(query->with(key.value, after, limit), [](const store::statement& row) {
        report_row found;
        found.card = row.integer(0);
        found.iccid = row.text(1);
        if (row.is_null(2)) return found;
        found.outcome = static_cast<operations::outcome>(row.integer(2));
        found.why = {static_cast<operations::cause_kind>(row.integer(3)), row.integer(4), row.integer(5)};
        found.attempts = static_cast<int>(row.integer(6));
        found.round = static_cast<int>(row.integer(7));
        found.settled_at = from_microseconds(row.integer(8));
        return found;
    });
}

result<std::vector<campaign_store::cause_count>> campaign_store::causes(campaign_key key) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT o.outcome, o.cause, o.cause_value, o.cause_detail, COUNT(*) "
                                                   "FROM outcome o WHERE o.campaign_key = $1 AND NOT EXISTS "
                                                   "(SELECT 1 FROM outcome l WHERE l.campaign_key = o.campaign_key AND "
                                                   "l.card_id = o.card_id AND l.revision > o.revision) "
                                                   "GROUP BY o.outcome, o.cause, o.cause_value, o.cause_detail"));
    return collect(query->with(key.value), [](const store::statement& row) {
        return cause_count{static_cast<operations::outcome>(row.integer(0)),
                           {static_cast<operations::cause_kind>(row.integer(1)), row.integer(2), row.integer(3)},
                           row.integer(4)};
    });
}

result<std::vector<campaign_store::history_row>> campaign_store::history(cards::card_id card) {
    TESSERA_TRY_VALUE(
        auto* query,
        database_->kept(
            "SELECT o.settled_at, c.id, c.name, o.outcome, o.cause, o.cause_value, o.cause_detail FROM campaign c "
            "CROSS JOIN outcome o WHERE o.campaign_key = c.campaign_key AND o.card_id = $1 ORDER BY o.settled_at, "
            "o.revision"));
    return collect(query->with(card.value), [](const store::statement& row) {
        return history_row{from_microseconds(row.integer(0)),
                           std::string(row.text(1)),
                           std::string(row.text(2)),
                           static_cast<operations::outcome>(row.integer(3)),
                           {static_cast<operations::cause_kind>(row.integer(4)), row.integer(5), row.integer(6)}};
    });
}

}  // namespace tessera::campaigns
