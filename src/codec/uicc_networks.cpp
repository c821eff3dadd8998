// Who the card is and which networks it prefers: ICCID, IMSI, lists of networks, search period, access classes.
#include <algorithm>
#include <array>

#include "base/hex.h"
#include "codec/uicc_formats.h"

namespace tessera::codec {
namespace {

constexpr std::size_t iccid_octets = 10, imsi_octets = 8, plmn_octets = 3, technology_octets = 2;

// --- ICCID, ETSI TS 102 221 clause 13.2

result<bytes> encode_iccid(const value_at& value, std::size_t room) {
    TESSERA_TRY_VALUE(const auto digits, digits_of(value, 18, 2 * iccid_octets));
    return pack_digits(digits, room);
}

result<file_value> decode_iccid(byte_view content) {
    TESSERA_TRY_VALUE(auto digits, unpack_digits(content, decimal_digits));
    if (digits.size() < 18) return bad_content("expected an ICCID of 18 to 20 digits");
    return file_value(std::move(digits));
}

// --- IMSI, 3GPP TS 31.102 clause 4.2.2: the first digit says whether the number of digits is odd (9) or even (1)

char parity_digit(std::size_t digits) { return digits % 2 == 1 ? '9' : '1'; }

result<bytes> encode_imsi(const value_at& value, std::size_t) {
    TESSERA_TRY_VALUE(const auto digits, digits_of(value, 6, 15));
    bytes out = {static_cast<std::uint8_t>((digits.size() + 2) / 2)};
    append(out, pack_digits(parity_digit(digits.size()) + std::string(digits), imsi_octets));
    return out;
}

result<file_value> decode_imsi(byte_view content) {
    const std::size_t octets = content[0];
    if (octets == 0 || octets > imsi_octets) return bad_content("octet 1: expected a length from 1 to 8");
    TESSERA_TRY_VALUE(auto digits, unpack_digits(content.subspan(1, octets), decimal_digits));
    if (digits.size() < 7 || digits[0] != parity_digit(digits.size() - 1))
        return bad_content("octet 2: expected 6 to 15 digits, and 9 or 1 before them as their number is odd or even");
    digits.erase(0, 1);
    return file_value(std::move(digits));
}

// --- Networks, 3GPP TS 24.008 clause 10.5.1.13: 262 02 is 62 f2 20, 334 020 is 33 04 20

result<void> append_plmn(bytes& out, const value_at& value, std::string_view text) {
    const bool digits = text.find_first_not_of(decimal_digits) == std::string_view::npos;
    if (!digits || (text.size() != 5 && text.size() != 6))
        return value.expected("a network of three digits (MCC) and two or three (MNC), as in \"26202\"");
    const auto digit = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned>(text[i] - '0') : 0xfU;  // F: an MNC of two digits
    };
    for (const auto& [high, low] : {std::pair{1U, 0U}, std::pair{5U, 2U}, std::pair{4U, 3U}})
        out.push_back(static_cast<std::uint8_t>(digit(high) << 4U | digit(low)));
    return {};
}

bool is_unused(byte_view entry) {
    return std::ranges::all_of(entry.first(plmn_octets), [](auto octet) { return octet == 0xff; });
}

result<std::string> plmn_text(byte_view octets, std::size_t entry) {
    std::string text;
    const auto low = [&](std::size_t i) { return octets[i] & 0xfU; };
    const auto high = [&](std::size_t i) { return static_cast<unsigned>(octets[i]) >> 4U; };
    for (const auto digit : {low(0), high(0), low(1), low(2), high(2), high(1)})
        if (digit <= 9)
            text.push_back(static_cast<char>('0' + digit));
        else if (digit != 0xf || text.size() != 5)
            return bad_content("entry " + std::to_string(entry + 1) + ": expected the digits of a network");
    return text;
}

result<bytes> encode_plmn_list(const value_at& value, std::size_t) {
    TESSERA_TRY_VALUE(const auto entries, value.list());
    bytes out;
    for (const auto& entry : entries) {
        TESSERA_TRY_VALUE(const auto text, entry.text());
        TESSERA_TRY(append_plmn(out, entry, text));
    }
    return out;
}

result<file_value> decode_plmn_list(byte_view content) {
    file_value::list networks;
    for (std::size_t at = 0; at < content.size(); at += plmn_octets) {
        const auto entry = content.subspan(at, plmn_octets);
        if (is_unused(entry)) continue;
        TESSERA_TRY_VALUE(auto network, plmn_text(entry, at / plmn_octets));
        networks.emplace_back(std::move(network));
    }
    return file_value(std::move(networks));
}

// --- Access technologies, 3GPP TS 31.102 clause 4.2.5. The more special name stands before the one that it contains.

struct technology {
    std::string_view name;
    unsigned bits = 0;
};
constexpr std::array<technology, 13> technologies = {{{"utran", 0x8000},
                                                      {"eutran_wbs1", 0x6000},
                                                      {"eutran_nbs1", 0x5000},
                                                      {"eutran", 0x4000},
                                                      {"ngran", 0x0800},
                                                      {"gsm_only", 0x0084},  // GSM without EC-GSM-IoT
                                                      {"ec_gsm_iot", 0x0088},
                                                      {"geran", 0x0080},
                                                      {"gsm", 0x0080},
                                                      {"gsm_compact", 0x0040},
                                                      {"cdma2000_hrpd", 0x0020},
                                                      {"cdma2000_1xrtt", 0x0010},
                                                      {"cdma", 0x0030}}};

std::string known_technologies() {
    std::string list;
    for (const auto& one : technologies) list += std::string(one.name) + ", ";
    return list + "none";
}

// Names with commas between; bits that have no name as 0x and four digits.
result<unsigned> technology_bits(const value_at& value, std::string_view names) {
    if (names == "none") return 0U;
    unsigned bits = 0;
    for (std::size_t at = 0; at <= names.size();) {
        const auto end = std::min(names.find(',', at), names.size());
        const auto name = names.substr(at, end - at);
        at = end + 1;
        const auto* found = std::ranges::find(technologies, name, &technology::name);
        std::array<std::uint8_t, technology_octets> raw{};
        if (found != technologies.end())
            bits |= found->bits;
        else if (name.starts_with("0x") && from_hex_into(name.substr(2), raw))
            bits |= static_cast<unsigned>(load_big_endian(raw));
        else
            return value.wrong("\"" + std::string(name.substr(0, 40)) +
                               "\" is no access technology; known: " + known_technologies());
    }
    return bits;
}

std::string technology_names(unsigned bits) {
    std::string names;
    unsigned told = 0;
    const auto tell = [&](std::string_view name, unsigned which) {
        names += (names.empty() ? "" : ",") + std::string(name);
        told |= which;
    };
    for (const auto& one : technologies)
        if ((bits & one.bits) == one.bits && (one.bits & ~told) != 0) tell(one.name, one.bits);
    if (const auto rest = bits & ~told; rest != 0) {
        bytes octets;
        append_big_endian(octets, rest, technology_octets);
        tell("0x" + to_hex(octets), rest);
    }
    return names.empty() ? "none" : names;
}

result<bytes> encode_plmn_technology_list(const value_at& value, std::size_t) {
    TESSERA_TRY_VALUE(const auto entries, value.list());
    bytes out;
    for (const auto& entry : entries) {
        TESSERA_TRY_VALUE(const auto text, entry.text());
        const auto colon = text.find(':');
        TESSERA_TRY(append_plmn(out, entry, text.substr(0, colon)));
        // An entry without any is one that no telephone uses: it is asked for in so many words.
        if (colon == std::string_view::npos)
            return entry.expected("access technologies behind the network, as in \"26202:eutran,geran\"; known: " +
                                  known_technologies());
        TESSERA_TRY_VALUE(const auto bits, technology_bits(entry, text.substr(colon + 1)));
        append_big_endian(out, bits, technology_octets);
    }
    return out;
}

result<file_value> decode_plmn_technology_list(byte_view content) {
    constexpr auto entry_octets = plmn_octets + technology_octets;
    file_value::list networks;
    for (std::size_t at = 0; at < content.size(); at += entry_octets) {
        const auto entry = content.subspan(at, entry_octets);
        if (is_unused(entry)) continue;
        TESSERA_TRY_VALUE(auto network, plmn_text(entry, at / entry_octets));
        const auto bits = static_cast<unsigned>(load_big_endian(entry.subspan(plmn_octets)));
        networks.emplace_back(network + ":" + technology_names(bits));
    }
    return file_value(std::move(networks));
}

// --- Higher priority search period, 3GPP TS 31.102 clause 4.2.6 and TS 22.011 clause 3.2.2.5: steps of 6 minutes up to
// 8 hours; 0: none

constexpr std::int64_t search_step_minutes = 6, search_period_minutes_max = 480;

result<bytes> encode_search_period(const value_at& value, std::size_t) {
    const auto minutes = value.number(0, search_period_minutes_max);
    if (!minutes || *minutes % search_step_minutes != 0)
        return value.expected("minutes from 0 to 480 in steps of 6; 0: no search");
    return bytes{static_cast<std::uint8_t>(*minutes / search_step_minutes)};
}

result<file_value> decode_search_period(byte_view content) {
    const auto minutes = content[0] * search_step_minutes;
    if (minutes > search_period_minutes_max) return bad_content("expected at most 50, for 480 minutes");
    return file_value(minutes);
}

// --- Access control classes, 3GPP TS 31.102 clause 4.2.15: bit 1 of the second octet is class 0

constexpr std::int64_t access_class_max = 15;

result<bytes> encode_access_classes(const value_at& value, std::size_t room) {
    TESSERA_TRY_VALUE(const auto classes, value.list());
    unsigned bits = 0;
    for (const auto& one : classes) {
        TESSERA_TRY_VALUE(const auto number, one.number(0, access_class_max));
        bits |= 1U << static_cast<unsigned>(number);
    }
    bytes out;
    append_big_endian(out, bits, room);
    return out;
}

result<file_value> decode_access_classes(byte_view content) {
    const auto bits = load_big_endian(content);
    file_value::list classes;
    for (std::int64_t i = 0; i <= access_class_max; ++i)
        if ((bits >> static_cast<unsigned>(i) & 1U) != 0) classes.emplace_back(i);
    return file_value(std::move(classes));
}

constexpr std::array<std::uint8_t, 3> unused_plmn = {0xff, 0xff, 0xff};
constexpr std::array<std::uint8_t, 5> unused_plmn_technology = {0xff, 0xff, 0xff, 0x00, 0x00};

}  // namespace

namespace file_formats {

constinit const file_format iccid{encode_iccid, decode_iccid, {}};
constinit const file_format imsi{encode_imsi, decode_imsi, {}};
constinit const file_format plmn_list{encode_plmn_list, decode_plmn_list, unused_plmn};
constinit const file_format plmn_technology_list{encode_plmn_technology_list, decode_plmn_technology_list,
                                                 unused_plmn_technology};
constinit const file_format search_period{encode_search_period, decode_search_period, {}};
constinit const file_format access_classes{encode_access_classes, decode_access_classes, {}};

}  // namespace file_formats
}  // namespace tessera::codec
