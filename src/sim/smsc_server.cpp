#include "sim/smsc_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstring>
#include <unordered_map>

#include "base/limits.h"
#include "base/log.h"
#include "net/asio_context.h"
#include "net/tls.h"
#include "sim/address.h"

namespace tessera::sim {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t read_octets = 65'536;
constexpr std::chrono::seconds tick{1};  // for the time-outs

struct connection {
    explicit connection(tcp::socket from)
        : channel(std::move(from)), input(read_octets + tessera::limits::smpp_pdu_octets) {}
    net::tcp_channel channel;  // lives as long as a handler holds the connection
    smsc::link_id id = 0;
    bytes input;
    std::size_t used = 0;
    bytes writing;
    bool write_under_way = false;
    bool read_under_way = false;
    bool gone = false;
};

}  // namespace

struct smsc_server::implementation : std::enable_shared_from_this<implementation> {
    implementation(net::event_loop& on, smsc& serves, duration drop_every, std::unique_ptr<net::tls_context> secured)
        : loop(on),
          io(on.asio().io),
          centre(serves),
          drop_link_every(drop_every),
          tls(std::move(secured)),
          acceptor(io),
          due_timer(io),
          tick_timer(io),
          drop_timer(io),
          signals(io) {}

    void accept();
    void greet(const std::shared_ptr<connection>& from);
    void read(const std::shared_ptr<connection>& from);
    void process(const std::shared_ptr<connection>& from);
    void write(const std::shared_ptr<connection>& to);
    void schedule_flush();
    void flush();
    void close(connection& which, bool abruptly);
    void arm_due();
    void arm_tick();
    void arm_drop();
    void drop_links();
    void die();
    void finish();

    net::event_loop& loop;
    asio::io_context& io;
    smsc& centre;
    duration drop_link_every;
    std::unique_ptr<net::tls_context> tls;  // none: in clear
    std::string host;
    tcp::acceptor acceptor;
    asio::steady_timer due_timer, tick_timer, drop_timer;
    asio::signal_set signals;
    std::unordered_map<smsc::link_id, std::shared_ptr<connection>> connections;
    std::optional<instant> armed_for;
    bool flush_scheduled = false;
    bool finished = false;
};

void smsc_server::implementation::accept() {
    acceptor.async_accept([self = shared_from_this()](const error_code& problem, tcp::socket socket) {
        if (self->finished || problem == asio::error::operation_aborted) return;
        if (!problem) {
            error_code ignored;  // a link that is gone already says so at its first read
            socket.set_option(tcp::no_delay(true), ignored);
            if (const auto id = self->centre.opened(std::chrono::steady_clock::now())) {
                auto made = std::make_shared<connection>(std::move(socket));
                made->id = *id;
                self->connections.emplace(*id, made);
                self->tls ? self->greet(made) : self->read(made);
            } else {
                log_warning("sim: more links than the simulator serves; one was turned away");
            }
        } else {
            log_warning("sim: accept: " + problem.message());
        }
        self->accept();
    });
}

// The control channel speaks in clear on a TLS port, too; what does not begin with a brace must begin with a handshake.
void smsc_server::implementation::greet(const std::shared_ptr<connection>& from) {
    from->channel.socket().async_wait(tcp::socket::wait_read, [self = shared_from_this(), from](error_code problem) {
        if (from->gone || self->finished) return;
        std::array<char, 1> first{};
        if (!problem) from->channel.socket().receive(asio::buffer(first), tcp::socket::message_peek, problem);
        if (problem) return self->close(*from, false);
        if (first[0] == '{') return self->read(from);
        from->channel.secure_as_server(*self->tls);
        from->channel.async_handshake([self, from](const error_code& refused) {
            if (from->gone || self->finished) return;
            if (!refused) return self->read(from);
            log_warning("sim: TLS: " + refused.message());
            self->close(*from, false);
        });
    });
}

void smsc_server::implementation::read(const std::shared_ptr<connection>& from) {
    if (from->gone || from->read_under_way) return;
    from->read_under_way = true;
    const auto room = std::min(read_octets, from->input.size() - from->used);
    from->channel.async_read_some(asio::buffer(from->input.data() + from->used, room),
                                  [self = shared_from_this(), from](const error_code& problem, std::size_t octets) {
                                      from->read_under_way = false;
                                      if (from->gone || self->finished) return;
                                      if (problem) return self->close(*from, false);
                                      from->used += octets;
                                      self->process(from);
                                  });
}

void smsc_server::implementation::process(const std::shared_ptr<connection>& from) {
    const auto received = byte_view(from->input).first(from->used);
    const auto consumed = centre.on_bytes(from->id, received, std::chrono::steady_clock::now(), system_clock().now());
    from->used -= consumed;
    std::memmove(from->input.data(), from->input.data() + consumed, from->used);
    schedule_flush();
    // A peer that does not read its answers is not read either; written() goes on with it.
    if (centre.output(from->id).size() < limits::link_output_octets) read(from);
}

void smsc_server::implementation::schedule_flush() {
    if (flush_scheduled) return;
    flush_scheduled = true;
    asio::post(io, [self = shared_from_this()] { self->flush(); });
}

void smsc_server::implementation::flush() {
    flush_scheduled = false;
    if (finished) return;
    for (const auto id : centre.take_touched())
        if (const auto known = connections.find(id); known != connections.end()) {
            const auto to = known->second;  // write() may close it
            write(to);
        }
    arm_due();
}

void smsc_server::implementation::write(const std::shared_ptr<connection>& to) {
    if (to->gone || to->write_under_way) return;
    auto& output = centre.output(to->id);
    if (output.empty()) {
        if (centre.wants_close(to->id)) close(*to, false);
        return;
    }
    to->writing.clear();
    std::swap(to->writing, output);
    to->write_under_way = true;
    to->channel.async_write(asio::buffer(to->writing),
                            [self = shared_from_this(), to](const error_code& problem, std::size_t) {
                                to->write_under_way = false;
                                if (to->gone || self->finished) return;
                                if (problem) return self->close(*to, false);
                                if (self->centre.stop_requested() && self->centre.is_control(to->id))
                                    return self->finish();
                                if (self->centre.kill_requested() && self->centre.is_control(to->id))
                                    return self->die();
                                self->centre.written(to->id);
                                if (!to->read_under_way && !self->centre.wants_close(to->id)) self->process(to);
                                self->write(to);
                            });
}

void smsc_server::implementation::close(connection& which, bool abruptly) {
    if (which.gone) return;
    which.gone = true;
    error_code ignored;  // the link is given up in any case
    if (abruptly) {
        which.channel.socket().set_option(asio::socket_base::linger(true, 0), ignored);
        centre.link_was_dropped();
    } else {
        which.channel.socket().shutdown(tcp::socket::shutdown_both, ignored);
    }
    which.channel.close();
    centre.closed(which.id);
    connections.erase(which.id);
    schedule_flush();
}

void smsc_server::implementation::arm_due() {
    const auto due = centre.next_due();
    if (!due || due == armed_for) return;
    armed_for = due;
    due_timer.expires_at(*due);
    due_timer.async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (cancelled || self->finished) return;
        self->armed_for.reset();
        self->centre.on_time(std::chrono::steady_clock::now());
        self->flush();
    });
}

void smsc_server::implementation::arm_tick() {
    tick_timer.expires_after(tick);
    tick_timer.async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (cancelled || self->finished) return;
        self->centre.on_time(std::chrono::steady_clock::now());
        self->flush();
        self->arm_tick();
    });
}

void smsc_server::implementation::arm_drop() {
    if (drop_link_every <= duration{0}) return;
    drop_timer.expires_after(drop_link_every);
    drop_timer.async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (cancelled || self->finished) return;
        self->drop_links();
        self->arm_drop();
    });
}

void smsc_server::implementation::drop_links() {
    std::vector<std::shared_ptr<connection>> open;
    for (const auto& [id, each] : connections)
        if (!centre.is_control(id)) open.push_back(each);
    for (const auto& each : open) close(*each, true);
}

// As if its process had been killed: nobody is told, and what it held is gone. Questions to it are answered no more.
void smsc_server::implementation::die() {
    error_code ignored;
    acceptor.close(ignored);
    std::vector<std::shared_ptr<connection>> open;
    for (const auto& [id, each] : connections) open.push_back(each);
    for (const auto& each : open) close(*each, !centre.is_control(each->id));
}

void smsc_server::implementation::finish() {
    finished = true;
    loop.stop();
}

result<std::unique_ptr<smsc_server>> smsc_server::listen(net::event_loop& loop, std::string_view address, smsc& centre,
                                                         duration drop_link_every, const smsc_tls& tls) {
    TESSERA_TRY_VALUE(const auto where, split_address(address));
    std::unique_ptr<net::tls_context> secured;
    if (!tls.certificate.empty()) {
        TESSERA_TRY_VALUE(secured, net::make_server_tls({tls.client_authorities, tls.certificate, tls.key}, "smsc"));
    }
    auto made = std::make_shared<implementation>(loop, centre, drop_link_every, std::move(secured));
    made->host = std::string(address.substr(0, address.rfind(':')));
    error_code problem;
    tcp::resolver resolver(made->io);
    const auto found = resolver.resolve(where.first, where.second, tcp::resolver::passive, problem);
    if (problem || found.empty())
        return failure("bad_address", "listen", std::string(address) + ": " + problem.message());
    const auto endpoint = found.begin()->endpoint();
    const auto refused = [&] {
        return failure("cannot_listen", "listen", std::string(address) + ": " + problem.message());
    };
    made->acceptor.open(endpoint.protocol(), problem);
    if (problem) return refused();
    made->acceptor.set_option(tcp::acceptor::reuse_address(true), problem);
    if (problem) return refused();
    made->acceptor.bind(endpoint, problem);
    if (problem) return refused();
    made->acceptor.listen(asio::socket_base::max_listen_connections, problem);
    if (problem) return refused();
    made->accept();
    made->arm_tick();
    made->arm_drop();
    return std::unique_ptr<smsc_server>(new smsc_server(std::move(made)));
}

smsc_server::smsc_server(std::shared_ptr<implementation> made) : implementation_(std::move(made)) {}

smsc_server::~smsc_server() {
    auto& state = *implementation_;
    state.finished = true;
    error_code ignored;  // everything is given up here
    state.acceptor.close(ignored);
    state.due_timer.cancel();
    state.tick_timer.cancel();
    state.drop_timer.cancel();
    state.signals.cancel(ignored);
    for (const auto& [id, each] : state.connections) {
        each->gone = true;
        each->channel.close();
    }
    state.connections.clear();
}

std::string smsc_server::address() const {
    error_code problem;
    const auto endpoint = implementation_->acceptor.local_endpoint(problem);
    return implementation_->host + ":" + std::to_string(endpoint.port());
}

void smsc_server::stop_on_signals() {
    auto& state = *implementation_;
    state.signals.add(SIGINT);
    state.signals.add(SIGTERM);
    state.signals.async_wait([self = implementation_](const error_code& cancelled, int) {
        if (!cancelled) self->finish();
    });
}

void smsc_server::drop_links() { implementation_->drop_links(); }

result<std::string> ask_control_channel(std::string_view address, std::string_view line) {
    TESSERA_TRY_VALUE(const auto where, split_address(address));
    asio::io_context io;
    error_code problem;
    tcp::resolver resolver(io);
    const auto found = resolver.resolve(where.first, where.second, problem);
    if (problem) return failure("bad_address", "smsc", std::string(address) + ": " + problem.message());
    tcp::socket socket(io);
    asio::connect(socket, found, problem);
    if (problem) return failure("cannot_connect", "smsc", std::string(address) + ": " + problem.message());
    // A blocking client that cannot wait for ever: the kernel gives up for it.
    constexpr timeval patience{.tv_sec = 10, .tv_usec = 0};
    setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const auto whole = std::string(line) + "\n";
    asio::write(socket, asio::buffer(whole), problem);
    std::string answer;
    constexpr std::size_t answer_octets_max = 1'048'576;
    while (!problem && !answer.ends_with('\n') && answer.size() < answer_octets_max) {
        std::array<char, 4096> chunk{};
        const auto got = ::recv(socket.native_handle(), chunk.data(), chunk.size(), 0);
        if (got <= 0) break;
        answer.append(chunk.data(), static_cast<std::size_t>(got));
    }
    if (!answer.ends_with('\n')) return failure("no_answer", "smsc", std::string(address) + " gave no answer");
    answer.pop_back();
    return answer;
}

}  // namespace tessera::sim
