#include "tessera/event_requests.h"

#include <boost/json.hpp>

#include "base/event_limits.h"

namespace tessera::app {
namespace {

namespace json = boost::json;
using cards::event_news;

result<cards::told_event> event_from(const json::value& value, timestamp now) {
    if (!value.is_object()) return failure("bad_json", "events", "expected JSON objects");
    cards::event_fields fields;
    bool named = false;
    for (const auto& [key, found] : value.get_object()) {
        if (found.is_null()) continue;
        if (!found.is_string()) return failure("bad_type", std::string(key), "expected a text");
        const std::string_view text(found.get_string());
        const auto naming = std::ranges::find(cards::card_naming_fields, std::string_view(key));
        if (naming != cards::card_naming_fields.end()) {
            if (std::exchange(named, true))
                return failure("bad_event", std::string(key),
                               "only one of card, iccid, imsi and msisdn says which card");
            fields.by = static_cast<cards::card_naming>(naming - cards::card_naming_fields.begin());
            fields.card = text;
        } else if (key == "kind") {
            fields.kind = text;
        } else if (key == "imei") {
            fields.imei = text;
        } else if (key == "at") {
            fields.at = text;
        } else if (key == "source") {
            fields.source = text;
        } else {
            return failure("unknown_field", std::string(key),
                           "expected one of card, iccid, imsi and msisdn, and any of kind, imei, at and source");
        }
    }
    return cards::check_event(fields, now, event_feed_source);
}

struct recorded {
    std::string iccid;
    cards::event_report report;
    std::optional<cards::last_phone> phone;
};

result<recorded> record_one(store::connection& writer, const cards::told_event& told, timestamp now) {
    cards::card_store cards(writer);
    cards::card_event_store events(writer);
    TESSERA_TRY_VALUE(const auto card, cards::find_card(cards, told.by, told.card));
    recorded made;
    TESSERA_TRY_VALUE(made.report, events.record(card, told.event, now));
    TESSERA_TRY_VALUE(made.phone, events.phone_of(card));
    TESSERA_TRY_VALUE(const auto found, cards.get(card));
    made.iccid = found.identity.iccid;
    return made;
}

}  // namespace

void event_totals::count(event_news news, std::int64_t by) {
    std::int64_t* const places[] = {&recorded, &repeated, &outdated, &limited};
    *places[static_cast<std::size_t>(news)] += by;
}

result<event_totals> record_events(store::shared_writer& writer, std::span<const cards::told_event> events,
                                   timestamp now) {
    return writer.transact([&](store::connection& database) -> result<event_totals> {
        event_totals made;
        cards::card_store cards(database);
        cards::card_event_store store(database);
        for (std::size_t i = 0; i < events.size(); ++i) {
            const auto card = cards::find_card(cards, events[i].by, events[i].card);
            auto report = card ? store.record(*card, events[i].event, now)
                               : result<cards::event_report>(std::unexpected(card.error()));
            if (report)
                made.count(report->news);
            else if (store::is_about_database(report.error()))
                return std::unexpected(std::move(report).error());
            else
                made.problems.push_back({i, std::move(report).error()});
        }
        return made;
    });
}

json::object totals_json(const event_totals& totals) {
    json::array problems;
    for (const auto& one : totals.problems)
        problems.push_back(
            {{"index", one.index}, {"code", one.why.code}, {"field", one.why.field}, {"message", one.why.message}});
    return {{"recorded", totals.recorded}, {"repeated", totals.repeated},        {"outdated", totals.outdated},
            {"limited", totals.limited},   {"rejected", totals.problems.size()}, {"problems", std::move(problems)}};
}

json::object event_json(const cards::told_event& told) {
    json::object made{{cards::card_naming_fields[static_cast<std::size_t>(told.by)], told.card},
                      {"kind", cards::to_string(told.event.kind)},
                      {"at", to_iso8601(told.event.at)},
                      {"source", told.event.source}};
    if (told.event.phone)
        made["imei"] =
            told.event.phone->software_version.empty()
                ? told.event.phone->imei
                : told.event.phone->imei.substr(0, cards::imei_digits - 1) + told.event.phone->software_version;
    return made;
}

result<json::object> record_event_request(store::shared_writer& writer, const std::string& body, timestamp now) {
    json::error_code problem;
    const auto parsed = json::parse(body, problem);
    if (problem || !parsed.is_object()) return failure("bad_json", "body", "expected a JSON object");
    const auto* list = parsed.get_object().if_contains("events");
    if (list == nullptr) {
        TESSERA_TRY_VALUE(const auto told, event_from(parsed, now));
        TESSERA_TRY_VALUE(const auto made, writer.transact_first([&](store::connection& database) {
            return record_one(database, told, now);
        }));
        json::array kinds;
        for (const auto kind : made.report.kinds) kinds.push_back(json::value(cards::to_string(kind)));
        const bool known = made.phone && !made.phone->phone.imei.empty();
        return json::object{{"iccid", made.iccid},
                            {"imei", known ? json::value(made.phone->phone.imei) : json::value(nullptr)},
                            {"news", cards::to_string(made.report.news)},
                            {"kinds", std::move(kinds)}};
    }
    if (!list->is_array() || list->get_array().size() > limits::events_per_request)
        return failure("bad_type", "events",
                       "expected a list of at most " + std::to_string(limits::events_per_request) + " events");
    std::vector<cards::told_event> events;
    std::vector<std::size_t> places;
    event_totals refused;
    for (std::size_t i = 0; i < list->get_array().size(); ++i) {
        auto told = event_from(list->get_array()[i], now);
        if (!told) {
            refused.problems.push_back({i, std::move(told).error()});
            continue;
        }
        events.push_back(std::move(*told));
        places.push_back(i);
    }
    TESSERA_TRY_VALUE(auto made, record_events(writer, events, now));
    for (auto& one : made.problems) one.index = places[one.index];
    made.problems.insert(made.problems.end(), refused.problems.begin(), refused.problems.end());
    std::ranges::sort(made.problems, {}, &event_totals::problem::index);
    return totals_json(made);
}

}  // namespace tessera::app
