// Paths of elementary files: 7f20/6f46, each element a file identifier of four hexadecimal digits (ETSI TS 102 221
// clause 8.2).
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/uicc_files.h"

namespace tessera::operations {

// The canonical form: lower case, elements joined by '/', the master file 3f00 at the front left out. A leading '/' and
// elements written together (7f206f46) are accepted. Errors: bad_path.
[[nodiscard]] result<std::string> parse_file_path(std::string_view text, std::string_view field = "file");

struct found_file {
    std::string path;                         // canonical
    const codec::uicc_file* known = nullptr;  // none where only the path is known
};
// A file by its name (SPN, gsm/SPN) or by its path. Errors: bad_path.
[[nodiscard]] result<found_file> find_file(std::string_view name_or_path, std::string_view field = "file");

// The octets of a canonical path, as SELECT by path from the MF takes them.
[[nodiscard]] bytes path_octets(std::string_view canonical);

}  // namespace tessera::operations
