#include "tessera/card_outside.h"

#include <boost/json/value.hpp>
#include <cstdio>

#include "base/event_limits.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

json::value text_or_null(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

}  // namespace

result<card_outside> outside_of(store::connection& database, cards::card_id card) {
    cards::card_event_store events(database);
    card_outside made;
    TESSERA_TRY_VALUE(made.phone, events.phone_of(card));
    TESSERA_TRY_VALUE(made.events, events.history(card, limits::events_shown));
    return made;
}

void add_phone(json::object& to, const card_outside& found) {
    const auto& last = found.phone;
    const bool told = last && !last->phone.imei.empty();
    to["imei"] = text_or_null(told ? last->phone.imei : "");
    to["software_version"] = text_or_null(told ? last->phone.software_version : "");
    to["phone_since"] = text_or_null(told ? to_iso8601(last->since) : "");
    to["seen_at"] = text_or_null(last ? to_iso8601(last->seen_at) : "");
}

void add_events(json::array& history, const card_outside& found) {
    for (const auto& one : found.events)
        history.push_back({{"at", to_iso8601(one.at)},
                           {"event", cards::to_string(one.kind)},
                           {"imei", text_or_null(one.phone.imei)},
                           {"source", one.source}});
}

void print_phone(const card_outside& found) {
    if (!found.phone) return;
    const auto& last = *found.phone;
    if (!last.phone.imei.empty())
        std::printf("phone    IMEI %s%s%s since %s, ", last.phone.imei.c_str(),
                    last.phone.software_version.empty() ? "" : " software version ",
                    last.phone.software_version.c_str(), to_iso8601(last.since).c_str());
    else
        std::printf("phone    not known, ");
    std::printf("last told of at %s\n", to_iso8601(last.seen_at).c_str());
}

void print_events(const card_outside& found) {
    for (const auto& one : found.events)
        std::printf("history  %s %s%s%s (%s)\n", to_iso8601(one.at).c_str(),
                    std::string(cards::to_string(one.kind)).c_str(), one.phone.imei.empty() ? "" : " in phone ",
                    one.phone.imei.c_str(), one.source.c_str());
}

}  // namespace tessera::app
