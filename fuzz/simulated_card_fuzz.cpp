// A card takes any octets: as user data, as a script inside a packet that is well secured, as a card list, as faults.
#include <cstdlib>
#include <string>

#include "sim/faults.h"
#include "sim/simulated_card.h"
#include "sim/test_world.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tessera;
    namespace world = sim::testing_world;
    static sim::simulated_cards cards(world::make_cards(2));
    static codec::secured_packet_codec codec;
    static std::uint64_t counter = 5;
    if (size == 0) return 0;
    const byte_view input(data + 1, size - 1);
    std::vector<sim::card_message> answers;
    switch (data[0] & 3U) {
        case 0:
            cards.receive(0, input, {}, {}, answers);
            break;
        case 1: {
            bytes message{0x02, 0x70, 0x00};
            const auto security = world::security(0x16, 0x39, (data[0] & 4U) != 0 ? 0xb00011 : 0xb00010);
            if (!codec.encode_command(security, {world::kic(), world::kid()}, ++counter, input, message)) return 0;
            if (cards.receive(1, message, {}, {}, answers) != sim::card_reaction::executed || answers.empty())
                std::abort();
            break;
        }
        case 2:
            static_cast<void>(sim::card_list::parse(as_text(input), "fuzz"));
            break;
        default:
            static_cast<void>(sim::fault_plan::parse(as_text(input), "fuzz", 1));
            break;
    }
    return 0;
}
