// A shared link as single operations use it: from a thread of their own, one packet at a time per card, before whatever
// an exchange has to send. The link is wanted as long as an answer is.
#pragma once

#include <memory>
#include <string>

#include "telecom/radio.h"

namespace tessera::telecom {

// Something that a card said; it lies unacknowledged at the SMSC until acknowledge().
struct card_words {
    inbound_handle handle;
    subscriber_number subscriber = 0;
    bytes user_data;
};

// On the home loop's thread.
class single_line_events {
public:
    virtual ~single_line_events() = default;
    virtual void on_submitted(std::uint64_t token, submit_result result, std::uint32_t command_status) = 0;
    // After withdraw(): whether anything has left, or may have, since begin().
    virtual void on_withdrawn(std::uint64_t token, bool left) = 0;
    virtual void on_words(const card_words& words) = 0;
    virtual void on_line_failed(const error& why) = 0;  // no link can be had: nothing of what is under way will be sent
};

// Used on the home loop's thread.
class single_line {
public:
    // Errors: no_smsc. `events` must outlive it.
    [[nodiscard]] static result<std::unique_ptr<single_line>> make(radio& over, const route& way, net::event_loop& home,
                                                                   single_line_events& events);
    // Waits until the radio's thread has let go of it.
    ~single_line();
    single_line(const single_line&) = delete;
    single_line& operator=(const single_line&) = delete;

    // From now on the subscriber's words come here.
    void await(subscriber_number subscriber);
    // No more; what waits under this token is not sent any more.
    void let_go(std::uint64_t token, subscriber_number subscriber);
    // A packet that nothing of was sent yet.
    void begin(std::uint64_t token);
    // Nothing that waits under this token is sent any more; on_withdrawn follows.
    void withdraw(std::uint64_t token);
    // on_submitted follows, as soon as there is a link with room. reference: see outbound_message.
    void send(std::uint64_t token, subscriber_number subscriber, byte_view packet, std::uint8_t reference);
    void acknowledge(const inbound_handle& handle);

private:
    class far_end;
    single_line(radio& over, std::shared_ptr<far_end> far) : radio_(&over), far_(std::move(far)) {}
    radio* radio_;
    std::shared_ptr<far_end> far_;
};

}  // namespace tessera::telecom
