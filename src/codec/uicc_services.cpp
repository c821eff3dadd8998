// What the card offers and prefers: provider name, service tables, administrative data, languages, groups, cell
// broadcast.
#include <algorithm>
#include <array>
#include <charconv>

#include "base/hex.h"
#include "codec/uicc_formats.h"
#include "codec/uicc_text.h"

namespace tessera::codec {
namespace {

// --- Service provider name, 3GPP TS 31.102 clause 4.2.12: the display condition, then the text

constexpr std::int64_t display_condition_max = 3;

result<bytes> encode_service_provider_name(const value_at& value, std::size_t room) {
    TESSERA_TRY(value.only({"display", "flags"}));
    TESSERA_TRY_VALUE(const auto display, value.needed("display"));
    bytes out(1);
    if (const auto flags = value.member("flags")) {
        TESSERA_TRY_VALUE(const auto condition, flags->number(0, display_condition_max));
        out[0] = static_cast<std::uint8_t>(condition);
    }
    TESSERA_TRY_VALUE(const auto text, text_into(display, room - 1));
    append(out, text);
    return out;
}

result<file_value> decode_service_provider_name(byte_view content) {
    if (content[0] > display_condition_max) return bad_content("octet 1: expected a display condition from 00 to 03");
    TESSERA_TRY_VALUE(auto display, decode_text(content.subspan(1)));
    return file_value(file_value::map{{"display", std::move(display)}, {"flags", std::int64_t{content[0]}}});
}

// --- Service tables, 3GPP TS 31.102 clause 4.2.8: a bit a service, service 1 is the lowest of the first octet

constexpr std::size_t services_per_octet = 8;

void set_bits(bytes& out, std::size_t octet, unsigned bits) {
    if (out.size() <= octet) out.resize(octet + 1);
    out[octet] = static_cast<std::uint8_t>(out[octet] | bits);
}

result<bytes> encode_service_table(const value_at& value, std::size_t room) {
    TESSERA_TRY_VALUE(const auto services, value.list());
    bytes out;
    for (const auto& one : services) {
        TESSERA_TRY_VALUE(const auto number, one.number(1, static_cast<std::int64_t>(room * services_per_octet)));
        const auto index = static_cast<std::size_t>(number - 1);
        set_bits(out, index / services_per_octet, 1U << index % services_per_octet);
    }
    return out;
}

result<file_value> decode_service_table(byte_view content) {
    file_value::list services;
    for (std::size_t i = 0; i < content.size() * services_per_octet; ++i)
        if ((content[i / services_per_octet] >> i % services_per_octet & 1U) != 0)
            services.emplace_back(static_cast<std::int64_t>(i + 1));
    return file_value(std::move(services));
}

// --- SIM service table, 3GPP TS 51.011 clause 10.3.7: two bits a service, allocated and activated. A number alone is
// both; "5:allocated" is there and switched off.

constexpr std::size_t sim_services_per_octet = 4;
constexpr std::array<std::string_view, 4> sim_service_states = {"", "allocated", "activated", "both"};
constexpr unsigned allocated_and_activated = 3;

struct sim_service {
    std::int64_t number = 0;
    unsigned state = 0;
};

result<sim_service> sim_service_of(const value_at& value, std::int64_t most) {
    if (value.is_number()) {
        TESSERA_TRY_VALUE(const auto number, value.number(1, most));
        return sim_service{number, allocated_and_activated};
    }
    const auto text = value.text().value_or("");
    sim_service made;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), made.number);
    const auto state = text.substr(static_cast<std::size_t>(end - text.data()));
    if (problem == std::errc() && made.number >= 1 && made.number <= most)
        for (unsigned i = 1; i < allocated_and_activated; ++i)
            if (state.starts_with(':') && state.substr(1) == sim_service_states[i]) made.state = i;
    if (made.state != 0) return made;
    return value.expected("a service from 1 to " + std::to_string(most) + ", or a text as in \"5:allocated\"");
}

result<bytes> encode_sim_service_table(const value_at& value, std::size_t room) {
    TESSERA_TRY_VALUE(const auto services, value.list());
    bytes out;
    for (const auto& one : services) {
        TESSERA_TRY_VALUE(const auto service,
                          sim_service_of(one, static_cast<std::int64_t>(room * sim_services_per_octet)));
        const auto index = static_cast<std::size_t>(service.number - 1);
        set_bits(out, index / sim_services_per_octet, service.state << 2 * (index % sim_services_per_octet));
    }
    return out;
}

result<file_value> decode_sim_service_table(byte_view content) {
    file_value::list services;
    for (std::size_t i = 0; i < content.size() * sim_services_per_octet; ++i) {
        const auto number = static_cast<std::int64_t>(i + 1);
        const auto state = content[i / sim_services_per_octet] >> 2 * (i % sim_services_per_octet) & 3U;
        if (state == allocated_and_activated)
            services.emplace_back(number);
        else if (state != 0)
            services.emplace_back(std::to_string(number) + ":" + std::string(sim_service_states[state]));
    }
    return file_value(std::move(services));
}

// --- Administrative data, 3GPP TS 31.102 clause 4.2.18

struct operation_mode {
    std::string_view name;
    std::uint8_t octet = 0;
};
constexpr std::array<operation_mode, 6> operation_modes = {{{"normal", 0x00},
                                                            {"type_approval", 0x80},
                                                            {"normal_and_specific_facilities", 0x01},
                                                            {"type_approval_and_specific_facilities", 0x81},
                                                            {"maintenance_off_line", 0x02},
                                                            {"cell_test", 0x04}}};
constexpr std::size_t additional_octets = 2, mnc_length_at = 3;

result<std::uint8_t> mode_octet(const value_at& value) {
    TESSERA_TRY_VALUE(const auto name, value.text());
    const auto* found = std::ranges::find(operation_modes, name, &operation_mode::name);
    if (found != operation_modes.end()) return found->octet;
    std::string known;
    for (const auto& one : operation_modes) known += (known.empty() ? "" : ", ") + std::string(one.name);
    return value.expected("one of " + known);
}

result<bytes> encode_administrative_data(const value_at& value, std::size_t room) {
    TESSERA_TRY(value.only({"mode", "additional", "mnc_length", "further"}));
    TESSERA_TRY_VALUE(const auto mode, value.needed("mode"));
    TESSERA_TRY_VALUE(const auto octet, mode_octet(mode));
    bytes out = {octet, 0, 0};
    if (const auto additional = value.member("additional")) {
        TESSERA_TRY_VALUE(const auto octets, additional->hex(additional_octets, additional_octets));
        std::ranges::copy(octets, out.begin() + 1);
    }
    const auto length = value.member("mnc_length");
    const auto further = value.member("further");
    // A SIM of before 1999 has three octets and no such length; elsewhere a missing one cuts every IMSI in the wrong
    // place.
    if (room == mnc_length_at && !length && !further) return out;
    TESSERA_TRY_VALUE(const auto needed_length, value.needed("mnc_length"));
    TESSERA_TRY_VALUE(const auto digits, needed_length.number(2, 3));
    out.push_back(static_cast<std::uint8_t>(digits));
    if (further) {
        TESSERA_TRY_VALUE(const auto octets, further->hex(1, room));
        append(out, octets);
    }
    return out;
}

result<file_value> decode_administrative_data(byte_view content) {
    const auto* mode = std::ranges::find(operation_modes, content[0], &operation_mode::octet);
    if (mode == operation_modes.end()) return bad_content("octet 1: is no mode of operation");
    file_value::map made{{"mode", std::string(mode->name)},
                         {"additional", to_hex(content.subspan(1, additional_octets))}};
    if (content.size() > mnc_length_at) {
        const auto length = content[mnc_length_at];
        if (length != 2 && length != 3) return bad_content("octet 4: expected the length of the MNC, 02 or 03");
        made.push_back({"mnc_length", std::int64_t{length}});
        auto further = content.subspan(mnc_length_at + 1);
        while (!further.empty() && further.back() == 0) further = further.first(further.size() - 1);
        if (!further.empty()) made.push_back({"further", to_hex(further)});
    }
    return file_value(std::move(made));
}

// --- Languages, 3GPP TS 31.102 clause 4.2.1 and ETSI TS 102 221 clause 13.3: two letters each (ISO 639)

constexpr std::size_t pair_octets = 2;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

result<bytes> encode_languages(const value_at& value, std::size_t) {
    TESSERA_TRY_VALUE(const auto languages, value.list());
    bytes out;
    for (const auto& one : languages) {
        const auto code = one.text().value_or("");
        if (code.size() != pair_octets || !std::ranges::all_of(code, is_letter))
            return one.expected("a language of two letters (ISO 639), as in \"de\"");
        append(out, as_bytes(code));
    }
    return out;
}

bool is_unused(byte_view octets) {
    return std::ranges::all_of(octets, [](auto octet) { return octet == 0xff; });
}

result<file_value> decode_languages(byte_view content) {
    file_value::list languages;
    for (std::size_t at = 0; at < content.size(); at += pair_octets) {
        const auto code = content.subspan(at, pair_octets);
        if (is_unused(code)) continue;
        if (!std::ranges::all_of(as_text(code), is_letter))
            return bad_content("entry " + std::to_string(at / pair_octets + 1) + ": expected two letters");
        languages.emplace_back(std::string(as_text(code)));
    }
    return file_value(std::move(languages));
}

// --- Group identifiers, 3GPP TS 31.102 clause 4.2.10: the operator's own octets

result<bytes> encode_group_identifier(const value_at& value, std::size_t room) { return value.hex(0, room); }

result<file_value> decode_group_identifier(byte_view content) {
    while (!content.empty() && content.back() == 0xff) content = content.first(content.size() - 1);
    return file_value(to_hex(content));
}

// --- Cell broadcast message identifiers, 3GPP TS 31.102 clauses 4.2.14, 4.2.20 and 4.2.22; FFFF is no identifier

constexpr std::int64_t message_identifier_max = 0xfffe;
constexpr std::size_t range_octets = 4;

result<bytes> encode_message_identifiers(const value_at& value, std::size_t) {
    TESSERA_TRY_VALUE(const auto identifiers, value.list());
    bytes out;
    for (const auto& one : identifiers) {
        TESSERA_TRY_VALUE(const auto number, one.number(0, message_identifier_max));
        append_big_endian(out, static_cast<std::uint64_t>(number), pair_octets);
    }
    return out;
}

result<file_value> decode_message_identifiers(byte_view content) {
    file_value::list identifiers;
    for (byte_reader in(content); !in.empty();)
        if (const std::int64_t number = in.u16(); number <= message_identifier_max) identifiers.emplace_back(number);
    return file_value(std::move(identifiers));
}

// -1 for what is none.
std::int64_t identifier_in(std::string_view digits) {
    std::int64_t number = -1;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool whole = problem == std::errc() && end == digits.data() + digits.size();
    return whole && number >= 0 && number <= message_identifier_max ? number : -1;
}

result<bytes> encode_message_identifier_ranges(const value_at& value, std::size_t) {
    TESSERA_TRY_VALUE(const auto ranges, value.list());
    bytes out;
    for (const auto& one : ranges) {
        const auto text = one.text().value_or("");
        const auto dash = std::min(text.find('-'), text.size());
        const auto first = identifier_in(text.substr(0, dash));
        const auto last = dash < text.size() ? identifier_in(text.substr(dash + 1)) : -1;
        if (first < 0 || last < first)
            return one.expected("a range of message identifiers from 0 to 65534, as in \"4352-4359\"");
        append_big_endian(out, static_cast<std::uint64_t>(first), pair_octets);
        append_big_endian(out, static_cast<std::uint64_t>(last), pair_octets);
    }
    return out;
}

result<file_value> decode_message_identifier_ranges(byte_view content) {
    file_value::list ranges;
    for (std::size_t at = 0; at < content.size(); at += range_octets) {
        byte_reader in(content.subspan(at, range_octets));
        if (is_unused(in.rest())) continue;
        const std::int64_t first = in.u16(), last = in.u16();
        if (first > last || last > message_identifier_max)
            return bad_content("entry " + std::to_string(at / range_octets + 1) +
                               ": expected a lower and an upper end");
        ranges.emplace_back(std::to_string(first) + "-" + std::to_string(last));
    }
    return file_value(std::move(ranges));
}

// --- SMS status, 3GPP TS 31.102 clause 4.2.28: the last TP-MR used, and bit 1 of the second octet is zero when memory
// is full; the others are one

constexpr std::uint8_t memory_free = 0xff, memory_full = 0xfe;

result<bytes> encode_sms_status(const value_at& value, std::size_t room) {
    TESSERA_TRY(value.only({"last_reference", "memory_exceeded"}));
    TESSERA_TRY_VALUE(const auto reference, value.needed("last_reference"));
    TESSERA_TRY_VALUE(const auto number, reference.number(0, 0xff));
    bool full = false;
    if (const auto exceeded = value.member("memory_exceeded")) {
        TESSERA_TRY_VALUE(full, exceeded->truth());
    }
    bytes out = {static_cast<std::uint8_t>(number), full ? memory_full : memory_free};
    out.resize(room, 0xff);
    return out;
}

result<file_value> decode_sms_status(byte_view content) {
    return file_value(
        file_value::map{{"last_reference", std::int64_t{content[0]}}, {"memory_exceeded", (content[1] & 1U) == 0}});
}

constexpr std::array<std::uint8_t, 4> unused = {0xff, 0xff, 0xff, 0xff};
constexpr std::array<std::uint8_t, 1> no_service = {0x00};
constexpr byte_view unused_octets = unused;

}  // namespace

namespace file_formats {

constinit const file_format service_provider_name{encode_service_provider_name, decode_service_provider_name, {}, true};
constinit const file_format service_table{encode_service_table, decode_service_table, no_service};
constinit const file_format sim_service_table{encode_sim_service_table, decode_sim_service_table, no_service};
constinit const file_format administrative_data{encode_administrative_data, decode_administrative_data, no_service};
constinit const file_format languages{encode_languages, decode_languages, unused_octets.first(pair_octets)};
constinit const file_format group_identifier{encode_group_identifier, decode_group_identifier, unused_octets.first(1)};
constinit const file_format message_identifiers{encode_message_identifiers, decode_message_identifiers,
                                                unused_octets.first(pair_octets)};
constinit const file_format message_identifier_ranges{encode_message_identifier_ranges,
                                                      decode_message_identifier_ranges, unused_octets};
constinit const file_format sms_status{encode_sms_status, decode_sms_status, {}};

}  // namespace file_formats
}  // namespace tessera::codec
