// Work that one of several processes does for all. A lease, as those of chunks: whoever dies is followed when it is
// over. It keeps others from being in the way, and proves nothing: what is done under it must be sound all the same.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "store/database.h"

namespace tessera::campaigns {

// Whose campaign's packets may be released: one campaign at a time is in P2, for a card that two speak to at once would
// refuse what arrives second. The owner is the campaign, whichever gateways work for it.
inline constexpr std::string_view duty_exchange = "exchange";

// False: it is somebody else's. Taken again by its owner it lasts longer. In the caller's transaction.
[[nodiscard]] result<bool> take_duty(store::connection& writer, std::string_view name, std::string_view owner,
                                     timestamp now, timestamp until);
// It is the owner's: its lease may be over, as long as nobody else has taken it.
[[nodiscard]] result<bool> has_duty(store::connection& writer, std::string_view name, std::string_view owner);
// Whose it is, of those whose lease is not over.
[[nodiscard]] result<std::optional<std::string>> duty_holder(store::connection& reader, std::string_view name,
                                                             timestamp now);
// Anybody may have it, if it was the owner's.
[[nodiscard]] result<void> leave_duty(store::connection& writer, std::string_view name, std::string_view owner);

}  // namespace tessera::campaigns
