// Any octets, in any pieces and at any time, into a session that submits and acknowledges; every message must get its
// one result, and the output stays bounded.
#include <cstdlib>

#include "base/limits.h"
#include "telecom/smpp_session.h"

using namespace tessera;
using namespace tessera::telecom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

class owner final : public network_events {
public:
    void on_open() override {}
    void on_writable() override {}
    void on_result(std::uint64_t, submit_result, std::uint32_t) override { ++results; }
    void on_message(const inbound_message& message) override {
        if (message.handle.sequence % 2 == 0) session->acknowledge(message.handle);
    }
    void on_receipt(const inbound_receipt& receipt) override { session->refuse(receipt.handle, 0x64); }
    void on_link_down(std::string_view) override {}
    void on_closed() override {}
    void on_failed(const error&) override {}

    smpp_session* session = nullptr;
    std::size_t results = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    smsc_settings settings;
    settings.window = 8;
    owner events;
    session_commons commons(settings);
    smpp_session session(settings, commons, events);
    events.session = &session;
    instant now{};
    session.connected(now);
    bytes bind_response;  // so that most inputs meet an open session; its number is always the first
    codec::smpp::append_message_response(bind_response, codec::smpp::command::bind_transceiver_resp, 0, 1, "");
    session.on_octets(bind_response, now);
    std::size_t submitted = 0;
    const bytes packet(300, 0x11);
    for (byte_reader in({data, size}); !in.empty() && session.state() != smpp_session::phase::ended;) {
        const auto what = in.u8();
        now += std::chrono::milliseconds(what % 64 * 10);
        if (what % 4 == 0)
            submitted +=
                session.submit({.subscriber = what, .packet = byte_view(packet).first(what + 1U), .token = 1}, now);
        if (what % 32 == 1) session.on_time(now);
        if (what % 32 == 2) session.output().clear();
        if (what == 255) session.close(now);
        session.on_octets(in.take(std::min<std::size_t>(in.rest().size(), what)), now);
        if (session.output().size() > 2 * limits::link_output_octets + size * 20) std::abort();
        static_cast<void>(session.next_deadline());
    }
    session.disconnected();
    if (events.results != submitted) std::abort();
    return 0;
}
