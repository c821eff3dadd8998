// The local service's routes about cards: single operations, verifications, numbers.
#pragma once

#include "operations/desk.h"
#include "store/shared_writer.h"
#include "tessera/service_route.h"

namespace tessera::app {

// On the service's thread. Desk and writer must outlive it.
class card_routes {
public:
    card_routes(operations::desk& desk, store::shared_writer& writer) : desk_(&desk), writer_(&writer) {}

    // "/v1/cards/NAME/operations | verify | msisdn | swap"
    void handle(const routed_request& asked, const respond& give);

private:
    void operate(const routed_request& asked, const respond& give);
    void verify(const routed_request& asked, const respond& give);

    operations::desk* desk_;
    store::shared_writer* writer_;
};

}  // namespace tessera::app
