// What the routes of the local service have in common.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/local_http.h"

namespace tessera::app {

using respond = net::local_http_server::respond;

// One request on its way to whoever answers it.
struct routed_request {
    const net::http_request& request;
    const std::vector<std::string>& words;  // of its path, behind "/v1"
    const net::local_http_server::notice_hang_up& on_hang_up;

    // "/v1/campaigns/ID/VERB" is (campaigns, ID, VERB).
    [[nodiscard]] bool is(std::string_view method, std::size_t count) const {
        return request.method == method && words.size() == count;
    }
};

// The status of a response that refuses with this code.
[[nodiscard]] unsigned status_of_refusal(const std::string& code);
[[nodiscard]] net::http_response refusal_response(const error& why);
[[nodiscard]] net::http_response no_such_route(const net::http_request& request);
[[nodiscard]] net::http_response json_response(const result<boost::json::object>& made);

// Errors: bad_json.
[[nodiscard]] result<boost::json::object> body_of(const net::http_request& request);

}  // namespace tessera::app
