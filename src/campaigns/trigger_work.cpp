#include "campaigns/trigger_work.h"

#include <algorithm>

#include "base/event_limits.h"
#include "base/limits.h"
#include "campaigns/create.h"
#include "campaigns/safety_store.h"
#include "cards/store.h"

namespace tessera::campaigns {
namespace {

constexpr auto day = std::chrono::hours(24);

bool begins_with_one_of(std::string_view imei, const std::vector<std::string>& prefixes) {
    return prefixes.empty() ||
           std::ranges::any_of(prefixes, [&](const std::string& one) { return imei.starts_with(one); });
}

// What a trigger has gathered, looked at within a transaction.
class gathering {
public:
    gathering(store::connection& writer, const stored_trigger& trigger, const definition& what, timestamp now)
        : writer_(&writer), trigger_(&trigger), terms_(&*what.trigger), kind_(what.targets.kind), now_(now) {}

    result<void> look() {
        seen_ = trigger_->seen_event;
        cards::card_event_store events(*writer_);
        for (std::int64_t looked = 0; looked < limits::trigger_events_per_look;) {
            TESSERA_TRY_VALUE(const auto page, events.after(seen_, page_events));
            if (page.empty()) return {};
            for (const auto& one : page) {
                TESSERA_TRY(take(one));
                seen_ = one.key;
                if (full()) return {};
            }
            looked += static_cast<std::int64_t>(page.size());
        }
        return {};
    }

    [[nodiscard]] bool full() const { return static_cast<std::int64_t>(iccids_.size()) >= terms_->cards_max; }
    [[nodiscard]] bool due() const { return full() || (first_ && *first_ + terms_->every <= now_); }
    [[nodiscard]] bool empty() const { return members_.empty(); }
    [[nodiscard]] const std::vector<std::string>& iccids() const { return iccids_; }
    [[nodiscard]] const std::vector<trigger_store::membership>& members() const { return members_; }
    [[nodiscard]] std::int64_t seen() const { return seen_; }
    [[nodiscard]] std::int64_t limited() const { return limited_; }

private:
    static constexpr std::int64_t page_events = 1'000;

    result<void> take(const cards::stored_event& event) {
        if (!terms_->means(event.kind) || !begins_with_one_of(event.phone.imei, terms_->imei)) return {};
        cards::card_store cards(*writer_);
        TESSERA_TRY_VALUE(const auto card, cards.get(event.card));
        // Who would get nothing by the file is passed over: named as a target, it would have the campaign refused.
        if (kind_ != target_kind::both) {
            TESSERA_TRY_VALUE(const auto port, cards.terminal_port(event.card));
            if (port.has_value() != (kind_ == target_kind::terminals)) return {};
        }
        if (!terms_->profile.empty() && card.profile != terms_->profile) return {};
        if (!terms_->tags.empty()) {
            TESSERA_TRY_VALUE(const auto tags, cards.tags(event.card));
            const auto wanted = [&](const std::string& tag) {
                return std::ranges::find(terms_->tags, tag) != terms_->tags.end();
            };
            if (!std::ranges::any_of(tags, wanted)) return {};
        }
        const auto& iccid = card.identity.iccid;
        const bool among = std::ranges::binary_search(iccids_, iccid);
        if (!among) {
            TESSERA_TRY_VALUE(const auto today,
                              trigger_store(*writer_).campaigns_of(trigger_->key, event.card, now_ - day));
            if (today >= terms_->per_card_and_day) {
                ++limited_;
                return {};
            }
            iccids_.insert(std::ranges::upper_bound(iccids_, iccid), iccid);
        }
        members_.push_back({event.key, event.card});
        if (!first_) first_ = event.recorded_at;
        return {};
    }

    store::connection* writer_;
    const stored_trigger* trigger_;
    const trigger_terms* terms_;
    target_kind kind_;
    timestamp now_;
    std::vector<std::string> iccids_;  // in order
    std::vector<trigger_store::membership> members_;
    std::optional<timestamp> first_;  // when the first of them was recorded
    std::int64_t seen_ = 0, limited_ = 0;
};

result<definition> definition_of_trigger(const stored_trigger& stored) {
    file_context context;
    context.file = "trigger " + stored.name;
    context.stored = true;
    context.triggered = true;
    const auto parsed = parse_campaign_file(stored.definition_text, context);
    if (!parsed) return std::unexpected(parsed.error().front());
    return *parsed;
}

// True: a campaign was made.
result<bool> create_for(store::connection& writer, const stored_trigger& trigger, const file_context& context,
                        timestamp now, random_port& random) {
    TESSERA_TRY_VALUE(const auto last, cards::card_event_store(writer).last_key());
    if (last <= trigger.seen_event) return false;
    TESSERA_TRY_VALUE(const auto what, definition_of_trigger(trigger));
    gathering found(writer, trigger, what, now);
    TESSERA_TRY(found.look());
    trigger_store triggers(writer);
    if (found.empty()) {
        if (found.seen() > trigger.seen_event)
            TESSERA_TRY(triggers.set_seen(trigger.key, found.seen(), found.limited()));
        return false;
    }
    if (!found.due()) return false;
    TESSERA_TRY_VALUE(const auto text, triggered_file(trigger.definition_text, found.iccids()));
    auto of = context;
    of.file = "trigger " + trigger.name;
    const auto made = create_campaign_within(writer, text, of, now, random);
    if (!made) return std::unexpected(made.error().front());
    TESSERA_TRY(triggers.put_campaign(trigger.key, made->key, found.members(), now));
    TESSERA_TRY(triggers.set_seen(trigger.key, found.seen(), found.limited()));
    if (!trigger.problem.empty()) TESSERA_TRY(triggers.set_problem(trigger.key, ""));
    return true;
}

}  // namespace

std::expected<stored_trigger, std::vector<error>> add_trigger(store::shared_writer& writer, std::string_view text,
                                                              file_context context, timestamp now) {
    context.triggered = true;
    std::vector<error> mistakes;
    auto made = writer.transact_first([&](store::connection& database) -> result<stored_trigger> {
        mistakes.clear();
        auto what = check_campaign_file(database, text, context);
        if (!what) {
            mistakes = std::move(what).error();
            return std::unexpected(mistakes.front());
        }
        stored_trigger added;
        added.name = what->trigger->name;
        // From here on no file that it names is read again.
        added.definition_text = with_load_files(text, what->load_files);
        if (added.definition_text.size() > limits::trigger_file_octets)
            return failure(
                "bad_campaign_file", context.file,
                "with its load files it is longer than " + std::to_string(limits::trigger_file_octets) + " octets");
        added.created_at = now;
        TESSERA_TRY_VALUE(added.seen_event, cards::card_event_store(database).last_key());
        TESSERA_TRY_VALUE(added.key, trigger_store(database).insert(added));
        return added;
    });
    if (made) return std::move(*made);
    if (mistakes.empty()) mistakes.push_back(std::move(made).error());
    return std::unexpected(std::move(mistakes));
}

result<trigger_terms> terms_of(const stored_trigger& stored) {
    TESSERA_TRY_VALUE(const auto what, definition_of_trigger(stored));
    return *what.trigger;
}

result<int> create_triggered(store::shared_writer& writer, const file_context& context, timestamp now,
                             random_port& random) {
    TESSERA_TRY_VALUE(const auto triggers,
                      writer.transact([](store::connection& database) { return trigger_store(database).list(); }));
    int count = 0;
    for (const auto& one : triggers) {
        if (one.state != trigger_state::active) continue;
        const auto made = writer.transact([&](store::connection& database) -> result<bool> {
            // It may have been paused, or removed, meanwhile.
            TESSERA_TRY_VALUE(const auto now_stored, trigger_store(database).find(one.name));
            if (!now_stored || now_stored->key != one.key || now_stored->state != trigger_state::active) return false;
            return create_for(database, *now_stored, context, now, random);
        });
        if (made) {
            count += *made ? 1 : 0;
            continue;
        }
        if (made.error().code == store::code_database || made.error().code == store::code_retry)
            return std::unexpected(made.error());
        TESSERA_TRY(writer.transact([&](store::connection& database) {
            return trigger_store(database).set_problem(one.key, to_string(made.error()));
        }));
    }
    return count;
}

result<std::optional<campaign_key>> next_triggered(store::shared_writer& writer,
                                                   const std::vector<campaign_key>& not_these) {
    return writer.transact([&](store::connection& database) -> result<std::optional<campaign_key>> {
        if (!safety_store(database).nothing_stands()) return std::nullopt;
        const auto limit = static_cast<std::int64_t>(not_these.size()) + 1;
        TESSERA_TRY_VALUE(const auto ready, trigger_store(database).ready(limit));
        for (const auto key : ready)
            if (std::ranges::find(not_these, key) == not_these.end()) return key;
        return std::nullopt;
    });
}

}  // namespace tessera::campaigns
