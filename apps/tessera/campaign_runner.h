// A campaign run in the foreground, with everything it needs from a data directory.
#pragma once

#include "campaigns/conductor.h"
#include "campaigns/report.h"
#include "telecom/radio.h"
#include "tessera/data_directory.h"

namespace tessera::app {

// Runs the campaign from where it stands. SIGINT and SIGTERM stop it at the next commit; it can be resumed then. Where
// the database is shared, others take part in it, and go on with it when this process stops.
[[nodiscard]] result<campaigns::run_end> run_campaign(data_directory& data, const campaigns::campaign& subject,
                                                      campaigns::progress_sink& progress);

// Begins the campaign, or lets it go on, for the processes that serve the database. Errors: bad_state; not_shared.
[[nodiscard]] result<void> begin_campaign(data_directory& data, const campaigns::campaign& subject);

// What conduct() needs, from a data directory. All must outlive its use; the SMSCs of `what` must be there.
[[nodiscard]] campaigns::environment campaign_environment(data_directory& data, store::shared_writer& writer,
                                                          telecom::radio& radio, const campaigns::definition& what,
                                                          campaigns::progress_sink& progress,
                                                          const std::atomic<bool>& stop);

// Errors: not_found.
[[nodiscard]] result<campaigns::campaign> find_campaign(data_directory& data, const std::string& id);

// Its counts, times, and what it waits for now.
[[nodiscard]] result<campaigns::campaign_summary> summary_now(data_directory& data, const campaigns::campaign& subject);

// The id, and a warning where cards of it have few counters left, or cannot be reached.
void print_created(data_directory& data, const campaigns::campaign& made, bool as_json);

// What stands at the end of a run: outcomes by cause, phases with their rates, the network session against the whole.
[[nodiscard]] result<std::string> summary_text(data_directory& data, const campaigns::campaign& subject);

}  // namespace tessera::app
