// A card that answers anything: whatever is asked of it comes to an end, within bounds.
#include <cstdlib>

#include "base/limits.h"
#include "telecom/card_session.h"

using namespace tessera;
using telecom::card_session;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// Each response has its length before it; a card that has said everything says 9000.
class any_card {
public:
    explicit any_card(byte_view script) : script_(script) {}
    bytes response() {
        if (script_.empty()) return {0x90, 0x00};
        const auto length = script_.u8();
        return to_bytes(script_.take(std::min<std::size_t>(length, script_.rest().size())));
    }

private:
    byte_reader script_;
};

void drive(card_session& session, any_card& card, card_session::step next) {
    for (std::size_t commands = 0; next != card_session::step::rest; ++commands) {
        if (commands > limits::card_session_commands + 100) std::abort();
        next = next == card_session::step::pause ? session.go_on() : session.take(card.response());
    }
    static_cast<void>(session.take_words());
    static_cast<void>(session.take_trace());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    any_card card(byte_view(data, size));
    card_session session{{}};
    drive(session, card, session.activate());
    const bytes packet(300, 0x5a);
    const auto first = session.download(packet, 1);
    if (!first) std::abort();
    drive(session, card, *first);
    drive(session, card, session.poll());
    return 0;
}
