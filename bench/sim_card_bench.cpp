// How many cards per second and core the simulator serves: receive, decipher, verify, execute, answer. It shares two
// cores with the server that is measured, so its own cost bounds every campaign figure.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/hex.h"
#include "base/random.h"
#include "codec/secured_packet.h"
#include "sim/simulated_card.h"

namespace {

using namespace tessera;

constexpr std::size_t card_count = 100'000;
constexpr std::string_view algorithm = "aes128";

struct fleet {
    std::string csv = "iccid,imsi,msisdn,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key,counter\n";
    std::vector<bytes> user_data;
};

// One packet per card, SELECT and UPDATE BINARY of 17 octets, ciphered and with CC, as is the answer asked for.
fleet make_fleet() {
    fleet made;
    seeded_random random(1);
    codec::secured_packet_codec codec;
    const auto script = from_hex("00a40804047f206f4600d60000110154657373657261ffffffffffffffffff").value();
    codec::packet_security security;
    security.spi = {0x16, 0x39};
    security.kic = security.kid = 0x12;
    security.tar = {0xb0, 0x00, 0x10};
    for (std::size_t i = 0; i < card_count; ++i) {
        std::array<std::uint8_t, 16> kic{}, kid{};
        random.fill(kic);
        random.fill(kid);
        const auto number = std::to_string(1'000'000'000 + i);
        made.csv += "89490000" + number + "0,00101" + number + ",49" + number + ",1," + std::string(algorithm) + "," +
                    to_hex(kic) + "," + std::string(algorithm) + "," + to_hex(kid) + ",0000000000\n";
        bytes message{0x02, 0x70, 0x00};
        if (!codec.encode_command(security, {kic, kid}, 1, script, message)) std::abort();
        made.user_data.push_back(std::move(message));
    }
    return made;
}

}  // namespace

int main() {
    const auto made = make_fleet();
    auto list = sim::card_list::parse(made.csv, "bench");
    if (!list) {
        std::fprintf(stderr, "%s\n", to_string(list.error()).c_str());
        return 1;
    }
    sim::simulated_cards cards(std::move(*list));
    std::vector<sim::card_message> answers;
    std::size_t executed = 0;
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint32_t card = 0; card < card_count; ++card)
        if (cards.receive(card, made.user_data[card], begin, {}, answers) == sim::card_reaction::executed &&
            answers.size() == 1)
            ++executed;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    if (executed != card_count) {
        std::fprintf(stderr, "only %zu of %zu cards executed their packet\n", executed, card_count);
        return 1;
    }
    std::printf(R"({"bench":"sim_card","figure":"%s","value":%.0f,"unit":"cards/s","compared_to":null,"ratio":null})"
                "\n",
                std::string(algorithm).c_str(), static_cast<double>(card_count) / took.count());
    return 0;
}
