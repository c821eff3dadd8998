// One row of a card file: its columns found, its values checked. Touches no database.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cards/key_rotation.h"
#include "cards/types.h"

namespace tessera::cards {

struct import_row {
    card_identity identity;
    std::string profile;
    std::optional<key_set> keys;               // none when all five key columns are empty
    std::optional<encryption_key> encryption;  // of that key set
    // Where a record has several; each with its key encryption key, if it has one.
    struct further_keys {
        key_set keys;
        std::optional<encryption_key> encryption;
    };
    std::vector<further_keys> more_keys;
    std::vector<std::string> tags;
    std::vector<card_variable> variables;  // of columns var.NAME that are not empty
    std::uint16_t port = 0;                // of a mobile terminal's agent; 0: a card
};

// What names a key set, from text as the columns have it. Errors name the column.
struct key_set_texts {
    std::string_view kvn, kic_algorithm, kid_algorithm, counter, tar, counter_scope;
};
[[nodiscard]] result<key_set_header> parse_key_set_header(const key_set_texts& texts);

// Empty: `otherwise`. Errors name the field.
[[nodiscard]] result<crypto::cipher_algorithm> parse_key_algorithm(std::string_view text,
                                                                   crypto::cipher_algorithm otherwise,
                                                                   std::string_view field);

class import_columns {
public:
    enum column : std::uint8_t {
        iccid,
        imsi,
        msisdn,
        profile,
        kvn,
        kic_algorithm,
        kic_key,
        kid_algorithm,
        kid_key,
        counter,
        tags,
        tar,
        counter_scope,
        dek_algorithm,
        dek_key,
        kind,
        port,
        count
    };

    // Errors: bad_header (unknown, missing or repeated column).
    [[nodiscard]] static result<import_columns> from_header(const std::vector<std::string>& header,
                                                            std::string_view file);

    // Errors name the column; key material is never repeated.
    [[nodiscard]] result<import_row> parse(const std::vector<std::string>& fields,
                                           std::string_view default_profile) const;

    // Every column there is.
    [[nodiscard]] static std::string known();
    // The canonical header and a row in its order, for the file of refused rows. Missing fields are empty; optional
    // columns behind the counter stand in it if the file has them.
    [[nodiscard]] std::string canonical_header() const;
    [[nodiscard]] std::string canonical_row(const std::vector<std::string>& fields) const;

private:
    [[nodiscard]] bool written(std::size_t which) const;
    [[nodiscard]] std::string_view value(const std::vector<std::string>& fields, column which) const;
    [[nodiscard]] result<std::optional<encryption_key>> parse_encryption_key(const std::vector<std::string>& fields,
                                                                             const std::optional<key_set>& keys) const;
    [[nodiscard]] result<void> parse_kind(const std::vector<std::string>& fields, import_row& row) const;
    [[nodiscard]] result<std::optional<key_set>> parse_keys(const std::vector<std::string>& fields) const;

    struct variable_column {
        std::string name;
        std::size_t place = 0;
    };
    std::vector<variable_column> variables_;
    std::array<std::size_t, count> places_{};
    std::size_t width_ = 0;
};

}  // namespace tessera::cards
