// When the same octets go again within P2, by what kept the last sending from bringing an answer. Nothing here decides
// what became of a card: receipts and statuses of the network say when to send again and when to stop waiting, no more.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "telecom/network.h"

namespace tessera::campaigns {

enum class retry_cause : std::uint8_t {
    no_answer = 0,  // the PoR did not come in time
    absent = 1,     // the subscriber cannot be reached
    busy = 2,       // the card could not take it: SW 9300, TP-FCS D4
    expired = 3,    // its validity period ended at the SMSC
    throttled = 4,  // the SMSC would not take it over, however slowly it was asked
};
inline constexpr std::size_t retry_causes = 5;
[[nodiscard]] std::string_view to_string(retry_cause cause);

struct retry_rule {
    int attempts = 3;  // sendings of one packet that may end with this cause; then nothing more is awaited
    duration after = std::chrono::seconds(30);
    double factor = 2;  // of each further delay to the one before
    duration at_most = std::chrono::hours(1);
};
// After the so-manieth sending that ended with the rule's cause, from 1.
[[nodiscard]] duration delay_after(const retry_rule& rule, int failures);

// A cause without a rule: its packet goes again at once, as often as the exchange's attempts say.
class retry_rules {
public:
    [[nodiscard]] bool any() const {
        for (const auto& one : rules_)
            if (one) return true;
        return false;
    }
    [[nodiscard]] const std::optional<retry_rule>& of(retry_cause cause) const {
        return rules_[static_cast<std::size_t>(cause)];
    }
    void set(retry_cause cause, const retry_rule& rule) { rules_[static_cast<std::size_t>(cause)] = rule; }

private:
    std::array<std::optional<retry_rule>, retry_causes> rules_;
};

// The SMSC has stopped trying to deliver, without success.
[[nodiscard]] bool delivery_failed(std::string_view receipt_state);
// What a receipt of a failed delivery names as its reason, if there is a rule for it.
[[nodiscard]] std::optional<retry_cause> cause_of(const telecom::inbound_receipt& receipt, const retry_rules& rules);

}  // namespace tessera::campaigns
