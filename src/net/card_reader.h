// Card readers at this machine, as a port: PC/SC today (make_pcsc_readers). Calls wait for the card, so they belong on
// a thread of their own; one thread at a time uses a connection.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera::net {

struct card_reader {
    std::string name;  // "Virtual PCD 00 00"
    bool card = false;
    bool in_use = false;  // exclusively, by another program
};

// A card that nobody else talks to while this lives. Its end takes the card's power.
class card_connection {
public:
    virtual ~card_connection() = default;
    [[nodiscard]] virtual const std::string& reader() const = 0;
    [[nodiscard]] virtual byte_view answer_to_reset() const = 0;
    [[nodiscard]] virtual bool block_protocol() const = 0;  // T=1; else T=0
    // One command APDU; the response with its status word. Errors: card_removed, reader_gone, no_answer, pcsc.
    [[nodiscard]] virtual result<bytes> transmit(byte_view command) = 0;
};

class card_readers {
public:
    virtual ~card_readers() = default;
    // Errors: no_service (pcscd does not run), pcsc.
    [[nodiscard]] virtual result<std::vector<card_reader>> list() = 0;
    // The reader of this name, else the only one whose name begins with it; its card after a cold reset. Errors:
    // no_reader and ambiguous_reader (which name those that there are), no_card, in_use, no_answer, those of list().
    [[nodiscard]] virtual result<std::unique_ptr<card_connection>> connect(std::string_view name) = 0;
};

[[nodiscard]] std::unique_ptr<card_readers> make_pcsc_readers();

}  // namespace tessera::net
