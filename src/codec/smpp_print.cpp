// One line of text per PDU, from the same tables as encoder and decoder.
#include <array>
#include <cstdio>

#include "codec/smpp_pdu_table.h"

namespace tessera::codec::smpp {
namespace {

// Texts come from the peer: whatever could forge a line of a log or steer a terminal goes out as \xNN.
void put_text(std::string& out, std::string_view text) {
    out += '"';
    for (const char character : text) {
        const auto octet = static_cast<unsigned char>(character);
        if (octet >= 0x20 && octet < 0x7f && octet != '"' && octet != '\\') {
            out += character;
            continue;
        }
        std::array<char, 8> escaped{};
        std::snprintf(escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned>(octet));
        out += escaped.data();
    }
    out += '"';
}

void put_value(std::string& out, std::uint32_t value) { out += std::to_string(value); }
void put_value(std::string& out, std::string_view value) { put_text(out, value); }
void put_value(std::string& out, byte_view value) { out += std::to_string(value.size()) + " octets"; }

template <class Value>
void put_field(std::string& out, const table::field_spec& spec, const Value& value) {
    out += ' ';
    out += spec.name;
    out += '=';
    if (spec.secret)
        out += "***";
    else
        put_value(out, value);
}

void put_options(std::string& out, const optional_parameters& options) {
    for (const auto& option : options) {
        std::array<char, 16> name{};
        std::snprintf(name.data(), name.size(), " tlv_%04x=", static_cast<unsigned>(option.tag));
        out += name.data();
        put_value(out, option.value);
    }
}

template <class Body>
void put_body(std::string& out, const Body& body, const table::other_layout&) {
    std::apply([&](const auto&... field) { (put_field(out, field.spec, field.access(body)), ...); },
               table::layout<Body>::fields);
    if constexpr (table::layout<Body>::options) put_options(out, body.options);
}

void put_body(std::string& out, const other_body& body, const table::other_layout& layout) {
    for (const auto& field : body.fields) {
        bool secret = false;
        for (const auto& known : layout.fields) secret = secret || (known.spec.secret && known.spec.name == field.name);
        std::visit([&](const auto& value) { put_field(out, {field.name, 0, secret}, value); }, field.value);
    }
    put_options(out, body.options);
}

}  // namespace

std::string print(const pdu& unit) {
    const auto* const entry = table::find_command(unit.head.id);
    std::string out(entry == nullptr ? "unknown_command" : entry->name);
    out += " sequence=" + std::to_string(unit.head.sequence);
    if (unit.head.status != status::ok || table::is_response(unit.head.id)) {
        const auto name = status_name(unit.head.status);
        out += " status=";
        out += name.empty() ? std::to_string(unit.head.status) : std::string(name);
    }
    const table::other_layout none;
    std::visit([&](const auto& content) { put_body(out, content, entry == nullptr ? none : entry->other); }, unit.body);
    return out;
}

}  // namespace tessera::codec::smpp
