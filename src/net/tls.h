// TLS for socket drivers: contexts made from PEM files, and a TCP connection that may be secured by one. Only .cpp
// files take this: Asio and OpenSSL cost seconds per include.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace tessera::net {

// Paths of PEM files; empty: none.
struct tls_files {
    std::string authorities;  // that the peer's certificate must come from
    std::string certificate;  // our own, with what stands between it and its authority
    std::string key;          // of that certificate, without a passphrase
};

using tls_context = boost::asio::ssl::context;

// TLS 1.2 or 1.3. Errors: bad_tls; the field is `field` and "tls_ca", "tls_certificate" or "tls_key".
//
// A client believes the authorities given, else those of the machine; with `verify` false it believes anybody.
[[nodiscard]] result<std::unique_ptr<tls_context>> make_client_tls(const tls_files& files, bool verify,
                                                                   const std::string& field);
// A server needs certificate and key; with authorities it asks clients for a certificate of theirs.
[[nodiscard]] result<std::unique_ptr<tls_context>> make_server_tls(const tls_files& files, const std::string& field);

// A TCP connection, in clear or, from secure_*() on, in TLS. To be held by shared_ptr and by every handler: OpenSSL's
// part must outlive what is under way on it.
class tcp_channel {
public:
    using socket_type = boost::asio::ip::tcp::socket;

    explicit tcp_channel(boost::asio::io_context& io) : socket_(io) {}
    explicit tcp_channel(socket_type socket) : socket_(std::move(socket)) {}

    [[nodiscard]] socket_type& socket() { return socket_; }
    void close() {
        boost::system::error_code ignored;
        socket_.close(ignored);
    }

    // The handshake is next. `name`: what the peer's certificate must be for, a DNS name or an IP address; a DNS name
    // is also asked for (SNI). Empty: nothing is checked about the name.
    void secure_as_client(tls_context& context, const std::string& name);
    void secure_as_server(tls_context& context);
    // Why the peer's certificate was not believed; empty if it was, or there was none.
    [[nodiscard]] const std::string& distrust() const { return distrust_; }

    template <class Handler>
    void async_handshake(Handler handler) {
        tls_->async_handshake(role_, std::move(handler));
    }
    template <class Buffer, class Handler>
    void async_read_some(const Buffer& buffer, Handler handler) {
        tls_ ? tls_->async_read_some(buffer, std::move(handler)) : socket_.async_read_some(buffer, std::move(handler));
    }
    template <class Buffer, class Handler>
    void async_write(const Buffer& buffer, Handler handler) {
        tls_ ? boost::asio::async_write(*tls_, buffer, std::move(handler))
             : boost::asio::async_write(socket_, buffer, std::move(handler));
    }

private:
    socket_type socket_;
    std::optional<boost::asio::ssl::stream<socket_type&>> tls_;
    boost::asio::ssl::stream_base::handshake_type role_ = boost::asio::ssl::stream_base::client;
    std::string distrust_;
};

}  // namespace tessera::net
