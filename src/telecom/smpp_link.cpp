#include "telecom/smpp_link.h"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "net/asio_context.h"
#include "net/tls.h"
#include "telecom/smpp_session.h"

namespace tessera::telecom {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Lives as long as the owner or a handler holds it; every handler gives up once abandon() was called. A connection has
// a number of its own, so that a handler of an old one does not touch the next.
class link_driver final : public std::enable_shared_from_this<link_driver> {
public:
    link_driver(net::event_loop& loop, const smsc_settings& settings, const clock_port& clock, session_commons& commons,
                network_events& events, session_kind kind)
        : io_(loop.asio().io),
          settings_(settings),
          clock_(clock),
          events_(events),
          session_(settings, commons, events, kind),
          resolver_(io_),
          channel_(std::make_shared<net::tcp_channel>(io_)),
          deadline_timer_(io_),
          reconnect_timer_(io_),
          delay_(settings.reconnect_delay_min),
          input_(limits::smpp_read_octets) {}

    void open() {
        if (wanted_ || closing_) return;
        wanted_ = true;
        delay_ = settings_.reconnect_delay_min;
        soon([](link_driver& self) { self.resolve(); });
    }

    bool submit(const outbound_message& message) {
        const bool taken = session_.submit(message, clock_.monotonic());
        schedule_turn_end();
        return taken;
    }
    void acknowledge(const inbound_handle& handle) {
        session_.acknowledge(handle);
        schedule_turn_end();
    }
    void refuse(const inbound_handle& handle, std::uint32_t command_status) {
        session_.refuse(handle, command_status);
        schedule_turn_end();
    }

    void close() {
        if (closing_) return;
        closing_ = true;
        wanted_ = false;
        session_.close(clock_.monotonic());
        if (session_.state() == smpp_session::phase::down) {
            reconnect_timer_.cancel();
            resolver_.cancel();
            soon([](link_driver& self) {
                if (self.closing_) self.drop({});
            });
        }
        schedule_turn_end();
    }

    void abandon() {
        abandoned_ = true;
        channel_->close();
        resolver_.cancel();
        deadline_timer_.cancel();
        reconnect_timer_.cancel();
    }

private:
    template <class Work>
    void soon(Work work) {
        asio::post(io_, [self = shared_from_this(), work] {
            if (!self->abandoned_) work(*self);
        });
    }

    [[nodiscard]] bool current(std::uint64_t number) const { return !abandoned_ && number == connection_; }

    // ---- connecting

    void resolve() {
        if (!wanted_) return;
        const auto address = parse_address(settings_.address);
        if (!address) return fail(address.error());
        if (settings_.tls.wanted && !tls_) {
            const net::tls_files files{settings_.tls.authorities, settings_.tls.certificate, settings_.tls.key};
            auto made = net::make_client_tls(files, settings_.tls.verify, settings_.name);
            if (!made) return fail(made.error());
            tls_ = std::move(*made);
        }
        host_ = address->host;
        resolver_.async_resolve(address->host, address->port,
                                [self = shared_from_this(), number = ++connection_](
                                    const error_code& problem, const tcp::resolver::results_type& found) {
                                    if (self->current(number)) self->on_resolved(problem, found);
                                });
    }

    void on_resolved(const error_code& problem, const tcp::resolver::results_type& found) {
        if (problem == asio::error::host_not_found || problem == asio::error::no_data)
            return fail({"bad_address", settings_.name + ".address", "cannot be resolved"});
        if (problem) return try_again("the address cannot be resolved now");
        connect(found);
    }

    void connect(const tcp::resolver::results_type& endpoints) {
        channel_ = std::make_shared<net::tcp_channel>(io_);
        asio::async_connect(channel_->socket(), endpoints,
                            [self = shared_from_this(), number = connection_, channel = channel_](
                                const error_code& problem, const tcp::endpoint&) {
                                if (!self->current(number)) return;
                                if (problem) return self->drop(problem.message());
                                self->settings_.tls.wanted ? self->secure() : self->begin_session();
                            });
        deadline_timer_.expires_after(settings_.response_time_out);
        deadline_timer_.async_wait([self = shared_from_this(), number = connection_](const error_code& cancelled) {
            if (!cancelled && self->current(number) && self->session_.state() == smpp_session::phase::down)
                self->drop("no connection in time");
        });
    }

    void secure() {
        channel_->secure_as_client(*tls_, settings_.tls.name.empty() ? host_ : settings_.tls.name);
        channel_->async_handshake(
            [self = shared_from_this(), number = connection_, channel = channel_](const error_code& problem) {
                if (!self->current(number)) return;
                if (!problem) return self->begin_session();
                // What OpenSSL objects to will be the same the next time; a connection that broke may not be.
                if (channel->distrust().empty() && problem.category() != asio::error::get_ssl_category())
                    return self->drop("TLS: " + problem.message());
                self->refuse_peer(channel->distrust().empty()
                                      ? "TLS: " + problem.message()
                                      : "the SMSC's certificate is not believed: " + channel->distrust());
            });
    }

    void refuse_peer(const std::string& why) {
        refused_peer_ = why;
        drop(why);
    }

    void begin_session() {
        error_code ignored;
        channel_->socket().set_option(tcp::no_delay(true), ignored);
        deadline_timer_.cancel();
        session_.connected(clock_.monotonic());
        read();
        end_turn();
    }

    void try_again(const std::string& why) {
        if (!wanted_) return;
        log_warning("smsc " + settings_.name + ": " + why + "; next try in " + std::to_string(seconds(delay_)) + " s");
        reconnect_timer_.expires_after(delay_);
        delay_ = std::min(delay_ * 2, settings_.reconnect_delay_max);
        reconnect_timer_.async_wait([self = shared_from_this(), number = connection_](const error_code& cancelled) {
            if (!cancelled && self->current(number)) self->resolve();
        });
    }

    void fail(const error& why) {
        wanted_ = false;
        tls_.reset();  // the files may be other ones when it is tried again
        events_.on_failed(why);
    }

    // ---- connected

    void read() {
        if (reading_ || !session_.wants_input()) return;
        reading_ = true;
        channel_->async_read_some(
            asio::buffer(input_), [self = shared_from_this(), number = connection_, channel = channel_](
                                      const error_code& problem, std::size_t count) {
                if (!self->current(number)) return;
                self->reading_ = false;
                if (problem) return self->read_failed(problem);
                self->in_turn_ = true;
                self->session_.on_octets(byte_view(self->input_).first(count), self->clock_.monotonic());
                self->in_turn_ = false;
                self->read();
                self->end_turn();
            });
    }

    void read_failed(const error_code& problem) {
        // With TLS 1.3 a server says only after the handshake what it has against our certificate.
        if (problem.category() == asio::error::get_ssl_category() && !session_.was_bound())
            return refuse_peer("TLS: " + problem.message());
        drop(problem == asio::error::eof ? "closed by the SMSC" : problem.message());
    }

    // What a call in left behind is written once, after the handlers that are ready now.
    void schedule_turn_end() {
        if (in_turn_ || turn_end_scheduled_) return;
        turn_end_scheduled_ = true;
        soon([](link_driver& self) {
            self.turn_end_scheduled_ = false;
            self.end_turn();
        });
    }

    void end_turn() {
        write();
        if (session_.state() == smpp_session::phase::ended && !writing_) return drop(session_.end().why);
        arm_deadline();
    }

    void write() {
        if (writing_ || session_.output().empty() || session_.state() == smpp_session::phase::down) return;
        writing_ = true;
        written_.clear();
        std::swap(written_, session_.output());
        channel_->async_write(asio::buffer(written_), [self = shared_from_this(), number = connection_,
                                                       channel = channel_](const error_code& problem, std::size_t) {
            if (!self->current(number)) return;
            self->writing_ = false;
            if (problem) return self->drop(problem.message());
            self->in_turn_ = true;
            self->session_.on_drained(self->clock_.monotonic());
            self->in_turn_ = false;
            self->read();
            self->end_turn();
        });
    }

    // Deadlines mostly move away, with every answer; the timer is moved only when one comes closer than it stands.
    void arm_deadline() {
        auto next = session_.next_deadline();
        if (session_.state() == smpp_session::phase::ended) next = clock_.monotonic() + limits::smpp_unbind_wait;
        if (!next || (armed_ && *armed_ <= *next)) return;
        armed_ = next;
        deadline_timer_.expires_after(
            std::max(duration::zero(), *next == instant::min() ? duration::zero() : *next - clock_.monotonic()));
        deadline_timer_.async_wait([self = shared_from_this(), number = connection_](const error_code& cancelled) {
            if (cancelled || !self->current(number)) return;
            self->on_deadline();
        });
    }

    void on_deadline() {
        armed_.reset();
        // The last words of a session that ended were given their time.
        if (session_.state() == smpp_session::phase::ended) return drop(session_.end().why);
        in_turn_ = true;
        session_.on_time(clock_.monotonic());
        in_turn_ = false;
        // Unbinding had its time; a peer that reads nothing gets no more of it for the last words.
        if (closing_ && session_.state() == smpp_session::phase::ended) return drop(session_.end().why);
        end_turn();
    }

    // The connection is over, whoever ended it: results first, then what comes next.
    void drop(const std::string& why) {
        channel_->close();
        deadline_timer_.cancel();
        armed_.reset();
        ++connection_;
        reading_ = writing_ = false;
        const bool ended = session_.state() == smpp_session::phase::ended;
        const bool was_open = session_.was_bound();
        const auto ending = session_.end();
        in_turn_ = true;
        session_.disconnected();
        in_turn_ = false;
        const auto refused_peer = std::exchange(refused_peer_, {});
        if (closing_) {
            closing_ = false;
            return events_.on_closed();
        }
        if (!refused_peer.empty()) return fail({"tls_refused", settings_.name, refused_peer});
        if (ended && ending.kind == smpp_session::ending_kind::refused)
            return fail({"bind_refused", settings_.name, ending.why});
        if (was_open) delay_ = settings_.reconnect_delay_min;
        if (was_open) events_.on_link_down(why);
        try_again(why);
    }

    asio::io_context& io_;
    const smsc_settings& settings_;
    const clock_port& clock_;
    network_events& events_;
    smpp_session session_;
    tcp::resolver resolver_;
    std::shared_ptr<net::tcp_channel> channel_;
    std::unique_ptr<net::tls_context> tls_;  // made when it is first needed
    std::string host_;
    std::string refused_peer_;  // why this SMSC will never do
    asio::steady_timer deadline_timer_;
    asio::steady_timer reconnect_timer_;
    duration delay_;
    bytes input_;
    bytes written_;
    std::optional<instant> armed_;
    std::uint64_t connection_ = 0;
    bool wanted_ = false;   // open() was called, close() not
    bool closing_ = false;  // on_closed is owed
    bool reading_ = false;
    bool writing_ = false;
    bool in_turn_ = false;  // a handler runs that will call end_turn()
    bool turn_end_scheduled_ = false;
    bool abandoned_ = false;
};

class smpp_link final : public network {
public:
    explicit smpp_link(std::shared_ptr<link_driver> driver, std::unique_ptr<session_commons> commons = nullptr)
        : commons_(std::move(commons)), driver_(std::move(driver)) {}
    ~smpp_link() override { driver_->abandon(); }
    smpp_link(const smpp_link&) = delete;
    smpp_link& operator=(const smpp_link&) = delete;

    void open() override { driver_->open(); }
    bool submit(const outbound_message& message) override { return driver_->submit(message); }
    void acknowledge(const inbound_handle& handle) override { driver_->acknowledge(handle); }
    void refuse(const inbound_handle& handle, std::uint32_t status) override { driver_->refuse(handle, status); }
    void close() override { driver_->close(); }

private:
    std::unique_ptr<session_commons> commons_;  // an abandoned driver touches its session no more
    std::shared_ptr<link_driver> driver_;
};

}  // namespace

result<host_and_port> parse_address(std::string_view address) {
    const auto refuse = [] {
        return failure("bad_address", "address", "expected host:port or [IPv6 address]:port, as in 127.0.0.1:2775");
    };
    const auto colon = address.rfind(':');
    if (colon == std::string_view::npos) return refuse();
    auto host = address.substr(0, colon);
    const auto port = address.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string_view::npos)
        return refuse();
    unsigned number = 0;
    const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), number);
    const bool whole = problem == std::errc() && end == port.data() + port.size();
    if (host.empty() || !whole || number == 0 || number > 65'535) return refuse();
    return host_and_port{std::string(host), std::string(port)};
}

std::unique_ptr<network> make_smpp_link(net::event_loop& loop, const smsc_settings& settings, const clock_port& clock,
                                        session_commons& commons, network_events& events, session_kind kind) {
    return std::make_unique<smpp_link>(std::make_shared<link_driver>(loop, settings, clock, commons, events, kind));
}

std::unique_ptr<network> make_smpp_link(net::event_loop& loop, const smsc_settings& settings, const clock_port& clock,
                                        network_events& events) {
    auto commons = std::make_unique<session_commons>(settings);
    auto driver = std::make_shared<link_driver>(loop, settings, clock, *commons, events, session_kind::transceiver);
    return std::make_unique<smpp_link>(std::move(driver), std::move(commons));
}

}  // namespace tessera::telecom
