// Any octets into the SMPP decoder; what decodes must encode to the same octets again.
#include <cstdlib>

#include "codec/smpp_pdu.h"

using namespace tessera;
namespace smpp = codec::smpp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const byte_view octets(data, size);
    static_cast<void>(smpp::first_pdu_octets(octets));
    smpp::header head;
    const auto unit = smpp::decode(octets, head);
    if (!unit) return 0;
    static_cast<void>(smpp::print(*unit));
    if (const auto* const message = std::get_if<smpp::short_message>(&unit->body))
        static_cast<void>(smpp::parse_receipt(*message));
    bytes again;
    if (!smpp::encode(*unit, again)) std::abort();
    // An error response that came with an empty body goes out without one (clause 4.4.2), and the other way round
    // (clause 4.6.2); either form decodes to the same.
    const bool empty_error = unit->head.status != 0 && (size <= smpp::header_octets + 1);
    if (!empty_error && again != to_bytes(octets)) std::abort();
    smpp::header second_head;
    if (!smpp::decode(again, second_head) || second_head.sequence != head.sequence) std::abort();
    return 0;
}
