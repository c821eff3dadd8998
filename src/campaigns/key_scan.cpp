#include "campaigns/key_scan.h"

#include <algorithm>

#include "campaigns/chunk_rows.h"

namespace tessera::campaigns {

result<void> key_scan::load(store::connection& reader, const chunk& held) {
    TESSERA_TRY(load_keys(reader, held));
#define TESSERA_SCANNED_COUNTERS "r.card_id, r.key_version, r.application, r.counter"
    TESSERA_TRY_VALUE(auto* query, rows_of(reader, held,
                                           {TESSERA_ROWS_OF_RANGE(TESSERA_SCANNED_COUNTERS, "key_counter"),
                                            TESSERA_ROWS_OF_TARGETS(TESSERA_SCANNED_COUNTERS, "key_counter")}));
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return {};
        counters_.push_back({query->integer(0),
                             {static_cast<std::uint8_t>(query->integer(1)), query->integer(2),
                              static_cast<std::uint64_t>(query->integer(3))}});
    }
}

result<void> key_scan::load_keys(store::connection& reader, const chunk& held) {
    keys_.clear();
    counters_.clear();
    wrapped_.clear();
    next_key_ = next_counter_ = 0;
#define TESSERA_SCANNED_KEYS                                                                                          \
    "r.card_id, r.key_version, r.kic_algorithm, r.kid_algorithm, r.initial_counter, r.application, r.counter_scope, " \
    "r.wrapped"
    TESSERA_TRY_VALUE(auto* query, rows_of(reader, held,
                                           {TESSERA_ROWS_OF_RANGE(TESSERA_SCANNED_KEYS, "key_set"),
                                            TESSERA_ROWS_OF_TARGETS(TESSERA_SCANNED_KEYS, "key_set")}));
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return {};
        const auto octets = query->octets(7);
        keys_.push_back(
            {query->integer(0),
             {static_cast<std::uint8_t>(query->integer(1)), static_cast<crypto::cipher_algorithm>(query->integer(2)),
              static_cast<crypto::cipher_algorithm>(query->integer(3)), static_cast<std::uint64_t>(query->integer(4)),
              query->integer(5), static_cast<cards::counter_scope>(query->integer(6))},
             wrapped_.size(),
             octets.size()});
        wrapped_.insert(wrapped_.end(), octets.begin(), octets.end());
    }
}

std::optional<scanned_keys> key_scan::of(cards::card_id card, std::uint8_t key_version, std::uint32_t application) {
    while (next_key_ < keys_.size() && keys_[next_key_].card < card.value) ++next_key_;
    const key_row* found = nullptr;
    for (auto at = next_key_; at < keys_.size() && keys_[at].card == card.value; ++at) {
        const auto& header = keys_[at].header;
        if (header.key_version != key_version) continue;
        const bool own = header.application == static_cast<std::int64_t>(application);
        if (own || (found == nullptr && header.application == cards::all_applications)) found = &keys_[at];
    }
    if (found == nullptr) return std::nullopt;
    const auto counting = cards::counting_application(found->header.scope, application);
    return scanned_keys{found->header, byte_view(wrapped_).subspan(found->at, found->octets),
                        last_counter(card.value, found->header, counting)};
}

std::uint64_t key_scan::last_counter(std::int64_t card, const cards::key_set_header& keys, std::int64_t counting) {
    while (next_counter_ < counters_.size() && counters_[next_counter_].card < card) ++next_counter_;
    for (auto at = next_counter_; at < counters_.size() && counters_[at].card == card; ++at) {
        const auto& given = counters_[at].given;
        if (given.key_version == keys.key_version && given.application == counting)
            return std::max(keys.initial_counter, given.counter);
    }
    return keys.initial_counter;
}

result<cards::key_set> key_scan::unwrapped(cards::card_id card, std::uint8_t key_version, std::uint32_t application,
                                           cards::key_vault& vault) {
    const auto found = of(card, key_version, application);
    if (!found) return failure("no_key", "card", "the key set that a packet was built with is gone");
    return vault.unwrap(card, found->header, found->wrapped);
}

}  // namespace tessera::campaigns
