// Cards from a card vendor's output file, by a mapping, with keys under a transport key.
#pragma once

#include "cards/import.h"
#include "cards/transport_keys.h"
#include "cards/vendor_mapping.h"

namespace tessera::cards {

struct vendor_options {
    import_options importing;
    std::string transport_key;  // its name; empty: the mapping asks for none
};

// As import_cards(): batches, strict, refused rows, which stand in FILE.rejects.csv as they came (line, field and
// reason beside them), never with a key in clear that was not in clear before. A key whose check value is another
// refuses the row. Errors besides: bad_header; bad_mapping (a transport key is needed, or is of no use); those of
// transport_keys::open().
[[nodiscard]] result<import_report> import_vendor_file(const std::string& path, const vendor_mapping& mapping,
                                                       const vendor_options& options, store::connection& writer,
                                                       key_vault& vault, timestamp now,
                                                       const std::function<void(std::size_t)>& progress);

}  // namespace tessera::cards
