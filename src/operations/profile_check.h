// What is asked of a card, held against what the catalogue says of its profile.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cards/profile_facts.h"
#include "operations/packet_builder.h"
#include "operations/script.h"

namespace tessera::operations {

// How messages to its cards look.
[[nodiscard]] script_style style_of(const cards::profile_facts& facts);

// The TAR of an application by its name. `profile` is how messages call the cards: profile "telco" batch "2019".
// Errors: unknown_application (field "application"; names those there are).
[[nodiscard]] result<codec::toolkit_application_reference> tar_of(const cards::profile_facts& facts,
                                                                  std::string_view profile,
                                                                  std::string_view application);

// What the security falls short of, and an application that the cards do not have: field tar or spi, codes
// unknown_application and below_minimum. The messages name profile, minimum and what was given.
[[nodiscard]] std::vector<error> check_security(const cards::profile_facts& facts, std::string_view profile,
                                                const application_security& asked);

// Of a key set that a packet with this SPI would use; field algorithm, code algorithm_not_allowed.
[[nodiscard]] result<void> check_algorithms(const cards::profile_facts& facts, std::string_view profile,
                                            codec::security_parameter_indicator spi, const cards::key_set_header& keys);

}  // namespace tessera::operations
