// The files that cards have changed, all cards in one table; equal contents are kept once, since a campaign writes the
// same octets to a million cards. Not thread safe.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "sim/index_table.h"
#include "sim/uicc_file_system.h"

namespace tessera::sim {

class file_store {
public:
    // The changed content; nothing if this card never changed this file. Valid until the next write().
    [[nodiscard]] std::optional<byte_view> content(std::uint32_t card, file_index file) const;
    // `octets` is the whole new content, and may be a view of the old one.
    void write(std::uint32_t card, file_index file, byte_view octets);
    // One more accepted packet wrote this file. The file must have been written before.
    void count_packet(std::uint32_t card, file_index file);
    // How many accepted packets wrote this file.
    [[nodiscard]] std::uint32_t executed(std::uint32_t card, file_index file) const;

    [[nodiscard]] std::size_t changed_files() const { return entries_.size(); }
    [[nodiscard]] std::size_t distinct_contents() const { return contents_.size() - free_.size(); }

private:
    struct entry {
        std::uint64_t key;
        std::uint32_t content;
        std::uint32_t executed;
    };
    struct shared_content {
        bytes octets;
        std::uint64_t hash = 0;
        std::uint32_t references = 0;
    };

    [[nodiscard]] std::uint32_t find(std::uint32_t card, file_index file) const;
    [[nodiscard]] std::uint32_t intern(byte_view octets);
    void release(std::uint32_t content);

    std::vector<entry> entries_;
    index_table by_key_;
    std::vector<shared_content> contents_;
    std::vector<std::uint32_t> free_;
    std::unordered_map<std::uint64_t, std::uint32_t> by_hash_;
};

}  // namespace tessera::sim
