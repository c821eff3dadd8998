// What can make a card useless if it goes wrong, so that somebody must take the responsibility before it begins: for
// campaigns by approval, for single operations by saying so.
#pragma once

#include <string>
#include <vector>

#include "operations/application_script.h"
#include "operations/types.h"

namespace tessera::operations {

// Each danger once, for people: "it writes EF_IMSI (7fff/6f07): who the card is". Nothing dangerous: empty.
using danger_list = std::vector<std::string>;

[[nodiscard]] danger_list dangers_of_writes(const std::vector<file_write>& writes,
                                            const codec::toolkit_application_reference& tar);
[[nodiscard]] danger_list dangers_of_applications(const std::vector<application_action>& actions);
// APDUs that the application runs one after another. What they select is followed as ETSI TS 102 221 clause 8.4 and
// 11.1.1 have it; where that leaves open in which directory a file is, it counts as the dangerous one of that name.
[[nodiscard]] danger_list dangers_of_commands(const std::vector<bytes>& commands,
                                              const codec::toolkit_application_reference& tar);
[[nodiscard]] danger_list dangers_of(const single_request& request);

// "A, B"; empty of none.
[[nodiscard]] std::string joined(const danger_list& dangers);

}  // namespace tessera::operations
