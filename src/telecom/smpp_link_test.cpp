#include "telecom/smpp_link.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <utility>

#include "codec/smpp_pdu.h"
#include "net/asio_context.h"

namespace tessera::telecom {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace smpp = codec::smpp;
using asio::ip::tcp;
using boost::system::error_code;
using smpp::command;

// The smallest SMSC: accepts one connection after another and answers as `on_pdu` says.
class small_smsc {
public:
    small_smsc(net::event_loop& loop, const tcp::endpoint& at)
        : acceptor_(loop.asio().io, at), socket_(loop.asio().io) {
        accept();
    }
    [[nodiscard]] std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }
    void hang_up() {
        error_code ignored;
        socket_.close(ignored);
    }
    void stop() {
        error_code ignored;
        acceptor_.close(ignored);
        hang_up();
    }

    // Appends the answer. The default takes everything.
    std::function<void(const smpp::header&, bytes&)> on_pdu = [](const smpp::header& head, bytes& out) {
        answer(head, out);
    };
    static void answer(const smpp::header& head, bytes& out, std::uint32_t status = 0) {
        const auto response = static_cast<command>(static_cast<std::uint32_t>(head.id) | 0x80000000U);
        if (head.id == command::unbind || head.id == command::enquire_link)
            smpp::append_header_only(out, response, status, head.sequence);
        else
            smpp::append_message_response(out, response, status, head.sequence, "1");
    }
    int connections = 0;

private:
    void accept() {
        acceptor_.async_accept([this](const error_code& problem, tcp::socket peer) {
            if (problem) return;
            ++connections;
            pending_.clear();
            socket_ = std::move(peer);
            socket_.set_option(tcp::no_delay(true));
            read();
            accept();
        });
    }
    void read() {
        socket_.async_read_some(asio::buffer(buffer_), [this](const error_code& problem, std::size_t count) {
            if (problem) return;
            append(pending_, byte_view(buffer_).first(count));
            bytes out;
            byte_view rest(pending_);
            for (;;) {
                const auto length = smpp::first_pdu_octets(rest).value();
                if (length == 0 || length > rest.size()) break;
                smpp::header head;
                EXPECT_TRUE(smpp::decode(rest.first(length), head));
                on_pdu(head, out);
                rest = rest.subspan(length);
            }
            pending_.erase(pending_.begin(), pending_.end() - static_cast<std::ptrdiff_t>(rest.size()));
            error_code ignored;
            asio::write(socket_, asio::buffer(out), ignored);
            if (socket_.is_open()) read();
        });
    }

    tcp::acceptor acceptor_;
    tcp::socket socket_;
    std::array<std::uint8_t, 65'536> buffer_{};
    bytes pending_;
};

class script final : public network_events {
public:
    void on_open() override {
        said("open");
        if (opened) opened();
    }
    void on_writable() override {
        if (writable) writable();
    }
    void on_result(std::uint64_t, submit_result result, std::uint32_t) override {
        ++results.at(static_cast<std::size_t>(result));
        if (resulted) resulted();
    }
    void on_message(const inbound_message&) override {}
    void on_receipt(const inbound_receipt&) override {}
    void on_link_down(std::string_view) override {
        said("down");
        if (went_down) went_down();
    }
    void on_closed() override {
        said("closed");
        if (closed) closed();
    }
    void on_failed(const error& why) override {
        said("failed " + why.code);
        if (closed) closed();
    }

    std::function<void()> opened, writable, resulted, went_down, closed;
    std::array<int, 4> results{};
    std::vector<std::string> lines;

private:
    void said(std::string line) { lines.push_back(std::move(line)); }
};

class smpp_link_test : public testing::Test {
protected:
    void make(const tcp::endpoint& at = {asio::ip::address_v4::loopback(), 0}, const std::string& host = "127.0.0.1") {
        smsc.emplace(loop, at);
        settings.address = host + ":" + smsc->port();
        settings.reconnect_delay_min = 1ms;
        link = make_smpp_link(loop, settings, system_clock(), events);
        events.closed = [this] { smsc->stop(); };
        guard = loop.after(20s, [this] {
            ADD_FAILURE() << "nothing happened for 20 seconds";
            loop.stop();
        });
    }
    void run() {
        events.closed = [this] {
            smsc->stop();
            guard.reset();
        };
        loop.run();
    }

    net::event_loop loop;
    smsc_settings settings;
    script events;
    std::optional<small_smsc> smsc;
    std::unique_ptr<network> link;
    std::unique_ptr<net::event_loop::timer> guard;
};

TEST_F(smpp_link_test, opens_submits_everything_through_its_window_and_closes) {
    make();
    const bytes packet(100, 0x11);
    int submitted = 0;
    constexpr int all = 20'000;
    const auto pump = [&] {
        while (submitted < all && link->submit({.subscriber = 491701234567, .packet = packet, .token = 1})) ++submitted;
    };
    events.opened = events.writable = pump;
    events.resulted = [&] {
        if (events.results[0] == all) link->close();
    };
    link->open();
    EXPECT_TRUE(events.lines.empty());
    run();
    EXPECT_EQ(events.results[0], all);
    EXPECT_EQ(events.lines, (std::vector<std::string>{"open", "closed"}));
}

TEST_F(smpp_link_test, reconnects_after_a_drop_and_gives_what_was_under_way_its_result_first) {
    make();
    const bytes packet(100, 0x11);
    smsc->on_pdu = [&](const smpp::header& head, bytes& out) {
        if (head.id == command::submit_sm && smsc->connections == 1) return smsc->hang_up();
        small_smsc::answer(head, out);
    };
    events.opened = [&] { EXPECT_TRUE(link->submit({.subscriber = 1, .packet = packet, .token = 1})); };
    events.went_down = [&] { EXPECT_EQ(events.results[3], 1); };
    events.resulted = [&] {
        if (events.results[0] == 1) link->close();
    };
    link->open();
    run();
    EXPECT_EQ(events.lines, (std::vector<std::string>{"open", "down", "open", "closed"}));
}

TEST_F(smpp_link_test, may_be_opened_again_after_it_was_closed) {
    make();
    int times = 0;
    events.opened = [&] { link->close(); };
    link->open();
    events.closed = {};
    const auto again = [&] {
        if (++times == 2) {
            smsc->stop();
            guard.reset();
        } else {
            link->open();
        }
    };
    events.closed = again;
    loop.run();
    EXPECT_EQ(events.lines, (std::vector<std::string>{"open", "closed", "open", "closed"}));
}

// An IPv4-mapped address goes the way of every IPv6 address and needs no interface that has one of its own.
TEST_F(smpp_link_test, reaches_an_smsc_by_an_ipv6_address) {
    make({asio::ip::address_v4::loopback(), 0}, "[::ffff:127.0.0.1]");
    events.opened = [&] { link->close(); };
    link->open();
    run();
    EXPECT_EQ(events.lines, (std::vector<std::string>{"open", "closed"}));
}

TEST_F(smpp_link_test, a_bind_refused_for_good_fails_and_is_not_repeated) {
    make();
    smsc->on_pdu = [](const smpp::header& head, bytes& out) {
        small_smsc::answer(head, out, smpp::status::invalid_password);
    };
    link->open();
    run();
    EXPECT_EQ(events.lines, (std::vector<std::string>{"failed bind_refused"}));
    EXPECT_EQ(smsc->connections, 1);
}

TEST_F(smpp_link_test, an_address_that_is_none_fails_after_open_returned) {
    make();
    settings.address = "nowhere";
    link->open();
    EXPECT_TRUE(events.lines.empty());
    run();
    EXPECT_EQ(events.lines, (std::vector<std::string>{"failed bad_address"}));
}

TEST_F(smpp_link_test, close_ends_the_waiting_for_an_smsc_that_is_not_there) {
    make();
    smsc->stop();
    link->open();
    auto later = loop.after(20ms, [&] { link->close(); });
    run();
    EXPECT_EQ(events.lines, (std::vector<std::string>{"closed"}));
}

TEST_F(smpp_link_test, goes_away_without_a_word_when_it_is_destroyed) {
    make();
    events.opened = [&] {
        loop.post([&] {
            link.reset();
            smsc->stop();
            guard.reset();
        });
    };
    link->open();
    run();
    EXPECT_EQ(events.lines, (std::vector<std::string>{"open"}));
}

TEST(smsc_address, is_host_and_port) {
    EXPECT_EQ(parse_address("smsc.example:2775")->host, "smsc.example");
    EXPECT_EQ(parse_address("[::1]:2775")->host, "::1");
    for (const auto* wrong : {"", "host", "host:", ":1", "::1:2775", "host:0", "host:65536", "host:1x", "[]:1"})
        EXPECT_EQ(parse_address(wrong).error().code, "bad_address") << wrong;
}

}  // namespace
}  // namespace tessera::telecom
