// Answers that come outside the exchange that asked for them (C-8).
#pragma once

#include "campaigns/store.h"
#include "telecom/network.h"

namespace tessera::campaigns {

// Gives it to the campaign that last sent the subscriber's card something for the application that it names (or for
// `fallback`, where it names none), and to the card's single operations with that application that ended unknown, to be
// settled later; or keeps it as it is. Ordinals rise in order of arrival. In the caller's transaction.
[[nodiscard]] result<void> keep_late_answer(store::connection& writer, telecom::subscriber_number subscriber,
                                            byte_view user_data, std::uint32_t fallback, std::int64_t ordinal);

}  // namespace tessera::campaigns
