// The simulator's control channel: JSON Lines on the SMPP port. What may be asked stands in README.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/phone_applet.h"
#include "sim/simulated_card.h"

namespace tessera::sim {

struct smsc_statistics;

struct control_answer {
    std::string line;                              // one JSON object and a newline
    bool stop = false;                             // the process is asked to end
    std::optional<originated_message> sends = {};  // a card sends it now
    bool kill = false;  // this centre is to die with all that it holds; the cards and other centres stay
};

[[nodiscard]] control_answer answer_control_line(std::string_view line, const simulated_cards& cards,
                                                 const smsc_statistics& statistics);

}  // namespace tessera::sim
