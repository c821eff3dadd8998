// Which of a card vendor's output file is what: described by data, not code.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/key_transport.h"

namespace tessera::cards {

enum class vendor_header : std::uint8_t {
    none,   // every line is a card
    names,  // the first line names the columns
    lines,  // lines "Name: value"; the one called `columns_line` names the columns, and cards follow it
};

// How digits are written.
enum class digits_form : std::uint8_t {
    plain,
    nibble_swapped,  // 98940000...F1, as EF_ICCID has them (ETSI TS 102 221 clause 13.2)
    ef_imsi,         // 0809101010..., as EF_IMSI has them (3GPP TS 31.102 clause 4.2.2)
};

// Where a value comes from.
struct vendor_value {
    enum class origin : std::uint8_t { absent, fixed, column_name, column_number, place, header };
    origin from = origin::absent;
    std::string text;        // fixed: itself; column_name, header: whose
    std::size_t number = 0;  // column_number; place: the first character; both from 1
    std::size_t length = 0;  // place: characters
    digits_form form = digits_form::plain;
    bool add_check_digit = false;  // an ICCID without its Luhn digit
    friend bool operator==(const vendor_value&, const vendor_value&) = default;
};

struct vendor_key {
    vendor_value key;          // hexadecimal, enciphered where the mapping has a transport mode
    vendor_value check_value;  // of the key in clear, hexadecimal; absent: it is not checked
    friend bool operator==(const vendor_key&, const vendor_key&) = default;
};

struct vendor_key_set {
    vendor_value kvn, kic_algorithm, kid_algorithm, counter, tar, counter_scope;
    vendor_key kic, kid;
    // The key encryption key of the same version (for PUT KEY); absent: the file has none. Without an algorithm KIc's.
    vendor_value dek_algorithm;
    vendor_key dek;
    friend bool operator==(const vendor_key_set&, const vendor_key_set&) = default;
};

struct vendor_mapping {
    bool fixed_columns = false;  // else separated
    char separator = ',';        // ' ' and tab: several together count as one; ' ' where nothing is said beside lines
    vendor_header header = vendor_header::names;
    std::string columns_line = "var_out";
    char columns_separator = '/';
    std::string quantity_line;  // empty, or the header line that says how many cards follow
    std::string comment;        // empty, or what lines begin with that are passed over
    std::vector<std::pair<std::string, vendor_value>> card;  // by column of the import: iccid, imsi, msisdn, ...
    std::vector<vendor_key_set> key_sets;
    std::optional<crypto::transport_mode> transport;  // nothing: keys are in clear
    crypto::check_value_method check_values = crypto::check_value_method::zeros;
};

// Errors (bad_mapping): every mistake with field "FILE:LINE"; never empty on failure.
[[nodiscard]] std::expected<vendor_mapping, std::vector<error>> parse_mapping(std::string_view text,
                                                                              std::string_view file);

}  // namespace tessera::cards
