// Triggers, as the local service and the command line speak of them.
#pragma once

#include <boost/json/object.hpp>
#include <expected>
#include <string>
#include <vector>

#include "campaigns/trigger_work.h"
#include "store/shared_writer.h"
#include "tessera/configuration.h"

namespace tessera::app {

// What a trigger's file is checked against, and the campaigns made of it.
[[nodiscard]] campaigns::file_context trigger_context(const configuration& settings);

// {file, text}: a trigger's file. Answers as show_trigger() does. Errors: every mistake of the file.
[[nodiscard]] std::expected<boost::json::object, std::vector<error>> add_trigger_request(store::connection& reader,
                                                                                         store::shared_writer& writer,
                                                                                         const configuration& settings,
                                                                                         const std::string& body);
// {triggers: [...], unmatched_messages: {kept, dropped}}: all, oldest first, and the messages that belong to no card
// that is known.
[[nodiscard]] result<boost::json::object> list_triggers(store::connection& reader);
// {name, state, on, campaigns, events, limited, refused, refused_cards: [{iccid, reason, at}], last_campaign, problem,
// created_at}. Errors: not_found.
[[nodiscard]] result<boost::json::object> show_trigger(store::connection& reader, const std::string& name);
// `verb` is pause, resume or remove. Answers the trigger. Errors: not_found; bad_state (it is that already).
[[nodiscard]] result<boost::json::object> change_trigger(store::shared_writer& writer, const std::string& name,
                                                         const std::string& verb);

}  // namespace tessera::app
