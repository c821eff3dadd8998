#include "cards/event_row.h"

#include <algorithm>

#include "base/iso8601.h"
#include "cards/identifiers.h"

namespace tessera::cards {
namespace {

constexpr std::size_t name_octets_max = 32;  // no ICCID, IMSI or MSISDN is so long

// The form that the registry keeps.
result<std::string> checked_name(card_naming by, std::string_view name) {
    if (name.empty()) return failure("missing_field", card_naming_fields[static_cast<std::size_t>(by)], "is missing");
    if (by == card_naming::iccid) return parse_iccid(name);
    if (by == card_naming::imsi) return parse_imsi(name);
    if (by == card_naming::msisdn) {
        TESSERA_TRY_VALUE(const auto number, parse_msisdn(name));
        return std::to_string(number);
    }
    if (name.size() > name_octets_max)
        return failure("not_found", "card", "the registry has no card with this ICCID, IMSI or MSISDN");
    return std::string(name);
}

}  // namespace

result<told_event> check_event(const event_fields& fields, timestamp now, std::string_view source) {
    told_event made;
    made.by = fields.by;
    TESSERA_TRY_VALUE(made.card, checked_name(fields.by, fields.card));
    auto& event = made.event;
    if (!fields.kind.empty()) {
        const auto kind = event_kind_from(fields.kind);
        if (!kind || *kind == event_kind::first_registration)
            return failure("bad_event", "kind", "expected registration or new-imei");
        event.kind = *kind;
    }
    if (!fields.imei.empty()) {
        TESSERA_TRY_VALUE(event.phone, parse_imei(fields.imei));
    }
    event.at = now;
    if (!fields.at.empty()) {
        TESSERA_TRY_VALUE(event.at, parse_iso8601(fields.at, "at"));
    }
    TESSERA_TRY_VALUE(event.source, parse_tag(fields.source.empty() ? source : fields.source, "source"));
    return made;
}

result<event_columns> event_columns::from_header(const std::vector<std::string>& names, std::string_view file) {
    const auto refused = [&](const std::string& why) {
        return failure("bad_header", file,
                       why +
                           "; expected one of card, iccid, imsi and msisdn, and any of kind, imei, "
                           "at and source");
    };
    event_columns made;
    made.count_ = names.size();
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto* place = names[i] == "kind"     ? &made.kind_
                      : names[i] == "imei"   ? &made.imei_
                      : names[i] == "at"     ? &made.at_
                      : names[i] == "source" ? &made.source_
                                             : nullptr;
        const auto naming = std::ranges::find(card_naming_fields, names[i]);
        if (naming != card_naming_fields.end()) {
            made.by_ = static_cast<card_naming>(naming - card_naming_fields.begin());
            place = &made.card_;
        }
        if (place == nullptr) return refused("unknown column \"" + names[i].substr(0, 40) + "\"");
        if (*place != none) return refused("two columns say the same");
        *place = i;
    }
    if (made.card_ == none) return refused("no column says which card");
    return made;
}

result<told_event> event_columns::read(const std::vector<std::string>& row, timestamp now,
                                       std::string_view source) const {
    if (row.size() != count_)
        return failure("bad_row", "row",
                       "expected " + std::to_string(count_) + " fields, found " + std::to_string(row.size()));
    const auto field = [&](std::size_t place) {
        return place == none ? std::string_view() : std::string_view(row[place]);
    };
    return check_event({by_, field(card_), field(kind_), field(imei_), field(at_), field(source_)}, now, source);
}

result<card_id> find_card(card_store& cards, card_naming by, std::string_view name) {
    std::optional<card_id> found;
    if (by == card_naming::any) {
        TESSERA_TRY_VALUE(const auto one, cards.find(name));
        if (one) found = one->id;
    } else {
        const auto which = by == card_naming::iccid  ? identifier::iccid
                           : by == card_naming::imsi ? identifier::imsi
                                                     : identifier::msisdn;
        TESSERA_TRY_VALUE(found, cards.id_of(which, name));
    }
    if (found) return *found;
    const auto field = card_naming_fields[static_cast<std::size_t>(by)];
    return failure("not_found", field,
                   "the registry has no card with this " + std::string(by == card_naming::any ? "ICCID, IMSI or MSISDN"
                                                                       : by == card_naming::iccid ? "ICCID"
                                                                       : by == card_naming::imsi  ? "IMSI"
                                                                                                  : "MSISDN"));
}

}  // namespace tessera::cards
