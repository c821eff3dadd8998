#include "simulated_link.h"

#include <gtest/gtest.h>

namespace tessera::telecom {

void simulated_link::run() {
    centre_.emplace(cards_, smsc);
    server_ = sim::smsc_server::listen(loop_, "127.0.0.1:0", *centre_, duration{0}, smsc_tls).value();
    settings.address = server_->address();
    settings.reconnect_delay_min = std::chrono::milliseconds(1);
    commons_.emplace(settings);
    link_ = make_smsc_link(loop_, settings, system_clock(), *commons_, *this);
    const auto guard = loop_.after(std::chrono::seconds(60), [this] {
        ADD_FAILURE() << "nothing happened for a minute";
        loop_.stop();
    });
    link_->open();
    loop_.run();
    link_.reset();
    server_.reset();
}

void simulated_link::on_open() {
    lines.emplace_back("open");
    pump();
}

void simulated_link::pump() {
    const auto packet =
        sim::testing_world::packet(sim::testing_world::security(0x16, 0x39), 6, sim::testing_world::write_spn);
    while (sent_ < count_ &&
           link_->submit({.subscriber = sim::testing_world::first_msisdn + sent_, .packet = packet, .token = sent_}))
        ++sent_;
}

void simulated_link::on_result(std::uint64_t, submit_result result, std::uint32_t) {
    if (result == submit_result::accepted) ++accepted;
    close_when_done();
}
void simulated_link::on_message(const inbound_message& message) {
    ++answers;
    link_->acknowledge(message.handle);
    close_when_done();
}
void simulated_link::close_when_done() {
    if (accepted == count_ && answers == count_) link_->close();
}
void simulated_link::on_closed() {
    lines.emplace_back("closed");
    loop_.stop();
}
void simulated_link::on_failed(const error& why) {
    lines.push_back("failed " + why.code + " " + why.field + " " + why.message);
    loop_.stop();
}

}  // namespace tessera::telecom
