#include "telecom/reference_book.h"

#include "base/random.h"

namespace tessera::telecom {
namespace {

constexpr unsigned references = 256;

constexpr std::uint64_t key_of(subscriber_number subscriber, std::uint8_t reference) {
    return subscriber * references + reference;  // 15 digits take 50 bits
}

std::uint64_t hash_of(byte_view octets) {
    auto hash = mix64(octets.size());
    while (!octets.empty()) {
        const auto piece = octets.first(std::min<std::size_t>(octets.size(), sizeof(std::uint64_t)));
        hash = mix64(hash ^ load_big_endian(piece));
        octets = octets.subspan(piece.size());
    }
    return hash;
}

}  // namespace

void reference_book::forget_old(instant now) {
    while (!by_age_.empty() && (now - by_age_.front().taken > open_for_ || by_age_.size() > entries_)) {
        const auto found = open_.find(by_age_.front().key);
        if (found != open_.end() && found->second.taken == by_age_.front().taken) open_.erase(found);
        by_age_.pop_front();
    }
}

std::uint8_t reference_book::take(subscriber_number subscriber, byte_view packet, std::uint8_t wanted, instant now) {
    forget_old(now);
    const auto hash = hash_of(packet);
    auto chosen = wanted;
    auto oldest = instant::max();
    for (unsigned step = 0; step < references; ++step) {
        const auto candidate = static_cast<std::uint8_t>(wanted + step);
        const auto found = open_.find(key_of(subscriber, candidate));
        if (found == open_.end() || found->second.packet == hash) {
            chosen = candidate;
            break;
        }
        if (found->second.taken >= oldest) continue;
        oldest = found->second.taken;
        chosen = candidate;
    }
    open_[key_of(subscriber, chosen)] = {hash, now};
    by_age_.push_back({key_of(subscriber, chosen), now});
    return chosen;
}

}  // namespace tessera::telecom
