#include "operations/card_profile.h"

#include <algorithm>

#include "cards/profile_store.h"
#include "operations/profile_check.h"

namespace tessera::operations {

result<card_profile> card_profile::of(store::connection& database, const cards::card& card) {
    card_profile made;
    made.called_ = "profile \"" + card.profile + "\"";
    TESSERA_TRY_VALUE(const auto entry, cards::profile_store(database).find(card.profile));
    if (!entry) return made;
    const auto* batch = entry->batch_of(card.identity.iccid);
    if (batch != nullptr) made.called_ += " batch \"" + batch->name + "\"";
    made.facts_ = entry->facts_of(batch);
    return made;
}

result<void> card_profile::address(single_request& request) const {
    if (request.application.empty()) return {};
    if (!facts_)
        return failure("unknown_application", "application",
                       "the catalogue has no " + called_ + ", so give the TAR, or import the profile");
    TESSERA_TRY_VALUE(request.security.tar, tar_of(*facts_, called_, request.application));
    return {};
}

result<void> card_profile::obey(single_request& request, const cards::key_set_header& keys) const {
    if (!facts_) return {};
    for (auto& problem : check_security(*facts_, called_, request.security)) return std::unexpected(std::move(problem));
    TESSERA_TRY(check_algorithms(*facts_, called_, request.security.spi, keys));
    request.security.aes_checksum_octets = facts_->quirks.cc_len.value_or(request.security.aes_checksum_octets);
    request.parts_max = std::min(request.parts_max, facts_->parts_max.value_or(request.parts_max));
    request.style = style_of(*facts_);
    return fits(request);
}

// Files are cut into pieces that fit; commands that somebody gave, and records, are not.
result<void> card_profile::fits(const single_request& request) const {
    const auto longest = request.style.at_most(script_octets_max(request.parts_max));
    std::size_t octets = 0;
    for (const auto& one : request.commands) octets += one.size();
    if (request.kind == operation_kind::write && request.file.record != 0) {
        bytes select;
        append_select(select, request.file.file, request.style);
        constexpr std::size_t update_record_header = 5;
        octets = select.size() + update_record_header + request.file.content.size();
    }
    if (octets <= longest) return {};
    return failure("too_long", request.kind == operation_kind::run ? "commands" : "content",
                   "take " + std::to_string(octets) + " octets in one packet; " + called_ + " takes at most " +
                       std::to_string(longest));
}

}  // namespace tessera::operations
