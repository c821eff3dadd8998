// The scripts of a campaign's packets: what they make the cards do, and what asks the cards about it afterwards.
#pragma once

#include "campaigns/types.h"
#include "cards/key_rotation.h"

namespace tessera::campaigns {

struct packet_scripts {
    std::vector<operations::script> first;     // of round 1, in order of sequence
    std::vector<operations::read_back> reads;  // likewise of reading back; views into the definition
};
// Errors: those of application_scripts(); none where the campaign file has been read without mistakes.
[[nodiscard]] result<packet_scripts> scripts_of(const definition& what);

// PUT KEY with these keys. Errors: those of put_key().
[[nodiscard]] result<operations::script> put_key_script(const definition& what, crypto::block_crypto& crypto,
                                                        const cards::key_set& fresh,
                                                        const cards::encryption_key& fresh_encryption,
                                                        const cards::encryption_key& by);

// What is told of a sent packet to the judge.
[[nodiscard]] operations::sent_packet packet_of(const operations::script& sent, std::uint64_t counter);
[[nodiscard]] operations::sent_packet packet_of(const operations::read_back& sent, std::uint64_t counter);

}  // namespace tessera::campaigns
