// Which messages were taken in lately. An SMSC delivers again what was not acknowledged before the link broke; where
// storing takes longer than links last, that would never end if each copy were stored anew.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/local_limits.h"
#include "telecom/network.h"

namespace tessera::campaigns {

// Knows at least the last limits::seen_messages different ones, each by its subscriber and a 64-bit hash of its octets:
// responses differ in the counter that they name (ETSI TS 102 225 clause 5.2), and who searched for two that meet would
// hide an answer of his own card alone. About 3 MB at most. One thread at a time.
class seen_messages {
public:
    // False: these octets came from that subscriber before.
    bool add(telecom::subscriber_number subscriber, byte_view user_data) {
        const std::string_view octets(reinterpret_cast<const char*>(user_data.data()), user_data.size());
        const key one{subscriber, std::hash<std::string_view>()(octets)};
        if (now_.contains(one)) return false;
        if (now_.size() == limits::seen_messages) {
            before_ = std::move(now_);
            now_.clear();
        }
        now_.insert(one);
        return !before_.contains(one);
    }

private:
    using key = std::pair<telecom::subscriber_number, std::size_t>;
    boost::unordered_flat_set<key> now_, before_;
};

}  // namespace tessera::campaigns
