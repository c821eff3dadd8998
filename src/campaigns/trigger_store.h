// The SQL of triggers. One per connection; everything runs in the caller's transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "campaigns/types.h"
#include "store/database.h"

namespace tessera::campaigns {

struct trigger_tag {};
using trigger_key = strong_id<trigger_tag>;

enum class trigger_state : std::uint8_t { active = 0, paused = 1, removed = 2 };
[[nodiscard]] std::string_view to_string(trigger_state state);

struct stored_trigger {
    trigger_key key;
    std::string name;
    std::vector<cards::event_kind> on;  // empty: only the definition tells
    trigger_state state = trigger_state::active;
    std::int64_t seen_event = 0;  // events up to this one have had their effect
    std::int64_t limited = 0;     // events without one: their card had had its campaigns of the day
    std::string problem;          // why no campaign could be made last; empty: none
    timestamp created_at;
};

struct trigger_counts {
    std::int64_t campaigns = 0;
    std::int64_t events = 0;    // that made a card a target of one of them
    std::int64_t refused = 0;   // cards that no campaign could be made for when they were last to have one
    std::string last_campaign;  // its id
};

struct refused_card {
    std::string iccid;
    std::string reason;
    timestamp at;
};

class trigger_store {
public:
    explicit trigger_store(store::connection& database) : database_(&database) {}

    // Errors: conflict (there is one of that name), too_many (limits::triggers).
    // `definition` is whole: load files stand in it.
    [[nodiscard]] result<trigger_key> insert(const stored_trigger& made, std::string_view definition);
    [[nodiscard]] result<std::string> definition(trigger_key key);
    [[nodiscard]] result<std::optional<stored_trigger>> find(std::string_view name);  // not among the removed
    [[nodiscard]] result<std::vector<stored_trigger>> list();                         // likewise, oldest first
    [[nodiscard]] result<void> set_state(trigger_key key, trigger_state state);
    [[nodiscard]] result<void> set_seen(trigger_key key, std::int64_t event, std::int64_t more_limited);
    [[nodiscard]] result<void> set_problem(trigger_key key, std::string_view problem);

    // The campaign is one of the trigger's, for the cards of these events.
    struct membership {
        std::int64_t event = 0;
        cards::card_id card;
    };
    [[nodiscard]] result<void> put_campaign(trigger_key key, campaign_key campaign,
                                            const std::vector<membership>& cards, timestamp now);
    // No campaign can be made for the card; its events up to this one have had their effect.
    [[nodiscard]] result<void> put_refused(trigger_key key, const membership& one, std::string_view reason,
                                           timestamp now);
    // The latest `limit` of them, the last one first. A card that got its campaign since is none.
    [[nodiscard]] result<std::vector<refused_card>> refused(trigger_key key, std::int64_t limit);
    // Whether the event made its card a target, or had it refused.
    [[nodiscard]] result<bool> had_effect(trigger_key key, const membership& one);
    // Campaigns of the trigger that the card became a target of after that time.
    [[nodiscard]] result<std::int64_t> campaigns_of(trigger_key key, cards::card_id card, timestamp after);
    [[nodiscard]] result<trigger_counts> counts(trigger_key key);

    [[nodiscard]] result<bool> is_triggered(campaign_key campaign);
    // Campaigns of triggers that can go on, in the order in which they were made: created or running, and waiting for
    // nobody's approval.
    [[nodiscard]] result<std::vector<campaign_key>> ready(std::int64_t limit);

private:
    [[nodiscard]] static stored_trigger read(const store::statement& row);
    store::connection* database_;
};

}  // namespace tessera::campaigns
