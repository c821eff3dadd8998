// Between an exchange and its network, where the house allows so many short messages an hour only: permits are taken
// from the database, and durable, before anything is sent on them.
#pragma once

#include <functional>
#include <memory>

#include "campaigns/environment.h"

namespace tessera::campaigns {

// On the loop's thread, as every network.
class rationed_network final : public telecom::network, public telecom::network_events {
public:
    // `elsewhere` does a piece of work on a thread that may wait for the disk. Both it and `events` must outlive this
    // and what it was given to do.
    using executor = std::function<void(std::function<result<void>()>)>;
    rationed_network(const environment& env, net::event_loop& loop, telecom::network_events& events,
                     executor elsewhere);
    // To be called before anything else.
    void over(std::unique_ptr<telecom::network> inner) { inner_ = std::move(inner); }

    // Nothing more may be sent for now.
    [[nodiscard]] bool exhausted() const { return exhausted_; }
    // What was taken and not sent; to be given back.
    [[nodiscard]] std::int64_t unused() const { return permits_; }
    [[nodiscard]] timestamp taken_at() const { return taken_at_; }

    void open() override { inner_->open(); }
    [[nodiscard]] bool submit(const telecom::outbound_message& message) override;
    void acknowledge(const telecom::inbound_handle& handle) override { inner_->acknowledge(handle); }
    void refuse(const telecom::inbound_handle& handle, std::uint32_t status) override {
        inner_->refuse(handle, status);
    }
    void close() override { inner_->close(); }

    void on_open() override { events_->on_open(); }
    void on_writable() override { events_->on_writable(); }
    void on_result(std::uint64_t token, telecom::submit_result found, std::uint32_t status) override {
        events_->on_result(token, found, status);
    }
    void on_message(const telecom::inbound_message& message) override { events_->on_message(message); }
    void on_receipt(const telecom::inbound_receipt& receipt) override { events_->on_receipt(receipt); }
    void on_link_down(std::string_view why) override { events_->on_link_down(why); }
    void on_closed() override { events_->on_closed(); }
    void on_failed(const error& why) override { events_->on_failed(why); }

private:
    void ask();
    void granted(std::int64_t count, timestamp when);

    const environment* env_;
    net::event_loop* loop_;
    telecom::network_events* events_;
    executor elsewhere_;
    std::unique_ptr<telecom::network> inner_;
    std::int64_t permits_ = 0;
    timestamp taken_at_;
    bool asking_ = false;
    bool exhausted_ = false;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace tessera::campaigns
