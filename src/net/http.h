// Requests and responses as the routes of this program see them; bodies are JSON.
#pragma once

#include <string>

namespace tessera::net {

struct http_request {
    std::string method;  // GET, POST
    std::string target;  // "/v1/campaigns"
    std::string body;
};

struct http_response {
    unsigned status = 200;
    std::string body;
};

}  // namespace tessera::net
