// Events as feeds tell of them: fields of a request, or a row of a file; checked, without any database.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "cards/card_events.h"

namespace tessera::cards {

// How a feed names the card.
enum class card_naming : std::uint8_t { any, iccid, imsi, msisdn };  // any: an ICCID, an IMSI or an MSISDN
inline constexpr std::array<std::string_view, 4> card_naming_fields{"card", "iccid", "imsi", "msisdn"};

struct event_fields {
    card_naming by = card_naming::any;
    std::string_view card, kind, imei, at, source;  // but for `card` each may be empty
};
struct told_event {
    card_naming by = card_naming::any;
    std::string card;
    reported_event event;
};
// kind: registration where it is empty. at: ISO 8601 (base/time.h); `now` where it is empty. source: as a tag looks;
// `source` where it is empty. Errors, each with its field: missing_field, bad_event, bad_imei, bad_time, bad_tag, and
// those of identifiers.h.
[[nodiscard]] result<told_event> check_event(const event_fields& fields, timestamp now, std::string_view source);

// Which column of a file is what: exactly one of card, iccid, imsi and msisdn, and any of kind, imei, at, source.
class event_columns {
public:
    // Errors: bad_header.
    [[nodiscard]] static result<event_columns> from_header(const std::vector<std::string>& names,
                                                           std::string_view file);
    // Errors: bad_row (as many fields as columns), and those of check_event().
    [[nodiscard]] result<told_event> read(const std::vector<std::string>& row, timestamp now,
                                          std::string_view source) const;

private:
    static constexpr std::size_t none = ~std::size_t{0};
    card_naming by_ = card_naming::any;
    std::size_t count_ = 0, card_ = none, kind_ = none, imei_ = none, at_ = none, source_ = none;
};

// Errors: not_found.
[[nodiscard]] result<card_id> find_card(card_store& cards, card_naming by, std::string_view name);

}  // namespace tessera::cards
