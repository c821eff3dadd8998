// Events that set something off: cards are gathered and become campaigns.
#pragma once

#include <expected>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "campaigns/campaign_file.h"
#include "campaigns/trigger_store.h"
#include "store/shared_writer.h"

namespace tessera::campaigns {

// A trigger from its file: checked as a campaign for all cards that it could be for. Events from now on are its
// business. In one transaction. Errors: every mistake of the file, with its line; conflict, too_many; database.
[[nodiscard]] std::expected<stored_trigger, std::vector<error>> add_trigger(store::shared_writer& writer,
                                                                            std::string_view text, file_context context,
                                                                            timestamp now);
// What a stored trigger's file says.
[[nodiscard]] result<trigger_terms> terms_of(const stored_trigger& stored);

// For every trigger that has gathered cards for as long as it wants to, or as many: a campaign. The campaign, its
// targets, and the note that these events have had their effect are one transaction: an event makes its card a target
// of one campaign of the trigger, or, after a crash, still will. A trigger whose campaign cannot be made keeps its
// events and says why (stored_trigger::problem). Returns how many campaigns were made. Errors: database.
[[nodiscard]] result<int> create_triggered(store::shared_writer& writer, const file_context& context, timestamp now,
                                           random_port& random);

// The triggers' campaign that is to go on next, but for `not_these`. Nothing: none can, or everything is stopped.
[[nodiscard]] result<std::optional<campaign_key>> next_triggered(store::shared_writer& writer,
                                                                 const std::vector<campaign_key>& not_these);

}  // namespace tessera::campaigns
