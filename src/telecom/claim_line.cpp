#include "telecom/claim_line.h"

#include <future>

#include "codec/smpp_pdu.h"

namespace tessera::telecom {

// What lives on the radio's thread. Messages go home as posted copies, and only while the line is still there.
class claim_line::far_end final : public std::enable_shared_from_this<far_end> {
public:
    far_end(net::event_loop& home, recognizer claims, std::function<void(claimed_message)> hear, claim_room room)
        : home_(&home), claims_(std::move(claims)), hear_(std::move(hear)), room_(room) {}

    void attach(radio& over) {
        over.for_each_link([this](const std::string& smsc, shared_link& link) {
            link.ask_first(
                [this, smsc, link = &link](const inbound_message& message) { return take(smsc, *link, message); });
        });
    }
    static void detach(radio& over) {
        over.for_each_link([](const std::string&, shared_link& link) { link.ask_first({}); });
    }
    void leave() { gone_ = true; }  // on the home thread: nothing is told any more

    void answer(radio& over, const std::string& smsc, const inbound_handle& handle, std::size_t octets,
                std::uint32_t command_status) {
        room_.give_back(octets);
        auto* const link = over.link(smsc);
        if (command_status == codec::smpp::status::ok)
            link->acknowledge(handle);
        else
            link->refuse(handle, command_status);
    }

private:
    bool take(const std::string& smsc, shared_link& link, const inbound_message& message) {
        const auto which = claims_(message);
        if (!which) return false;
        if (!room_.take(message.user_data.size())) {
            link.refuse(message.handle, codec::smpp::status::receiver_temporary_error);
            return true;
        }
        home_->post(
            [self = shared_from_this(), taken = claimed_message{smsc, message.handle, message.subscriber, *which,
                                                                to_bytes(message.user_data), message.has_header}] {
                if (!self->gone_) self->hear_(taken);
            });
        return true;
    }

    net::event_loop* home_;
    recognizer claims_;
    std::function<void(claimed_message)> hear_;
    claim_room room_;
    bool gone_ = false;  // home thread
};

claim_line::claim_line(radio& over, net::event_loop& home, recognizer claims, std::function<void(claimed_message)> hear,
                       claim_room room)
    : radio_(&over), far_(std::make_shared<far_end>(home, std::move(claims), std::move(hear), room)) {
    over.loop().post([far = far_, radio = radio_] { far->attach(*radio); });
}

claim_line::~claim_line() {
    far_->leave();
    std::promise<void> detached;
    radio_->loop().post([radio = radio_, &detached] {
        far_end::detach(*radio);
        detached.set_value();
    });
    detached.get_future().wait();
}

void claim_line::acknowledge(const claimed_message& message) {
    radio_->loop().post(
        [far = far_, radio = radio_, smsc = message.smsc, handle = message.handle, octets = message.user_data.size()] {
            far->answer(*radio, smsc, handle, octets, codec::smpp::status::ok);
        });
}
void claim_line::put_off(const claimed_message& message) {
    radio_->loop().post(
        [far = far_, radio = radio_, smsc = message.smsc, handle = message.handle, octets = message.user_data.size()] {
            far->answer(*radio, smsc, handle, octets, codec::smpp::status::receiver_temporary_error);
        });
}

}  // namespace tessera::telecom
