#include "tessera/service_route.h"

#include <boost/json.hpp>

#include "store/database.h"

namespace tessera::app {
namespace json = boost::json;

net::http_response refusal_response(const error& why) {
    return {status_of_refusal(why.code),
            json::serialize(json::object{{"code", why.code}, {"field", why.field}, {"message", why.message}})};
}

net::http_response no_such_route(const net::http_request& request) {
    return refusal_response({"not_found", request.target, "there is no such route"});
}

net::http_response json_response(const result<json::object>& made) {
    return made ? net::http_response{200, json::serialize(*made)} : refusal_response(made.error());
}

unsigned status_of_refusal(const std::string& code) {
    if (code == "not_found") return 404;
    if (code == "needs_approval") return 403;
    for (const auto* state : {"inhibited", "busy", "conflict", "bad_state", "stopped_all", "withdrawn", "goes_on"})
        if (code == state) return 409;
    return code == store::code_database || code == store::code_retry || code == "no_network" ? 503 : 422;
}

result<json::object> body_of(const net::http_request& request) {
    boost::system::error_code problem;
    auto parsed = json::parse(request.body, problem);
    if (problem || !parsed.is_object()) return failure("bad_json", "body", "expected a JSON object");
    return std::move(parsed.get_object());
}

}  // namespace tessera::app
