// Why a campaign does not go on, and until when.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "campaigns/types.h"
#include "store/database.h"

namespace tessera::campaigns {

// link: only the process that runs it knows of that; waits_of() does not.
enum class wait_kind : std::uint8_t { stop_all, approval, queue, window, sends_per_hour, link, exchange };
[[nodiscard]] std::string_view to_string(wait_kind what);  // as written here

struct wait {
    wait_kind what{};
    std::string why;                 // for people
    std::optional<timestamp> until;  // nothing: until somebody does something about it
};

// What needs somebody first. Window and ration hold back a run only, while it prepares or sends. `under_way` is the id
// of the campaign that the process that owns the database runs now, behind which those of triggers queue; empty: none.
[[nodiscard]] result<std::vector<wait>> waits_of(store::connection& database, const campaign& subject,
                                                 std::int64_t sends_per_hour, timestamp now,
                                                 std::string_view under_way = {});

// "it writes EF_IMSI (7f20/6f07): who the card is; the window, until 2026-11-21T21:00:00.000Z"; empty: nothing.
[[nodiscard]] std::string describe(const std::vector<wait>& waits);

}  // namespace tessera::campaigns
