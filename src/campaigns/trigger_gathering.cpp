#include "campaigns/trigger_gathering.h"

#include <algorithm>

#include "base/event_limits.h"
#include "cards/store.h"

namespace tessera::campaigns {
namespace {

constexpr auto day = std::chrono::hours(24);
constexpr std::int64_t page_events = 1'000;

bool begins_with_one_of(std::string_view imei, const std::vector<std::string>& prefixes) {
    return prefixes.empty() ||
           std::ranges::any_of(prefixes, [&](const std::string& one) { return imei.starts_with(one); });
}

}  // namespace

bool trigger_gathering::full() const {
    return static_cast<std::int64_t>(among_.size()) >= terms_->cards_max ||
           static_cast<std::int64_t>(members_.size()) >= limits::trigger_events_per_look;
}

void trigger_gathering::begin_anew() {
    limited_ = 0;
    among_.clear();
    members_.clear();
    first_.reset();
}

result<bool> trigger_gathering::look(store::connection& reader, timestamp now) {
    cards::card_event_store events(reader);
    for (std::int64_t looked = 0; looked < limits::trigger_events_per_look;) {
        if (full()) return true;
        TESSERA_TRY_VALUE(const auto page, events.after(seen_, page_events));
        if (page.empty()) return false;
        for (const auto& one : page) {
            TESSERA_TRY(take(reader, one, now));
            seen_ = one.key;
            if (full()) return true;
        }
        looked += static_cast<std::int64_t>(page.size());
    }
    return true;
}

// Who would get nothing by the file is passed over: named as a target, it would have the campaign refused.
result<bool> trigger_gathering::is_for(store::connection& reader, const cards::card& card) {
    cards::card_store cards(reader);
    if (kind_ != target_kind::both) {
        TESSERA_TRY_VALUE(const auto port, cards.terminal_port(card.id));
        if (port.has_value() != (kind_ == target_kind::terminals)) return false;
    }
    if (!terms_->profile.empty() && card.profile != terms_->profile) return false;
    if (terms_->tags.empty()) return true;
    TESSERA_TRY_VALUE(const auto tags, cards.tags(card.id));
    return std::ranges::any_of(
        tags, [&](const std::string& tag) { return std::ranges::find(terms_->tags, tag) != terms_->tags.end(); });
}

result<void> trigger_gathering::take(store::connection& reader, const cards::stored_event& event, timestamp now) {
    if (!terms_->means(event.kind) || !begins_with_one_of(event.phone.imei, terms_->imei)) return {};
    TESSERA_TRY_VALUE(const auto card, cards::card_store(reader).get(event.card));
    TESSERA_TRY_VALUE(const bool meant, is_for(reader, card));
    if (!meant) return {};
    trigger_store triggers(reader);
    // Of a batch that was made in several campaigns some were through before a crash.
    TESSERA_TRY_VALUE(const bool had, triggers.had_effect(key_, {event.key, event.card}));
    if (had) return {};
    if (!among_.contains(event.card.value)) {
        TESSERA_TRY_VALUE(const auto today, triggers.campaigns_of(key_, event.card, now - day));
        if (today >= terms_->per_card_and_day) {
            ++limited_;
            return {};
        }
        among_.insert(event.card.value);
    }
    members_.push_back({event.key, event.card, card.identity.iccid, card.profile});
    if (!first_) first_ = event.recorded_at;
    return {};
}

}  // namespace tessera::campaigns
