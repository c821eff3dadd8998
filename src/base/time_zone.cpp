#include "base/time_zone.h"

#include <date/tz.h>

#include <exception>
#include <string>

namespace tessera {
namespace {

const date::time_zone& zone_of(const void* zone) { return *static_cast<const date::time_zone*>(zone); }

}  // namespace

result<time_zone> time_zone::find(std::string_view name) {
    // The library says so by throwing, and in no other way.
    try {
        return time_zone(date::locate_zone(std::string(name)));
    } catch (const std::exception&) {
        return failure("bad_zone", "zone",
                       "the system knows no time zone \"" + std::string(name) +
                           "\"; expected a name as in Europe/Berlin (package tzdata)");
    }
}

std::chrono::local_seconds time_zone::local(timestamp when) const {
    const auto wall = zone_of(zone_).to_local(std::chrono::floor<std::chrono::seconds>(when));
    return std::chrono::local_seconds(wall.time_since_epoch());
}

timestamp time_zone::first(std::chrono::local_seconds wall) const {
    return zone_of(zone_).to_sys(date::local_seconds(wall.time_since_epoch()), date::choose::earliest);
}

}  // namespace tessera
