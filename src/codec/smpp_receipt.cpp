// Delivery receipts: the TLVs of SMPP 3.4 clause 5.3.2, and the text of appendix B that is older than they are.
#include <algorithm>
#include <array>
#include <charconv>

#include "codec/smpp_pdu.h"

namespace tessera::codec::smpp {
namespace {

// message_state 1..8, clause 5.2.28; the names are those of the text form.
constexpr std::array<std::string_view, 9> states{"",        "ENROUTE", "DELIVRD", "EXPIRED", "DELETED",
                                                 "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD"};

char lower(char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
}
bool equal_without_case(char left, char right) { return lower(left) == lower(right); }

// The word after "name:", wherever it stands; senders differ in order, case and blanks after the colon.
std::string_view word_after(std::string_view text, std::string_view name) {
    const auto found = std::ranges::search(text, name, equal_without_case);
    if (found.empty()) return {};
    auto rest = text.substr(static_cast<std::size_t>(found.end() - text.begin()));
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    return rest.substr(0, rest.find_first_of(std::string_view(" \r\n\0", 4)));
}

// Only the states of the standard pass: the word came from the network.
std::string_view known_state(std::string_view word) {
    const auto found = std::ranges::find_if(states, [&](std::string_view state) {
        return !state.empty() && std::ranges::equal(state, word.substr(0, state.size()), equal_without_case);
    });
    return found == states.end() ? "UNKNOWN" : *found;
}

// "err:" of appendix B is three characters of the network's own: nearly always a decimal number, by some senders one in
// hexadecimal.
std::uint16_t error_in(std::string_view word) {
    if (word.empty() || word.size() > 4) return 0;
    const bool hexadecimal = std::ranges::any_of(word, [](char c) { return lower(c) >= 'a' && lower(c) <= 'f'; });
    std::uint16_t value = 0;
    const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), value, hexadecimal ? 16 : 10);
    return problem == std::errc() && end == word.data() + word.size() ? value : std::uint16_t{0};
}

void read_error(delivery_receipt& into, const short_message& message, std::string_view text) {
    const auto* const told = find_option(message.options, tag::network_error_code);
    if (told != nullptr && told->value.size() == 3) {
        into.network_type = told->value[0];
        into.network_error = static_cast<std::uint16_t>(load_big_endian(told->value.subspan(1, 2)));
    } else {
        into.network_error = error_in(word_after(text, "err:"));
    }
}

std::string_view receipt_text(const short_message& message) {
    auto octets = message.user_data;
    if (const auto* const payload = find_option(message.options, tag::message_payload); octets.empty() && payload)
        octets = payload->value;
    if ((message.esm_class & 0x40) != 0 && !octets.empty())
        octets = octets.subspan(std::min<std::size_t>(octets.size(), octets[0] + std::size_t{1}));
    return as_text(octets);
}

}  // namespace

std::optional<delivery_receipt> parse_receipt(const short_message& message) {
    delivery_receipt receipt;
    const auto text = receipt_text(message);
    if (const auto* const id = find_option(message.options, tag::receipted_message_id))
        receipt.message_id = as_text(id->value).substr(0, as_text(id->value).find('\0'));
    else
        receipt.message_id = word_after(text, "id:");
    read_error(receipt, message, text);
    const auto* const state = find_option(message.options, tag::message_state);
    if (state != nullptr && state->value.size() == 1 && state->value[0] >= 1 && state->value[0] < states.size()) {
        receipt.state = states.at(state->value[0]);
        return receipt;
    }
    const auto word = word_after(text, "stat:");
    if (word.empty()) return std::nullopt;
    receipt.state = known_state(word);
    return receipt;
}

}  // namespace tessera::codec::smpp
