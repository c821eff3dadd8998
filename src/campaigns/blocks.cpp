#include "campaigns/blocks.h"

#include <algorithm>

namespace tessera::campaigns {
namespace {

constexpr std::size_t message_header = 8 + 8 + 1 + 1 + 1 + 5 + 4 + 2;
constexpr std::size_t answer_header = 8 + 1 + 1 + 4 + 2;
// In the octet of the purpose: a port stands before the packet. Cards' entries have none.
constexpr std::uint8_t has_port = 0x80;
constexpr std::size_t port_octets = 2;
constexpr auto purposes = static_cast<std::uint8_t>(operations::purpose::repeat);
constexpr auto answer_kinds = static_cast<std::uint8_t>(operations::answer_kind::refused_later);

std::unexpected<error> damaged() {
    return failure("bad_block", "database", "a block of messages or answers is damaged");
}

// Room for one entry's header and octets at the end of the block.
std::uint8_t* grow(bytes& block, std::size_t header, std::size_t octets) {
    const auto start = block.size();
    block.resize(start + header + octets);
    return block.data() + start;
}

std::uint8_t* put(std::uint8_t* at, std::uint64_t value, std::size_t width) {
    store_big_endian(at, value, width);
    return at + width;
}

}  // namespace

void append_entry(bytes& block, const message_entry& entry) {
    const bool ported = entry.port != 0;
    auto* at = grow(block, message_header + (ported ? port_octets : 0), entry.packet.size());
    at = put(at, static_cast<std::uint64_t>(entry.card.value), 8);
    at = put(at, entry.subscriber, 8);
    at = put(at, static_cast<std::uint64_t>(entry.what) | (ported ? has_port : 0U), 1);
    at = put(at, entry.sequence, 1);
    at = put(at, entry.key_version, 1);
    at = put(at, entry.counter, 5);
    at = put(at, entry.image_version, 4);
    if (ported) at = put(at, entry.port, port_octets);
    at = put(at, entry.packet.size(), 2);
    std::copy(entry.packet.begin(), entry.packet.end(), at);
}

result<std::vector<message_entry>> parse_messages(byte_view block) {
    std::vector<message_entry> entries;
    byte_reader from(block);
    while (!from.empty()) {
        message_entry entry;
        entry.card = cards::card_id{static_cast<std::int64_t>(from.big_endian(8))};
        entry.subscriber = from.big_endian(8);
        const auto flagged = from.u8();
        const auto what = static_cast<std::uint8_t>(flagged & ~has_port);
        entry.what = static_cast<operations::purpose>(what);
        entry.sequence = from.u8();
        entry.key_version = from.u8();
        entry.counter = from.big_endian(5);
        entry.image_version = from.u32();
        if ((flagged & has_port) != 0) entry.port = from.u16();
        entry.packet = from.take(from.u16());
        if (from.failed() || what > purposes) return damaged();
        entries.push_back(entry);
    }
    return entries;
}

void append_entry(bytes& block, const answer_entry& entry) {
    auto* at = grow(block, answer_header, entry.octets.size());
    at = put(at, static_cast<std::uint64_t>(entry.card.value), 8);
    at = put(at, static_cast<std::uint64_t>(entry.kind), 1);
    at = put(at, entry.attempt, 1);
    at = put(at, entry.status, 4);
    at = put(at, entry.octets.size(), 2);
    std::copy(entry.octets.begin(), entry.octets.end(), at);
}

result<void> parse_answers(byte_view block, std::vector<answer_entry>& into) {
    byte_reader from(block);
    while (!from.empty()) {
        answer_entry entry;
        entry.card = cards::card_id{static_cast<std::int64_t>(from.big_endian(8))};
        const auto kind = from.u8();
        entry.kind = static_cast<operations::answer_kind>(kind);
        entry.attempt = from.u8();
        entry.status = from.u32();
        entry.octets = from.take(from.u16());
        if (from.failed() || kind > answer_kinds) return damaged();
        into.push_back(entry);
    }
    return {};
}

}  // namespace tessera::campaigns
