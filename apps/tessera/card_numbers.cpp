#include "tessera/card_numbers.h"

#include <boost/json.hpp>

#include "cards/identifiers.h"
#include "operations/renumber.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

json::value number_json(std::uint64_t number) {
    return number == 0 ? json::value(nullptr) : json::value(std::to_string(number));
}

json::object changed_json(const std::vector<cards::changed_number>& changed) {
    json::array all;
    for (const auto& one : changed)
        all.push_back({{"iccid", one.iccid}, {"before", number_json(one.before)}, {"msisdn", number_json(one.now)}});
    return {{"changed", std::move(all)}};
}

// The one member of a request; null is a null value.
result<json::value> member_of(const std::string& body, std::string_view name) {
    json::error_code problem;
    const auto parsed = json::parse(body, problem);
    if (problem || !parsed.is_object()) return failure("bad_json", "body", "expected a JSON object");
    const auto* found = parsed.get_object().if_contains(name);
    if (found == nullptr || parsed.get_object().size() != 1)
        return failure("missing_field", name, "expected this field and no other");
    if (!found->is_string() && !found->is_null()) return failure("bad_type", name, "expected a text of digits");
    return *found;
}

template <class Change>
result<json::object> change_and_note(store::shared_writer& writer, Change&& change) {
    TESSERA_TRY_VALUE(
        const auto changed,
        writer.transact_first([&](store::connection& database) -> result<std::vector<cards::changed_number>> {
            cards::card_store cards(database);
            const auto now = system_clock().now();
            TESSERA_TRY_VALUE(auto made, change(cards, now));
            TESSERA_TRY(operations::note_numbers(database, made, now, system_random()));
            return made;
        }));
    return changed_json(changed);
}

}  // namespace

result<json::object> change_number(store::shared_writer& writer, const std::string& iccid, const std::string& body) {
    TESSERA_TRY_VALUE(const auto wanted, member_of(body, "msisdn"));
    cards::number_change change{iccid, 0};
    if (wanted.is_string()) {
        TESSERA_TRY_VALUE(change.msisdn, cards::parse_msisdn(std::string_view(wanted.get_string())));
    }
    return change_numbers(writer, std::span(&change, 1));
}

result<json::object> swap_cards(store::shared_writer& writer, const std::string& iccid, const std::string& body) {
    TESSERA_TRY_VALUE(const auto other, member_of(body, "iccid"));
    if (!other.is_string()) return failure("bad_type", "iccid", "expected the ICCID of the new card");
    const std::string successor(other.get_string());
    return change_and_note(writer, [&](cards::card_store& cards, timestamp now) {
        return cards::swap_cards(cards, iccid, successor, now);
    });
}

result<json::object> change_numbers(store::shared_writer& writer, std::span<const cards::number_change> changes) {
    return change_and_note(
        writer, [&](cards::card_store& cards, timestamp now) { return cards::change_numbers(cards, changes, now); });
}

}  // namespace tessera::app
