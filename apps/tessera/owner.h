// A request to whoever owns the data directory: the process that does, over its socket, or this one, if nobody does.
#pragma once

#include <boost/json/object.hpp>
#include <optional>

#include "net/http.h"
#include "tessera/commands.h"

namespace tessera::app {

// The response's JSON with its status. Failures have been told to the user (refuse); nothing then.
struct owner_answer {
    unsigned status = 200;
    boost::json::object body;
};
[[nodiscard]] std::optional<owner_answer> ask_owner(invocation& run, const net::http_request& request);

// Only by the socket of another process. Errors: no_server (nobody listens), connection_lost, bad_answer.
[[nodiscard]] result<owner_answer> ask_socket(const invocation& run, const net::http_request& request);

// As refuse(), with what the owner refused; inhibited has an exit status of its own.
void refuse_with(invocation& run, const boost::json::object& answer);

}  // namespace tessera::app
