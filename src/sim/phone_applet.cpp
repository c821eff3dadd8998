#include "sim/phone_applet.h"

#include <algorithm>
#include <array>
#include <boost/json/value.hpp>

#include "base/hex.h"
#include "base/limits.h"
#include "codec/mobile_identity.h"

namespace tessera::sim {
namespace {

namespace json = boost::json;

constexpr std::size_t address_digits_max = 20;  // SMPP 3.4 clause 5.2.9

bool all_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Empty where it is not said.
result<std::string> text_of(const json::object& asked, std::string_view key) {
    const auto* value = asked.if_contains(key);
    if (value == nullptr) return std::string();
    if (!value->is_string()) return failure("bad_request", key, "expected a string");
    return std::string(value->get_string());
}

}  // namespace

result<originated_message> switch_phone_on(const simulated_cards& cards, const json::object& asked) {
    TESSERA_TRY_VALUE(const auto iccid, text_of(asked, "card"));
    const auto card = cards.list().by_iccid(iccid);
    if (card == no_card) return failure("unknown_card", "card", "no simulated card has this ICCID");
    originated_message made;
    made.subscriber = cards.list().at(card).msisdn;
    if (made.subscriber == 0) return failure("no_subscriber", "card", "a card without MSISDN sends no short messages");
    TESSERA_TRY_VALUE(made.to, text_of(asked, "to"));
    if (made.to.empty() || made.to.size() > address_digits_max || !all_digits(made.to))
        return failure("bad_request", "to", "expected the number that the applet sends to");
    TESSERA_TRY_VALUE(const auto digits, text_of(asked, "phone"));
    if ((digits.size() != codec::imei_digits && digits.size() != codec::imeisv_digits) || !all_digits(digits))
        return failure("bad_request", "phone", "expected 15 digits of an IMEI, or 16 of an IMEISV");
    TESSERA_TRY_VALUE(const auto before, text_of(asked, "begins_with"));
    TESSERA_TRY_VALUE(made.user_data, from_hex(before));
    const auto identity = codec::encode_mobile_identity(digits);
    constexpr std::uint8_t comprehension_required = 0x80;
    const auto tag = digits.size() == codec::imei_digits ? codec::imei_tag : codec::imeisv_tag;
    made.user_data.push_back(tag | comprehension_required);
    made.user_data.push_back(static_cast<std::uint8_t>(identity.size()));
    append(made.user_data, identity);
    if (made.user_data.size() > tessera::limits::short_message_octets)
        return failure("bad_request", "begins_with", "makes the message too long");
    return made;
}

}  // namespace tessera::sim
