#include "campaigns/audit_plan.h"

namespace tessera::campaigns {
namespace {

// Each piece is a script by itself.
std::vector<bytes> scripts(const definition& what, const std::vector<operations::read_piece>& pieces) {
    const operations::script_shape shape{what.security.format, false, operations::script_octets_max(what.parts_max)};
    std::vector<bytes> made;
    made.reserve(pieces.size());
    for (const auto& one : pieces) {
        std::vector<operations::script> alone{one.commands};
        operations::put_into_shape(alone, shape);
        made.push_back(std::move(alone.front().octets));
    }
    return made;
}

}  // namespace

std::vector<operations::file_write> files_of(const std::vector<operations::file_read>& reads) {
    std::vector<operations::file_write> made;
    made.reserve(reads.size());
    for (const auto& one : reads) made.push_back({one.file, one.record, {}});
    return made;
}

audit_plan::audit_plan(const definition& what)
    : what_(&what),
      nothing_(what.reads.size()),
      first_(operations::next_pieces(what.reads, nothing_, what.style)),
      first_scripts_(scripts(what, first_)) {}

result<void> audit_plan::load(store::connection& reader, campaign_key key, cards::card_id first, cards::card_id last) {
    begun_.clear();
    TESSERA_TRY_VALUE(const auto rows, campaign_store(reader).readings(key, first, last));
    for (const auto& row : rows) {
        auto& all = begun_.try_emplace(row.card.value, nothing_).first->second;
        if (row.place < all.size()) all[row.place] = row.found;
    }
    return {};
}

const std::vector<operations::reading>& audit_plan::readings_of(cards::card_id card) const {
    const auto found = begun_.find(card.value);
    return found == begun_.end() ? nothing_ : found->second;
}

const std::vector<operations::read_piece>& audit_plan::pieces_of(cards::card_id card) {
    if (!begun_.contains(card.value)) return first_;
    pieces_ = operations::next_pieces(what_->reads, readings_of(card), what_->style);
    return pieces_;
}

const std::vector<bytes>& audit_plan::scripts_of(cards::card_id card) {
    if (!begun_.contains(card.value)) return first_scripts_;
    scripts_ = scripts(*what_, pieces_of(card));
    return scripts_;
}

}  // namespace tessera::campaigns
