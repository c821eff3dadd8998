// The cards of a vendor's file: digits put right, keys deciphered and checked. Touches no database.
#pragma once

#include "cards/row_source.h"
#include "cards/vendor_file.h"

namespace tessera::cards {

// Digits as a card or a vendor writes them, as people write them. Errors: bad_digits.
[[nodiscard]] result<std::string> plain_digits(std::string_view text, const vendor_value& how, std::string_view field);

// The key under which the file's keys are; null where they are in clear.
struct transport_key_use {
    crypto::cipher_algorithm algorithm{};
    byte_view key;
};

// Not thread safe. Everything handed in must outlive it.
class vendor_rows final : public row_source {
public:
    vendor_rows(vendor_file file, const vendor_mapping& mapping, const transport_key_use* transport,
                std::string_view default_profile);

    [[nodiscard]] result<bool> next() override { return file_.next(); }
    // Errors name the column, of a further key set as "key_set 2 kic_key".
    [[nodiscard]] result<import_row> row() override;
    [[nodiscard]] std::size_t line() const override { return file_.line(); }
    [[nodiscard]] std::string rejects_header() const override { return "row"; }
    [[nodiscard]] std::string rejected() const override;
    // Another number of cards than the header announces.
    [[nodiscard]] std::optional<remark> remark_on_whole() const override;

private:
    [[nodiscard]] result<import_row::further_keys> read_keys(const vendor_key_set& from);
    [[nodiscard]] result<secret> read_key(const vendor_key& from, crypto::cipher_algorithm algorithm,
                                          std::string_view field);

    vendor_file file_;
    const vendor_mapping* mapping_;
    const transport_key_use* transport_;
    std::string default_profile_;
    std::optional<import_columns> columns_;
    std::vector<std::string> fields_;
    crypto::block_crypto crypto_;
};

}  // namespace tessera::cards
