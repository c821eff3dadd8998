#include "tessera/event_intake.h"

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
    : rules_(&rules),
      fleets_(&fleets),
      recorded_(std::move(recorded)),
      waiting_(home, writer, limits::events_per_commit,
               {[this](store::connection& database, queue::batch some) { return keep_some(database, some); },
                [this](queue::batch some, const result<void>& kept) { answer(some, kept); }}),
      line_(
          radio, home,
          [rules = &rules](const telecom::inbound_message& message) { return operations::rule_for(*rules, message); },
          [this](telecom::claimed_message message) { waiting_.push(std::move(message)); },
          {limits::events_waiting, limits::events_waiting_octets}) {}

result<void> event_intake::keep_some(store::connection& writer, queue::batch some) {
    news_ = false;
    const auto now = system_clock().now();
    for (const auto& one : some) {
        TESSERA_TRY_VALUE(const bool recorded, keep(writer, one, now));
        news_ = news_ || recorded;
    }
    return {};
}

// The events are durable, and only then does the SMSC forget them.
void event_intake::answer(queue::batch some, const result<void>& kept) {
    if (!kept) log_error("events are left at the SMSC: " + to_string(kept.error()));
    for (const auto& one : some) kept ? line_.acknowledge(one) : line_.put_off(one);
    if (kept && news_) recorded_();
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
