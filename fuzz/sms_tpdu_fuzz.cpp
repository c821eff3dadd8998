// Any octets into what reads short messages: user data headers, SMS-DELIVER, reassembly; and segmentation back again.
#include <cstdlib>

#include "codec/sms_tpdu.h"

using namespace tessera;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// The input as a stream of user data, each with a length octet before it, from two senders as time goes by.
void reassemble(byte_view octets) {
    codec::reassembler whole(std::chrono::seconds(10));
    instant now{};
    for (byte_reader in(octets); !in.empty();) {
        const auto length = in.u8();
        const auto user_data = in.take(length % 141U);
        now += std::chrono::milliseconds(user_data.size() * 10);
        static_cast<void>(whole.add(length % 2, user_data, now));
    }
    static_cast<void>(whole.expire(now + std::chrono::seconds(10)));
    if (whole.pending() != 0) std::abort();
}

void to_port_and_back(byte_view packet) {
    const codec::application_ports ports{16'000, 16'001};
    for (const int bits : {8, 16}) {
        const auto parts = codec::segment_to_port(packet, ports, 0x42, bits);
        if (!parts) continue;
        if (parts->size() != codec::part_count(packet.size(), bits, true)) std::abort();
        codec::reassembler whole(std::chrono::seconds(10));
        for (std::size_t i = 0; i < parts->size(); ++i) {
            const auto header = codec::parse_user_data_header((*parts)[i]);
            if (!header || header->destination_port != ports.destination) std::abort();
            const auto answer = whole.add(1, (*parts)[i], instant{});
            if (!answer || answer->has_value() != (i + 1 == parts->size())) std::abort();
            if (*answer && (*answer)->packet != to_bytes(packet)) std::abort();
        }
    }
}

void segment_and_back(byte_view packet) {
    for (const int bits : {8, 16}) {
        const auto parts = codec::segment(packet, codec::packet_kind::response, 0x42, bits);
        if (!parts) continue;
        codec::reassembler whole(std::chrono::seconds(10));
        for (std::size_t i = 0; i < parts->size(); ++i) {
            const auto answer = whole.add(1, (*parts)[i], instant{});
            if (!answer || answer->has_value() != (i + 1 == parts->size())) std::abort();
            if (*answer && ((*answer)->packet != to_bytes(packet) || !(*answer)->response_packet)) std::abort();
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const byte_view octets(data, size);
    static_cast<void>(codec::parse_user_data_header(octets));
    if (const auto message = codec::decode_sms_deliver(octets)) {
        const auto again = codec::encode_sms_deliver(*message);
        if (!again || !codec::decode_sms_deliver(*again)) std::abort();
    }
    static_cast<void>(codec::encode_envelope(octets, "+491234"));
    reassemble(octets);
    segment_and_back(octets);
    to_port_and_back(octets);
    return 0;
}
