// What happens to cards outside: they register in a network, they come into another phone. And the phone that each was
// last seen in.
//
// An event is evidence that something happened, and of nothing else: it comes from short messages that anybody's applet
// may send, and from feeds. What it sets off is decided elsewhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cards/equipment.h"
#include "cards/store.h"

namespace tessera::cards {

enum class event_kind : std::uint8_t {
    registration = 0,
    first_registration = 1,  // follows from the first registration of a card that is told of
    new_imei = 2,            // follows from a registration that tells another phone than the last one known
};
inline constexpr std::size_t event_kinds = 3;
[[nodiscard]] std::string_view to_string(event_kind kind);
// Nothing: there is no such kind.
[[nodiscard]] std::optional<event_kind> event_kind_from(std::string_view name);

struct reported_event {
    event_kind kind = event_kind::registration;  // or new_imei; never first_registration
    std::optional<equipment> phone;              // new_imei has one
    timestamp at;
    std::string source;  // who tells it: "sms", "network", or as a tag looks
};

enum class event_news : std::uint8_t {
    recorded,
    repeated,  // says what is known already
    outdated,  // older than what is known, by more than clocks may differ
    limited,   // the card has had limits::events_per_card_and_day of them: changes nothing
};
[[nodiscard]] std::string_view to_string(event_news news);

struct event_report {
    event_news news = event_news::recorded;
    std::vector<event_kind> kinds;  // that were recorded
};

struct last_phone {
    equipment phone;          // imei empty: no event told one
    timestamp since;          // first seen in it
    timestamp seen_at;        // last told of
    timestamp recorded_at;    // the last event that is a row of its own
    bool registered = false;  // a registration has been told of
    std::string source;       // who told of it last
};

struct stored_event {
    std::int64_t key = 0;  // rises in the order of recording
    card_id card;
    event_kind kind{};
    equipment phone;
    timestamp at, recorded_at;
    std::string source;
};

// One per connection; everything runs in the caller's transaction.
class card_event_store {
public:
    explicit card_event_store(store::connection& database) : database_(&database) {}

    // A registration that tells nothing new is recorded once in limits::event_repeat and else only moves seen_at, so
    // that what is told twice has no second effect. Errors: bad_event (new_imei without a phone, first_registration,
    // a time more than limits::event_clock_skew ahead of `now`; ahead by less, it is one of now).
    [[nodiscard]] result<event_report> record(card_id card, const reported_event& event, timestamp now);
    [[nodiscard]] result<std::optional<last_phone>> phone_of(card_id card);
    // The latest `limit` events of the card, oldest first.
    [[nodiscard]] result<std::vector<stored_event>> history(card_id card, std::int64_t limit);
    // Events after that one, in order.
    [[nodiscard]] result<std::vector<stored_event>> after(std::int64_t key, std::int64_t limit);
    [[nodiscard]] result<std::int64_t> last_key();

private:
    [[nodiscard]] result<void> insert(card_id card, event_kind kind, const reported_event& event, timestamp now);
    [[nodiscard]] result<void> put_phone(card_id card, const last_phone& known);
    [[nodiscard]] result<bool> outdated(card_id card, const reported_event& event, const last_phone& known);
    [[nodiscard]] result<bool> too_many(card_id card, std::size_t more, timestamp now);
    [[nodiscard]] result<std::vector<stored_event>> read(store::statement& query);
    store::connection* database_;
};

}  // namespace tessera::cards
