// Single operations as the local service speaks of them.
#pragma once

#include <boost/json/object.hpp>

#include "operations/types.h"

namespace tessera::app {

// {kind, file, record, content | value, length, commands, tar, spi, kvn, smsc, por_timeout, attempts, approve_danger,
// wait}; approve_danger is the name of who takes the responsibility. Unknown keys are errors. Errors name the field:
// missing_field, bad_type, bad_range, unknown_field, and the values' own.
[[nodiscard]] result<operations::single_request> operation_request(std::string card, const boost::json::object& from);

// Who takes the responsibility, by the field approve_danger. Errors: bad_name.
[[nodiscard]] result<std::string> approving_name(std::string_view name);

// {id, iccid, outcome, cause, ...}; of a reading {file, content, value} as well, of a
// verification {state, expected_content, expected_value} with them. Of a refusal {code, field, message},
// and {campaign, name, phase} where a campaign manages the card.
[[nodiscard]] boost::json::object operation_answer(const operations::single_request& asked,
                                                   const operations::single_answer& made);

// How a verification came out: same, differs, new (the image knew nothing of the file), unreadable, overtaken (the
// image is of later).
[[nodiscard]] std::string_view to_string(const operations::single_answer& verified);

// {content, value} with a prefix before the names: what a file holds, decoded where the catalogue knows it; null where
// nothing is known.
void put_content(boost::json::object& into, const std::string& file, const std::string& prefix,
                 const std::optional<bytes>& content);

}  // namespace tessera::app
