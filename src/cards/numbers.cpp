#include "cards/numbers.h"

#include <map>
#include <set>

#include "base/csv.h"
#include "base/limits.h"
#include "cards/identifiers.h"

namespace tessera::cards {
namespace {

result<card> card_named(card_store& cards, std::string_view iccid) {
    TESSERA_TRY_VALUE(auto found, cards.find_by_iccid(iccid));
    if (!found) return failure("not_found", iccid, "the registry has no card with this ICCID");
    return std::move(*found);
}

}  // namespace

result<std::vector<changed_number>> change_numbers(card_store& cards, std::span<const number_change> changes,
                                                   timestamp now) {
    std::vector<changed_number> made;
    std::set<std::string> iccids;
    std::set<std::uint64_t> numbers;
    for (const auto& change : changes) {
        TESSERA_TRY_VALUE(const auto found, card_named(cards, change.iccid));
        if (!iccids.insert(found.identity.iccid).second)
            return failure("conflict", found.identity.iccid, "the changes name this card twice");
        if (change.msisdn != 0 && !numbers.insert(change.msisdn).second)
            return failure("conflict", std::to_string(change.msisdn), "the changes name this number twice");
        if (found.identity.msisdn != change.msisdn)
            made.push_back({found.id, found.identity.iccid, found.identity.msisdn, change.msisdn});
    }
    // Given up first, all of them, so that they can go round.
    for (const auto& one : made) TESSERA_TRY(cards.put_msisdn(one.card, 0, now));
    for (const auto& one : made) {
        if (one.now == 0) continue;
        TESSERA_TRY_VALUE(const auto holder, cards.find_by_msisdn(one.now));
        if (holder)
            return failure("conflict", std::to_string(one.now),
                           "belongs to card " + holder->identity.iccid + "; move it with: tessera card swap");
        TESSERA_TRY(cards.put_msisdn(one.card, one.now, now));
    }
    return made;
}

result<std::vector<changed_number>> swap_cards(card_store& cards, std::string_view old_iccid,
                                               std::string_view new_iccid, timestamp now) {
    TESSERA_TRY_VALUE(const auto before, card_named(cards, old_iccid));
    TESSERA_TRY_VALUE(const auto after, card_named(cards, new_iccid));
    if (before.identity.msisdn == 0) return failure("conflict", before.identity.iccid, "has no MSISDN to give away");
    if (after.identity.msisdn != 0)
        return failure("conflict", after.identity.iccid,
                       "has the MSISDN " + std::to_string(after.identity.msisdn) + " already");
    const number_change changes[] = {{before.identity.iccid, 0}, {after.identity.iccid, before.identity.msisdn}};
    return change_numbers(cards, changes, now);
}

result<std::vector<number_change>> read_number_changes(const std::string& path) {
    TESSERA_TRY_VALUE(csv_reader reader, csv_reader::open(path));
    const auto failed = [&](const error& problem) -> std::unexpected<error> {
        return failure(problem.code, path + ":" + std::to_string(reader.line()), problem.message);
    };
    const auto header = reader.next();
    if (!header) return failed(header.error());
    if (!*header || reader.fields().size() != 2) return failed({"bad_header", "", "expected the columns iccid,msisdn"});
    const bool turned = reader.fields()[0] == "msisdn" && reader.fields()[1] == "iccid";
    if (!turned && (reader.fields()[0] != "iccid" || reader.fields()[1] != "msisdn"))
        return failed({"bad_header", "", "expected the columns iccid,msisdn"});
    std::vector<number_change> made;
    for (;;) {
        const auto more = reader.next();
        if (!more) return failed(more.error());
        if (!*more) return made;
        if (reader.fields().size() != 2) return failed({"bad_row", "", "expected two fields"});
        if (made.size() == limits::number_changes)
            return failed({"too_long", "", "more than " + std::to_string(limits::number_changes) + " changes"});
        const auto iccid = parse_iccid(reader.fields()[turned ? 1 : 0]);
        if (!iccid) return failed(iccid.error());
        const auto& text = reader.fields()[turned ? 0 : 1];
        const auto msisdn = text.empty() ? result<std::uint64_t>(0) : parse_msisdn(text);
        if (!msisdn) return failed(msisdn.error());
        made.push_back({*iccid, *msisdn});
    }
}

}  // namespace tessera::cards
