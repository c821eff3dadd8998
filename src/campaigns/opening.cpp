#include "campaigns/opening.h"

#include <algorithm>

#include "campaigns/safety_store.h"

namespace tessera::campaigns {
namespace {

result<send_opening> next_ration(store::connection& database, const definition& what, std::int64_t sends_per_hour,
                                 timestamp now) {
    if (sends_per_hour == 0) return send_opening{now, std::nullopt, send_limit::none};
    // Room for the longest packet, or the session would be opened to send nothing.
    const auto wanted = std::min(sends_per_hour, static_cast<std::int64_t>(what.parts_max));
    TESSERA_TRY_VALUE(const auto from, safety_store(database).next_send(sends_per_hour, wanted, now));
    return send_opening{from, std::nullopt, from > now ? send_limit::ration : send_limit::none};
}

}  // namespace

std::string_view to_string(send_limit what) {
    switch (what) {
        case send_limit::window:
            return "the window";
        case send_limit::ration:
            return "sends_per_hour";
        case send_limit::none:
            break;
    }
    return "nothing";
}

result<send_opening> next_opening(store::connection& database, const definition& what, const course& legs, int round,
                                  std::int64_t sends_per_hour, timestamp now) {
    if (!what.window) return next_ration(database, what, sends_per_hour, now);
    auto name = what.window->zone;
    if (const auto* under_way = legs.of_round(round); under_way != nullptr && !under_way->zone.empty())
        name = under_way->zone;
    TESSERA_TRY_VALUE(const auto zone, time_zone::find(name));
    const auto found = send_window(*what.window, zone).next(now);
    if (!found) return failure("closed_window", "[window]", "does not open any more");
    if (found->from > now) return send_opening{found->from, found->to, send_limit::window};
    TESSERA_TRY_VALUE(auto rest, next_ration(database, what, sends_per_hour, now));
    rest.to = found->to;
    return rest;
}

}  // namespace tessera::campaigns
