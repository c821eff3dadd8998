// A simulated SMSC with some cards, a link to it as the product makes it, and somebody who sends each card one packet;
// all on one loop.
#pragma once

#include <optional>
#include <string>

#include "net/event_loop.h"
#include "sim/smsc_server.h"
#include "sim/test_world.h"
#include "telecom/smsc_link.h"

namespace tessera::telecom {

class simulated_link final : public network_events {
public:
    explicit simulated_link(std::size_t cards) : count_(cards), cards_(sim::testing_world::make_cards(cards)) {}

    // Binds, sends, waits until every card's answer came, unbinds. Ends early when the link fails.
    void run();

    sim::smsc_options smsc;
    sim::smsc_tls smsc_tls;
    smsc_settings settings;

    std::size_t accepted = 0;
    std::size_t answers = 0;
    std::vector<std::string> lines;  // open, down, closed, failed CODE FIELD MESSAGE
    [[nodiscard]] sim::smsc_statistics statistics() const { return centre_->statistics(); }

    void on_open() override;
    void on_writable() override { pump(); }
    void on_result(std::uint64_t token, submit_result result, std::uint32_t command_status) override;
    void on_message(const inbound_message& message) override;
    void on_receipt(const inbound_receipt& receipt) override { link_->acknowledge(receipt.handle); }
    void on_link_down(std::string_view) override { lines.emplace_back("down"); }
    void on_closed() override;
    void on_failed(const error& why) override;

private:
    void pump();
    void close_when_done();

    std::size_t count_;
    sim::simulated_cards cards_;
    net::event_loop loop_;
    std::optional<sim::smsc> centre_;
    std::unique_ptr<sim::smsc_server> server_;
    std::optional<session_commons> commons_;
    std::unique_ptr<network> link_;
    std::size_t sent_ = 0;
};

}  // namespace tessera::telecom
