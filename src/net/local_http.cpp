#include "net/local_http.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <set>
#include <utility>

#include "base/limits.h"
#include "base/local_limits.h"
#include "net/asio_context.h"

namespace tessera::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::local::stream_protocol;
using boost::system::error_code;

// A Unix socket's address has room for 107 octets; through a descriptor of its directory every path is short.
class short_path {
public:
    explicit short_path(const std::filesystem::path& path)
        : directory_(
              ::open(path.parent_path().empty() ? "." : path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
          text_("/proc/self/fd/" + std::to_string(directory_) + "/" + path.filename().string()) {}
    ~short_path() {
        if (directory_ >= 0) ::close(directory_);
    }
    short_path(const short_path&) = delete;
    short_path& operator=(const short_path&) = delete;
    [[nodiscard]] stream_protocol::endpoint endpoint() const { return {text_}; }

private:
    int directory_;
    std::string text_;
};

error_code last_error() { return {errno, boost::system::system_category()}; }

class server;

class connection final : public std::enable_shared_from_this<connection> {
public:
    connection(stream_protocol::socket socket, server& owner)
        : socket_(std::move(socket)), patience_(socket_.get_executor()), owner_(&owner) {
        parser_.body_limit(limits::http_body_octets);
        parser_.header_limit(limits::http_header_octets);
    }
    void read();
    void close() {
        error_code ignored;
        static_cast<void>(socket_.close(ignored));
        static_cast<void>(patience_.cancel(ignored));
        owner_ = nullptr;
        hung_up_ = {};
    }

private:
    void on_request();
    void listen_for_end();
    void answer(http_response response);
    void end();

    stream_protocol::socket socket_;
    asio::steady_timer patience_;
    boost::beast::flat_buffer input_;
    http::request_parser<http::string_body> parser_;
    http::response<http::string_body> response_;
    bool answered_ = false;
    std::function<void()> hung_up_;
    std::array<char, 1> nothing_{};  // what comes behind a request
    server* owner_;
};

class server final : public local_http_server {
public:
    server(event_loop& loop, std::filesystem::path path, handler handle)
        : path_(std::move(path)), handle_(std::move(handle)), acceptor_(loop.asio().io) {}
    ~server() override {
        error_code ignored;
        static_cast<void>(acceptor_.close(ignored));
        for (const auto& one : std::exchange(connections_, {})) one->close();
        ::unlink(path_.c_str());
    }

    void stop_listening() override {
        take_waiting();
        error_code ignored;
        static_cast<void>(acceptor_.close(ignored));
        ::unlink(path_.c_str());
    }
    [[nodiscard]] bool idle() const override { return connections_.empty(); }

    // The name appears when somebody listens behind it.
    result<void> listen() {
        const std::filesystem::path unheard = path_.string() + ".new";
        ::unlink(unheard.c_str());
        const short_path where(unheard);
        error_code problem;
        static_cast<void>(acceptor_.open(stream_protocol(), problem));
        // Before it has a name: Linux gives the file the mode of the socket, so nobody ever sees it open to others.
        if (!problem && ::fchmod(acceptor_.native_handle(), S_IRUSR | S_IWUSR) != 0) problem = last_error();
        if (!problem) static_cast<void>(acceptor_.bind(where.endpoint(), problem));
        if (!problem) static_cast<void>(acceptor_.listen(asio::socket_base::max_listen_connections, problem));
        if (!problem && ::rename(unheard.c_str(), path_.c_str()) != 0) problem = last_error();
        if (problem) {
            ::unlink(unheard.c_str());
            return failure("cannot_listen", path_.string(), problem.message());
        }
        accept();
        return {};
    }

    void handle(http_request request, respond give, notice_hang_up on_hang_up) {
        handle_(std::move(request), std::move(give), std::move(on_hang_up));
    }
    void forget(const std::shared_ptr<connection>& one) {
        connections_.erase(one);
        if (!accepting_) accept();
    }

private:
    void take(stream_protocol::socket socket) {
        const auto made = std::make_shared<connection>(std::move(socket), *this);
        connections_.insert(made);
        made->read();
    }
    // They have connected, and may have sent their request: it would be lost with the queue that they stand in.
    void take_waiting() {
        error_code problem;
        static_cast<void>(acceptor_.cancel(problem));
        static_cast<void>(acceptor_.non_blocking(true, problem));
        while (!problem && acceptor_.is_open() && connections_.size() < limits::local_connections) {
            auto socket = acceptor_.accept(problem);
            if (!problem) take(std::move(socket));
        }
    }
    void accept() {
        accepting_ = acceptor_.is_open() && connections_.size() < limits::local_connections;
        if (!accepting_) return;
        acceptor_.async_accept([this](const error_code& problem, stream_protocol::socket socket) {
            if (problem == asio::error::operation_aborted) return;
            if (!problem) take(std::move(socket));
            accept();
        });
    }

    std::filesystem::path path_;
    handler handle_;
    stream_protocol::acceptor acceptor_;
    std::set<std::shared_ptr<connection>> connections_;
    bool accepting_ = false;
};

void connection::read() {
    patience_.expires_after(limits::http_read_wait);
    patience_.async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (!cancelled) self->end();
    });
    http::async_read(socket_, input_, parser_, [self = shared_from_this()](const error_code& problem, std::size_t) {
        if (self->owner_ == nullptr) return;
        self->patience_.cancel();
        if (problem == http::error::body_limit || problem == http::error::header_limit)
            return self->answer({413, R"({"code":"too_large","message":"the request is too large"})"});
        if (problem) return self->end();
        self->on_request();
    });
}

void connection::on_request() {
    auto& request = parser_.get();
    owner_->handle(
        {std::string(request.method_string()), std::string(request.target()), std::move(request.body())},
        [self = shared_from_this()](http_response response) { self->answer(std::move(response)); },
        [self = shared_from_this()](std::function<void()> then) {
            if (!self->answered_ && self->owner_ != nullptr) self->hung_up_ = std::move(then);
        });
    if (!answered_ && owner_ != nullptr) listen_for_end();
}

void connection::listen_for_end() {
    socket_.async_read_some(asio::buffer(nothing_),
                            [self = shared_from_this()](const error_code& problem, std::size_t) {
                                // Octets behind the request mean nothing.
                                if (problem && self->owner_ != nullptr && self->hung_up_)
                                    std::exchange(self->hung_up_, {})();
                            });
}

void connection::answer(http_response response) {
    if (owner_ == nullptr || std::exchange(answered_, true)) return;
    hung_up_ = {};
    response_.result(response.status);
    response_.set(http::field::content_type, "application/json");
    response_.keep_alive(false);
    response_.body() = std::move(response.body);
    response_.prepare_payload();
    http::async_write(socket_, response_, [self = shared_from_this()](const error_code&, std::size_t) { self->end(); });
}

void connection::end() {
    if (owner_ == nullptr) return;
    auto* owner = owner_;
    close();
    owner->forget(shared_from_this());
}

}  // namespace

result<std::unique_ptr<local_http_server>> local_http_server::listen(event_loop& loop,
                                                                     const std::filesystem::path& path,
                                                                     handler handle) {
    auto made = std::make_unique<server>(loop, path, std::move(handle));
    TESSERA_TRY(made->listen());
    return made;
}

namespace {

// One request of a client, with signals that end the waiting.
class question {
public:
    question(const std::filesystem::path& path, const http_request& request)
        : path_(path.string()),
          asked_{http::string_to_verb(request.method), request.target, 11, request.body},
          signals_(io_, SIGINT, SIGTERM),
          patience_(io_) {
        asked_.set(http::field::host, "localhost");
        asked_.set(http::field::content_type, "application/json");
        asked_.prepare_payload();
        parser_.body_limit(limits::http_answer_octets);
    }

    result<http_response> ask() {
        const short_path where(path_);
        error_code problem;
        static_cast<void>(socket_.connect(where.endpoint(), problem));
        if (problem) return failure("no_server", path_, problem.message());
        signals_.async_wait([this](const error_code& cancelled, int) {
            if (!cancelled) hang_up();
        });
        http::async_write(socket_, asked_, [this](const error_code& failed, std::size_t) {
            if (failed) return end(failed);
            http::async_read(socket_, input_, parser_, [this](const error_code& lost, std::size_t) { end(lost); });
        });
        io_.run();
        if (!problem_) return http_response{parser_.get().result_int(), std::move(parser_.get().body())};
        if (hung_up_)
            return failure("interrupted", path_,
                           "was not waited for any longer; the process that owns the data directory goes on with it");
        return failure("connection_lost", path_, "the owning process has gone: " + problem_.message());
    }

private:
    // The next signal has its usual effect.
    void hang_up() {
        hung_up_ = true;
        error_code ignored;
        static_cast<void>(signals_.clear(ignored));
        static_cast<void>(socket_.shutdown(stream_protocol::socket::shutdown_send, ignored));
        patience_.expires_after(limits::hang_up_wait);
        patience_.async_wait([this](const error_code& cancelled) {
            error_code already;
            if (!cancelled) static_cast<void>(socket_.close(already));
        });
    }
    void end(const error_code& problem) {
        problem_ = problem;
        signals_.cancel();
        patience_.cancel();
    }

    asio::io_context io_;
    std::string path_;
    stream_protocol::socket socket_{io_};
    http::request<http::string_body> asked_;
    boost::beast::flat_buffer input_;
    http::response_parser<http::string_body> parser_;
    asio::signal_set signals_;
    asio::steady_timer patience_;
    error_code problem_;
    bool hung_up_ = false;
};

}  // namespace

result<http_response> ask_local_http(const std::filesystem::path& path, const http_request& request) {
    return question(path, request).ask();
}

}  // namespace tessera::net
