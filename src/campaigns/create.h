// A new campaign: the file checked, its targets chosen, all in one transaction.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "campaigns/campaign_file.h"
#include "campaigns/types.h"
#include "store/database.h"

namespace tessera::campaigns {

// The targets are those that the registry holds now; cards imported later do not join. Errors: every mistake of the
// file, with its line; no_targets; database.
[[nodiscard]] std::expected<campaign, std::vector<error>> create_campaign(store::connection& writer,
                                                                          std::string_view text,
                                                                          const file_context& context, timestamp now,
                                                                          random_port& random);

// A stored campaign's definition, for conduct() and reports.
[[nodiscard]] result<definition> definition_of(const campaign& stored);

}  // namespace tessera::campaigns
