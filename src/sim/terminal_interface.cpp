#include "sim/terminal_interface.h"

#include "codec/apdu.h"
#include "codec/proactive_command.h"
#include "codec/remote_management.h"
#include "codec/sms_tpdu.h"

namespace tessera::sim {
namespace {

namespace instruction = codec::instruction;

// TS 3B, seven historical octets, T=0 with default parameters: "tessera".
constexpr std::array<std::uint8_t, 9> atr{0x3b, 0x07, 't', 'e', 's', 's', 'e', 'r', 'a'};
constexpr std::uint16_t done = 0x9000, busy = 0x9300, wrong_length = 0x6700, not_now = 0x6985, wrong_data = 0x6a80,
                        nothing_to_give = 0x6f00, data_available = 0x62f3;
constexpr std::uint8_t sms_download = 0x02;  // of the first octet of the profile
constexpr std::uint8_t download_protocol = 0x7f, class_2 = 0xf6;
constexpr std::size_t proactive_waiting = 64;

}  // namespace

terminal_interface::terminal_interface(simulated_cards& cards, card_index card, terminal_faults faults)
    : cards_(cards), card_(card), faults_(faults), interpreter_(cards.files()) {
    static_cast<void>(reset());
}

byte_view terminal_interface::reset() {
    auto& state = cards_.list().at(card_);
    interpreter_.begin_session(card_, state.identity, state.attempts);
    profile_known_ = fetched_ = false;
    report_.clear();
    return atr;
}

bytes terminal_interface::transmit(byte_view command, instant now) {
    bytes response;
    const auto status_word = execute(command, now, response);
    append_big_endian(response, status_word, 2);
    gone_ = ++commands_ == faults_.leave_after;
    return response;
}

std::uint16_t terminal_interface::well() const {
    if (proactive_.empty() || fetched_ || !profile_known_) return done;
    return static_cast<std::uint16_t>(0x9100U | (proactive_.front().size() & 0xffU));
}

std::uint16_t terminal_interface::execute(byte_view command, instant now, bytes& data) {
    if (command.size() < 5) return wrong_length;
    const bool management = command[0] == 0x80 || command[0] == 0xa0;
    const auto length = command[4];
    const auto content = command.subspan(5);
    const bool whole = content.size() == length;
    if (management) switch (command[1]) {
            case instruction::terminal_profile:
                if (!whole || content.empty()) return wrong_length;
                profile_known_ = (content[0] & sms_download) != 0;
                return well();
            case instruction::envelope:
                return whole ? envelope(content, now) : wrong_length;
            case instruction::fetch:
                return fetch(length, data);
            case instruction::terminal_response:
                return whole ? terminal_response(content) : wrong_length;
            default:
                break;
        }
    if (command[1] == instruction::get_response && !report_.empty()) return get_response(length, data);
    report_.clear();
    auto rest = command;
    const auto parsed = codec::take_compact_command(rest);
    if (!parsed || !rest.empty()) return parsed ? wrong_length : std::uint16_t{0x6d00};
    const auto ran = interpreter_.run_next(*parsed);
    data = to_bytes(ran.data);
    return ran.status_word == done ? well() : ran.status_word;
}

std::uint16_t terminal_interface::envelope(byte_view content, instant now) {
    report_.clear();
    if (!profile_known_) return not_now;
    if (faults_.busy > 0) {
        --faults_.busy;
        return busy;
    }
    const auto tpdu = codec::short_message_in_envelope(content);
    return tpdu ? take_short_message(*tpdu, now) : wrong_data;
}

std::uint16_t terminal_interface::take_short_message(byte_view tpdu, instant now) {
    const auto message = codec::decode_sms_deliver(tpdu);
    if (!message || !message->has_header || message->protocol_id != download_protocol ||
        message->data_coding != class_2)
        return wrong_data;
    const auto reaction = cards_.receive(card_, message->user_data, now, {}, answers_);
    for (const auto& answer : answers_) {
        if (answer.by_submit)
            say(answer);
        else if (report_.empty())  // a delivery report is one message
            report_ = to_bytes(answer.user_data());
    }
    if (report_.empty()) return well();
    if (reaction == card_reaction::refused) return data_available;
    return static_cast<std::uint16_t>(0x6100U | report_.size());
}

void terminal_interface::say(const card_message& message) {
    codec::sms_submit submit;
    submit.destination = "1000";
    submit.user_data = to_bytes(message.user_data());
    const auto tpdu = codec::encode_sms_submit(submit);
    if (!tpdu || proactive_.size() >= proactive_waiting) return;
    if (auto command = codec::encode_send_short_message(++proactive_number_, *tpdu))
        proactive_.push_back(std::move(*command));
}

std::uint16_t terminal_interface::get_response(std::uint8_t length, bytes& data) {
    if (length != report_.size()) return static_cast<std::uint16_t>(0x6c00U | report_.size());
    data = std::exchange(report_, {});
    return well();
}

std::uint16_t terminal_interface::fetch(std::uint8_t length, bytes& data) {
    if (proactive_.empty() || fetched_) return nothing_to_give;
    const auto& next = proactive_.front();
    if (length != (next.size() & 0xffU)) return static_cast<std::uint16_t>(0x6c00U | (next.size() & 0xffU));
    fetched_ = true;
    data = next;
    return done;
}

std::uint16_t terminal_interface::terminal_response(byte_view content) {
    if (!fetched_) return not_now;
    const auto said = codec::decode_terminal_response(content);
    const auto asked = codec::decode_proactive_command(proactive_.front());
    if (!said || !asked || said->number != asked->number || said->type != asked->type) return wrong_data;
    fetched_ = false;
    proactive_.pop_front();
    return well();
}

}  // namespace tessera::sim
