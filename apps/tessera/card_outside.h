// What `card show` says of a card's life outside: its phone, its events.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cards/card_events.h"

namespace tessera::app {

struct card_outside {
    std::optional<cards::last_phone> phone;
    std::vector<cards::stored_event> events;  // the latest limits::events_shown
};
[[nodiscard]] result<card_outside> outside_of(store::connection& database, cards::card_id card);

// imei, software_version, phone_since and seen_at of a card; null where nobody told.
void add_phone(boost::json::object& to, const card_outside& found);
void add_events(boost::json::array& history, const card_outside& found);
void print_phone(const card_outside& found);
void print_events(const card_outside& found);

}  // namespace tessera::app
