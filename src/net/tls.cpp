#include "net/tls.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/verify_context.hpp>

namespace tessera::net {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

result<void> check(const error_code& problem, const std::string& field, std::string_view key, const std::string& path) {
    if (!problem) return {};
    return failure("bad_tls", field + "." + std::string(key), path + ": " + problem.message());
}

result<std::unique_ptr<tls_context>> make_context(const tls_files& files, const std::string& field,
                                                  tls_context::method method) {
    auto made = std::make_unique<tls_context>(method);
    made->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                      ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
    error_code problem;
    // OpenSSL would ask whoever sits at the terminal for the passphrase of a key.
    made->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); }, problem);
    if (!files.authorities.empty()) {
        made->load_verify_file(files.authorities, problem);
        TESSERA_TRY(check(problem, field, "tls_ca", files.authorities));
    }
    if (!files.certificate.empty()) {
        made->use_certificate_chain_file(files.certificate, problem);
        TESSERA_TRY(check(problem, field, "tls_certificate", files.certificate));
    }
    if (!files.key.empty()) {
        made->use_private_key_file(files.key, ssl::context::pem, problem);
        TESSERA_TRY(check(problem, field, "tls_key", files.key));
    }
    return made;
}

bool is_address(const std::string& name) {
    error_code problem;
    boost::asio::ip::make_address(name, problem);
    return !problem;
}

}  // namespace

result<std::unique_ptr<tls_context>> make_client_tls(const tls_files& files, bool verify, const std::string& field) {
    TESSERA_TRY_VALUE(auto made, make_context(files, field, ssl::context::tls_client));
    error_code problem;
    if (verify && files.authorities.empty()) {
        made->set_default_verify_paths(problem);
        TESSERA_TRY(check(problem, field, "tls_ca", "the machine's own authorities"));
    }
    made->set_verify_mode(verify ? ssl::verify_peer : ssl::verify_none, problem);
    return made;
}

result<std::unique_ptr<tls_context>> make_server_tls(const tls_files& files, const std::string& field) {
    TESSERA_TRY_VALUE(auto made, make_context(files, field, ssl::context::tls_server));
    error_code problem;
    if (!files.authorities.empty()) made->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, problem);
    return made;
}

void tcp_channel::secure_as_client(tls_context& context, const std::string& name) {
    role_ = ssl::stream_base::client;
    tls_.emplace(socket_, context);
    // Which name of several a server is asked for (RFC 6066 clause 3); addresses have no place there.
    if (!name.empty() && !is_address(name))
        SSL_ctrl(tls_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(name.c_str()));
    if (SSL_get_verify_mode(tls_->native_handle()) == SSL_VERIFY_NONE) return;
    error_code ignored;
    tls_->set_verify_callback(
        [this, name](bool believed, ssl::verify_context& found) {
            if (!believed) {
                const auto why = X509_STORE_CTX_get_error(found.native_handle());
                distrust_ = X509_verify_cert_error_string(why);
                return false;
            }
            if (name.empty() || ssl::host_name_verification(name)(true, found)) return true;
            distrust_ = "it is not for " + name;
            return false;
        },
        ignored);
}

void tcp_channel::secure_as_server(tls_context& context) {
    role_ = ssl::stream_base::server;
    tls_.emplace(socket_, context);
}

}  // namespace tessera::net
