#include "tessera/ota_fields.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>

namespace tessera::app::ota {
namespace {

namespace json = boost::json;

std::unexpected<error> bad_type(std::string_view field, std::string_view expected) {
    return failure("bad_type", field, "expected " + std::string(expected));
}

// How ota.json (and the sources that it quotes) name algorithms, in the codec's terms. "DESede" stands for two or three
// keys, whichever the key has.
struct algorithm_name {
    std::string_view written;
    std::string_view meant;
};
constexpr std::array<algorithm_name, 22> cipher_names = {{{"DES-CBC", "des-cbc"},
                                                          {"DES-ECB", "des-ecb"},
                                                          {"3DES-CBC-2key", "3des2-cbc"},
                                                          {"3DES-CBC-3key", "3des3-cbc"},
                                                          {"3DES-ECB-2key", "3des2-ecb"},
                                                          {"3DES-ECB-3key", "3des3-ecb"},
                                                          {"AES-CBC", "aes-cbc"},
                                                          {"DESede/ECB/NoPadding", "3des-ecb"},
                                                          {"DESede/CBC/NoPadding", "3des-cbc"},
                                                          {"DES/ECB/NoPadding", "des-ecb"},
                                                          {"DES/CBC/NoPadding", "des-cbc"},
                                                          {"AES/CBC/NoPadding", "aes-cbc"},
                                                          {"3DES-ECB", "3des-ecb"},
                                                          {"3DES-CBC", "3des-cbc"},
                                                          {"des-cbc", "des-cbc"},
                                                          {"des-ecb", "des-ecb"},
                                                          {"3des2-cbc", "3des2-cbc"},
                                                          {"3des3-cbc", "3des3-cbc"},
                                                          {"3des2-ecb", "3des2-ecb"},
                                                          {"3des3-ecb", "3des3-ecb"},
                                                          {"3des-ecb", "3des-ecb"},
                                                          {"aes-cbc", "aes-cbc"}}};
constexpr std::array<algorithm_name, 17> check_names = {{{"RC XOR4", "xor4"},
                                                         {"RC XOR8", "xor8"},
                                                         {"RC CRC16", "crc16"},
                                                         {"RC CRC32", "crc32"},
                                                         {"CC DES-CBC-MAC", "des-cbc-mac"},
                                                         {"CC 3DES2-CBC-MAC", "3des2-cbc-mac"},
                                                         {"CC 3DES3-CBC-MAC", "3des3-cbc-mac"},
                                                         {"CC AES-CMAC-64", "aes-cmac"},
                                                         {"CC AES-CMAC-32", "aes-cmac"},
                                                         {"xor4", "xor4"},
                                                         {"xor8", "xor8"},
                                                         {"crc16", "crc16"},
                                                         {"crc32", "crc32"},
                                                         {"des-cbc-mac", "des-cbc-mac"},
                                                         {"3des2-cbc-mac", "3des2-cbc-mac"},
                                                         {"3des3-cbc-mac", "3des3-cbc-mac"},
                                                         {"aes-cmac", "aes-cmac"}}};

template <std::size_t N>
std::string_view meaning(const std::array<algorithm_name, N>& names, std::string_view written) {
    const auto* found =
        std::find_if(names.begin(), names.end(), [&](const algorithm_name& name) { return name.written == written; });
    return found == names.end() ? std::string_view() : found->meant;
}

// "CIPHER + CHECK", or either alone. What is not known here agrees on nothing; the codec then refuses the nibble.
codec::implicit_algorithms agreed_in(std::string_view text, std::size_t kic_octets) {
    constexpr std::string_view response = "response ";
    if (text.starts_with(response)) text.remove_prefix(response.size());
    codec::implicit_algorithms agreed;
    while (!text.empty()) {
        const auto end = text.find(" + ");
        const auto part = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 3);
        if (const auto cipher = meaning(cipher_names, part); !cipher.empty()) agreed.cipher = cipher;
        if (const auto check = meaning(check_names, part); !check.empty()) agreed.check = check;
    }
    if (agreed.cipher == "3des-ecb") agreed.cipher = kic_octets == 24 ? "3des3-ecb" : "3des2-ecb";
    if (agreed.cipher == "3des-cbc") agreed.cipher = kic_octets == 24 ? "3des3-cbc" : "3des2-cbc";
    return agreed;
}

// Any number, or text that is one.
std::optional<double> numeric(const json::value& value) {
    if (value.is_int64()) return static_cast<double>(value.get_int64());
    if (value.is_uint64()) return static_cast<double>(value.get_uint64());
    if (value.is_double()) return value.get_double();
    if (!value.is_string()) return std::nullopt;
    const auto& text = value.get_string();
    std::int64_t parsed = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
    return static_cast<double>(parsed);
}

// 4 and 8 are themselves; whatever else stands there becomes a length that the codec refuses where it matters.
std::uint8_t checksum_octets_of(const line_object& line, std::uint8_t absent) {
    constexpr std::uint8_t neither = 0xff;
    const auto* value = find(line, "cc_len");
    if (value == nullptr) return absent;
    const auto number = numeric(*value);
    if (number && *number == 4) return std::uint8_t{4};
    return number && *number == 8 ? std::uint8_t{8} : neither;
}

// KIc or KID, which may be absent where nothing depends on it.
result<std::uint8_t> key_identifier_of(const line_object& line, std::string_view field, bool used) {
    std::array<std::uint8_t, 1> octet{};
    if (used || find(line, field) != nullptr) TESSERA_TRY(octets_into(line, field, octet));
    return octet[0];
}

}  // namespace

const json::value* find(const line_object& line, std::string_view field) {
    const auto* value = line.if_contains(field);
    return value == nullptr || value->is_null() ? nullptr : value;
}

result<std::string_view> text_of(const line_object& line, std::string_view field) {
    const auto* value = find(line, field);
    if (value == nullptr) return failure("missing_field", field, "this field is needed");
    if (!value->is_string()) return bad_type(field, "hexadecimal text");
    const auto& text = value->get_string();
    return std::string_view(text.data(), text.size());
}

result<bytes> octets_of(const line_object& line, std::string_view field) {
    TESSERA_TRY_VALUE(const auto text, text_of(line, field));
    return from_hex(text, field);
}

result<void> octets_into(const line_object& line, std::string_view field, std::span<std::uint8_t> to) {
    TESSERA_TRY_VALUE(const auto text, text_of(line, field));
    return from_hex_into(text, to, field);
}

result<std::uint32_t> number_of(const line_object& line, std::string_view field, std::uint32_t absent,
                                std::uint32_t maximum) {
    const auto* value = find(line, field);
    if (value == nullptr) return absent;
    const auto number = numeric(*value);
    if (!number) return bad_type(field, "a number");
    if (!(*number >= 0 && *number <= maximum) || *number != static_cast<double>(static_cast<std::uint32_t>(*number)))
        return failure("bad_range", field, "expected a whole number from 0 to " + std::to_string(maximum));
    return static_cast<std::uint32_t>(*number);
}

result<secret> key_of(const line_object& line, std::string_view field) {
    secret key;
    if (find(line, field) == nullptr) return key;
    TESSERA_TRY_VALUE(const auto text, text_of(line, field));
    if (text.size() > 2 * secret::capacity)
        return failure("bad_key", field,
                       "a key has at most 32 octets, these are " + std::to_string(text.size()) + " digits");
    if (text.size() % 2 != 0)
        return failure("bad_hex", field,
                       "expected an even number of hexadecimal digits, got " + std::to_string(text.size()));
    TESSERA_TRY(from_hex_into(text, key.resize(text.size() / 2), field));
    return key;
}

result<std::uint64_t> counter_of(const line_object& line) {
    std::array<std::uint8_t, 5> octets{};
    if (find(line, "cntr") != nullptr) TESSERA_TRY(octets_into(line, "cntr", octets));
    return load_big_endian(octets);
}

result<line_keys> keys_of(const line_object& line) {
    line_keys keys;
    TESSERA_TRY_VALUE(keys.kic, key_of(line, "kic_key"));
    TESSERA_TRY_VALUE(keys.kid, key_of(line, "kid_key"));
    if (find(line, "algorithm") != nullptr) {
        TESSERA_TRY_VALUE(const auto named, text_of(line, "algorithm"));
        keys.agreed = agreed_in(named, keys.kic.size());
    }
    return keys;
}

result<codec::packet_security> security_of(const line_object& line, packet_direction direction,
                                           const codec::implicit_algorithms& agreed) {
    codec::packet_security security;
    std::array<std::uint8_t, 2> spi{};
    TESSERA_TRY(octets_into(line, "spi", spi));
    security.spi = {spi[0], spi[1]};
    const bool command = direction == packet_direction::command;
    const bool ciphered = command ? security.spi.command_ciphered() : security.spi.response_ciphered();
    const auto asked = command ? security.spi.command_integrity() : security.spi.response_integrity();
    TESSERA_TRY_VALUE(security.kic, key_identifier_of(line, "kic", ciphered));
    TESSERA_TRY_VALUE(security.kid, key_identifier_of(line, "kid", asked != codec::integrity::none));
    // Who reads a response without saying which length was asked for takes the one that came.
    security.aes_checksum_octets = checksum_octets_of(line, command ? 8 : 0);
    security.implicit_cipher = agreed.cipher;
    security.implicit_check = agreed.check;
    return security;
}

void answer_object::name(std::string_view name) {
    if (!first_) out_.push_back(',');
    first_ = false;
    out_.push_back('"');
    out_.append(name);
    out_.append("\":");
}

void answer_object::hex(std::string_view name, byte_view octets) {
    this->name(name);
    out_.push_back('"');
    append_hex(out_, octets);
    out_.push_back('"');
}

void answer_object::hex_list(std::string_view name, const std::vector<bytes>& list) {
    this->name(name);
    out_.push_back('[');
    for (std::size_t i = 0; i < list.size(); ++i) {
        out_.append(i == 0 ? "\"" : ",\"");
        append_hex(out_, list[i]);
        out_.push_back('"');
    }
    out_.push_back(']');
}

void answer_object::number(std::string_view name, std::uint32_t value) {
    this->name(name);
    out_.append(std::to_string(value));
}

void answer_object::word(std::string_view name, std::string_view value) {
    this->name(name);
    out_.append("\"").append(value).append("\"");
}

void answer_object::truth(std::string_view name, std::optional<bool> value) {
    this->name(name);
    out_.append(!value ? "null" : (*value ? "true" : "false"));
}

void answer_object::counter(std::uint64_t value) {
    std::array<std::uint8_t, 5> octets{};
    store_big_endian(octets.data(), value, octets.size());
    hex("cntr", octets);
}

void answer_object::warnings(const std::vector<std::string_view>& texts) {
    if (texts.empty()) return;
    name("warnings");
    out_.push_back('[');
    for (std::size_t i = 0; i < texts.size(); ++i) {
        out_.append(i == 0 ? "\"" : ",\"");
        out_.append(texts[i]);
        out_.push_back('"');
    }
    out_.push_back(']');
}

void append_error(std::string& out, const error& problem) {
    const json::value answer = {
        {"error", {{"code", problem.code}, {"field", problem.field}, {"message", problem.message}}}};
    out += json::serialize(answer);
}

}  // namespace tessera::app::ota
