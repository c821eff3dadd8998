#include "tessera/event_intake.h"

#include <span>

#include "base/event_limits.h"
#include "base/log.h"
#include "cards/store.h"

namespace tessera::app {
namespace {

constexpr std::string_view source = "sms";

}  // namespace

event_intake::event_intake(store::shared_writer& writer, const std::vector<operations::event_rule>& rules,
                           telecom::radio& radio, net::event_loop& home, operations::membership& fleets,
                           std::function<void()> recorded)
    : writer_(&writer),
      rules_(&rules),
      home_(&home),
      fleets_(&fleets),
      recorded_(std::move(recorded)),
      line_(
          radio, home,
          [rules = &rules](const telecom::inbound_message& message) { return operations::rule_for(*rules, message); },
          [this](telecom::claimed_message message) { hear(std::move(message)); }, limits::events_waiting) {}

void event_intake::hear(telecom::claimed_message message) {
    waiting_.push_back(std::move(message));
    if (waiting_.size() > 1) return;
    home_->post([this, alive = std::weak_ptr(alive_)] {
        if (!alive.expired()) keep_some();
    });
}

// Whatever came while the last commit ran, in small steps: a flood of it must not keep operations waiting. After the
// commit in here the events are durable, and only then does the SMSC forget them.
void event_intake::keep_some() {
    const auto count = std::min(waiting_.size(), limits::events_per_commit);
    const auto some = std::span(waiting_).first(count);
    const auto now = system_clock().now();
    const auto news = writer_->transact_first([&](store::connection& writer) -> result<bool> {
        bool any = false;
        for (const auto& one : some) {
            TESSERA_TRY_VALUE(const bool recorded, keep(writer, one, now));
            any = any || recorded;
        }
        return any;
    });
    if (!news) log_error("events are left at the SMSC: " + to_string(news.error()));
    for (const auto& one : some) news ? line_.acknowledge(one) : line_.put_off(one);
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    if (news && *news) recorded_();
    if (waiting_.empty()) return;
    home_->post([this, alive = std::weak_ptr(alive_)] {
        if (!alive.expired()) keep_some();
    });
}

result<bool> event_intake::keep(store::connection& writer, const telecom::claimed_message& message, timestamp now) {
    cards::card_store cards(writer);
    TESSERA_TRY_VALUE(const auto card, cards.find_by_msisdn(message.subscriber));
    auto event = operations::read_event((*rules_)[message.which], message.user_data, message.has_header);
    if (!card || !event) {
        log_warning(card ? "an event of card " + card->identity.iccid + " cannot be read: " + to_string(event.error())
                         : "an event came from a number that no card has");
        TESSERA_TRY(fleets_->keep_stray(writer, message.subscriber, message.user_data));
        return false;
    }
    event->at = now;
    event->source = source;
    TESSERA_TRY_VALUE(const auto report, cards::card_event_store(writer).record(card->id, *event, now));
    return report.news == cards::event_news::recorded;
}

}  // namespace tessera::app
