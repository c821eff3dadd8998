#include "cards/card_events.h"

#include <algorithm>
#include <array>

#include "base/event_limits.h"

namespace tessera::cards {
namespace {

constexpr std::array<std::string_view, event_kinds> kind_names{"registration", "first-registration", "new-imei"};

// What is told as of now, or of a moment to come by a clock that is ahead, is the newest there is, whatever our own
// clock did meanwhile: else it would make what comes after it look old.
timestamp time_of(const reported_event& event, const std::optional<last_phone>& known, timestamp now) {
    if (event.at < now) return event.at;
    return known ? std::max(now, known->seen_at) : now;
}

// What the event is, beside what it is told as. Empty: nothing new.
std::vector<event_kind> kinds_of(const reported_event& event, const std::optional<last_phone>& known) {
    const bool learned = event.phone && (!known || known->phone.imei.empty());
    const bool other = event.phone && !learned && !known->phone.same_phone(*event.phone);
    if (event.kind == event_kind::new_imei)
        return learned || other ? std::vector{event_kind::new_imei} : std::vector<event_kind>{};
    const bool first = !known || !known->registered;
    const bool due = !known || event.at - known->recorded_at >= limits::event_repeat;
    if (!learned && !other && !first && !due) return {};
    std::vector<event_kind> made{event_kind::registration};
    if (first) made.push_back(event_kind::first_registration);
    if (other) made.push_back(event_kind::new_imei);
    return made;
}

result<void> check(const reported_event& event, timestamp now) {
    if (event.kind == event_kind::first_registration)
        return failure("bad_event", "kind", "a first registration is found out, not told: expected registration");
    if (event.kind == event_kind::new_imei && !event.phone)
        return failure("bad_event", "imei", "is missing: new-imei tells one");
    if (event.at > now + limits::event_clock_skew) return failure("bad_event", "at", "lies in the future");
    return {};
}

}  // namespace

std::string_view to_string(event_kind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::optional<event_kind> event_kind_from(std::string_view name) {
    const auto found = std::ranges::find(kind_names, name);
    if (found == kind_names.end()) return std::nullopt;
    return static_cast<event_kind>(found - kind_names.begin());
}

std::string_view to_string(event_news news) {
    constexpr std::array<std::string_view, 4> names{"recorded", "repeated", "outdated", "limited"};
    return names[static_cast<std::size_t>(news)];
}

result<event_report> card_event_store::record(card_id card, const reported_event& told, timestamp now) {
    TESSERA_TRY(check(told, now));
    TESSERA_TRY_VALUE(const auto known, phone_of(card));
    auto event = told;
    event.at = time_of(told, known, now);
    if (known) {
        TESSERA_TRY_VALUE(const bool old, outdated(card, event, *known));
        if (old) return event_report{event_news::outdated, {}};
    }
    auto kinds = kinds_of(event, known);
    auto next = known.value_or(last_phone{{}, event.at, event.at, event.at, false, {}});
    if (event.at >= next.seen_at) next.source = event.source;
    next.seen_at = std::max(next.seen_at, event.at);
    if (!kinds.empty()) {
        TESSERA_TRY_VALUE(const bool full, too_many(card, kinds.size(), now));
        if (full) return event_report{event_news::limited, {}};
        next.recorded_at = std::max(next.recorded_at, event.at);
        next.registered = next.registered || event.kind == event_kind::registration;
        for (const auto kind : kinds) TESSERA_TRY(insert(card, kind, event, now));
    }
    if (event.phone) {
        // A phone that told its software version once may leave it out later.
        const bool same = next.phone.same_phone(*event.phone);
        if (!same) next.since = event.at;
        if (!same || !event.phone->software_version.empty()) next.phone = *event.phone;
    }
    TESSERA_TRY(put_phone(card, next));
    return event_report{kinds.empty() ? event_news::repeated : event_news::recorded, std::move(kinds)};
}

result<void> card_event_store::insert(card_id card, event_kind kind, const reported_event& event, timestamp now) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO card_event (event_key, card_id, kind, imei, "
                                                 "software_version, source, happened_at, recorded_at) "
                                                 "SELECT COALESCE(MAX(event_key), 0) + 1, $1, $2, $3, $4, $5, $6, $7 "
                                                 "FROM card_event"));
    const auto phone = event.phone.value_or(equipment{});
    return put
        ->with(card.value, kind, phone.imei, phone.software_version, event.source, to_microseconds(event.at),
               to_microseconds(now))
        .execute();
}

// Whoever told last knows the order of what he tells. The clocks of two may differ, so that what another one tells may
// look a little older than it is: then another phone than the last one told is news, unless it is one that the card was
// known to be in before that.
result<bool> card_event_store::outdated(card_id card, const reported_event& event, const last_phone& known) {
    if (event.at >= known.seen_at) return false;
    if (event.source == known.source || event.at + limits::event_clock_skew < known.seen_at) return true;
    if (!event.phone || event.at >= known.since || known.phone.same_phone(*event.phone)) return false;
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT 1 FROM (SELECT imei FROM card_event WHERE card_id = $1 "
                                                   "ORDER BY event_key DESC LIMIT $2) e WHERE e.imei = $3"));
    TESSERA_TRY_VALUE(const bool before,
                      query->with(card.value, limits::events_per_card_and_day, event.phone->imei).step());
    query->reset();
    return before;
}

// Whether the oldest of as many as a day may have is of today: a look at so many rows, however old the card is.
result<bool> card_event_store::too_many(card_id card, std::size_t more, timestamp now) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT recorded_at FROM card_event WHERE card_id = $1 "
                                                   "ORDER BY event_key DESC LIMIT 1 OFFSET $2"));
    TESSERA_TRY_VALUE(
        const bool so_many,
        query->with(card.value, limits::events_per_card_and_day - static_cast<std::int64_t>(more)).step());
    const bool today = so_many && from_microseconds(query->integer(0)) > now - std::chrono::hours(24);
    query->reset();
    return today;
}

result<void> card_event_store::put_phone(card_id card, const last_phone& known) {
    TESSERA_TRY_VALUE(auto* put,
                      database_->kept("INSERT INTO card_phone (card_id, imei, software_version, since, seen_at, "
                                      "recorded_at, registered, source) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
                                      "ON CONFLICT (card_id) DO UPDATE SET imei = excluded.imei, software_version = "
                                      "excluded.software_version, since = excluded.since, seen_at = excluded.seen_at, "
                                      "recorded_at = excluded.recorded_at, registered = excluded.registered, "
                                      "source = excluded.source"));
    return put
        ->with(card.value, known.phone.imei, known.phone.software_version, to_microseconds(known.since),
               to_microseconds(known.seen_at), to_microseconds(known.recorded_at), known.registered, known.source)
        .execute();
}

result<std::optional<last_phone>> card_event_store::phone_of(card_id card) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT imei, software_version, since, seen_at, recorded_at, "
                                                   "registered, source FROM card_phone WHERE card_id = $1"));
    TESSERA_TRY_VALUE(const bool there, query->with(card.value).step());
    if (!there) return std::nullopt;
    last_phone found{{std::string(query->text(0)), std::string(query->text(1))},
                     from_microseconds(query->integer(2)),
                     from_microseconds(query->integer(3)),
                     from_microseconds(query->integer(4)),
                     query->integer(5) != 0,
                     std::string(query->text(6))};
    query->reset();
    return found;
}

#define TESSERA_EVENT_COLUMNS \
    "SELECT event_key, card_id, kind, imei, software_version, happened_at, recorded_at, source FROM card_event "

result<std::vector<stored_event>> card_event_store::read(store::statement& query) {
    std::vector<stored_event> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query.step());
        if (!more) return found;
        found.push_back({query.integer(0), card_id{query.integer(1)}, static_cast<event_kind>(query.integer(2)),
                         equipment{std::string(query.text(3)), std::string(query.text(4))},
                         from_microseconds(query.integer(5)), from_microseconds(query.integer(6)),
                         std::string(query.text(7))});
    }
}

result<std::vector<stored_event>> card_event_store::history(card_id card, std::int64_t limit) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept(TESSERA_EVENT_COLUMNS "WHERE card_id = $1 ORDER BY event_key DESC LIMIT $2"));
    TESSERA_TRY_VALUE(auto found, read(query->with(card.value, limit)));
    std::ranges::reverse(found);
    return found;
}

result<std::vector<stored_event>> card_event_store::after(std::int64_t key, std::int64_t limit) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept(TESSERA_EVENT_COLUMNS "WHERE event_key > $1 ORDER BY event_key LIMIT $2"));
    return read(query->with(key, limit));
}

result<std::int64_t> card_event_store::last_key() {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT COALESCE(MAX(event_key), 0) FROM card_event"));
    return query->with().single_integer();
}

}  // namespace tessera::cards
