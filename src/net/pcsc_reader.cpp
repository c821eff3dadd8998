#include <winscard.h>

#include <algorithm>
#include <array>

#include "net/card_reader.h"

namespace tessera::net {
namespace {

constexpr std::size_t response_octets = 65'538;  // of one response APDU

error problem_of(LONG status, std::string_view doing) {
    switch (status) {
        case SCARD_E_NO_SERVICE:
        case SCARD_E_SERVICE_STOPPED:
            return {"no_service", "reader", "the PC/SC service (pcscd) does not run"};
        case SCARD_E_NO_READERS_AVAILABLE:
        case SCARD_E_UNKNOWN_READER:
        case SCARD_E_READER_UNAVAILABLE:
            return {"reader_gone", "reader", "the reader is not there any more"};
        case SCARD_E_NO_SMARTCARD:
            return {"no_card", "reader", "there is no card in the reader"};
        case SCARD_W_REMOVED_CARD:
            return {"card_removed", "reader", "the card was taken out of the reader"};
        case SCARD_E_SHARING_VIOLATION:
            return {"in_use", "reader", "another program uses the card"};
        case SCARD_W_UNRESPONSIVE_CARD:
        case SCARD_W_UNPOWERED_CARD:
        case SCARD_E_PROTO_MISMATCH:
            return {"no_answer", "reader", "the card does not answer to a reset; perhaps it lies upside down"};
        default:
            return {"pcsc", "reader", std::string(doing) + ": " + pcsc_stringify_error(status)};
    }
}

class context {
public:
    result<void> establish() {
        if (held_) return {};
        const auto status = SCardEstablishContext(SCARD_SCOPE_SYSTEM, nullptr, nullptr, &handle_);
        if (status != SCARD_S_SUCCESS) return std::unexpected(problem_of(status, "SCardEstablishContext"));
        held_ = true;
        return {};
    }
    context() = default;
    ~context() {
        if (held_) SCardReleaseContext(handle_);
    }
    context(const context&) = delete;
    context& operator=(const context&) = delete;
    [[nodiscard]] SCARDCONTEXT handle() const { return handle_; }

private:
    SCARDCONTEXT handle_{};
    bool held_ = false;
};

class pcsc_connection final : public card_connection {
public:
    explicit pcsc_connection(std::string reader) : reader_(std::move(reader)) {}
    ~pcsc_connection() override {
        if (connected_) SCardDisconnect(card_, SCARD_UNPOWER_CARD);
    }
    pcsc_connection(const pcsc_connection&) = delete;
    pcsc_connection& operator=(const pcsc_connection&) = delete;

    result<void> connect() {
        TESSERA_TRY(context_.establish());
        constexpr DWORD protocols = SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1;
        auto status =
            SCardConnect(context_.handle(), reader_.c_str(), SCARD_SHARE_EXCLUSIVE, protocols, &card_, &protocol_);
        if (status != SCARD_S_SUCCESS) return std::unexpected(problem_of(status, "SCardConnect"));
        connected_ = true;
        // Whoever had the card before may have left it anywhere.
        status = SCardReconnect(card_, SCARD_SHARE_EXCLUSIVE, protocols, SCARD_UNPOWER_CARD, &protocol_);
        if (status != SCARD_S_SUCCESS) return std::unexpected(problem_of(status, "SCardReconnect"));
        std::array<std::uint8_t, MAX_ATR_SIZE> octets{};
        DWORD length = octets.size(), state = 0, name_length = 0;
        status = SCardStatus(card_, nullptr, &name_length, &state, &protocol_, octets.data(), &length);
        if (status != SCARD_S_SUCCESS) return std::unexpected(problem_of(status, "SCardStatus"));
        atr_.assign(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(length));
        return {};
    }

    const std::string& reader() const override { return reader_; }
    byte_view answer_to_reset() const override { return atr_; }
    bool block_protocol() const override { return protocol_ == SCARD_PROTOCOL_T1; }

    result<bytes> transmit(byte_view command) override {
        bytes response(response_octets);
        DWORD length = response.size();
        const auto* header = block_protocol() ? SCARD_PCI_T1 : SCARD_PCI_T0;
        const auto status =
            SCardTransmit(card_, header, command.data(), command.size(), nullptr, response.data(), &length);
        // A card that is gone is first seen by whoever talks to it.
        if (status == SCARD_E_NOT_TRANSACTED || status == SCARD_F_COMM_ERROR) return std::unexpected(after_silence());
        if (status == SCARD_E_NO_SMARTCARD || status == SCARD_W_RESET_CARD)
            return std::unexpected(problem_of(SCARD_W_REMOVED_CARD, "SCardTransmit"));
        if (status != SCARD_S_SUCCESS) return std::unexpected(problem_of(status, "SCardTransmit"));
        if (length < 2) return std::unexpected(after_silence());  // some drivers say so of a card that has gone
        response.resize(length);
        return response;
    }

private:
    error after_silence() {
        DWORD length = 0, name_length = 0, state = 0, protocol = 0;
        const auto status = SCardStatus(card_, nullptr, &name_length, &state, &protocol, nullptr, &length);
        const bool absent = status == SCARD_W_REMOVED_CARD || status == SCARD_E_NO_SMARTCARD ||
                            (status == SCARD_S_SUCCESS && (state & SCARD_ABSENT) != 0);
        if (absent) return problem_of(SCARD_W_REMOVED_CARD, "SCardTransmit");
        if (status == SCARD_E_READER_UNAVAILABLE || status == SCARD_E_NO_SERVICE)
            return problem_of(status, "SCardTransmit");
        return {"no_answer", "reader", "the card has fallen silent, or was taken out"};
    }

    std::string reader_;
    context context_;
    SCARDHANDLE card_{};
    DWORD protocol_ = 0;
    bool connected_ = false;
    bytes atr_;
};

std::string listed(const std::vector<std::string>& names) {
    if (names.empty()) return "there is none";
    std::string text;
    for (const auto& one : names) text += (text.empty() ? "\"" : ", \"") + one + "\"";
    return text;
}

class pcsc_readers final : public card_readers {
public:
    result<std::vector<card_reader>> list() override {
        TESSERA_TRY_VALUE(const auto found, names());
        std::vector<card_reader> made;
        for (const auto& name : found) {
            SCARD_READERSTATE state{};
            state.szReader = name.c_str();
            const auto status = SCardGetStatusChange(context_.handle(), 0, &state, 1);
            if (status != SCARD_S_SUCCESS && status != SCARD_E_TIMEOUT) continue;  // unplugged since
            made.push_back({name, (state.dwEventState & SCARD_STATE_PRESENT) != 0,
                            (state.dwEventState & SCARD_STATE_EXCLUSIVE) != 0});
        }
        return made;
    }

    result<std::unique_ptr<card_connection>> connect(std::string_view name) override {
        TESSERA_TRY_VALUE(const auto known, names());
        std::vector<std::string> meant;
        for (const auto& one : known) {
            if (one == name) {
                meant = {one};
                break;
            }
            if (one.starts_with(name)) meant.push_back(one);
        }
        if (meant.empty())
            return failure("no_reader", "reader", "no reader is named \"" + std::string(name) + "\": " + listed(known));
        if (meant.size() > 1)
            return failure("ambiguous_reader", "reader",
                           "several names begin with \"" + std::string(name) + "\": " + listed(meant));
        auto made = std::make_unique<pcsc_connection>(meant.front());
        if (auto connected = made->connect(); !connected) {
            auto why = std::move(connected).error();
            why.message += " (" + meant.front() + ")";
            return std::unexpected(std::move(why));
        }
        return std::unique_ptr<card_connection>(std::move(made));
    }

private:
    result<std::vector<std::string>> names() {
        TESSERA_TRY(context_.establish());
        std::vector<std::string> made;
        DWORD length = 0;
        auto status = SCardListReaders(context_.handle(), nullptr, nullptr, &length);
        if (status == SCARD_E_NO_READERS_AVAILABLE) return made;
        if (status != SCARD_S_SUCCESS) return std::unexpected(problem_of(status, "SCardListReaders"));
        std::string all(length, '\0');
        status = SCardListReaders(context_.handle(), nullptr, all.data(), &length);
        if (status == SCARD_E_NO_READERS_AVAILABLE) return made;
        if (status != SCARD_S_SUCCESS) return std::unexpected(problem_of(status, "SCardListReaders"));
        all.resize(length);
        for (std::size_t at = 0; at < all.size() && all[at] != '\0';) {
            made.emplace_back(all.c_str() + at);
            at += made.back().size() + 1;
        }
        return made;
    }

    context context_;
};

}  // namespace

std::unique_ptr<card_readers> make_pcsc_readers() { return std::make_unique<pcsc_readers>(); }

}  // namespace tessera::net
