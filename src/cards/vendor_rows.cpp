#include "cards/vendor_rows.h"

#include <algorithm>
#include <array>

#include "base/csv.h"
#include "base/hex.h"
#include "base/limits.h"
#include "cards/identifiers.h"

namespace tessera::cards {
namespace {

bool all_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// The two nibbles of every octet change places; F at the end is padding.
result<std::string> swapped(std::string_view text, std::string_view field) {
    std::string made(text);
    if (made.size() % 2 != 0) return failure("bad_digits", field, "expected an even number of digits, two to an octet");
    for (std::size_t i = 0; i + 1 < made.size(); i += 2) std::swap(made[i], made[i + 1]);
    while (!made.empty() && (made.back() == 'F' || made.back() == 'f')) made.pop_back();
    if (!all_digits(made))
        return failure("bad_digits", field, "expected digits with their nibbles swapped, F at the end");
    return made;
}

}  // namespace

result<std::string> plain_digits(std::string_view text, const vendor_value& how, std::string_view field) {
    if (text.empty()) return std::string();
    std::string made(text);
    if (how.form == digits_form::nibble_swapped) {
        TESSERA_TRY_VALUE(made, swapped(text, field));
    } else if (how.form == digits_form::ef_imsi) {
        // Length, then a nibble for parity (9: odd number of digits, 1: even), then the digits.
        std::array<std::uint8_t, 1> length{};
        if (text.size() < 4 || !from_hex_into(text.substr(0, 2), length) ||
            text.size() < 2 + 2 * std::size_t{length[0]})
            return failure("bad_digits", field, "expected EF_IMSI: its length, parity and digits");
        TESSERA_TRY_VALUE(made, swapped(text.substr(2, 2 * std::size_t{length[0]}), field));
        const bool odd = made.size() % 2 == 0;  // the parity nibble is one of them
        if (made.empty() || made.front() != (odd ? '9' : '1'))
            return failure("bad_digits", field, "expected EF_IMSI: its parity does not fit its digits");
        made.erase(0, 1);
    }
    if (!how.add_check_digit) return made;
    for (char digit = '0'; digit <= '9' && all_digits(made); ++digit)
        if (luhn_holds(made + digit)) return made + digit;
    return failure("bad_digits", field, "expected digits");
}

vendor_rows::vendor_rows(vendor_file file, const vendor_mapping& mapping, const transport_key_use* transport,
                         std::string_view default_profile)
    : file_(std::move(file)), mapping_(&mapping), transport_(transport), default_profile_(default_profile) {
    // The card itself is read as a row of our own form would be, whose keys are empty.
    std::vector<std::string> header;
    for (const auto& [name, value] : mapping.card) header.push_back(name);
    for (const auto* name : {"imsi", "msisdn", "kvn", "kic_algorithm", "kic_key", "kid_algorithm", "kid_key"})
        if (std::ranges::find(header, name) == header.end()) header.emplace_back(name);
    fields_.resize(header.size());
    if (auto columns = import_columns::from_header(header, "mapping")) columns_.emplace(*columns);
}

result<import_row> vendor_rows::row() {
    if (!columns_) return failure("bad_mapping", "card", "its names are no columns of an import");
    for (std::size_t i = 0; i < mapping_->card.size(); ++i) {
        const auto& [name, from] = mapping_->card[i];
        TESSERA_TRY_VALUE(fields_[i], plain_digits(file_.value(from), from, name));
    }
    TESSERA_TRY_VALUE(auto made, columns_->parse(fields_, default_profile_));
    for (std::size_t i = 0; i < mapping_->key_sets.size(); ++i) {
        auto read = read_keys(mapping_->key_sets[i]);
        if (!read) {
            auto problem = std::move(read).error();
            if (i > 0) problem.field = "key_set " + std::to_string(i + 1) + " " + problem.field;
            return std::unexpected(std::move(problem));
        }
        const auto same = [&](const key_set& other) {
            return other.header.key_version == read->keys.header.key_version &&
                   other.header.application == read->keys.header.application;
        };
        if ((made.keys && same(*made.keys)) ||
            std::ranges::any_of(made.more_keys, same, &import_row::further_keys::keys))
            return failure("conflict", "kvn", "two key sets of the record have this version for one application");
        if (i == 0) {
            made.keys = std::move(read->keys);
            made.encryption = std::move(read->encryption);
        } else {
            made.more_keys.push_back(std::move(*read));
        }
    }
    return made;
}

result<import_row::further_keys> vendor_rows::read_keys(const vendor_key_set& from) {
    import_row::further_keys all;
    auto& made = all.keys;
    TESSERA_TRY_VALUE(made.header, parse_key_set_header({file_.value(from.kvn), file_.value(from.kic_algorithm),
                                                         file_.value(from.kid_algorithm), file_.value(from.counter),
                                                         file_.value(from.tar), file_.value(from.counter_scope)}));
    TESSERA_TRY_VALUE(made.kic, read_key(from.kic, made.header.kic_algorithm, "kic_key"));
    TESSERA_TRY_VALUE(made.kid, read_key(from.kid, made.header.kid_algorithm, "kid_key"));
    // A card without one cannot have its keys rotated; the rest of it is good.
    if (from.dek.key.from == vendor_value::origin::absent || file_.value(from.dek.key).empty()) return all;
    auto& encryption = all.encryption.emplace();
    TESSERA_TRY_VALUE(encryption.algorithm,
                      parse_key_algorithm(file_.value(from.dek_algorithm), made.header.kic_algorithm, "dek_algorithm"));
    TESSERA_TRY_VALUE(encryption.key, read_key(from.dek, encryption.algorithm, "dek_key"));
    return all;
}

result<secret> vendor_rows::read_key(const vendor_key& from, crypto::cipher_algorithm algorithm,
                                     std::string_view field) {
    const auto text = file_.value(from.key);
    const auto plain_octets = crypto::key_octets(algorithm);
    secret key;
    if (transport_ == nullptr) {
        TESSERA_TRY(from_hex_into(text, key.resize(plain_octets), field));
    } else {
        const auto mode = *mapping_->transport;
        std::array<std::uint8_t, secret::capacity + 8> room{};
        const auto octets = std::span(room).first(crypto::transported_octets(mode, plain_octets));
        TESSERA_TRY(from_hex_into(text, octets, field));
        if (auto opened = crypto::open_transported(crypto_, mode, transport_->algorithm, transport_->key, octets, key);
            !opened)
            return failure(opened.error().code, field, std::move(opened.error().message));
    }
    if (from.check_value.from == vendor_value::origin::absent) return key;
    std::array<std::uint8_t, 16> room{};
    const auto digits = file_.value(from.check_value);
    const auto given = std::span(room).first(std::min(digits.size() / 2, room.size()));
    if (digits.empty() || !from_hex_into(digits, given))
        return failure("bad_check_value", field, "its key check value is missing or no hexadecimal digits");
    const auto holds = crypto::check_value_holds(crypto_, algorithm, key.reveal(), mapping_->check_values, given);
    if (!holds) return failure("bad_check_value", field, "its key check value: " + holds.error().message);
    if (!*holds)
        return failure("bad_check_value", field,
                       "its key check value is that of another key: another transport key, or a damaged row");
    return key;
}

std::string vendor_rows::rejected() const {
    std::string text;
    append_csv_field(text, file_.raw().substr(0, limits::vendor_line_octets));
    return text;
}

std::optional<row_source::remark> vendor_rows::remark_on_whole() const {
    const auto announced = file_.announced();
    if (!announced || !*announced || (*announced)->cards == file_.cards()) return std::nullopt;
    return remark{
        (*announced)->line,
        {"bad_quantity", mapping_->quantity_line,
         "announces " + std::to_string((*announced)->cards) + " cards; the file has " + std::to_string(file_.cards())}};
}

}  // namespace tessera::cards
