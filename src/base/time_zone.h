// Local time of a place, by the system's tz database: IANA names, daylight saving with all its history and plans.
#pragma once

#include <chrono>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace tessera {

// A value; thread safe.
class time_zone {
public:
    // "Europe/Berlin". Errors: bad_zone (the system knows no such zone, or has no database).
    [[nodiscard]] static result<time_zone> find(std::string_view name);

    // What clocks on the wall show.
    [[nodiscard]] std::chrono::local_seconds local(timestamp when) const;
    // When they show that for the first time; of a time that daylight saving leaves out, when it leaves it out.
    [[nodiscard]] timestamp first(std::chrono::local_seconds wall) const;

private:
    explicit time_zone(const void* zone) : zone_(zone) {}
    const void* zone_;  // of the database, which stays
};

}  // namespace tessera
