// A set of indexes into an array of the caller, found by a hash of what stands there: four octets per slot and no key
// of its own, since a million cards are looked up by MSISDN and by ICCID. Not thread safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tessera::sim {

class index_table {
public:
    static constexpr std::uint32_t none = 0xffff'ffff;

    // The index whose hash leads here and for which `matches(index)` holds, or none.
    template <class Matches>
    [[nodiscard]] std::uint32_t find(std::uint64_t hash, Matches matches) const {
        if (slots_.empty()) return none;
        for (std::size_t at = hash & mask();; at = (at + 1) & mask())
            if (slots_[at] == none || matches(slots_[at])) return slots_[at];
    }

    // `index` must not be there yet. `hash_of(index)` is asked again when the table grows.
    template <class HashOf>
    void insert(std::uint32_t index, HashOf hash_of) {
        if ((used_ + 1) * 2 > slots_.size()) grow(hash_of);
        place(hash_of(index), index);
        ++used_;
    }

private:
    [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }
    void place(std::uint64_t hash, std::uint32_t index) {
        std::size_t at = hash & mask();
        while (slots_[at] != none) at = (at + 1) & mask();
        slots_[at] = index;
    }
    template <class HashOf>
    void grow(HashOf hash_of) {
        constexpr std::size_t smallest = 64;
        const auto old = std::move(slots_);
        slots_.assign(old.empty() ? smallest : old.size() * 2, none);
        for (const auto index : old)
            if (index != none) place(hash_of(index), index);
    }

    std::vector<std::uint32_t> slots_;
    std::size_t used_ = 0;
};

}  // namespace tessera::sim
