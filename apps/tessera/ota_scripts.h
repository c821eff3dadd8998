// Scripts and their answers in a line of `tessera ota`: format "compact" or "expanded" (ETSI TS 102 226 clause 5.2).
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "tessera/ota_fields.h"

namespace tessera::app::ota {

// The data of a command packet: `apdu` as it stands; with `format`, the commands of `apdus` (or `apdu`) in that format,
// for expanded also `chaining` and `indefinite`. Errors name the field.
[[nodiscard]] result<bytes> script_of(const line_object& line);

// With `format`, what the data of a packet means: fields of their own in the answer. Errors: bad_script, bad_response.
[[nodiscard]] result<void> describe_script(const line_object& line, byte_view data, answer_object& answer);
[[nodiscard]] result<void> describe_response(const line_object& line, byte_view data, answer_object& answer);

}  // namespace tessera::app::ota
