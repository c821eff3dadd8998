// An audit's report: a row per card and file.
#pragma once

#include "campaigns/types.h"
#include "tessera/data_directory.h"

namespace tessera::app {

// JSON Lines {iccid, outcome, cause, ..., file, record, content, value, expected, expected_value, drift, file_cause},
// and the summary.
[[nodiscard]] result<void> print_audit_json(data_directory& data, const campaigns::campaign& subject,
                                            const campaigns::definition& what);
[[nodiscard]] result<void> print_audit_csv(data_directory& data, const campaigns::campaign& subject,
                                           const campaigns::definition& what);
// The cards that differ.
[[nodiscard]] result<void> print_audit_text(data_directory& data, const campaigns::campaign& subject,
                                            const campaigns::definition& what);

}  // namespace tessera::app
