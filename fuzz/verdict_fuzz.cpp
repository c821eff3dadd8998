// Any octets as what came back from a card that was asked for a ciphered and signed answer: none of them settles it,
// since nobody but the card has its keys; and the card's own answer does, whatever else came.
#include <cstdlib>

#include "operations/verdict.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tessera;
    using namespace tessera::operations;
    static judge court;
    static codec::secured_packet_codec codec;
    const application_security application{{0x16, 0x39}, {0xb0, 0x00, 0x10}, 1, 8};
    const cards::key_set keys{{1, crypto::cipher_algorithm::aes128, crypto::cipher_algorithm::aes128, 0},
                              secret(bytes(16, 0x11)),
                              secret(bytes(16, 0x22))};
    const bytes expected{0xca, 0xfe};
    std::vector<sent_round> rounds{{purpose::write, {{1, 2, {}, 0}}}};
    byte_reader in({data, size});
    if ((in.u8() & 1U) != 0) rounds.push_back({purpose::read_back, {{2, 2, expected, 0}}});

    std::vector<raw_answer> answers;
    while (!in.empty()) {
        const auto length = in.u8();
        const auto kind = static_cast<answer_kind>(length % 8 == 0 ? in.u8() % 3 : 0);
        answers.push_back({kind, kind == answer_kind::message ? 0U : in.u8(),
                           in.take(std::min<std::size_t>(length, in.rest().size()))});
    }
    const auto found = court.assess(application, keys, rounds, answers);
    if (found.what == decision::done) std::abort();
    static_cast<void>(describe(found.why));

    bytes proof;
    const auto& last = rounds.back();
    bytes content{0x02, 0x90, 0x00};
    append(content, expected);
    if (!codec.encode_response(security_for(application, keys.header), {keys.kic.reveal(), keys.kid.reveal()},
                               last.packets[0].counter, 0x00, content, false, true, proof))
        std::abort();
    answers.push_back({answer_kind::message, 0, proof});
    if (court.assess(application, keys, rounds, answers).what != decision::done) std::abort();
    return 0;
}
