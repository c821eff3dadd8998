// The files every simulated card has: one static catalogue after ETSI TS 102 221 clause 13, 3GPP TS 51.011 clause 10
// and TS 31.102 clause 4. What a card changed stands elsewhere (file_store.h). Constant data: thread safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace tessera::sim {

enum class file_kind : std::uint8_t { master, dedicated, application, transparent, linear_fixed, cyclic };
enum class access_condition : std::uint8_t { always, pin1, adm1, adm2, never };

struct file_entry {
    std::uint16_t id;
    std::uint16_t parent;  // the identifier of its directory; 0 for the MF
    file_kind kind;
    std::uint8_t short_id;        // SFI, 1..30; 0: none
    std::uint16_t size;           // octets of an EF, all records together; 0 for a directory
    std::uint16_t record_octets;  // 0: not record structured
    access_condition read;
    access_condition update;
    std::string_view name;

    [[nodiscard]] constexpr bool is_directory() const { return kind <= file_kind::application; }
};

using file_index = std::uint16_t;  // into catalogue()
inline constexpr file_index no_file = 0xffff;
inline constexpr file_index master_file = 0;
inline constexpr std::size_t file_octets_max = 4'096;

[[nodiscard]] std::span<const file_entry> catalogue();
[[nodiscard]] inline const file_entry& file_at(file_index file) { return catalogue()[file]; }

[[nodiscard]] file_index parent_of(file_index file);                        // of the MF: the MF
[[nodiscard]] file_index child_of(file_index directory, std::uint16_t id);  // no_file if there is none
[[nodiscard]] file_index child_by_short_id(file_index directory, std::uint8_t short_id);
[[nodiscard]] file_index application_usim();
// By application identifier, possibly truncated to the right (TS 102 221 clause 11.1.1.2): no_file if it is not here.
[[nodiscard]] file_index application_by_name(byte_view name);
// SELECT by file identifier, in the order of TS 102 221 clause 8.4.1: the MF, the current application as 7FFF, the
// current directory and its children, its parent, its siblings.
[[nodiscard]] file_index select_by_id(file_index directory, std::uint16_t id);
// A path of identifiers from `directory`, two octets each; no_file if any is missing or the count is odd.
[[nodiscard]] file_index select_by_path(file_index directory, byte_view path);

// "7f20/6f46", with or without "3f00/" before it, either case; 7fff is ADF.USIM.
[[nodiscard]] std::optional<file_index> find_path(std::string_view path);
[[nodiscard]] std::string path_of(file_index file);  // lower case, without 3f00 unless it is the MF

}  // namespace tessera::sim
