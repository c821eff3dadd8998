// What a campaign would do, before anything is sent: read in one snapshot, nothing written, no counter used.
#pragma once

#include <string>
#include <vector>

#include "campaigns/types.h"
#include "store/database.h"
#include "telecom/route.h"
#include "telecom/smsc_settings.h"

namespace tessera::campaigns {

struct campaign_preview {
    std::int64_t targets = 0;
    std::int64_t skipped = 0;        // hold the content already
    std::int64_t no_subscriber = 0;  // would fail: no MSISDN,
    std::int64_t no_key = 0;         // no key set of the version,
    std::int64_t no_variable = 0;    // a variable that the contents ask for missing, or its value unfit for the file,
    std::int64_t no_encryption_key = 0;  // of a key rotation: no key encryption key,
    std::int64_t no_route = 0;           // no SMSC that reaches its number,
    std::int64_t no_packet = 0;          // security and keys at odds, or the counter used up
    std::int64_t near_counter_end = 0;   // of those that can: with few counters left, limits::counter_left_warning
    std::int64_t cards = 0;              // that something would be sent to
    std::int64_t packets = 0;
    std::int64_t short_messages = 0;

    campaign_preview& operator+=(const campaign_preview& other);
};

// What the network is like that would bring it.
struct preview_network {
    int reference_bits = 8;                        // of the concatenation
    const telecom::route_table* routes = nullptr;  // none: every number is reached
};

// The cards that the definition's targets mean now.
[[nodiscard]] result<campaign_preview> preview_definition(store::connection& reader, const definition& what,
                                                          const preview_network& network);
// The cards that a campaign which has not begun has chosen.
[[nodiscard]] result<campaign_preview> preview_targets(store::connection& reader, campaign_key key,
                                                       const definition& what, const preview_network& network);
// Of those, how many have a number that no SMSC reaches. Looks at every one.
[[nodiscard]] result<std::int64_t> targets_without_route(store::connection& reader, campaign_key key,
                                                         const telecom::route_table& routes);

// How long the link takes to bring the short messages to the SMSC, with no repeats; what cards take to answer comes on
// top. A window that is not answered holds the link back like a rate; how soon an SMSC answers is assumed.
struct sending_estimate {
    double seconds = 0;
    double per_second = 0;
    bool by_rate = false;  // else by the window
};
inline constexpr std::chrono::milliseconds assumed_submit_answer{100};
// By several SMSCs: as if each had as much to bring as it can.
[[nodiscard]] sending_estimate estimate_sending(std::int64_t short_messages,
                                                const std::vector<const telecom::smsc_settings*>& smscs);

}  // namespace tessera::campaigns
