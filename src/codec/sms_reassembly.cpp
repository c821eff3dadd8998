// Concatenated short messages put together again; see sms_tpdu.h.
#include <algorithm>

#include "base/random.h"
#include "codec/sms_tpdu.h"

namespace tessera::codec {
namespace {

// What the containers cost beside the octets themselves, roughly: so that many tiny parts are bounded too.
constexpr std::size_t entry_overhead = 256;
constexpr std::size_t part_overhead = 64;

}  // namespace

std::size_t reassembler::key_hash::operator()(const key& k) const noexcept {
    return static_cast<std::size_t>(mix64(k.sender ^ (std::uint64_t{k.reference} << 44)));
}

void reassembler::forget(entries::iterator which) {
    octets_ -= which->second.octets;
    pending_.erase(which);
}

// Places in by_age_ whose entry was completed or begun anew.
void reassembler::drop_stale_ages() {
    const auto stale = [&](const age& place) {
        const auto found = pending_.find(place.of);
        return found == pending_.end() || found->second.serial != place.serial;
    };
    while (!by_age_.empty() && stale(by_age_.front())) by_age_.pop_front();
    if (by_age_.size() > 2 * pending_.size() + 1'024) std::erase_if(by_age_, stale);
}

bool reassembler::forget_oldest() {
    drop_stale_ages();
    if (by_age_.empty()) return false;
    forget(pending_.find(by_age_.front().of));
    by_age_.pop_front();
    return true;
}

void reassembler::make_room(std::size_t octets) {
    while (pending_.size() >= limits::reassembly_entries || octets_ + octets > limits::reassembly_octets)
        if (!forget_oldest()) return;
}

std::size_t reassembler::expire(instant now) {
    std::size_t count = 0;
    for (drop_stale_ages(); !by_age_.empty() && by_age_.front().first_seen + time_out_ <= now; drop_stale_ages())
        count += forget_oldest() ? 1U : 0U;
    return count;
}

reassembler::entry& reassembler::begin_message(const key& id, const user_data_header& header, instant now) {
    make_room(entry_overhead + part_overhead + limits::short_message_octets);
    auto& message = pending_[id];
    message.serial = ++serials_;
    message.maximum = header.parts->maximum;
    message.octets = entry_overhead;
    octets_ += entry_overhead;
    by_age_.push_back({now, message.serial, id});
    return message;
}

result<std::optional<reassembler::complete>> reassembler::add(std::uint64_t sender, byte_view user_data, instant now) {
    TESSERA_TRY_VALUE(const auto header, parse_user_data_header(user_data));
    const auto content = user_data.subspan(header.octets);
    if (!header.parts || header.parts->maximum == 1)
        return complete{to_bytes(content), header.command_packet, header.response_packet};
    expire(now);
    const key id{sender, header.parts->reference | (header.parts->wide ? 0x10000U : 0U)};
    auto found = pending_.find(id);
    if (found != pending_.end() && found->second.maximum != header.parts->maximum) {
        forget(found);
        found = pending_.end();
    }
    // Room is made before the entry is looked at: making it may forget the very message this part belongs to.
    if (found != pending_.end() && octets_ + part_overhead + content.size() > limits::reassembly_octets) {
        make_room(part_overhead + content.size());
        found = pending_.find(id);
    }
    auto& message = found == pending_.end() ? begin_message(id, header, now) : found->second;
    const auto place = std::ranges::lower_bound(message.parts, header.parts->sequence, {}, &part::sequence);
    if (place != message.parts.end() && place->sequence == header.parts->sequence) return std::nullopt;
    message.parts.insert(place, {header.parts->sequence, to_bytes(content)});
    message.octets += part_overhead + content.size();
    octets_ += part_overhead + content.size();
    message.command_packet |= header.command_packet;
    message.response_packet |= header.response_packet;
    if (message.parts.size() < message.maximum) return std::nullopt;
    complete whole{{}, message.command_packet, message.response_packet};
    for (const auto& each : message.parts) append(whole.packet, each.octets);
    forget(pending_.find(id));
    return whole;
}

}  // namespace tessera::codec
