// The SQL of what limits harm: the global stop, and how many short messages went out in which minute. One per
// connection; everything runs in the caller's transaction.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "store/database.h"

namespace tessera::campaigns {

struct global_stop {
    std::string by;
    timestamp since;
};

class safety_store {
public:
    explicit safety_store(store::connection& database) : database_(&database) {}

    // --- the global stop: while it stands, no campaign runs and no single operation that writes begins
    [[nodiscard]] result<std::optional<global_stop>> standing();
    // False: it stands already; nobody had stopped.
    [[nodiscard]] result<bool> stop_all(std::string_view who, timestamp now);
    [[nodiscard]] result<bool> lift(std::string_view who, timestamp now);
    // Errors: stopped_all.
    [[nodiscard]] result<void> nothing_stands();

    // --- the ration: at most so many short messages in any hour, of all campaigns together
    // How many may go now, up to `wanted`; counted as sent from this commit on.
    [[nodiscard]] result<std::int64_t> take_sends(std::int64_t per_hour, std::int64_t wanted, timestamp now);
    // What counts at `now`: short messages by minute since 1970.
    [[nodiscard]] result<std::map<std::int64_t, std::int64_t>> counted_sends(timestamp now);
    // Some that were taken at `when` were not sent after all.
    [[nodiscard]] result<void> give_back_sends(std::int64_t count, timestamp when);
    // When so many may go together; not after `now` if they may go now.
    [[nodiscard]] result<timestamp> next_send(std::int64_t per_hour, std::int64_t wanted, timestamp now);

private:
    store::connection* database_;
};

}  // namespace tessera::campaigns
