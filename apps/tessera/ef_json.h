// The values of a card's files as JSON.
#pragma once

#include <boost/json/value.hpp>

#include "base/result.h"
#include "codec/file_value.h"

namespace tessera::app {

// Errors: bad_value, with the place (value.display): a fraction, null, a number beyond 64 bits, too deep.
[[nodiscard]] result<codec::file_value> file_value_from(const boost::json::value& json);
[[nodiscard]] boost::json::value to_json(const codec::file_value& value);

}  // namespace tessera::app
