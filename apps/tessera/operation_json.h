// Single operations as the local service speaks of them.
#pragma once

#include <boost/json/object.hpp>

#include "operations/types.h"

namespace tessera::app {

// {kind, file, record, content | value, length, commands, tar, spi, kvn, smsc, por_timeout, attempts, wait}; unknown
// keys are errors. Errors name the field: missing_field, bad_type, bad_range, unknown_field, and the values' own.
[[nodiscard]] result<operations::single_request> operation_request(std::string card, const boost::json::object& from);

// {id, iccid, outcome, cause, ...}; of a reading {file, content, value} as well. Of a refusal {code, field, message},
// and {campaign, name, phase} where a campaign manages the card.
[[nodiscard]] boost::json::object operation_answer(const operations::single_request& asked,
                                                   const operations::single_answer& made);

}  // namespace tessera::app
