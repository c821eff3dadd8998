// Answers that come outside the exchange that asked for them (C-8).
#pragma once

#include "campaigns/store.h"
#include "telecom/network.h"

namespace tessera::campaigns {

// Gives it to the campaign that last sent the card that had this number then something for the application that it
// names (or for `fallback`, where it names none; a later part of a long answer: for any), and to the card's single
// operations with that application that ended unknown, to be settled later; or keeps it as it is. Where a number has
// had several holders, to all of them that were sent something there: their keys tell which of them spoke. Ordinals
// rise in order of arrival. by: this process, where others take part in campaigns: one of them that awaits the answer
// is told. In the caller's transaction.
[[nodiscard]] result<void> keep_late_answer(store::connection& writer, telecom::subscriber_number subscriber,
                                            byte_view user_data, std::uint32_t fallback, std::int64_t ordinal,
                                            std::string_view by = {});

// Messages that nobody could be found for: the newest, limits::unmatched_messages and unmatched_octets of them, are
// kept.
struct unmatched_count {
    std::int64_t kept = 0;
    std::int64_t dropped = 0;  // ever
};
[[nodiscard]] result<unmatched_count> unmatched_messages(store::connection& reader);

}  // namespace tessera::campaigns
