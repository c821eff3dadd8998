// What only the socket drivers include: the Asio context inside an event_loop.
#pragma once

#include <boost/asio/io_context.hpp>

#include "net/event_loop.h"

namespace tessera::net {

struct event_loop::context {
    boost::asio::io_context io{1};
};

}  // namespace tessera::net
