// Any octets into what reads a card's proactive commands and SMS-SUBMIT, and what reads a terminal's answers.
#include <cstdlib>

#include "codec/proactive_command.h"
#include "codec/sms_tpdu.h"

using namespace tessera;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const byte_view octets(data, size);
    if (const auto command = codec::decode_proactive_command(octets)) {
        const auto answer = codec::decode_terminal_response(
            codec::encode_terminal_response(*command, codec::terminal_result::performed));
        if (!answer || answer->number != command->number || answer->type != command->type) std::abort();
        if (command->short_message) static_cast<void>(codec::decode_sms_submit(*command->short_message));
    }
    if (const auto message = codec::decode_sms_submit(octets)) {
        const auto again = codec::encode_sms_submit(*message);
        if (!again || !codec::decode_sms_submit(*again)) std::abort();
    }
    if (const auto inside = codec::short_message_in_envelope(octets))
        static_cast<void>(codec::decode_sms_deliver(*inside));
    static_cast<void>(codec::decode_terminal_response(octets));
    return 0;
}
