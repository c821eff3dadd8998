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

// The file's own checks and those that registry and catalogue of profiles answer, on any connection; what
// create_campaign() asks first. What the profiles decide stands in the definition.
// Errors: every mistake, with its line.
[[nodiscard]] std::expected<definition, std::vector<error>> check_campaign_file(store::connection& database,
                                                                                std::string_view text,
                                                                                file_context context);

// The targets are those that the registry holds now; cards imported later do not join. Errors: every mistake of the
// file, with its line; no_targets; database.
[[nodiscard]] std::expected<campaign, std::vector<error>> create_campaign(store::connection& writer,
                                                                          std::string_view text,
                                                                          const file_context& context, timestamp now,
                                                                          random_port& random);

// The same in two steps. The first one only reads, on any connection: nothing needs to be asked for any more, no file
// that it names is read again, and no profile asked. The second one is in the caller's transaction, to be rolled back
// after an error; cards that changed between the two are checked no more than those that change after both.
struct checked_campaign {
    definition what;
    std::string text;
};
[[nodiscard]] std::expected<checked_campaign, std::vector<error>> check_campaign(store::connection& reader,
                                                                                 std::string_view text,
                                                                                 const file_context& context);
[[nodiscard]] result<campaign> create_within(store::connection& writer, const checked_campaign& checked,
                                             const file_context& context, timestamp now, random_port& random);

// A new campaign that writes the same into the cards that had one of these outcomes in an earlier one. `name`: empty
// for one made of the earlier one's. Errors: bad_state (the earlier one has not ended), those of create_campaign().
struct follow_up {
    std::vector<operations::outcome> outcomes{operations::outcome::unknown, operations::outcome::failed};
    std::string name;
    bool not_sent = false;  // also those that it was cancelled before
    bool drifted = false;   // and those of which an audit found something else than expected
};
[[nodiscard]] std::expected<campaign, std::vector<error>> create_follow_up(store::connection& writer,
                                                                           const campaign& earlier,
                                                                           const follow_up& wanted,
                                                                           file_context context, timestamp now,
                                                                           random_port& random);

// A stored campaign's definition, for conduct() and reports.
[[nodiscard]] result<definition> definition_of(const campaign& stored);

}  // namespace tessera::campaigns
