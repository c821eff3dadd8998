#include "operations/event_message.h"

#include <algorithm>
#include <array>

#include "codec/mobile_identity.h"
#include "codec/sms_tpdu.h"

namespace tessera::operations {
namespace {

constexpr std::array<std::string_view, 5> form_names{"none", "tlv", "identity", "bcd", "text"};
constexpr std::size_t bcd_octets = 8, text_digits_max = 16;

std::string_view without_plus(std::string_view address) {
    return address.starts_with('+') ? address.substr(1) : address;
}

bool begins_with(byte_view octets, byte_view prefix) {
    return octets.size() >= prefix.size() && std::ranges::equal(octets.first(prefix.size()), prefix);
}

result<std::string> digits_in(const event_rule& rule, byte_view data) {
    if (data.size() <= rule.imei_at) return failure("bad_event", "imei", "the message ends before it");
    data = data.subspan(rule.imei_at);
    if (rule.imei == imei_form::identity) return codec::decode_mobile_identity(data);
    if (rule.imei == imei_form::bcd) return codec::decode_swapped_digits(data.first(std::min(data.size(), bcd_octets)));
    if (rule.imei == imei_form::text) {
        const auto text = as_text(data.first(std::min(data.size(), text_digits_max)));
        return std::string(text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size())));
    }
    TESSERA_TRY_VALUE(auto found, codec::find_mobile_identity(data));
    if (!found) return failure("bad_event", "imei", "the message has no TLV with an IMEI");
    return std::move(*found);
}

}  // namespace

std::optional<imei_form> imei_form_from(std::string_view name) {
    const auto found = std::ranges::find(form_names, name);
    if (found == form_names.end()) return std::nullopt;
    return static_cast<imei_form>(found - form_names.begin());
}

std::optional<std::size_t> rule_for(std::span<const event_rule> rules, const telecom::inbound_message& message) {
    std::optional<std::uint16_t> port;
    auto data = message.user_data;
    if (message.has_header) {
        const auto header = codec::parse_user_data_header(message.user_data);
        if (!header || header->command_packet || header->response_packet) return std::nullopt;
        if (header->parts && header->parts->maximum > 1) return std::nullopt;
        port = header->destination_port;
        if (port == telecom::server_port) return std::nullopt;
        data = data.subspan(header->octets);
    } else if (!data.empty() && data.front() == 0) {
        return std::nullopt;
    }
    const auto to = without_plus(message.destination);
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const auto& rule = rules[i];
        const bool holds = (rule.to.empty() || rule.to == to) && (!rule.port || rule.port == port) &&
                           begins_with(data, rule.begins_with);
        if (holds) return i;
    }
    return std::nullopt;
}

result<cards::reported_event> read_event(const event_rule& rule, byte_view user_data, bool has_header) {
    cards::reported_event made;
    made.kind = rule.kind;
    if (rule.imei == imei_form::none) return made;
    if (has_header) {
        TESSERA_TRY_VALUE(const auto header, codec::parse_user_data_header(user_data));
        user_data = user_data.subspan(header.octets);
    }
    TESSERA_TRY_VALUE(const auto digits, digits_in(rule, user_data));
    TESSERA_TRY_VALUE(made.phone, cards::signalled_imei(digits));
    return made;
}

}  // namespace tessera::operations
