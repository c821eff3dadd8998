// Texts in the files of a card ("alpha identifiers"): the GSM default alphabet, one character an octet with bit 8 zero
// (3GPP TS 23.038 clause 6.2.1), or one of the three codings of UCS2 in ETSI TS 102 221 annex A. FF fills the rest.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera::codec {

// UTF-8 into exactly `octets` octets. GSM where it can be, then UCS2 as it is (80), which every phone reads; the
// shorter codings 81 and 82 only where that does not fit. Errors, without a field: bad_value (no UTF-8, beyond UCS2,
// too long).
[[nodiscard]] result<bytes> encode_text(std::string_view utf8, std::size_t octets);

// Errors: bad_content. What decodes, encodes again into as many octets, though not always in the coding it had.
[[nodiscard]] result<std::string> decode_text(byte_view octets);

}  // namespace tessera::codec
