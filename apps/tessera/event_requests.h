// Events that feeds and people tell of, as the local service and the command line speak of them.
#pragma once

#include <boost/json/object.hpp>
#include <span>
#include <string>
#include <vector>

#include "cards/event_row.h"
#include "store/shared_writer.h"

namespace tessera::app {

inline constexpr std::string_view event_feed_source = "network";

// What became of some events, told together.
struct event_totals {
    struct problem {
        std::size_t index = 0;  // of the event, from 0
        error why;
    };
    std::int64_t recorded = 0, repeated = 0, outdated = 0, limited = 0;
    std::vector<problem> problems;  // each of them was refused, and only it
    void count(cards::event_news news, std::int64_t by = 1);
};
// At most limits::events_per_request, in one transaction. Errors: database.
[[nodiscard]] result<event_totals> record_events(store::shared_writer& writer,
                                                 std::span<const cards::told_event> events, timestamp now);
[[nodiscard]] boost::json::object totals_json(const event_totals& totals);
[[nodiscard]] boost::json::object event_json(const cards::told_event& event);

// A request: one event {card, iccid, imsi or msisdn, kind, imei, at, source}, answered {iccid, imei, news, kinds}; or
// {events: [...]}, answered as totals_json() has it. The former's errors: those of check_event() and find_card().
[[nodiscard]] result<boost::json::object> record_event_request(store::shared_writer& writer, const std::string& body,
                                                               timestamp now);

}  // namespace tessera::app
