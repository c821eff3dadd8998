// Which messages were taken in lately, and with which of the journal's batches they are stored. An SMSC delivers again
// what was not acknowledged before the link broke: where storing takes longer than links last, that would never end if
// each copy were stored anew, or had to wait for the journal as the first one did.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/local_limits.h"
#include "telecom/network.h"

namespace tessera::campaigns {

// Knows at least the last limits::seen_messages different ones, each by its subscriber and a 64-bit hash of its octets:
// responses differ in the counter that they name (ETSI TS 102 225 clause 5.2), and who searched for two that meet would
// hide an answer of his own card alone. About 6 MB at most. One thread at a time.
class seen_messages {
public:
    struct storing {
        std::uint64_t batch = 0;
        bool awaited = false;  // as an answer that was waited for; else as a stranger's
    };

    // None: these octets from that subscriber are to be stored, as `now` says. Otherwise how they are stored already;
    // as a stranger's does not count for what is awaited.
    std::optional<storing> add(telecom::subscriber_number subscriber, byte_view user_data, storing now) {
        if (now_.size() == limits::seen_messages) {
            now_.swap(before_);
            now_.clear();
        }
        const std::string_view octets(reinterpret_cast<const char*>(user_data.data()), user_data.size());
        const auto [known, fresh] = now_.try_emplace({subscriber, std::hash<std::string_view>()(octets)}, packed(now));
        if (fresh) {
            const auto earlier = before_.find(known->first);
            if (earlier == before_.end()) return std::nullopt;
            known->second = earlier->second;
        }
        const storing stored{known->second >> 1U, (known->second & 1U) != 0};
        if (stored.awaited || !now.awaited) return stored;
        known->second = packed(now);
        return std::nullopt;
    }

private:
    using key = std::pair<telecom::subscriber_number, std::size_t>;
    static std::uint64_t packed(const storing& one) { return one.batch << 1U | (one.awaited ? 1U : 0U); }
    boost::unordered_flat_map<key, std::uint64_t> now_, before_;
};

}  // namespace tessera::campaigns
