// card verify: files of one card read one after another, each by a single operation of its own, and compared with the
// image.
#pragma once

#include <boost/json/object.hpp>

#include "net/local_http.h"
#include "operations/desk.h"
#include "store/shared_writer.h"

namespace tessera::app {

// `asked`: {files: [{file, record}], ...} with the fields that operation_request() takes beside. Without files: every
// file that the image knows. Each is read by the application that proved it last, unless a tar is asked for.
//
// Answers {iccid, files: [{file, record, state, content, value, expected_content, expected_value, cause}], same,
// differs, new, unreadable}, or the refusal of the first file where the card may not be touched. The desk must outlive
// the verification; home loop's thread.
void verify_card(operations::desk& desk, store::shared_writer& writer, const std::string& card,
                 const boost::json::object& asked, const net::local_http_server::notice_hang_up& on_hang_up,
                 const net::local_http_server::respond& give);

// What a client hears that hangs up: withdrawn, or that it goes on.
[[nodiscard]] error after_hang_up(operations::operation_place& place, const std::string& card);

}  // namespace tessera::app
