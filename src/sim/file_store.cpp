#include "sim/file_store.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

#include "base/random.h"

namespace tessera::sim {
namespace {

std::uint64_t key_of(std::uint32_t card, file_index file) { return static_cast<std::uint64_t>(card) << 16U | file; }

std::uint64_t hash_octets(byte_view octets) {
    constexpr std::uint64_t multiplier = 0x9e3779b97f4a7c15;
    std::uint64_t hash = octets.size();
    while (octets.size() >= sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, octets.data(), sizeof word);
        hash = std::rotl((hash ^ word) * multiplier, 29);
        octets = octets.subspan(sizeof word);
    }
    return mix64(hash ^ load_big_endian(octets) * multiplier);
}

}  // namespace

std::uint32_t file_store::find(std::uint32_t card, file_index file) const {
    const auto key = key_of(card, file);
    return by_key_.find(mix64(key), [&](std::uint32_t at) { return entries_[at].key == key; });
}

std::optional<byte_view> file_store::content(std::uint32_t card, file_index file) const {
    const auto at = find(card, file);
    if (at == index_table::none) return std::nullopt;
    return contents_[entries_[at].content].octets;
}

void file_store::write(std::uint32_t card, file_index file, byte_view octets) {
    const auto content = intern(octets);
    const auto at = find(card, file);
    if (at != index_table::none) {
        release(entries_[at].content);
        entries_[at].content = content;
        return;
    }
    entries_.push_back({key_of(card, file), content, 0});
    by_key_.insert(static_cast<std::uint32_t>(entries_.size() - 1),
                   [&](std::uint32_t index) { return mix64(entries_[index].key); });
}

void file_store::count_packet(std::uint32_t card, file_index file) {
    const auto at = find(card, file);
    assert(at != index_table::none);
    ++entries_[at].executed;
}

std::uint32_t file_store::executed(std::uint32_t card, file_index file) const {
    const auto at = find(card, file);
    return at == index_table::none ? 0 : entries_[at].executed;
}

std::uint32_t file_store::intern(byte_view octets) {
    const auto hash = hash_octets(octets);
    const auto [known, is_new] = by_hash_.try_emplace(hash, 0);
    if (!is_new && std::ranges::equal(contents_[known->second].octets, octets)) {
        ++contents_[known->second].references;
        return known->second;
    }
    bytes copy = to_bytes(octets);  // before the table grows: `octets` may be a view into it
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(contents_.size()));
        contents_.emplace_back();
    }
    const auto at = free_.back();
    free_.pop_back();
    contents_[at] = {std::move(copy), hash, 1};
    // Different octets of the same hash stay unshared; the table keeps the first.
    if (is_new) known->second = at;
    return at;
}

void file_store::release(std::uint32_t content) {
    auto& shared = contents_[content];
    if (--shared.references != 0) return;
    if (const auto known = by_hash_.find(shared.hash); known != by_hash_.end() && known->second == content)
        by_hash_.erase(known);
    shared = {};
    free_.push_back(content);
}

}  // namespace tessera::sim
