// Another way to one card than the radio network: a reader at this machine, say.
#pragma once

#include <cstdint>
#include <functional>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera::operations {

// Called from any thread, after send() returned.
struct bearer_events {
    std::function<void()> taken;                             // the card has the packet
    std::function<void(std::uint16_t status_word)> refused;  // it will not have it
    std::function<void(bytes user_data)> words;              // what it says
    std::function<void(error why)> lost;                     // the card cannot be reached any more
};

class bearer {
public:
    virtual ~bearer() = default;
    // Who is told from now on. Thread safe, as all of it.
    virtual void begin(bearer_events events) = 0;
    // taken, refused or lost follows.
    virtual void send(bytes packet, std::uint8_t reference) = 0;
    // Nobody is told anything any more.
    virtual void end() = 0;
};

}  // namespace tessera::operations
