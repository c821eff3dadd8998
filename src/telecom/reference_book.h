// Which concatenation references are in use towards which subscriber (3GPP TS 23.040 clause 9.2.3.24.1: a receiver
// tells the messages of one sender apart by nothing else). One book for every link, since a subscriber may be reached
// by several, by campaigns and single operations at once.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/time.h"
#include "telecom/network.h"

namespace tessera::telecom {

// A reference is open from when it is taken until `open_for` has passed: so long parts may lie in the network. At most
// `entries` are remembered; beyond, the oldest is forgotten. It does not outlive the process: what was taken before is
// avoided only by references being derived from packets. Not thread safe; `now` must not go backwards.
class reference_book {
public:
    explicit reference_book(std::size_t entries = limits::open_references, duration open_for = limits::reference_open)
        : entries_(entries), open_for_(open_for) {}

    // The reference under which the packet goes to the subscriber: the one it had before if it was sent before (its
    // parts then complete each other), else `wanted`, or the next one that no other packet to this subscriber has
    // open. If all 256 are open, the one taken longest ago.
    [[nodiscard]] std::uint8_t take(subscriber_number subscriber, byte_view packet, std::uint8_t wanted, instant now);

    [[nodiscard]] std::size_t open() const { return open_.size(); }

private:
    struct entry {
        std::uint64_t packet = 0;  // a hash of its octets
        instant taken{};
    };
    struct age {
        std::uint64_t key = 0;
        instant taken{};
    };
    void forget_old(instant now);

    std::size_t entries_;
    duration open_for_;
    boost::unordered_flat_map<std::uint64_t, entry> open_;  // by subscriber and reference
    std::deque<age> by_age_;                                // those taken again since are passed over
};

}  // namespace tessera::telecom
