#include "telecom/single_line.h"

#include <deque>
#include <future>
#include <map>
#include <set>

namespace tessera::telecom {

// What lives on the radio's thread. Events go home as posted copies, and only while the line is still there.
class single_line::far_end final : public network_events, public std::enable_shared_from_this<far_end> {
public:
    far_end(net::event_loop& home, single_line_events& events) : home_(&home), events_(&events) {}

    void attach(radio& over, const route& way) { network_ = over.attach(way, link_rank::single_operations, *this); }
    void detach() { network_.reset(); }
    void leave() { gone_ = true; }  // on the home thread: nothing is told any more

    void await(subscriber_number subscriber) {
        ++awaited_[subscriber];
        if (wanted_) return;
        wanted_ = true;
        network_->open();
    }
    void let_go(std::uint64_t token, subscriber_number subscriber) {
        forget(token);
        const auto found = awaited_.find(subscriber);
        if (found != awaited_.end() && --found->second == 0) awaited_.erase(found);
        if (!awaited_.empty() || !wanted_) return;
        wanted_ = open_ = false;
        waiting_.clear();
        network_->close();
    }
    void begin(std::uint64_t token) { left_.erase(token); }
    void withdraw(std::uint64_t token) {
        const bool left = forget(token);
        tell([=](single_line_events& events) { events.on_withdrawn(token, left); });
    }
    void send(std::uint64_t token, subscriber_number subscriber, bytes packet, std::uint8_t reference) {
        waiting_.push_back({token, subscriber, std::move(packet), reference});
        pump();
    }
    void acknowledge(const inbound_handle& handle) {
        if (network_) network_->acknowledge(handle);
    }

    void on_open() override {
        open_ = true;
        pump();
    }
    void on_writable() override { pump(); }
    void on_result(std::uint64_t token, submit_result result, std::uint32_t command_status) override {
        tell([=](single_line_events& events) { events.on_submitted(token, result, command_status); });
    }
    void on_message(const inbound_message& message) override {
        tell([words = card_words{message.handle, message.subscriber, to_bytes(message.user_data)}](
                 single_line_events& events) { events.on_words(words); });
    }
    // A receipt decides nothing.
    void on_receipt(const inbound_receipt& receipt) override { network_->acknowledge(receipt.handle); }
    bool awaits(subscriber_number who) const override { return awaited_.contains(who); }
    void on_link_down(std::string_view) override { open_ = false; }
    void on_closed() override {}
    void on_failed(const error& why) override {
        open_ = wanted_ = false;
        waiting_.clear();
        tell([why](single_line_events& events) { events.on_line_failed(why); });
    }

private:
    struct waiting {
        std::uint64_t token;
        subscriber_number subscriber;
        bytes packet;
        std::uint8_t reference;
    };

    void pump() {
        while (open_ && !waiting_.empty()) {
            const auto& next = waiting_.front();
            if (!network_->submit({next.subscriber, next.packet, next.reference, next.token})) return;
            left_.insert(next.token);
            waiting_.pop_front();
        }
    }
    // True: something of it has left, or may have.
    bool forget(std::uint64_t token) {
        std::erase_if(waiting_, [=](const waiting& one) { return one.token == token; });
        return left_.erase(token) != 0;
    }
    template <class What>
    void tell(What what) {
        home_->post([self = shared_from_this(), what = std::move(what)] {
            if (!self->gone_) what(*self->events_);
        });
    }

    net::event_loop* home_;
    single_line_events* events_;
    std::unique_ptr<network> network_;
    std::map<subscriber_number, int> awaited_;
    std::deque<waiting> waiting_;
    std::set<std::uint64_t> left_;  // tokens of which the network has taken something
    bool wanted_ = false;           // open() was called, close() not
    bool open_ = false;
    bool gone_ = false;  // home thread
};

result<std::unique_ptr<single_line>> single_line::make(radio& over, const route& way, net::event_loop& home,
                                                       single_line_events& events) {
    TESSERA_TRY(over.check(way));
    auto far = std::make_shared<far_end>(home, events);
    over.loop().post([far, way, radio = &over] { far->attach(*radio, way); });
    return std::unique_ptr<single_line>(new single_line(over, std::move(far)));
}

single_line::~single_line() {
    far_->leave();
    std::promise<void> detached;
    radio_->loop().post([far = far_, &detached] {
        far->detach();
        detached.set_value();
    });
    detached.get_future().wait();
}

void single_line::await(subscriber_number subscriber) {
    radio_->loop().post([far = far_, subscriber] { far->await(subscriber); });
}
void single_line::let_go(std::uint64_t token, subscriber_number subscriber) {
    radio_->loop().post([far = far_, token, subscriber] { far->let_go(token, subscriber); });
}
void single_line::begin(std::uint64_t token) {
    radio_->loop().post([far = far_, token] { far->begin(token); });
}
void single_line::withdraw(std::uint64_t token) {
    radio_->loop().post([far = far_, token] { far->withdraw(token); });
}
void single_line::send(std::uint64_t token, subscriber_number subscriber, byte_view packet, std::uint8_t reference) {
    radio_->loop().post([far = far_, token, subscriber, packet = to_bytes(packet), reference] {
        far->send(token, subscriber, packet, reference);
    });
}
void single_line::acknowledge(const inbound_handle& handle) {
    radio_->loop().post([far = far_, handle] { far->acknowledge(handle); });
}

}  // namespace tessera::telecom
