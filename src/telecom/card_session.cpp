#include "telecom/card_session.h"

#include <array>

#include "base/limits.h"
#include "codec/apdu.h"
#include "codec/sms_tpdu.h"

namespace tessera::telecom {
namespace {

namespace instruction = codec::instruction;

constexpr std::uint16_t done = 0x9000, busy = 0x9300;
constexpr int corrections_max = 4;  // of Le, and of GET RESPONSE one after another
constexpr std::uint8_t class_sim = 0xa0, class_uicc = 0x00, class_management = 0x80;
constexpr std::array<std::uint8_t, 2> master_file{0x3f, 0x00}, iccid_file{0x2f, 0xe2};
constexpr std::array<std::uint8_t, 7> usim{0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};  // TS 101 220 annex E
constexpr std::uint8_t iccid_octets = 10;

// ETSI TS 102 223 clause 5.2: profile download, SMS-PP download and its error word; the command result; MORE TIME, POLL
// INTERVAL, POLLING OFF, REFRESH; SEND SHORT MESSAGE. Nothing else is here.
constexpr std::array<std::uint8_t, 9> profile{0x13, 0x01, 0xe8, 0x02, 0, 0, 0, 0, 0};

std::uint8_t high(std::uint16_t status_word) { return static_cast<std::uint8_t>(status_word >> 8U); }
std::uint8_t low(std::uint16_t status_word) { return static_cast<std::uint8_t>(status_word & 0xffU); }
bool announces_data(std::uint16_t status_word) { return high(status_word) == 0x61 || high(status_word) == 0x9f; }
bool is_warning(std::uint16_t status_word) { return high(status_word) == 0x62 || high(status_word) == 0x63; }
// RP-ERROR, data download error (TS 31.111 clause 7.1.1.1; 9Exx: TS 51.011 clause 9.4.1).
bool is_download_error(std::uint16_t status_word) { return is_warning(status_word) || high(status_word) == 0x9e; }

std::string hexadecimal(std::uint16_t status_word) { return codec::describe_status_word(status_word); }

bool can_answer(std::uint8_t type) {
    using namespace codec::proactive;
    return type == refresh || type == more_time || type == poll_interval || type == polling_off ||
           type == send_short_message;
}

}  // namespace

// --- commands

bytes card_session::make(std::uint8_t ins, std::uint8_t p1, std::uint8_t p2, byte_view data) const {
    const bool interindustry = ins == instruction::select || ins == instruction::read_binary;
    bytes out{older_class_ ? class_sim : (interindustry ? class_uicc : class_management), ins, p1, p2,
              static_cast<std::uint8_t>(data.size())};
    append(out, data);
    return out;
}

bytes card_session::make_reading(std::uint8_t ins, std::uint8_t length) const {
    auto out = make(ins, 0, 0, {});
    if (ins == instruction::get_response && !older_class_) out[0] = class_uicc;
    out.back() = length;
    return out;
}

card_session::step card_session::transmit(std::string_view what, bytes command) {
    what_ = what;
    command_ = std::move(command);
    return step::transmit;
}

card_session::step card_session::enter(state next) {
    reply_ = {};
    completing_ = keeps_status_ = false;
    corrections_ = 0;
    state_ = next;
    constexpr std::uint8_t by_name = 0x04, no_data = 0x0c, by_id = 0x00;
    const std::uint8_t returning = older_class_ ? 0x00 : no_data;
    switch (next) {
        case state::rest:
            return step::rest;
        case state::select_mf:
            return transmit("SELECT MF", make(instruction::select, by_id, returning, master_file));
        case state::select_iccid:
            return transmit("SELECT EF.ICCID", make(instruction::select, by_id, returning, iccid_file));
        case state::read_iccid:
            return transmit("READ BINARY", make_reading(instruction::read_binary, iccid_octets));
        case state::profile:
            return transmit("TERMINAL PROFILE", make(instruction::terminal_profile, 0, 0, profile));
        case state::select_usim:
            return transmit("SELECT ADF.USIM", make(instruction::select, by_name, returning, usim));
        case state::envelope:
            return transmit("ENVELOPE", envelopes_.front());
        case state::status:
        case state::status_of_busy: {
            constexpr std::uint8_t older_length = 0x16;
            auto command = make_reading(instruction::status, older_class_ ? older_length : 0);
            command[3] = returning;
            return transmit("STATUS", std::move(command));
        }
        case state::fetch:
            return transmit("FETCH", make_reading(instruction::fetch, fetch_octets_));
        case state::terminal_response:
            return transmit("TERMINAL RESPONSE", make(instruction::terminal_response, 0, 0,
                                                      codec::encode_terminal_response(*asked_, answer_)));
    }
    return step::rest;
}

// --- what is asked of it

void card_session::begin() {
    failed_.reset();
    refusal_ = 0;
    commands_ = 0;
    proactive_commands_ = 0;
    busy_ = 0;
}

card_session::step card_session::activate() {
    begin();
    older_class_ = false;
    return enter(state::select_mf);
}

result<card_session::step> card_session::download(byte_view packet, std::uint16_t reference) {
    begin();
    TESSERA_TRY_VALUE(const auto parts,
                      codec::segment(packet, codec::packet_kind::command, reference, settings_.reference_bits));
    envelopes_.clear();
    for (const auto& part : parts) {
        codec::sms_deliver message;
        message.originator = settings_.originator;
        message.originator_type = settings_.originator_type;
        message.protocol_id = settings_.protocol_id;
        message.data_coding = settings_.data_coding;
        message.service_centre_time = settings_.service_centre_time;
        message.user_data = part;
        TESSERA_TRY_VALUE(const auto tpdu, codec::encode_sms_deliver(message));
        TESSERA_TRY_VALUE(auto envelope, codec::encode_envelope(tpdu, settings_.service_centre));
        if (older_class_) envelope[0] = class_sim;
        if (settings_.block_protocol) envelope.push_back(0);
        envelopes_.push_back(std::move(envelope));
    }
    return enter(state::envelope);
}

card_session::step card_session::poll() {
    begin();
    return enter(state::status);
}

card_session::step card_session::go_on() { return enter(state::status_of_busy); }

// --- responses

card_session::step card_session::take(byte_view response) {
    if (response.size() < 2) {
        fail("bad_response", what_, "the reader gave less than a status word");
        return enter(state::rest);
    }
    const auto status_word = static_cast<std::uint16_t>(load_big_endian(response.last(2)));
    const auto data = response.first(response.size() - 2);
    std::string_view about;
    if (state_ == state::terminal_response) about = codec::describe_proactive(asked_->type);
    trace_.push_back({what_, about, command_, to_bytes(data), status_word});
    if (++commands_ >= limits::card_session_commands) {
        fail("talkative", what_, "the card wants more commands than " + std::to_string(limits::card_session_commands));
        return enter(state::rest);
    }
    append(reply_.data, data);
    const bool wrong_length = high(status_word) == 0x6c && command_.size() == 5;
    if (wrong_length && ++corrections_ <= corrections_max) return correct_length(low(status_word));
    return completing_ ? take_completion(status_word) : take_first(status_word);
}

card_session::step card_session::correct_length(std::uint8_t length) {
    command_.back() = length;
    return step::transmit;
}

card_session::step card_session::get_response(std::uint8_t length) {
    completing_ = true;
    return transmit("GET RESPONSE", make_reading(instruction::get_response, length));
}

card_session::step card_session::take_first(std::uint16_t status_word) {
    reply_.status_word = status_word;
    const bool download = state_ == state::envelope;
    if (announces_data(status_word)) {
        reply_.status_word = done;
        return download || state_ == state::fetch ? get_response(low(status_word)) : whole_reply();
    }
    if (high(status_word) == 0x91) {
        reply_.status_word = done;
        reply_.proactive = true;
        reply_.proactive_octets = low(status_word);
        return whole_reply();
    }
    // By T=0 a warning leaves its data to be fetched (ETSI TS 102 221 clause 7.3.1.1.4).
    if (download && is_download_error(status_word) && reply_.data.empty()) {
        keeps_status_ = true;
        return get_response(is_warning(status_word) ? 0 : low(status_word));
    }
    return whole_reply();
}

card_session::step card_session::take_completion(std::uint16_t status_word) {
    if (high(status_word) == 0x61 && ++corrections_ <= corrections_max) return get_response(low(status_word));
    if (high(status_word) == 0x91) {
        reply_.proactive = true;
        reply_.proactive_octets = low(status_word);
    } else if (status_word != done && !keeps_status_) {
        reply_.status_word = status_word;
    }
    return whole_reply();
}

card_session::step card_session::whole_reply() {
    state next = state::rest;
    switch (state_) {
        case state::rest:
            break;
        case state::select_mf:
            next = after_select_mf();
            break;
        case state::select_iccid:
            next = codec::is_success(reply_.status_word)
                       ? state::read_iccid
                       : fail("no_iccid", "EF.ICCID", "SELECT: " + hexadecimal(reply_.status_word));
            break;
        case state::read_iccid:
            next = after_read_iccid();
            break;
        case state::profile:  // a card without toolkit refuses it, and will refuse the ENVELOPE
            next = older_class_ ? state::rest : state::select_usim;
            break;
        case state::select_usim:  // there may be none
        case state::status:
            break;
        case state::envelope:
            next = after_envelope();
            if (state_ == state::status_of_busy) return step::pause;
            break;
        case state::status_of_busy:
            next = state::envelope;
            break;
        case state::fetch:
            next = after_fetch();
            break;
        case state::terminal_response:
            next = resume_;
            break;
    }
    if (failed_) return enter(state::rest);
    if (!reply_.proactive || state_ == state::fetch) return enter(next);
    if (++proactive_commands_ > limits::proactive_commands) {
        fail("talkative", "FETCH", "the card gives its terminal one command after another");
        return enter(state::rest);
    }
    resume_ = next;
    fetch_octets_ = reply_.proactive_octets;
    return enter(state::fetch);
}

card_session::state card_session::after_select_mf() {
    if (codec::is_success(reply_.status_word)) return state::select_iccid;
    const bool class_unknown = reply_.status_word == 0x6e00 || reply_.status_word == 0x6d00;
    if (older_class_ || !class_unknown)
        return fail("no_uicc", "MF",
                    "this is no SIM or UICC: SELECT of its master file gives " + hexadecimal(reply_.status_word));
    older_class_ = true;
    return state::select_mf;
}

card_session::state card_session::after_read_iccid() {
    if (!codec::is_success(reply_.status_word))
        return fail("no_iccid", "EF.ICCID", "READ BINARY: " + hexadecimal(reply_.status_word));
    iccid_ = codec::decode_semi_octets(reply_.data);
    return reply_.data.size() == iccid_octets ? state::profile : fail("no_iccid", "EF.ICCID", "expected ten octets");
}

card_session::state card_session::refuse(std::uint16_t status_word) {
    refusal_ = status_word;
    return fail("not_taken", "ENVELOPE", "the card does not take the packet: " + hexadecimal(status_word));
}

card_session::state card_session::after_envelope() {
    const auto status_word = reply_.status_word;
    if (status_word == busy) {
        if (++busy_ >= settings_.busy_attempts) return refuse(status_word);
        state_ = state::status_of_busy;
        return state::rest;
    }
    const bool taken = status_word == done;
    if (!taken && (!is_download_error(status_word) || reply_.data.empty())) return refuse(status_word);
    if (!reply_.data.empty()) words_.push_back({reply_.data, false});
    envelopes_.pop_front();
    if (!taken) envelopes_.clear();
    return envelopes_.empty() ? state::rest : state::envelope;
}

// A command that nobody understands cannot be answered: what the card wanted is left, and what was under way goes on.
card_session::state card_session::after_fetch() {
    auto asked = codec::decode_proactive_command(reply_.data);
    if (!asked || !codec::is_success(reply_.status_word)) return resume_;
    trace_.back().about = codec::describe_proactive(asked->type);
    answer_ = can_answer(asked->type) ? codec::terminal_result::performed : codec::terminal_result::beyond_capabilities;
    if (asked->short_message) {
        if (auto message = codec::decode_sms_submit(*asked->short_message))
            words_.push_back({std::move(message->user_data), true});
        else
            answer_ = codec::terminal_result::not_understood;
    }
    asked_ = std::move(*asked);
    return state::terminal_response;
}

card_session::state card_session::fail(std::string_view code, std::string_view field, std::string message) {
    failed_ = error{std::string(code), std::string(field), std::move(message)};
    return state::rest;
}

}  // namespace tessera::telecom
