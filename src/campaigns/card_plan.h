// What P1 makes of a target, decided from what the registry knows of it. Prepare and preview both ask here.
#pragma once

#include "campaigns/image_scan.h"
#include "campaigns/types.h"

namespace tessera::campaigns {

enum class card_plan : std::uint8_t {
    build,          // packets of its own
    listen,         // nothing to send: its answer is on the way
    repeat,         // the packets of an earlier round
    skip,           // it holds the content already
    no_subscriber,  // failed
    no_key,         // failed
};

struct card_facts {
    operations::purpose what{};
    bool holds = false;  // all contents
    bool has_subscriber = false;
    bool has_keys = false;
};
[[nodiscard]] card_plan plan_of(const card_facts& facts);

// The image says, without a doubt, that the card holds every write's content. Asks the scan for the card, so its image
// version stands there afterwards.
[[nodiscard]] bool holds_all(image_scan& images, cards::card_id card,
                             const std::vector<operations::file_write>& writes);

}  // namespace tessera::campaigns
