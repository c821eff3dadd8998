#include "campaigns/safety_store.h"

#include <algorithm>

namespace tessera::campaigns {
namespace {

constexpr std::int64_t minutes_counted = 60;

std::int64_t minute_of(timestamp when) {
    return std::chrono::floor<std::chrono::minutes>(when).time_since_epoch().count();
}

}  // namespace

result<std::optional<global_stop>> safety_store::standing() {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT stopped_by, stopped_at FROM global_stop "
                                                   "WHERE lifted_at IS NULL LIMIT 1"));
    TESSERA_TRY_VALUE(const bool there, query->with().step());
    if (!there) return std::nullopt;
    global_stop found{std::string(query->text(0)), from_microseconds(query->integer(1))};
    query->reset();
    return found;
}

result<bool> safety_store::stop_all(std::string_view who, timestamp now) {
    TESSERA_TRY_VALUE(const auto found, standing());
    if (found) return false;
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO global_stop (stop, stopped_by, stopped_at) "
                                                 "SELECT COALESCE(MAX(stop), 0) + 1, $1, $2 FROM global_stop"));
    TESSERA_TRY(put->with(who, to_microseconds(now)).execute());
    return true;
}

result<bool> safety_store::lift(std::string_view who, timestamp now) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("UPDATE global_stop SET lifted_by = $1, lifted_at = $2 "
                                                 "WHERE lifted_at IS NULL"));
    TESSERA_TRY(put->with(who, to_microseconds(now)).execute());
    return database_->changed() > 0;
}

result<void> safety_store::nothing_stands() {
    TESSERA_TRY_VALUE(const auto found, standing());
    if (!found) return {};
    return failure("stopped_all", "stop-all",
                   "everything was stopped by " + found->by + " at " + to_iso8601(found->since) +
                       "; go on with: tessera stop-all --lift");
}

result<std::int64_t> safety_store::take_sends(std::int64_t per_hour, std::int64_t wanted, timestamp now) {
    const auto minute = minute_of(now);
    TESSERA_TRY_VALUE(auto* sum, database_->kept("SELECT COALESCE(SUM(messages), 0) FROM sends WHERE minute > $1"));
    TESSERA_TRY_VALUE(const auto given, sum->with(minute - minutes_counted).single_integer());
    const auto granted = std::clamp(per_hour - given, std::int64_t{0}, wanted);
    if (granted == 0) return 0;
    TESSERA_TRY_VALUE(auto* forget, database_->kept("DELETE FROM sends WHERE minute <= $1"));
    TESSERA_TRY(forget->with(minute - minutes_counted).execute());
    TESSERA_TRY_VALUE(auto* count,
                      database_->kept("INSERT INTO sends (minute, messages) VALUES ($1, $2) "
                                      "ON CONFLICT (minute) DO UPDATE SET messages = sends.messages + $2"));
    TESSERA_TRY(count->with(minute, granted).execute());
    return granted;
}

result<std::map<std::int64_t, std::int64_t>> safety_store::counted_sends(timestamp now) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT minute, messages FROM sends WHERE minute > $1"));
    query->with(minute_of(now) - minutes_counted);
    std::map<std::int64_t, std::int64_t> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found[query->integer(0)] = query->integer(1);
    }
}

result<void> safety_store::give_back_sends(std::int64_t count, timestamp when) {
    TESSERA_TRY_VALUE(auto* less, database_->kept("UPDATE sends SET messages = messages - $2 "
                                                  "WHERE minute = $1 AND messages >= $2"));
    return less->with(minute_of(when), count).execute();
}

result<timestamp> safety_store::next_send(std::int64_t per_hour, std::int64_t wanted, timestamp now) {
    const auto minute = minute_of(now);
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT minute, messages FROM sends WHERE minute > $1 "
                                                   "ORDER BY minute DESC"));
    query->with(minute - minutes_counted);
    // From the latest minute back: the one that leaves no room has to be an hour old.
    std::int64_t sent = 0;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return now;
        sent += query->integer(1);
        if (sent <= per_hour - wanted) continue;
        const auto free = query->integer(0) + minutes_counted;
        query->reset();
        return timestamp(std::chrono::minutes(free));
    }
}

}  // namespace tessera::campaigns
