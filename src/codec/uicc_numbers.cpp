// Telephone numbers in the files of a card: dialling numbers, emergency calls, parameters of short messages.
#include <algorithm>
#include <array>
#include <charconv>

#include "base/hex.h"
#include "codec/uicc_formats.h"
#include "codec/uicc_text.h"

namespace tessera::codec {
namespace {

constexpr std::uint8_t filler = 0xff;
constexpr std::size_t number_octets = 10, digits_max = 2 * number_octets;

bool is_unused(byte_view octets) {
    return std::ranges::all_of(octets, [](auto octet) { return octet == filler; });
}

// The text of a member, into so many octets; nothing but filler when there is none.
result<bytes> name_into(const value_at& value, std::size_t octets) {
    if (const auto name = value.member("name")) return text_into(*name, octets);
    return bytes(octets, filler);
}

result<void> read_name(file_value::map& into, byte_view octets) {
    TESSERA_TRY_VALUE(auto name, decode_text(octets));
    if (!name.empty()) into.push_back({"name", std::move(name)});
    return {};
}

// --- Numbers: +49171 is international (91), 112 is of unknown type (81), and 2143:b1 names another type of number and
// numbering plan (3GPP TS 24.008 clause 10.5.4.7)

constexpr std::uint8_t unknown_isdn = 0x81, international_isdn = 0x91;

struct telephone_number {
    std::uint8_t type = filler;
    std::string digits;

    [[nodiscard]] bool absent() const { return type == filler; }
};

result<telephone_number> number_of(const value_at& value) {
    TESSERA_TRY_VALUE(auto text, value.text());
    telephone_number made;
    if (text.empty()) return made;
    std::array<std::uint8_t, 1> type = {unknown_isdn};
    if (text.starts_with('+')) {
        type[0] = international_isdn;
        text.remove_prefix(1);
    } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
        if (!from_hex_into(text.substr(colon + 1), type) || type[0] == filler)
            return value.expected("two hexadecimal digits behind the colon (type of number and numbering plan)");
        text = text.substr(0, colon);
    }
    if (text.size() > digits_max || text.find_first_not_of(dialling_digits) != std::string_view::npos)
        return value.expected(
            "a telephone number of at most 20 digits, as in \"+491721217212\"; beside digits: * # p ? e");
    return telephone_number{type[0], std::string(text)};
}

std::string text_of(const telephone_number& number) {
    if (number.absent()) return {};
    if (number.type == unknown_isdn) return number.digits;
    if (number.type == international_isdn) return "+" + number.digits;
    return number.digits + ":" + to_hex(std::array{number.type});
}

// Length, type, ten octets of digits. What the length counts differs from field to field.
enum class length_of : std::uint8_t { octets_with_type, digits };

void append_number(bytes& out, const telephone_number& number, length_of counted) {
    if (number.absent()) {
        out.insert(out.end(), 2 + number_octets, filler);
        return;
    }
    const auto octets = (number.digits.size() + 1) / 2;
    out.push_back(static_cast<std::uint8_t>(counted == length_of::digits ? number.digits.size() : octets + 1));
    out.push_back(number.type);
    append(out, pack_digits(number.digits, number_octets));
}

result<telephone_number> read_number(byte_reader& in, length_of counted, std::string_view field) {
    const std::size_t length = in.u8();
    const auto type = in.u8();
    const auto octets = in.take(number_octets);
    const auto bad = [&](std::string_view what) { return bad_content(std::string(field) + ": " + std::string(what)); };
    const bool by_digits = counted == length_of::digits;
    if (length == filler || type == filler || (length == 0 && !by_digits)) return telephone_number{};
    if (length > (by_digits ? digits_max : number_octets + 1)) return bad("the length is more than the file holds");
    const auto used = by_digits ? (length + 1) / 2 : length - 1;
    auto digits = unpack_digits(octets.first(used), dialling_digits);
    if (!digits) return bad(digits.error().message);
    if (by_digits && digits->size() < length) return bad("there are fewer digits than the length says");
    if (by_digits) digits->resize(length);
    return telephone_number{type, std::move(*digits)};
}

// The member of that name; absent where there is none.
result<telephone_number> member_number(const value_at& value, std::string_view name) {
    if (const auto found = value.member(name)) return number_of(*found);
    return telephone_number{};
}

// --- Dialling numbers, 3GPP TS 51.011 clause 10.5.1: name, number, two records that go on elsewhere

constexpr std::size_t dialling_octets = 14;

result<std::uint8_t> record_of(const value_at& value, std::string_view name) {
    const auto found = value.member(name);
    if (!found) return filler;
    TESSERA_TRY_VALUE(const auto number, found->number(0, filler - 1));
    return static_cast<std::uint8_t>(number);
}

result<bytes> encode_dialling_number(const value_at& value, std::size_t room) {
    TESSERA_TRY(value.only({"name", "number", "capability", "extension"}));
    TESSERA_TRY_VALUE(auto out, name_into(value, room - dialling_octets));
    TESSERA_TRY_VALUE(const auto number, member_number(value, "number"));
    append_number(out, number, length_of::octets_with_type);
    for (const auto* name : {"capability", "extension"}) {
        TESSERA_TRY_VALUE(const auto record, record_of(value, name));
        out.push_back(record);
    }
    return out;
}

result<file_value> decode_dialling_number(byte_view content) {
    file_value::map made;
    byte_reader in(content);
    TESSERA_TRY(read_name(made, in.take(content.size() - dialling_octets)));
    TESSERA_TRY_VALUE(const auto number, read_number(in, length_of::octets_with_type, "number"));
    if (auto text = text_of(number); !text.empty()) made.push_back({"number", std::move(text)});
    for (const auto* name : {"capability", "extension"})
        if (const auto record = in.u8(); record != filler) made.push_back({name, std::int64_t{record}});
    return file_value(std::move(made));
}

// --- Emergency calls of a SIM, 3GPP TS 51.011 clause 10.3.27: three octets each

constexpr std::size_t call_octets = 3;

result<bytes> encode_emergency_calls(const value_at& value, std::size_t) {
    TESSERA_TRY_VALUE(const auto calls, value.list());
    bytes out;
    for (const auto& call : calls) {
        TESSERA_TRY_VALUE(const auto digits, digits_of(call, 1, 2 * call_octets, dialling_digits));
        append(out, pack_digits(digits, call_octets));
    }
    return out;
}

result<file_value> decode_emergency_calls(byte_view content) {
    file_value::list calls;
    for (std::size_t at = 0; at < content.size(); at += call_octets) {
        const auto call = content.subspan(at, call_octets);
        if (is_unused(call)) continue;
        TESSERA_TRY_VALUE(auto digits, unpack_digits(call, dialling_digits));
        calls.emplace_back(std::move(digits));
    }
    return file_value(std::move(calls));
}

// --- Emergency calls of a USIM, 3GPP TS 31.102 clause 4.2.21: number, name, categories (TS 24.008 clause 10.5.4.33)

constexpr std::array<std::string_view, 7> categories = {
    "police", "ambulance", "fire_brigade", "marine_guard", "mountain_rescue", "manual_ecall", "automatic_ecall"};
constexpr std::size_t call_overhead = call_octets + 1;

result<std::uint8_t> category_bits(const value_at& value) {
    TESSERA_TRY_VALUE(const auto names, value.list());
    unsigned bits = 0;
    for (const auto& one : names) {
        const auto* found = std::ranges::find(categories, one.text().value_or(""));
        if (found == categories.end()) {
            std::string known;
            for (const auto name : categories) known += (known.empty() ? "" : ", ") + std::string(name);
            return one.expected("one of " + known);
        }
        bits |= 1U << static_cast<unsigned>(found - categories.begin());
    }
    return static_cast<std::uint8_t>(bits);
}

result<bytes> encode_emergency_call(const value_at& value, std::size_t room) {
    TESSERA_TRY(value.only({"number", "name", "categories"}));
    TESSERA_TRY_VALUE(const auto number, value.needed("number"));
    TESSERA_TRY_VALUE(const auto digits, digits_of(number, 1, 2 * call_octets, dialling_digits));
    auto out = pack_digits(digits, call_octets);
    TESSERA_TRY_VALUE(const auto name, name_into(value, room - call_overhead));
    append(out, name);
    std::uint8_t bits = 0;
    if (const auto named = value.member("categories")) {
        TESSERA_TRY_VALUE(bits, category_bits(*named));
    }
    out.push_back(bits);
    return out;
}

result<file_value> decode_emergency_call(byte_view content) {
    const auto call = content.first(call_octets);
    if (is_unused(call)) return file_value(file_value::map{});
    TESSERA_TRY_VALUE(auto digits, unpack_digits(call, dialling_digits));
    file_value::map made{{"number", std::move(digits)}};
    TESSERA_TRY(read_name(made, content.subspan(call_octets, content.size() - call_overhead)));
    const unsigned bits = content.back();
    if (bits >> categories.size() != 0) return bad_content("last octet: expected categories from 00 to 7f");
    file_value::list named;
    for (std::size_t i = 0; i < categories.size(); ++i)
        if ((bits >> i & 1U) != 0) named.emplace_back(std::string(categories[i]));
    made.push_back({"categories", std::move(named)});
    return file_value(std::move(made));
}

// --- Parameters of short messages, 3GPP TS 51.011 clause 10.5.6: a name, which parameters there are (a bit that is
// zero), and all of them at their places

constexpr std::size_t parameters_octets = 28;

// TP-VP, 3GPP TS 23.040 clause 9.2.3.12.1, in minutes.
constexpr std::int64_t validity_minutes(unsigned octet) {
    constexpr std::int64_t hour = 60, day = 24 * hour, week = 7 * day;
    if (octet <= 143) return (octet + 1) * 5;
    if (octet <= 167) return 12 * hour + (octet - 143) * 30;
    if (octet <= 196) return (octet - 166) * day;
    return (octet - 192) * week;
}

result<std::uint8_t> validity_octet(const value_at& value) {
    TESSERA_TRY_VALUE(const auto minutes, value.number(5, validity_minutes(0xff)));
    unsigned octet = 0;
    while (validity_minutes(octet) < minutes) ++octet;
    if (validity_minutes(octet) == minutes) return static_cast<std::uint8_t>(octet);
    return value.wrong("cannot be written; the next ones that can are " + std::to_string(validity_minutes(octet - 1)) +
                       " and " + std::to_string(validity_minutes(octet)) + " minutes");
}

enum parameter : std::uint8_t { destination, service_centre, protocol_identifier, data_coding_scheme, validity };
constexpr std::array<std::string_view, 5> parameter_names = {"destination", "service_centre", "protocol_identifier",
                                                             "data_coding_scheme", "validity_minutes"};
constexpr std::array<length_of, 2> address_lengths = {length_of::digits, length_of::octets_with_type};

result<std::uint8_t> parameter_octet(const value_at& value, std::size_t which) {
    if (which == validity) return validity_octet(value);
    TESSERA_TRY_VALUE(const auto number, value.number(0, 0xff));
    return static_cast<std::uint8_t>(number);
}

result<bytes> encode_sms_parameters(const value_at& value, std::size_t room) {
    TESSERA_TRY(value.only(
        {"name", "destination", "service_centre", "protocol_identifier", "data_coding_scheme", "validity_minutes"}));
    TESSERA_TRY_VALUE(auto out, name_into(value, room - parameters_octets));
    unsigned indicators = 0xff;
    for (std::size_t i = 0; i < parameter_names.size(); ++i)
        if (value.member(parameter_names[i])) indicators &= ~(1U << i);
    out.push_back(static_cast<std::uint8_t>(indicators));
    for (const auto which : {destination, service_centre}) {
        TESSERA_TRY_VALUE(const auto number, member_number(value, parameter_names[which]));
        append_number(out, number, address_lengths[which]);
    }
    for (std::size_t i = protocol_identifier; i < parameter_names.size(); ++i) {
        const auto found = value.member(parameter_names[i]);
        TESSERA_TRY_VALUE(const auto octet, found ? parameter_octet(*found, i) : result<std::uint8_t>(filler));
        out.push_back(octet);
    }
    return out;
}

result<file_value> decode_sms_parameters(byte_view content) {
    file_value::map made;
    byte_reader in(content);
    TESSERA_TRY(read_name(made, in.take(content.size() - parameters_octets)));
    const unsigned indicators = in.u8();
    const auto present = [&](std::size_t which) { return (indicators >> which & 1U) == 0; };
    for (const auto which : {destination, service_centre}) {
        const std::string name(parameter_names[which]);
        auto number = read_number(in, address_lengths[which], name);
        if (!present(which)) continue;
        if (!number) return std::unexpected(number.error());
        made.push_back({name, text_of(*number)});
    }
    for (std::size_t i = protocol_identifier; i < parameter_names.size(); ++i) {
        const std::int64_t octet = in.u8();
        if (!present(i)) continue;
        made.push_back(
            {std::string(parameter_names[i]), i == validity ? validity_minutes(static_cast<unsigned>(octet)) : octet});
    }
    return file_value(std::move(made));
}

constexpr std::array<std::uint8_t, 3> unused_call = {filler, filler, filler};

}  // namespace

result<bytes> text_into(const value_at& value, std::size_t octets) {
    TESSERA_TRY_VALUE(const auto text, value.text());
    auto coded = encode_text(text, octets);
    if (!coded) return value.wrong(coded.error().message);
    return coded;
}

bytes pack_digits(std::string_view digits, std::size_t octets) {
    bytes out(octets, filler);
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const auto digit = static_cast<unsigned>(dialling_digits.find(digits[i]));
        auto& octet = out[i / 2];
        octet = static_cast<std::uint8_t>(i % 2 == 0 ? 0xf0U | digit : (octet & 0x0fU) | digit << 4U);
    }
    return out;
}

result<std::string> unpack_digits(byte_view octets, std::string_view alphabet) {
    std::string digits;
    bool ended = false;
    for (std::size_t i = 0; i < 2 * octets.size(); ++i) {
        const unsigned digit = i % 2 == 0 ? octets[i / 2] & 0xfU : octets[i / 2] >> 4U;
        if (digit == 0xf) {
            ended = true;
            continue;
        }
        if (ended || digit >= alphabet.size())
            return bad_content("digit " + std::to_string(i + 1) + " of the number is none");
        digits.push_back(alphabet[digit]);
    }
    return digits;
}

result<std::string_view> digits_of(const value_at& value, std::size_t least, std::size_t most,
                                   std::string_view alphabet) {
    const auto text = value.text().value_or("");
    if (text.size() >= least && text.size() <= most && text.find_first_not_of(alphabet) == std::string_view::npos)
        return text;
    return value.expected("a text of " + std::to_string(least) + " to " + std::to_string(most) + " digits");
}

namespace file_formats {

constinit const file_format dialling_number{encode_dialling_number, decode_dialling_number, {}, true};
constinit const file_format emergency_calls{encode_emergency_calls, decode_emergency_calls, unused_call};
constinit const file_format emergency_call{encode_emergency_call, decode_emergency_call, {}, true};
constinit const file_format sms_parameters{encode_sms_parameters, decode_sms_parameters, {}, true};

}  // namespace file_formats
}  // namespace tessera::codec
