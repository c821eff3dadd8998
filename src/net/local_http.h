// HTTP/1.1 on a Unix socket: how the process that owns a data directory serves the others on this machine. Who may open
// the socket is decided by the file system; it has mode 0600.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "base/result.h"
#include "net/event_loop.h"
#include "net/http.h"

namespace tessera::net {

class local_http_server {
public:
    // The response may be given later, from the loop's thread; of several the first counts. Nobody hears it who has
    // hung up.
    using respond = std::function<void(http_response)>;
    // What is given here is called, at most once, if the client says that it waits no longer, by closing its side or by
    // its end, before it has had a response. It may still hear one that is given then.
    using notice_hang_up = std::function<void(std::function<void()>)>;
    using handler = std::function<void(http_request, respond, notice_hang_up)>;

    // Listens from now on; what stands at `path` is replaced. Errors: cannot_listen. Loop's thread, or before it runs.
    [[nodiscard]] static result<std::unique_ptr<local_http_server>> listen(event_loop& loop,
                                                                           const std::filesystem::path& path,
                                                                           handler handle);
    // Closes every connection and removes the socket.
    virtual ~local_http_server() = default;
    // Takes nobody new, but those who wait to be taken already.
    virtual void stop_listening() = 0;
    // Every request has had its response.
    [[nodiscard]] virtual bool idle() const = 0;
};

// One request, its response, on a connection of its own; waits as long as it takes, but for SIGINT and SIGTERM, which
// hang up: then for limits::hang_up_wait, for what the server has to say to that. Errors: no_server (nobody listens
// there), connection_lost, interrupted.
[[nodiscard]] result<http_response> ask_local_http(const std::filesystem::path& path, const http_request& request);

}  // namespace tessera::net
