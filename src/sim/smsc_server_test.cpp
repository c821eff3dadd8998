#include "sim/smsc_server.h"

#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>
#include <thread>

#include "sim/test_world.h"

namespace tessera::sim {
namespace {

namespace asio = boost::asio;
namespace smpp = codec::smpp;
using asio::ip::tcp;
using smpp::command;

// A simulator on a thread of its own, on a port that was free.
class smsc_server_test : public testing::Test {
protected:
    void start(std::string_view faults = "") {
        smsc_options options;
        options.faults = fault_plan::parse(faults, "test", 1).value();
        const auto drop = options.faults.drop_link_every;
        centre.emplace(cards, std::move(options));
        server = smsc_server::listen(loop, "127.0.0.1:0", *centre, drop).value();
        address = server->address();
        thread = std::thread([this] { loop.run(); });
    }
    void TearDown() override {
        loop.stop();
        if (thread.joinable()) thread.join();
        server.reset();
    }

    simulated_cards cards{testing_world::make_cards(1000)};
    std::optional<smsc> centre;
    net::event_loop loop;
    std::unique_ptr<smsc_server> server;
    std::string address;
    std::thread thread;
};

// A blocking SMPP client.
class client {
public:
    explicit client(const std::string& address) : socket_(io_) {
        tcp::resolver resolver(io_);
        const auto colon = address.rfind(':');
        asio::connect(socket_, resolver.resolve(address.substr(0, colon), address.substr(colon + 1)));
        socket_.set_option(tcp::no_delay(true));
    }
    void write(byte_view octets) { asio::write(socket_, asio::buffer(octets.data(), octets.size())); }
    void bind(command kind) {
        smpp::pdu unit;
        unit.head.id = kind;
        unit.head.sequence = 1;
        unit.body = smpp::bind{"us", "", "", 0x34, {}};
        bytes out;
        smpp::encode(unit, out).value();
        write(out);
        EXPECT_EQ(read().status, 0U);
    }
    // One PDU's header; id generic_nack with length 0 when the link was closed.
    smpp::header read() {
        bytes octets(smpp::header_octets);
        boost::system::error_code problem;
        asio::read(socket_, asio::buffer(octets), problem);
        smpp::header head;
        if (problem) {
            head.id = command::generic_nack;
            return head;
        }
        const auto length = smpp::first_pdu_octets(octets).value();
        octets.resize(length);
        asio::read(socket_, asio::buffer(octets.data() + smpp::header_octets, length - smpp::header_octets));
        const auto decoded = smpp::decode(octets, head);
        EXPECT_TRUE(decoded);
        return head;
    }
    static void append_submit(bytes& out, std::uint64_t subscriber, std::uint32_t sequence) {
        const auto digits = std::to_string(subscriber);
        const auto packet = testing_world::message(testing_world::security(0x16, 0x39), 6, testing_world::write_spn);
        smpp::short_message sent;
        sent.source = {0, 1, "1000"};
        sent.destination = {1, 1, digits};
        sent.esm_class = 0x40;
        sent.user_data = packet;
        smpp::append_short_message(out, command::submit_sm, sequence, sent).value();
    }
    void acknowledge(std::uint32_t sequence) {
        bytes out;
        smpp::append_message_response(out, command::deliver_sm_resp, 0, sequence, {});
        write(out);
    }
    void close() { socket_.close(); }

private:
    asio::io_context io_;
    tcp::socket socket_;
};

boost::json::value statistics(const std::string& address) {
    return boost::json::parse(ask_control_channel(address, "{\"statistics\":true}").value());
}

TEST_F(smsc_server_test, serves_many_cards_over_one_link) {
    start();
    client us(address);
    us.bind(command::bind_transceiver);
    constexpr std::uint32_t count = 1000;
    bytes all;
    for (std::uint32_t i = 0; i < count; ++i) client::append_submit(all, testing_world::first_msisdn + i, i + 2);
    us.write(all);
    std::uint32_t submitted = 0, delivered = 0;
    while (submitted < count || delivered < count) {
        const auto head = us.read();
        ASSERT_EQ(head.status, 0U);
        ASSERT_NE(head.length, 0U);
        if (head.id == command::submit_sm_resp) ++submitted;
        if (head.id == command::deliver_sm) us.acknowledge(head.sequence), ++delivered;
    }
    EXPECT_EQ(statistics(address).at("executed").to_number<std::uint32_t>(), count);
    const auto iccid = cards.list().iccid(999);
    const auto read =
        boost::json::parse(ask_control_channel(address, "{\"card\":\"" + iccid + "\",\"file\":\"7f20/6f46\"}").value());
    EXPECT_EQ(read.at("executed").to_number<int>(), 1);
}

TEST_F(smsc_server_test, what_was_not_acknowledged_comes_again_after_a_new_bind) {
    start();
    client sender(address);
    sender.bind(command::bind_transmitter);
    bytes submit;
    client::append_submit(submit, testing_world::first_msisdn, 2);
    sender.write(submit);
    EXPECT_EQ(sender.read().id, command::submit_sm_resp);
    for (int attempt = 0; attempt < 3; ++attempt) {
        client receiver(address);
        receiver.bind(command::bind_receiver);
        EXPECT_EQ(receiver.read().id, command::deliver_sm);
        receiver.close();
    }
    client receiver(address);
    receiver.bind(command::bind_receiver);
    const auto head = receiver.read();
    EXPECT_EQ(head.id, command::deliver_sm);
    receiver.acknowledge(head.sequence);
    bytes unbind;
    smpp::append_header_only(unbind, command::unbind, 0, 3);
    receiver.write(unbind);
    EXPECT_EQ(receiver.read().id, command::unbind_resp);
    EXPECT_EQ(receiver.read().length, 0U);  // closed
    EXPECT_EQ(statistics(address).at("waiting").to_number<int>(), 0);
    EXPECT_EQ(cards.read(0, find_path("7f20/6f46").value()).executed, 1U);
}

TEST_F(smsc_server_test, links_are_dropped_as_the_faults_say) {
    start("drop_link_every = \"20ms\"");
    for (int i = 0; i < 3; ++i) {
        client us(address);
        us.bind(command::bind_transceiver);
        EXPECT_EQ(us.read().length, 0U);
    }
    EXPECT_GE(statistics(address).at("links_dropped").to_number<int>(), 3);
}

TEST_F(smsc_server_test, delayed_answers_come_by_themselves) {
    start("delay = \"10ms\"");
    client us(address);
    us.bind(command::bind_transceiver);
    bytes submit;
    client::append_submit(submit, testing_world::first_msisdn, 2);
    us.write(submit);
    EXPECT_EQ(us.read().id, command::submit_sm_resp);
    EXPECT_EQ(us.read().id, command::deliver_sm);
}

TEST_F(smsc_server_test, hostile_links_are_closed_and_others_go_on) {
    start();
    client hostile(address), us(address);
    us.bind(command::bind_transceiver);
    hostile.write(from_hex("0000000300000004ffffffffffffffff").value());
    EXPECT_EQ(hostile.read().id, command::generic_nack);
    EXPECT_EQ(hostile.read().length, 0U);
    bytes enquiry;
    smpp::append_header_only(enquiry, command::enquire_link, 0, 2);
    us.write(byte_view(enquiry).first(7));  // in pieces
    us.write(byte_view(enquiry).subspan(7));
    EXPECT_EQ(us.read().id, command::enquire_link_resp);
}

TEST_F(smsc_server_test, the_control_channel_stops_it) {
    start();
    EXPECT_EQ(ask_control_channel(address, "{\"stop\":true}").value(), "{\"stopping\":true}");
    thread.join();
    server.reset();
    EXPECT_EQ(ask_control_channel(address, "{}").error().code, "cannot_connect");
}

TEST_F(smsc_server_test, addresses_are_checked) {
    centre.emplace(cards, smsc_options{});
    for (const auto* bad : {"", "127.0.0.1", ":1", "127.0.0.1:", "no.such.host.invalid:1"})
        EXPECT_FALSE(smsc_server::listen(loop, bad, *centre, duration{0})) << bad;
    const auto first = smsc_server::listen(loop, "127.0.0.1:0", *centre, duration{0}).value();
    const auto second = smsc_server::listen(loop, first->address(), *centre, duration{0});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, "cannot_listen");
    EXPECT_EQ(ask_control_channel("nonsense", "{}").error().code, "bad_address");
}

}  // namespace
}  // namespace tessera::sim
