// Which messages were taken in lately, and when they were stored. An SMSC delivers again what was not acknowledged
// before the link broke: where storing takes longer than links last, that would never end if each copy were stored
// anew, or had to wait for the disk as the first one did.
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

namespace tessera::telecom {

// Knows at least the last limits::seen_messages different ones, each by its subscriber and a 64-bit hash of its octets:
// responses differ in the counter that they name (ETSI TS 102 225 clause 5.2), and who searched for two that meet would
// hide an answer of his own card alone. About 6 MB at most. One thread at a time.
class seen_messages {
public:
    struct storing {
        std::uint64_t batch = 0;  // whatever the user counts by; less than 2^63
        bool awaited = false;     // as an answer that was waited for; else as a stranger's
    };

    // How these octets from that subscriber are stored; none: they are not known.
    [[nodiscard]] std::optional<storing> find(subscriber_number subscriber, byte_view user_data) const {
        const auto one = key_of(subscriber, user_data);
        for (const auto* each : {&now_, &before_})
            if (const auto known = each->find(one); known != each->end()) return unpacked(known->second);
        return std::nullopt;
    }

    // None: these octets from that subscriber are to be stored, as `now` says. Otherwise how they are stored already;
    // as a stranger's does not count for what is awaited.
    std::optional<storing> add(subscriber_number subscriber, byte_view user_data, storing now) {
        if (now_.size() == limits::seen_messages) {
            now_.swap(before_);
            now_.clear();
        }
        const auto [known, fresh] = now_.try_emplace(key_of(subscriber, user_data), packed(now));
        if (fresh) {
            const auto earlier = before_.find(known->first);
            if (earlier == before_.end()) return std::nullopt;
            known->second = earlier->second;
        }
        const auto stored = unpacked(known->second);
        if (stored.awaited || !now.awaited) return stored;
        known->second = packed(now);
        return std::nullopt;
    }

private:
    using key = std::pair<subscriber_number, std::size_t>;
    static key key_of(subscriber_number subscriber, byte_view user_data) {
        const std::string_view octets(reinterpret_cast<const char*>(user_data.data()), user_data.size());
        return {subscriber, std::hash<std::string_view>()(octets)};
    }
    static storing unpacked(std::uint64_t one) { return {one >> 1U, (one & 1U) != 0}; }
    static std::uint64_t packed(const storing& one) { return one.batch << 1U | (one.awaited ? 1U : 0U); }
    boost::unordered_flat_map<key, std::uint64_t> now_, before_;
};

}  // namespace tessera::telecom
