#include "campaigns/duty.h"

namespace tessera::campaigns {

result<bool> take_duty(store::connection& writer, std::string_view name, std::string_view owner, timestamp now,
                       timestamp until) {
    TESSERA_TRY_VALUE(auto* take,
                      writer.kept("INSERT INTO duty (name, owner, lease_until) VALUES ($1, $2, $4) ON CONFLICT (name) "
                                  "DO UPDATE SET owner = excluded.owner, lease_until = excluded.lease_until "
                                  "WHERE duty.owner = excluded.owner OR duty.lease_until < $3"));
    TESSERA_TRY(take->with(name, owner, to_microseconds(now), to_microseconds(until)).execute());
    return writer.changed() == 1;
}

result<bool> has_duty(store::connection& writer, std::string_view name, std::string_view owner) {
    TESSERA_TRY_VALUE(auto* query, writer.kept("SELECT owner FROM duty WHERE name = $1"));
    TESSERA_TRY_VALUE(const bool any, query->with(name).step());
    const bool held = any && query->text(0) == owner;
    query->reset();
    return held;
}

result<std::optional<std::string>> duty_holder(store::connection& reader, std::string_view name, timestamp now) {
    TESSERA_TRY_VALUE(auto* query, reader.kept("SELECT owner FROM duty WHERE name = $1 AND lease_until >= $2"));
    TESSERA_TRY_VALUE(const bool any, query->with(name, to_microseconds(now)).step());
    std::optional<std::string> holder;
    if (any) holder = std::string(query->text(0));
    query->reset();
    return holder;
}

result<void> leave_duty(store::connection& writer, std::string_view name, std::string_view owner) {
    TESSERA_TRY_VALUE(auto* leave, writer.kept("DELETE FROM duty WHERE name = $1 AND owner = $2"));
    return leave->with(name, owner).execute();
}

}  // namespace tessera::campaigns
