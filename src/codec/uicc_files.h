// The files of a card by name and value: what stands in EF_SPN, said as {display = "Tessera", flags = 1} instead of in
// hexadecimal. One table holds every file; encoder, decoder, `tessera ef list` and campaign files read it.
// 3GPP TS 31.102 (USIM), 3GPP TS 51.011 (SIM), ETSI TS 102 221 (UICC), release 17; the clause of each file is in its
// row.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/file_value.h"

namespace tessera::codec {

enum class file_structure : std::uint8_t { transparent, linear_fixed };
[[nodiscard]] std::string_view to_string(file_structure structure);

// Octets of a transparent file, or of one record.
struct file_octets {
    std::size_t least = 1;
    std::size_t usual = 1;  // what a value is filled up to when nobody says a length
    std::size_t most = 1;
};

struct file_format;

struct uicc_file {
    std::string_view name;  // as the standard writes it, without EF
    std::string_view home;  // whose file: mf, usim, gsm, telecom
    std::string_view path;  // canonical: below the master file, 7fff being the USIM application
    file_structure structure = file_structure::transparent;
    file_octets octets;
    bool written_over_the_air = true;  // false: a campaign does not write it by value
    bool dangerous = false;            // a wrong value keeps the card from the network
    std::string_view clause;
    const file_format* format = nullptr;
    std::string_view example;          // a value, in JSON
    std::string_view example_content;  // its octets in hexadecimal
};

[[nodiscard]] std::span<const uicc_file> uicc_files();

// By name or canonical path. Names come with or without EF_ or EF. before them and in any case: SPN, ef.spn, gsm/SPN. A
// name that several homes have is the USIM's when no home is said. Nothing when the table has no such file.
[[nodiscard]] const uicc_file* find_uicc_file(std::string_view name_or_path);

// The shortest name that finds it: SPN, gsm/SPN.
[[nodiscard]] std::string name_of(const uicc_file& file);

// The octets of a transparent file from offset 0, or of a record. A list is filled up with unused entries to `length`;
// without one, to the least size that the standard gives the file, and what a longer file holds behind stays as it is.
// An empty map makes unused octets. Errors: bad_value with the place at fault (value.display, value[3]); bad_length.
[[nodiscard]] result<bytes> encode_file(const uicc_file& file, const file_value& value,
                                        std::optional<std::size_t> length = std::nullopt);

// Unused entries are left out, and unused octets of what is a map are an empty one. What decodes, encodes again at the
// same length into octets that decode to the same value: the same octets where the standard leaves one way to write it.
// Errors: bad_length, bad_content, with field "content".
[[nodiscard]] result<file_value> decode_file(const uicc_file& file, byte_view content);

}  // namespace tessera::codec
