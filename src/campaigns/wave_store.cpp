#include "campaigns/wave_store.h"

namespace tessera::campaigns {

result<void> wave_store::put_leg(campaign_key key, const leg& made, std::uint64_t seed) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO campaign_leg (campaign_key, leg, wave, zone, seed, "
                                                 "targets, first_round, last_round) "
                                                 "VALUES ($1, $2, $3, $4, $5, $6, 0, 0)"));
    return put->with(key.value, made.number, made.wave, made.zone, static_cast<std::int64_t>(seed), made.targets)
        .execute();
}

result<void> wave_store::put_member(campaign_key key, cards::card_id card, int leg) {
    TESSERA_TRY_VALUE(auto* put,
                      database_->kept("INSERT INTO leg_target (campaign_key, card_id, leg) VALUES ($1, $2, $3)"));
    return put->with(key.value, card.value, leg).execute();
}

result<std::vector<leg>> wave_store::legs(campaign_key key) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT leg, wave, zone, targets, first_round, last_round "
                                                   "FROM campaign_leg WHERE campaign_key = $1 ORDER BY leg"));
    query->with(key.value);
    std::vector<leg> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back({static_cast<int>(query->integer(0)), static_cast<int>(query->integer(1)),
                         std::string(query->text(2)), query->integer(3), static_cast<int>(query->integer(4)),
                         static_cast<int>(query->integer(5))});
    }
}

result<bool> wave_store::in_legs(campaign_key key) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT 1 FROM campaign_leg WHERE campaign_key = $1 LIMIT 1"));
    TESSERA_TRY_VALUE(const bool any, query->with(key.value).step());
    query->reset();
    return any;
}

result<void> wave_store::begin_leg(campaign_key key, int leg, int round) {
    static_assert(static_cast<int>(operations::purpose::write) == 0);  // as below
    TESSERA_TRY_VALUE(auto* fill, database_->kept("INSERT INTO target (campaign_key, round, card_id, purpose) "
                                                  "SELECT $1, $3, m.card_id, 0 FROM leg_target m "
                                                  "WHERE m.campaign_key = $1 AND m.leg = $2 ORDER BY m.card_id"));
    TESSERA_TRY(fill->with(key.value, leg, round).execute());
    TESSERA_TRY_VALUE(auto* begin,
                      database_->kept("UPDATE campaign_leg SET first_round = $3 WHERE campaign_key = $1 AND leg = $2"));
    return begin->with(key.value, leg, round).execute();
}

result<void> wave_store::end_leg(campaign_key key, int leg, int round) {
    TESSERA_TRY_VALUE(auto* end,
                      database_->kept("UPDATE campaign_leg SET last_round = $3 WHERE campaign_key = $1 AND leg = $2"));
    return end->with(key.value, leg, round).execute();
}

result<void> wave_store::close_gate(campaign_key key, gate_kind kind, int wave, std::string_view reason,
                                    timestamp now) {
    TESSERA_TRY_VALUE(auto* put,
                      database_->kept("INSERT INTO campaign_gate (campaign_key, gate, kind, wave, reason, asked_at) "
                                      "SELECT $1, COALESCE(MAX(gate), 0) + 1, $2, $3, $4, $5 FROM campaign_gate "
                                      "WHERE campaign_key = $1"));
    return put->with(key.value, kind, wave, reason, to_microseconds(now)).execute();
}

result<std::vector<gate>> wave_store::gates(campaign_key key) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT gate, kind, wave, reason, asked_at, approved_by, "
                                                   "approved_at FROM campaign_gate WHERE campaign_key = $1 "
                                                   "ORDER BY gate"));
    query->with(key.value);
    std::vector<gate> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        auto& one = found.emplace_back();
        one.number = static_cast<int>(query->integer(0));
        one.kind = static_cast<gate_kind>(query->integer(1));
        one.wave = static_cast<int>(query->integer(2));
        one.reason = query->text(3);
        one.asked_at = from_microseconds(query->integer(4));
        if (query->is_null(6)) continue;
        one.approved_by = query->text(5);
        one.approved_at = from_microseconds(query->integer(6));
    }
}

result<std::int64_t> wave_store::approve(campaign_key key, std::string_view who, timestamp now) {
    TESSERA_TRY_VALUE(auto* open, database_->kept("UPDATE campaign_gate SET approved_by = $2, approved_at = $3 "
                                                  "WHERE campaign_key = $1 AND approved_at IS NULL"));
    TESSERA_TRY(open->with(key.value, who, to_microseconds(now)).execute());
    return database_->changed();
}

std::string waits_for(const std::vector<gate>& gates) {
    std::string text;
    for (const auto& one : gates)
        if (!one.approved_at) text += (text.empty() ? "" : "; ") + one.reason;
    return text;
}

}  // namespace tessera::campaigns
