// What a command_status of submit_sm_resp means for the message (SMPP 3.4 clause 5.1.3).
#pragma once

#include <cstdint>

namespace tessera::telecom {

enum class status_kind : std::uint8_t {
    accepted,    // ESME_ROK
    slows_down,  // ESME_RTHROTTLED, ESME_RMSGQFUL: the same message again, and everything slower
    temporary,   // the same message again, a bounded number of times
    permanent,   // the same octets will never be taken: evidence that the network refuses the message
};

// Permanent is what the clause says of the message itself: a field that will be as wrong the next time. Everything else
// is temporary: troubles of the session or of the SMSC, "failed" without a reason (ESME_RSUBMITFAIL,
// ESME_RDELIVERYFAILURE, ESME_RUNKNOWNERR), reserved values, and what vendors mean by 400 to 4FF.
[[nodiscard]] status_kind kind_of_status(std::uint32_t command_status);

}  // namespace tessera::telecom
