// What a campaign leaves to the catalogue of profiles, and what the catalogue makes of it: the TAR of an application
// that is given by name, how scripts look, and the refusal of what its cards do not take.
#pragma once

#include <string>
#include <vector>

#include "campaigns/types.h"
#include "store/database.h"

namespace tessera::campaigns {

// Holds the definition against the profiles and batches of its targets, and fills in what they decide. All targets get
// one TAR, one length of CC and one style of scripts: profiles that contradict one another want a campaign each. Cards
// of profiles that the catalogue does not have are spoken to as the file says. Reads the registry on `reader`; `file`
// stands in errors with the line at fault.
// Errors: bad_campaign_file (security below a profile's minimum, unknown application or TAR, algorithms, messages too
// long), each naming profile, field, minimum or what is known, and what was given; database.
[[nodiscard]] std::expected<void, std::vector<error>> apply_profiles(store::connection& reader, definition& what,
                                                                     const std::string& file);

// The file's text with a section [resolved] behind it, where apply_profiles() decided anything; what a campaign was
// created with stays true when the catalogue changes.
[[nodiscard]] std::string resolved_text(std::string_view text, const definition& what);

}  // namespace tessera::campaigns
