#include "operations/counter_hint.h"

namespace tessera::operations {

bool refuses_counters(const cause& why) {
    return why.kind == cause_kind::por_status &&
           (why.value == static_cast<std::int64_t>(codec::response_status::counter_low) ||
            why.value == static_cast<std::int64_t>(codec::response_status::counter_high));
}

std::optional<std::string> counter_hint(const cause& why) {
    if (!refuses_counters(why)) return std::nullopt;
    const bool low = why.value == static_cast<std::int64_t>(codec::response_status::counter_low);
    return std::string(low ? "the card's counter is ahead of the registry's"
                           : "the registry's counter is ahead of the card's") +
           ": tessera card resync ICCID brings them in step";
}

}  // namespace tessera::operations
