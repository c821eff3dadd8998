// JSON Lines on standard input, one answer a line on standard output.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tessera::app {

// Appends the answer to a line, without a line end. False if the line was bad, which the answer tells.
using answer_line_function = std::function<bool(std::string_view line, std::string& out)>;

// Until the input ends; true if every line was good. Answers go out before the next piece is waited for, so that a
// program may hold a conversation with this one. Errors: read_failed, write_failed.
[[nodiscard]] result<bool> answer_stream(const answer_line_function& answer);

}  // namespace tessera::app
