// A card in a reader as a bearer: a thread that speaks with it as its terminal would (telecom/card_session).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/card_reader.h"
#include "operations/bearer.h"
#include "telecom/card_session.h"

namespace tessera::operations {

class reader_bearer final : public bearer {
public:
    // Waits until the card is activated. Errors: those of the reader and of card_session::activate().
    [[nodiscard]] static result<std::unique_ptr<reader_bearer>> open(net::card_readers& readers,
                                                                     std::string_view reader,
                                                                     telecom::card_session_settings settings);
    // Waits for the command under way; the card loses its power.
    ~reader_bearer() override;
    reader_bearer(const reader_bearer&) = delete;
    reader_bearer& operator=(const reader_bearer&) = delete;

    [[nodiscard]] const std::string& iccid() const;
    [[nodiscard]] const std::string& reader() const;
    [[nodiscard]] byte_view answer_to_reset() const;

    void begin(bearer_events events) override;
    void send(bytes packet, std::uint8_t reference) override;
    void end() override;

    struct exchange {
        int sending = 0;  // which send() it belongs to, from 1; 0: activation
        telecom::card_session::exchange what;
    };
    // Everything said so far, since the last call.
    [[nodiscard]] std::vector<exchange> take_trace();

private:
    class machine;
    explicit reader_bearer(std::unique_ptr<machine> made);
    std::unique_ptr<machine> machine_;
};

}  // namespace tessera::operations
