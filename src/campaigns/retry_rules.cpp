#include "campaigns/retry_rules.h"

#include <algorithm>

namespace tessera::campaigns {
namespace {

struct known_error {
    std::uint16_t code;
    retry_cause cause;
};
// What networks put into network_error_code and "err:". MAP user errors (3GPP TS 29.002 clause 17.6.6, below 80) and
// TP-FCS (3GPP TS 23.040 clause 9.2.3.22, from 80 on) do not overlap. 9300 is the status word behind D4 (ETSI TS 102
// 221 clause 10.2.1.1), which some centres hand through as it is.
constexpr std::array<known_error, 5> known_errors{{
    {6, retry_cause::absent},     // absentSubscriberSM
    {27, retry_cause::absent},    // absentSubscriber
    {31, retry_cause::busy},      // subscriberBusyForMT-SMS
    {0xd4, retry_cause::busy},    // (U)SIM application toolkit busy
    {0x9300, retry_cause::busy},  // SIM application toolkit is busy
}};
// SMPP 3.4 clause 5.3.2.31: these networks have codes of their own.
constexpr std::uint8_t network_ansi_136 = 1, network_is_95 = 2;

}  // namespace

duration delay_after(const retry_rule& rule, int failures) {
    auto delay = std::chrono::duration<double>(rule.after);
    const auto most = std::chrono::duration<double>(rule.at_most);
    for (int i = 1; i < failures && delay < most; ++i) delay *= rule.factor;
    return std::chrono::duration_cast<duration>(std::min(delay, most));
}

bool delivery_failed(std::string_view receipt_state) {
    constexpr std::array<std::string_view, 4> failed{"EXPIRED", "UNDELIV", "DELETED", "REJECTD"};
    return std::ranges::find(failed, receipt_state) != failed.end();
}

std::optional<retry_cause> cause_of(const telecom::inbound_receipt& receipt, const retry_rules& rules) {
    if (!delivery_failed(receipt.state)) return std::nullopt;
    // The state says that the centre's time was up; the error, what its last try met.
    if (receipt.state == "EXPIRED" && rules.of(retry_cause::expired)) return retry_cause::expired;
    if (receipt.network_type == network_ansi_136 || receipt.network_type == network_is_95) return std::nullopt;
    const auto known = std::ranges::find(known_errors, receipt.network_error, &known_error::code);
    if (known == known_errors.end() || !rules.of(known->cause)) return std::nullopt;
    return known->cause;
}

std::string_view to_string(retry_cause cause) {
    constexpr std::array<std::string_view, retry_causes> names{"no_answer", "absent", "busy", "expired", "throttled"};
    return names.at(static_cast<std::size_t>(cause));
}

}  // namespace tessera::campaigns
