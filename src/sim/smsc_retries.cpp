// The third of smsc that keeps what a card cannot take now, tries again and gives up in the end.
#include <algorithm>

#include "sim/smsc_state.h"

namespace tessera::sim {
namespace {

// As network_error_code has them in GSM networks: a MAP error (3GPP TS 29.002 clause 17.6.6), a TP-FCS (3GPP TS 23.040
// clause 9.2.3.22).
constexpr std::uint16_t absent_subscriber = 27, toolkit_busy = 0xd4;
constexpr unsigned attempt_shift = 40;  // above any ordinal: each try meets a decision of its own

}  // namespace

// What keeps the message from its card at this try; 0: nothing.
std::uint16_t smsc::obstacle(const submission& message, std::uint64_t attempt, instant now) {
    const auto& plan = options_.faults;
    if (!message.has_header) return 0;
    const auto count = [&](fault kind) { ++statistics_.faults[static_cast<std::size_t>(kind)]; };
    if (plan.happens(fault::card_absent, message.card_hash, 0)) {
        const auto since = absent_since_.try_emplace(message.card, now).first->second;
        if (plan.absent_for == duration{0} || now - since < plan.absent_for) {
            count(fault::card_absent);
            return absent_subscriber;
        }
    }
    if (!plan.happens(fault::card_busy, message.card_hash, message.ordinal | attempt << attempt_shift)) return 0;
    count(fault::card_busy);
    return toolkit_busy;
}

void smsc::keep(account& sender, const submission& message, std::uint16_t network_error, instant now) {
    undelivered made;
    made.sender = &sender;
    made.message = message;
    made.content.size = static_cast<std::uint8_t>(message.user_data.size());
    std::ranges::copy(message.user_data, made.content.octets.begin());
    made.message.user_data = {};
    const auto validity = message.validity > duration{0} ? message.validity : options_.faults.smsc_validity;
    made.expires = now + std::chrono::duration_cast<instant::duration>(validity);
    put_off(std::move(made), network_error, now);
}

void smsc::put_off(undelivered what, std::uint16_t network_error, instant now) {
    const auto pause = options_.faults.smsc_retry;
    if (pause == duration{0}) return report_failure(*what.sender, what.message, false, network_error);
    if (now >= what.expires) return report_failure(*what.sender, what.message, true, network_error);
    const auto next = std::min(now + std::chrono::duration_cast<instant::duration>(pause), what.expires);
    undelivered_.emplace(next, std::move(what));
}

void smsc::deliver_again(instant now) {
    while (!undelivered_.empty() && undelivered_.begin()->first <= now) {
        auto what = std::move(undelivered_.extract(undelivered_.begin()).mapped());
        what.message.user_data = what.content.user_data();
        if (const auto met = obstacle(what.message, what.attempts, now); met != 0) {
            ++what.attempts;
            put_off(std::move(what), met, now);
            continue;
        }
        bring_to_card(*what.sender, what.message, now);
        if (what.message.receipt) issue_receipt(*what.sender, what.message);
    }
}

}  // namespace tessera::sim
