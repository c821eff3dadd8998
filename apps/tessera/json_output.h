// JSON on standard output: one object, or one per line.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "campaigns/report.h"
#include "cards/types.h"

namespace tessera::app {

// One line. Throws nothing; a broken pipe ends the program as usual.
void print_json(const boost::json::object& object);

// A field for people: a string as it is, anything else as JSON, and `none` where there is nothing or null.
[[nodiscard]] std::string text_of(const boost::json::object& from, std::string_view key, std::string_view none = "");

[[nodiscard]] boost::json::object to_json(const cards::card& card);
// {id, name, state, round, phase, targets, prepared, sent, answered, settled, outcomes, ...}
[[nodiscard]] boost::json::object status_json(const campaigns::campaign_summary& summary);
// A row of a campaign's report.
[[nodiscard]] boost::json::object row_json(const campaigns::report_row& row, bool cancelled);
// {targets, done, skipped, failed, unknown, phases: {...}}
[[nodiscard]] boost::json::object summary_json(const campaigns::campaign_summary& summary);

}  // namespace tessera::app
