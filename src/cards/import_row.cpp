#include "cards/import_row.h"

#include <algorithm>
#include <charconv>

#include "base/csv.h"
#include "base/hex.h"
#include "base/limits.h"
#include "cards/identifiers.h"

namespace tessera::cards {
namespace {

constexpr std::size_t absent = static_cast<std::size_t>(-1);
constexpr std::array<std::string_view, import_columns::count> names{
    "iccid",         "imsi",          "msisdn",  "profile", "kvn",  "kic_algorithm",
    "kic_key",       "kid_algorithm", "kid_key", "counter", "tags", "tar",
    "counter_scope", "dek_algorithm", "dek_key", "kind",    "port"};
// What a file of refused rows has beside the columns; passed over, so that a mended one can be imported as it is.
constexpr std::array<std::string_view, 3> remarks{"line", "field", "reason"};
constexpr std::string_view variable_prefix = "var.";
constexpr std::size_t profile_octets_max = 64;

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// A file without a header has a card's data in its first line: what may be a key is not repeated.
std::string unknown_column(std::size_t index, std::string_view name) {
    const bool is_a_name =
        name.size() <= 40 && std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
    return "unknown column " + (is_a_name ? '"' + std::string(name) + '"' : std::to_string(index + 1));
}

bool may_be_absent(std::size_t column) {
    return column == import_columns::profile || column >= import_columns::counter;
}

result<crypto::cipher_algorithm> parse_algorithm(std::string_view text, std::string_view field) {
    const auto algorithm = crypto::cipher_algorithm_from(text);
    if (!algorithm) return failure("bad_algorithm", field, "expected des, 3des2, 3des3, aes128, aes192 or aes256");
    return *algorithm;
}

}  // namespace

result<crypto::cipher_algorithm> parse_key_algorithm(std::string_view text, crypto::cipher_algorithm otherwise,
                                                     std::string_view field) {
    return text.empty() ? result<crypto::cipher_algorithm>(otherwise) : parse_algorithm(text, field);
}

namespace {

result<std::int64_t> parse_application(std::string_view text) {
    if (text.empty()) return all_applications;
    std::array<std::uint8_t, 3> octets{};
    if (!from_hex_into(text, octets, "tar"))
        return failure("bad_tar", "tar", "expected 6 hexadecimal digits, or nothing for all applications");
    return static_cast<std::int64_t>(load_big_endian(octets));
}

// A set of one application has one counter either way.
result<counter_scope> parse_scope(std::string_view text, std::int64_t application) {
    if (text.empty() || text == "application") return counter_scope::application;
    if (text != "key_set") return failure("bad_scope", "counter_scope", "expected application or key_set");
    return application == all_applications ? counter_scope::key_set : counter_scope::application;
}

result<secret> parse_key(std::string_view text, crypto::cipher_algorithm algorithm, std::string_view field) {
    secret key;
    TESSERA_TRY(from_hex_into(text, key.resize(crypto::key_octets(algorithm)), field));
    return key;
}

}  // namespace

result<key_set_header> parse_key_set_header(const key_set_texts& texts) {
    key_set_header header;
    const auto* const end = texts.kvn.data() + texts.kvn.size();
    const auto parsed = std::from_chars(texts.kvn.data(), end, header.key_version);
    if (parsed.ec != std::errc() || parsed.ptr != end || header.key_version < 1 || header.key_version > 15)
        return failure("bad_key_version", "kvn", "expected a number from 1 to 15");
    TESSERA_TRY_VALUE(header.kic_algorithm, parse_algorithm(texts.kic_algorithm, "kic_algorithm"));
    TESSERA_TRY_VALUE(header.kid_algorithm, parse_algorithm(texts.kid_algorithm, "kid_algorithm"));
    if (!texts.counter.empty()) {
        std::array<std::uint8_t, 5> octets{};
        if (auto read = from_hex_into(texts.counter, octets, "counter"); !read)
            return failure("bad_counter", "counter", "expected 10 hexadecimal digits");
        header.initial_counter = load_big_endian(octets);
    }
    TESSERA_TRY_VALUE(header.application, parse_application(texts.tar));
    TESSERA_TRY_VALUE(header.scope, parse_scope(texts.counter_scope, header.application));
    return header;
}

result<import_columns> import_columns::from_header(const std::vector<std::string>& header, std::string_view file) {
    import_columns columns;
    columns.places_.fill(absent);
    columns.width_ = header.size();
    const std::string where = std::string(file) + ":1";
    for (std::size_t i = 0; i < header.size(); ++i) {
        const auto name = trimmed(header[i]);
        if (std::ranges::find(remarks, name) != remarks.end()) continue;
        if (name.starts_with(variable_prefix)) {
            const auto variable = parse_variable_name(name.substr(variable_prefix.size()));
            if (!variable || columns.variables_.size() == limits::variables_per_card)
                return failure("bad_header", where,
                               "column " + std::to_string(i + 1) + ": " +
                                   (variable ? "more than " + std::to_string(limits::variables_per_card) + " variables"
                                             : variable.error().message));
            if (std::ranges::find(columns.variables_, *variable, &variable_column::name) != columns.variables_.end())
                return failure("bad_header", where, "column " + std::string(name) + " stands there twice");
            columns.variables_.push_back({*variable, i});
            continue;
        }
        const auto found = std::ranges::find(names, name);
        if (found == names.end()) return failure("bad_header", where, unknown_column(i, name) + "; known: " + known());
        auto& place = columns.places_[static_cast<std::size_t>(found - names.begin())];
        if (place != absent) return failure("bad_header", where, "column " + std::string(name) + " stands there twice");
        place = i;
    }
    for (std::size_t i = 0; i < names.size(); ++i)
        if (columns.places_[i] == absent && !may_be_absent(i))
            return failure("bad_header", where,
                           "column " + std::string(names[i]) + " is missing; expected: " + known());
    return columns;
}

std::string import_columns::known() {
    std::string line;
    for (const auto name : names) line += (line.empty() ? "" : ",") + std::string(name);
    return line + ",var.NAME";
}

bool import_columns::written(std::size_t which) const { return which <= counter || places_[which] != absent; }

std::string import_columns::canonical_header() const {
    std::string line;
    for (std::size_t i = 0; i < count; ++i)
        if (written(i)) line += (i == 0 ? "" : ",") + std::string(names[i]);
    for (const auto& one : variables_) line += ",var." + one.name;
    return line;
}

std::string_view import_columns::value(const std::vector<std::string>& fields, column which) const {
    const auto place = places_[which];
    return place < fields.size() ? trimmed(fields[place]) : std::string_view{};
}

std::string import_columns::canonical_row(const std::vector<std::string>& fields) const {
    std::string line;
    for (std::size_t i = 0; i < count; ++i) {
        if (!written(i)) continue;
        if (i != 0) line.push_back(',');
        append_csv_field(line, value(fields, static_cast<column>(i)));
    }
    for (const auto& one : variables_) {
        line.push_back(',');
        append_csv_field(line, one.place < fields.size() ? trimmed(fields[one.place]) : std::string_view{});
    }
    return line;
}

// What the row is about, and how that is named: a card by its ICCID, a terminal by its IMEI in the same column.
result<void> import_columns::parse_kind(const std::vector<std::string>& fields, import_row& row) const {
    const auto what = value(fields, kind);
    const auto number = value(fields, port);
    if (what.empty() || what == "card") {
        if (!number.empty()) return failure("bad_port", "port", "is for terminals, and the row is a card's");
        TESSERA_TRY_VALUE(row.identity.iccid, parse_iccid(value(fields, iccid)));
        return {};
    }
    if (what != "terminal") return failure("bad_kind", "kind", "expected card or terminal");
    TESSERA_TRY_VALUE(row.identity.iccid, parse_terminal_imei(value(fields, iccid)));
    const auto* const end = number.data() + number.size();
    const auto parsed = std::from_chars(number.data(), end, row.port);
    if (parsed.ec != std::errc() || parsed.ptr != end || row.port == 0)
        return failure("bad_port", "port", "expected the port of the terminal's agent, 1 to 65535");
    return {};
}

result<std::optional<key_set>> import_columns::parse_keys(const std::vector<std::string>& fields) const {
    constexpr std::array key_columns{kvn, kic_algorithm, kic_key, kid_algorithm, kid_key};
    if (std::ranges::all_of(key_columns, [&](column which) { return value(fields, which).empty(); }))
        return std::nullopt;
    key_set keys;
    TESSERA_TRY_VALUE(keys.header, parse_key_set_header({value(fields, kvn), value(fields, kic_algorithm),
                                                         value(fields, kid_algorithm), value(fields, counter),
                                                         value(fields, tar), value(fields, counter_scope)}));
    TESSERA_TRY_VALUE(keys.kic, parse_key(value(fields, kic_key), keys.header.kic_algorithm, "kic_key"));
    TESSERA_TRY_VALUE(keys.kid, parse_key(value(fields, kid_key), keys.header.kid_algorithm, "kid_key"));
    return keys;
}

// Without an algorithm of its own it has KIc's.
result<std::optional<encryption_key>> import_columns::parse_encryption_key(const std::vector<std::string>& fields,
                                                                           const std::optional<key_set>& keys) const {
    const auto text = value(fields, dek_key);
    const auto named = value(fields, dek_algorithm);
    if (text.empty() && named.empty()) return std::nullopt;
    if (!keys) return failure("bad_key", "dek_key", "belongs to a key set, and the row has none");
    encryption_key made;
    TESSERA_TRY_VALUE(made.algorithm, parse_key_algorithm(named, keys->header.kic_algorithm, "dek_algorithm"));
    TESSERA_TRY_VALUE(made.key, parse_key(text, made.algorithm, "dek_key"));
    return std::optional(std::move(made));
}

result<import_row> import_columns::parse(const std::vector<std::string>& fields,
                                         std::string_view default_profile) const {
    if (fields.size() != width_)
        return failure(
            "bad_row", "row",
            "expected " + std::to_string(width_) + " fields as in the header, got " + std::to_string(fields.size()));
    import_row row;
    TESSERA_TRY(parse_kind(fields, row));
    if (const auto text = value(fields, imsi); !text.empty()) {
        TESSERA_TRY_VALUE(row.identity.imsi, parse_imsi(text));
    }
    if (const auto text = value(fields, msisdn); !text.empty()) {
        TESSERA_TRY_VALUE(row.identity.msisdn, parse_msisdn(text));
    }
    row.profile = value(fields, profile);
    if (row.profile.empty()) row.profile = default_profile;
    if (row.profile.empty()) return failure("bad_profile", "profile", "is empty, and no --profile was given");
    if (row.profile.size() > profile_octets_max) return failure("bad_profile", "profile", "is longer than 64 octets");
    if (!printable(row.profile)) return failure("bad_profile", "profile", "expected UTF-8 without control characters");
    if (const auto text = value(fields, tags); !text.empty()) {
        TESSERA_TRY_VALUE(row.tags, parse_tags(text));
    }
    for (const auto& one : variables_) {
        const auto text = trimmed(fields[one.place]);
        if (text.empty()) continue;
        TESSERA_TRY_VALUE(auto checked, parse_variable_value(text, "var." + one.name));
        row.variables.push_back({one.name, std::move(checked)});
    }
    TESSERA_TRY_VALUE(row.keys, parse_keys(fields));
    TESSERA_TRY_VALUE(row.encryption, parse_encryption_key(fields, row.keys));
    return row;
}

}  // namespace tessera::cards
