#include "sim/vpcd_client.h"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "sim/address.h"

namespace tessera::sim {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

enum control : std::uint8_t { power_off = 0, power_on = 1, reset = 2, get_atr = 4 };

class reader_link {
public:
    explicit reader_link(asio::io_context& io) : socket_(io) {}

    result<void> connect(std::string_view address) {
        TESSERA_TRY_VALUE(const auto where, split_address(address));
        error_code problem;
        asio::ip::tcp::resolver resolver(socket_.get_executor());
        const auto found = resolver.resolve(where.first, where.second, problem);
        if (!problem) asio::connect(socket_, found, problem);
        if (problem) return failure("cannot_connect", address, "no virtual reader answers: " + problem.message());
        socket_.set_option(asio::ip::tcp::no_delay(true), problem);
        return {};
    }
    // Nothing: the reader has gone.
    std::optional<bytes> receive() {
        std::array<std::uint8_t, 2> length{};
        error_code problem;
        asio::read(socket_, asio::buffer(length), problem);
        if (problem) return std::nullopt;
        bytes octets(static_cast<std::size_t>(load_big_endian(length)));
        asio::read(socket_, asio::buffer(octets), problem);
        return problem ? std::nullopt : std::optional(std::move(octets));
    }
    bool send(byte_view octets) {
        bytes framed;
        append_big_endian(framed, octets.size(), 2);
        append(framed, octets);
        error_code problem;
        asio::write(socket_, asio::buffer(framed), problem);
        return !problem;
    }

private:
    asio::ip::tcp::socket socket_;
};

}  // namespace

result<void> serve_vpcd(std::string_view address, terminal_interface& card, const clock_port& clock,
                        void (*inserted)()) {
    asio::io_context io;
    reader_link link(io);
    TESSERA_TRY(link.connect(address));
    inserted();
    auto atr = to_bytes(card.reset());
    while (!card.gone()) {
        const auto message = link.receive();
        if (!message) return {};
        if (message->empty()) return failure("bad_message", address, "an empty message: this is no virtual reader");
        if (message->size() > 1) {
            if (!link.send(card.transmit(*message, clock.monotonic()))) return {};
            continue;
        }
        switch (message->front()) {
            case power_off:
                break;
            case power_on:
            case reset:
                atr = to_bytes(card.reset());
                break;
            case get_atr:
                if (!link.send(atr)) return {};
                break;
            default:
                return failure("bad_message", address, "an unknown control octet: this is no virtual reader");
        }
    }
    return {};
}

}  // namespace tessera::sim
