#include "campaigns/trigger_store.h"

#include <array>

#include "base/event_limits.h"

namespace tessera::campaigns {
namespace {

#define TESSERA_TRIGGER_COLUMNS                                                                               \
    "SELECT trigger_key, name, kinds, state, seen_event, limited, problem, created_at FROM campaign_trigger " \
    "WHERE state < 2 "

static_assert(static_cast<int>(trigger_state::active) < 2 && static_cast<int>(trigger_state::paused) < 2 &&
              static_cast<int>(trigger_state::removed) == 2);

std::vector<cards::event_kind> kinds_in(std::int64_t bits) {
    std::vector<cards::event_kind> found;
    for (std::size_t kind = 0; kind < cards::event_kinds; ++kind)
        if ((bits >> kind & 1) != 0) found.push_back(static_cast<cards::event_kind>(kind));
    return found;
}
std::int64_t bits_of(const std::vector<cards::event_kind>& kinds) {
    std::int64_t bits = 0;
    for (const auto kind : kinds) bits |= std::int64_t{1} << static_cast<unsigned>(kind);
    return bits;
}

}  // namespace

std::string_view to_string(trigger_state state) {
    constexpr std::array<std::string_view, 3> names{"active", "paused", "removed"};
    return names[static_cast<std::size_t>(state)];
}

stored_trigger trigger_store::read(const store::statement& row) {
    return {trigger_key{row.integer(0)},
            std::string(row.text(1)),
            kinds_in(row.integer(2)),
            static_cast<trigger_state>(row.integer(3)),
            row.integer(4),
            row.integer(5),
            std::string(row.text(6)),
            from_microseconds(row.integer(7))};
}

result<trigger_key> trigger_store::insert(const stored_trigger& made, std::string_view definition) {
    TESSERA_TRY_VALUE(const auto others, list());
    if (others.size() >= limits::triggers)
        return failure("too_many", made.name, "there are " + std::to_string(limits::triggers) + " triggers already");
    for (const auto& one : others)
        if (one.name == made.name)
            return failure("conflict", made.name, "there is a trigger of this name; remove it first");
    TESSERA_TRY_VALUE(auto* last, database_->kept("SELECT COALESCE(MAX(trigger_key), 0) FROM campaign_trigger"));
    TESSERA_TRY_VALUE(const auto before, last->with().single_integer());
    const trigger_key key{before + 1};
    TESSERA_TRY_VALUE(auto* put,
                      database_->kept("INSERT INTO campaign_trigger (trigger_key, name, definition, state, seen_event, "
                                      "limited, problem, created_at, kinds) "
                                      "VALUES ($1, $2, $3, $4, $5, 0, '', $6, $7)"));
    TESSERA_TRY(put->with(key.value, made.name, definition, made.state, made.seen_event,
                          to_microseconds(made.created_at), bits_of(made.on))
                    .execute());
    return key;
}

result<std::string> trigger_store::definition(trigger_key key) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT definition FROM campaign_trigger WHERE trigger_key = $1"));
    TESSERA_TRY(query->with(key.value).step());
    std::string found(query->text(0));
    query->reset();
    return found;
}

result<std::optional<stored_trigger>> trigger_store::find(std::string_view name) {
    TESSERA_TRY_VALUE(auto* query, database_->kept(TESSERA_TRIGGER_COLUMNS "AND name = $1"));
    TESSERA_TRY_VALUE(const bool there, query->with(name).step());
    if (!there) return std::nullopt;
    auto found = read(*query);
    query->reset();
    return found;
}

result<std::vector<stored_trigger>> trigger_store::list() {
    TESSERA_TRY_VALUE(auto* query, database_->kept(TESSERA_TRIGGER_COLUMNS "ORDER BY trigger_key"));
    query->with();
    std::vector<stored_trigger> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back(read(*query));
    }
}

result<void> trigger_store::set_state(trigger_key key, trigger_state state) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("UPDATE campaign_trigger SET state = $2 WHERE trigger_key = $1"));
    return put->with(key.value, state).execute();
}

result<void> trigger_store::set_seen(trigger_key key, std::int64_t event, std::int64_t more_limited) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("UPDATE campaign_trigger SET seen_event = $2, limited = limited + $3 "
                                                 "WHERE trigger_key = $1"));
    return put->with(key.value, event, more_limited).execute();
}

result<void> trigger_store::set_problem(trigger_key key, std::string_view problem) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("UPDATE campaign_trigger SET problem = $2 WHERE trigger_key = $1"));
    return put->with(key.value, problem).execute();
}

result<void> trigger_store::put_campaign(trigger_key key, campaign_key campaign, const std::vector<membership>& cards,
                                         timestamp now) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO triggered_campaign (campaign_key, trigger_key) "
                                                 "VALUES ($1, $2)"));
    TESSERA_TRY(put->with(campaign.value, key.value).execute());
    TESSERA_TRY_VALUE(auto* add, database_->kept("INSERT INTO triggered_card (trigger_key, event_key, card_id, "
                                                 "campaign_key, triggered_at) VALUES ($1, $2, $3, $4, $5)"));
    TESSERA_TRY_VALUE(auto* clear, database_->kept("DELETE FROM trigger_refused_card "
                                                   "WHERE trigger_key = $1 AND card_id = $2"));
    for (const auto& one : cards) {
        TESSERA_TRY(add->with(key.value, one.event, one.card.value, campaign.value, to_microseconds(now)).execute());
        TESSERA_TRY(clear->with(key.value, one.card.value).execute());
    }
    return {};
}

result<void> trigger_store::put_refused(trigger_key key, const membership& one, std::string_view reason,
                                        timestamp now) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO trigger_refused_card (trigger_key, card_id, event_key, "
                                                 "reason, refused_at) VALUES ($1, $2, $3, $4, $5) "
                                                 "ON CONFLICT (trigger_key, card_id) DO UPDATE SET event_key = "
                                                 "excluded.event_key, reason = excluded.reason, "
                                                 "refused_at = excluded.refused_at"));
    return put->with(key.value, one.card.value, one.event, reason, to_microseconds(now)).execute();
}

result<std::vector<refused_card>> trigger_store::refused(trigger_key key, std::int64_t limit) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT c.iccid, r.reason, r.refused_at FROM trigger_refused_card r JOIN card c "
                                      "ON c.card_id = r.card_id WHERE r.trigger_key = $1 "
                                      "ORDER BY r.event_key DESC, r.card_id LIMIT $2"));
    query->with(key.value, limit);
    std::vector<refused_card> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back(
            {std::string(query->text(0)), std::string(query->text(1)), from_microseconds(query->integer(2))});
    }
}

result<bool> trigger_store::had_effect(trigger_key key, const membership& one) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT 1 WHERE EXISTS (SELECT 1 FROM triggered_card WHERE trigger_key = $1 AND "
                                      "event_key = $2) OR EXISTS (SELECT 1 FROM trigger_refused_card WHERE "
                                      "trigger_key = $1 AND card_id = $3 AND event_key >= $2)"));
    TESSERA_TRY_VALUE(const bool had, query->with(key.value, one.event, one.card.value).step());
    query->reset();
    return had;
}

result<std::int64_t> trigger_store::campaigns_of(trigger_key key, cards::card_id card, timestamp after) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT COUNT(DISTINCT campaign_key) FROM triggered_card "
                                                   "WHERE trigger_key = $1 AND card_id = $2 AND triggered_at > $3"));
    return query->with(key.value, card.value, to_microseconds(after)).single_integer();
}

result<trigger_counts> trigger_store::counts(trigger_key key) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT COUNT(*), (SELECT COUNT(*) FROM triggered_card WHERE trigger_key = $1), "
                                      "(SELECT COUNT(*) FROM trigger_refused_card WHERE trigger_key = $1), "
                                      "COALESCE(MAX(campaign_key), 0) FROM triggered_campaign WHERE trigger_key = $1"));
    TESSERA_TRY(query->with(key.value).step());
    trigger_counts found{query->integer(0), query->integer(1), query->integer(2), {}};
    const auto last = query->integer(3);
    query->reset();
    if (last == 0) return found;
    TESSERA_TRY_VALUE(auto* name, database_->kept("SELECT id FROM campaign WHERE campaign_key = $1"));
    TESSERA_TRY(name->with(last).step());
    found.last_campaign = name->text(0);
    name->reset();
    return found;
}

result<bool> trigger_store::is_triggered(campaign_key campaign) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT 1 FROM triggered_campaign WHERE campaign_key = $1"));
    TESSERA_TRY_VALUE(const bool there, query->with(campaign.value).step());
    query->reset();
    return there;
}

result<std::vector<campaign_key>> trigger_store::ready(std::int64_t limit) {
    TESSERA_TRY_VALUE(
        auto* query,
        // In this order: open campaigns are few, those that triggers ever made are many.
        database_->kept(
            "SELECT c.campaign_key FROM campaign c CROSS JOIN triggered_campaign t WHERE c.state IN ($1, $2) "
            "AND t.campaign_key = c.campaign_key AND NOT EXISTS (SELECT 1 FROM campaign_gate g WHERE "
            "g.campaign_key = c.campaign_key AND g.approved_at IS NULL) ORDER BY c.campaign_key LIMIT $3"));
    query->with(campaign_state::created, campaign_state::running, limit);
    std::vector<campaign_key> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back(campaign_key{query->integer(0)});
    }
}

}  // namespace tessera::campaigns
