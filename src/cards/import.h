// Cards from a CSV file: iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key,counter in any
// order; if there are any, tags, tar, counter_scope, and dek_key and dek_algorithm: the key encryption key of the key
// set, without which its keys cannot be rotated.
//
// Several rows with one ICCID are several key sets of one card: of other versions, or for other applications (tar;
// empty for all that have no set of their own in that version). A row that the registry holds already changes nothing:
// an import adds and never overwrites, and a counter that campaigns have raised stays where it is.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cards/key_vault.h"
#include "cards/store.h"

namespace tessera::cards {

struct import_options {
    std::string profile;  // for rows whose column is empty or that have none
    bool strict = false;  // one bad row refuses the whole file
};

struct import_problem {
    std::size_t line = 0;
    std::string field;
    std::string reason;
};

struct import_report {
    std::size_t rows = 0;
    std::size_t cards_added = 0;
    std::size_t key_sets_added = 0;
    std::size_t tags_added = 0;
    std::size_t unchanged = 0;  // rows that said nothing new
    std::size_t rejected = 0;
    std::vector<import_problem> problems;  // the first few
    std::string rejects_file;              // empty when there are none
};

inline constexpr std::size_t import_problems_kept = 20;

// Commits every limits::import_batch_rows rows, each batch whole or not at all; with `strict` there is one batch. Bad
// rows go to FILE.rejects.csv (mode 0600, since rows hold keys) with line, field and reason; those of a device to
// stdin.rejects.csv in the working directory. progress gets the rows
// read. Errors: not_found, bad_header, refused (strict; the registry is as it was), database.
[[nodiscard]] result<import_report> import_cards(const std::string& path, const import_options& options,
                                                 store::connection& writer, key_vault& vault, timestamp now,
                                                 const std::function<void(std::size_t)>& progress);

// The same for rows from anywhere; `path` names them, and the file of refused rows is named after it.
class row_source;
[[nodiscard]] result<import_report> import_rows(const std::string& path, row_source& from,
                                                const import_options& options, store::connection& writer,
                                                key_vault& vault, timestamp now,
                                                const std::function<void(std::size_t)>& progress);

}  // namespace tessera::cards
