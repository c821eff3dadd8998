// What every command that speaks to one card by radio takes, and how it stands in the request to the owner
// (local_service.h).
#pragma once

#include <boost/json/object.hpp>
#include <string>

namespace CLI {
class App;
}

namespace tessera::app {

// Empty, 0 and false: not given, so the owner's default holds.
struct request_options {
    std::string card;  // ICCID, IMSI or MSISDN: digits only, so that it may stand in a path
    std::string spi, smsc, por_timeout;
    int kvn = 0, attempts = 0;
    bool wait = false, json = false;
};

// `into` must outlive the command's parsing.
void add_request_options(CLI::App& command, request_options& into);
// All but the card, whose place is the path, and json, which is ours.
void put_request_options(boost::json::object& request, const request_options& given);

}  // namespace tessera::app
