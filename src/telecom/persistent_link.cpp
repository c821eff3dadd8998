#include "telecom/persistent_link.h"

#include <optional>

#include "base/log.h"
#include "codec/smpp_pdu.h"
#include "net/event_loop.h"
#include "telecom/smpp_link.h"

namespace tessera::telecom {

// Passes events on to the exchange that is attached, if one is; results of an earlier one's submits go nowhere.
class persistent_link::idle_events final : public network_events {
public:
    network* link = nullptr;
    network_events* attached = nullptr;
    bool up = false;
    std::optional<error> failed;
    std::uint64_t generation = 0;  // of the attachment; part of every token

    void on_open() override {
        up = true;
        if (attached != nullptr) attached->on_open();
    }
    void on_writable() override {
        if (attached != nullptr) attached->on_writable();
    }
    void on_result(std::uint64_t token, submit_result result, std::uint32_t command_status) override {
        if (attached != nullptr && token >> generation_shift == generation % generations)
            attached->on_result(token & token_mask, result, command_status);
    }
    void on_message(const inbound_message& message) override {
        if (attached != nullptr)
            attached->on_message(message);
        else
            link->refuse(message.handle, codec::smpp::status::receiver_temporary_error);
    }
    void on_receipt(const inbound_receipt& receipt) override {
        if (attached != nullptr)
            attached->on_receipt(receipt);
        else
            link->acknowledge(receipt.handle);
    }
    void on_link_down(std::string_view why) override {
        up = false;
        if (attached != nullptr) attached->on_link_down(why);
    }
    void on_closed() override { up = false; }
    void on_failed(const error& why) override {
        failed = why;
        if (attached != nullptr)
            attached->on_failed(why);
        else
            log_error(to_string(why));
    }

    static constexpr int generation_shift = 56;  // tokens of an exchange stay below
    static constexpr std::uint64_t generations = 256;
    static constexpr std::uint64_t token_mask = (std::uint64_t{1} << generation_shift) - 1;
};

class persistent_link::attachment final : public network {
public:
    attachment(persistent_link& owner, network_events& events) : owner_(&owner), events_(&events) {}
    ~attachment() override { detach(); }

    void open() override {
        auto& idle = *owner_->events_;
        idle.attached = events_;
        ++idle.generation;
        if (idle.failed)
            owner_->loop_->post([events = events_, why = *idle.failed] { events->on_failed(why); });
        else if (idle.up)
            owner_->loop_->post([this, events = events_] {
                if (attached()) events->on_open();
            });
    }
    bool submit(const outbound_message& message) override {
        auto& idle = *owner_->events_;
        auto tagged = message;
        tagged.token |= idle.generation % idle_events::generations << idle_events::generation_shift;
        return attached() && idle.up && owner_->link_->submit(tagged);
    }
    void acknowledge(const inbound_handle& handle) override { owner_->link_->acknowledge(handle); }
    void refuse(const inbound_handle& handle, std::uint32_t command_status) override {
        owner_->link_->refuse(handle, command_status);
    }
    void close() override {
        detach();
        owner_->loop_->post([events = events_] { events->on_closed(); });
    }

private:
    [[nodiscard]] bool attached() const { return owner_->events_->attached == events_; }
    void detach() {
        if (attached()) owner_->events_->attached = nullptr;
    }
    persistent_link* owner_;
    network_events* events_;
};

persistent_link::persistent_link(net::event_loop& loop, const smsc_settings& settings, const clock_port& clock)
    : loop_(&loop), events_(std::make_unique<idle_events>()), link_(make_smpp_link(loop, settings, clock, *events_)) {
    events_->link = link_.get();
}
persistent_link::~persistent_link() = default;
void persistent_link::open() { link_->open(); }
void persistent_link::close() { link_->close(); }
std::unique_ptr<network> persistent_link::attach(network_events& events) {
    return std::make_unique<attachment>(*this, events);
}

}  // namespace tessera::telecom
