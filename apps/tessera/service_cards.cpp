#include "tessera/service_cards.h"

#include <boost/json.hpp>
#include <tuple>

#include "tessera/card_numbers.h"
#include "tessera/card_verification.h"
#include "tessera/operation_json.h"

namespace tessera::app {
namespace json = boost::json;

void card_routes::handle(const routed_request& asked, const respond& give) {
    if (!asked.is("POST", 4)) return give(no_such_route(asked.request));
    const auto& [card, verb] = std::tie(asked.words[2], asked.words[3]);
    if (verb == "operations") return operate(asked, give);
    if (verb == "verify") return verify(asked, give);
    if (verb == "msisdn") return give(json_response(change_number(*writer_, card, asked.request.body)));
    if (verb == "swap") return give(json_response(swap_cards(*writer_, card, asked.request.body)));
    give(no_such_route(asked.request));
}

void card_routes::operate(const routed_request& asked, const respond& give) {
    const auto body = body_of(asked.request);
    if (!body) return give(refusal_response(body.error()));
    const auto request = operation_request(asked.words[2], *body);
    if (!request) return give(refusal_response(request.error()));
    const auto place = desk_->perform(*request, [asked = *request, give](const operations::single_answer& made) {
        give({made.refused ? status_of_refusal(made.refused->code) : 200,
              json::serialize(operation_answer(asked, made))});
    });
    asked.on_hang_up([place, give, card = asked.words[2]] { give(refusal_response(after_hang_up(*place, card))); });
}

void card_routes::verify(const routed_request& asked, const respond& give) {
    result<json::object> body = json::object{};
    if (!asked.request.body.empty()) body = body_of(asked.request);
    if (!body) return give(refusal_response(body.error()));
    verify_card(*desk_, *writer_, asked.words[2], *body, asked.on_hang_up, give);
}

}  // namespace tessera::app
