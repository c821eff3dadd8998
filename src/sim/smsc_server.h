// The sockets of the simulated SMSC: a TCP listener on an event loop, and a client of its control channel.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/event_loop.h"
#include "sim/smsc.h"

namespace tessera::sim {

// Paths of PEM files. No certificate: SMPP in clear.
struct smsc_tls {
    std::string certificate, key;
    std::string client_authorities;  // clients must show a certificate from these; empty: they need none
};

// Everything on the loop's thread.
class smsc_server {
public:
    // `address` is HOST:PORT, IPv6 as [::1]:2775; port 0 takes a free one. Serves as soon as the loop runs, until
    // stop() or until the control channel asks for it. `centre` and `loop` must outlive it. With `drop_link_every` not
    // zero, all SMPP links are reset so often. Errors: bad_address, cannot_listen, bad_tls.
    [[nodiscard]] static result<std::unique_ptr<smsc_server>> listen(net::event_loop& loop, std::string_view address,
                                                                     smsc& centre, duration drop_link_every,
                                                                     const smsc_tls& tls = {});
    ~smsc_server();
    smsc_server(const smsc_server&) = delete;
    smsc_server& operator=(const smsc_server&) = delete;

    [[nodiscard]] std::string address() const;  // HOST as it was given, and the port it really has
    void stop_on_signals();                     // SIGINT and SIGTERM end the loop
    // Resets every SMPP link at once, as drop_link_every does.
    void drop_links();

private:
    struct implementation;
    explicit smsc_server(std::shared_ptr<implementation> made);
    std::shared_ptr<implementation> implementation_;
};

// Sends one line to a control channel and waits for its answer, without the newline. Blocks, at most a few seconds.
// Errors: bad_address, cannot_connect, no_answer.
[[nodiscard]] result<std::string> ask_control_channel(std::string_view address, std::string_view line);

}  // namespace tessera::sim
