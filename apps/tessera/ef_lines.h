// One line of `tessera ef`: a JSON object in, a JSON object out, without input or output of its own.
//   encode: {"file":"SPN","value":{...}} with or without "length" -> {"file":"SPN","content":"01..."}
//   decode: {"file":"SPN","content":"01..."} -> {"file":"SPN","value":{...}}
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/uicc_files.h"

namespace tessera::app {

enum class ef_verb : std::uint8_t { encode, decode };

// Errors: missing_field, bad_type, bad_path, unknown_file, bad_hex, bad_value, bad_length, bad_content.
[[nodiscard]] result<boost::json::object> answer_ef_object(ef_verb verb, const boost::json::object& line);

// Appends the answer, without a line end. False if the line was bad: the answer is {"error":{...}} then. A line longer
// than limits::json_line_octets is bad.
bool answer_ef_line(ef_verb verb, std::string_view line, std::string& out);

// A row of the catalogue.
[[nodiscard]] boost::json::object to_json(const codec::uicc_file& file);

}  // namespace tessera::app
