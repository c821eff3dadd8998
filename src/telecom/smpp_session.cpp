#include "telecom/smpp_session.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <utility>

#include "base/limits.h"
#include "codec/sms_tpdu.h"
#include "telecom/submit_status.h"
#include "telecom/subscriber.h"

namespace tessera::telecom {
namespace {

namespace smpp = codec::smpp;
using smpp::command;

constexpr std::uint8_t header_indicator = 0x40, registered = 0x01;
// TP-PID and TP-DCS of octets for an application on the terminal (3GPP TS 23.040 clause 9.2.3.9, TS 23.038 clause 4).
constexpr std::uint8_t plain_protocol = 0x00, octets_without_class = 0x04;

// Twice as long each time: 50 ms, 100 ms ... up to a second.
constexpr duration repeat_delay(int times) {
    return std::min<duration>(std::chrono::milliseconds(50) * (1 << std::min(times, 10)), std::chrono::seconds(1));
}

std::size_t window_of(const smsc_settings& settings) {
    return std::clamp<std::size_t>(settings.window, 1, limits::smpp_window);
}

command bind_of(session_kind kind) {
    switch (kind) {
        case session_kind::transmitter:
            return command::bind_transmitter;
        case session_kind::receiver:
            return command::bind_receiver;
        case session_kind::transceiver:
            break;
    }
    return command::bind_transceiver;
}

bool bind_may_succeed_later(std::uint32_t status) {
    return status == smpp::status::throttled || status == smpp::status::queue_full ||
           status == smpp::status::system_error || status == smpp::status::receiver_temporary_error ||
           status == smpp::status::already_bound || status == smpp::status::bind_failed;
}

}  // namespace

smpp_session::smpp_session(const smsc_settings& settings, session_commons& commons, network_events& events,
                           session_kind kind)
    : settings_(settings), commons_(commons), events_(events), table_(window_of(settings)), kind_(kind) {
    template_.source = {settings.source_type_of_number, settings.source_numbering_plan, settings.source_address};
    template_.destination = {settings.destination_type_of_number, settings.destination_numbering_plan, {}};
    template_.esm_class = header_indicator;
    template_.protocol_id = settings.protocol_id;
    template_.data_coding = settings.data_coding;
}

void smpp_session::finish(ending_kind kind, std::string why) {
    phase_ = phase::ended;
    ending_ = {kind, std::move(why)};
}

void smpp_session::connected(instant now) {
    ++epoch_;
    input_.clear();
    output_.clear();
    enquired_.reset();
    unacknowledged_ = 0;
    was_bound_ = false;
    last_heard_ = now;
    answer_by_ = now + settings_.response_time_out;
    phase_ = phase::binding;
    smpp::pdu unit;
    unit.head = {.length = 0, .id = bind_of(kind_), .status = 0, .sequence = table_.next_sequence()};
    unit.body = smpp::bind{settings_.system_id, settings_.password, settings_.system_type, 0x34, {}};
    if (const auto outcome = smpp::encode(unit, output_); !outcome)
        finish(ending_kind::refused, to_string(outcome.error()));
}

void smpp_session::disconnected() {
    phase_ = phase::down;
    was_bound_ = false;
    input_.clear();
    output_.clear();
    waiting_.clear();
    repeats_.clear();
    said_no_ = false;
    for (const auto token : std::exchange(unsendable_, {}))
        events_.on_result(token, submit_result::refused, smpp::status::invalid_message_length);
    for (const auto& message : table_.clear()) events_.on_result(message.token, submit_result::link_lost, 0);
}

void smpp_session::close(instant now) {
    if (phase_ == phase::binding) finish(ending_kind::closed, "closed");
    if (phase_ != phase::open) return;
    phase_ = phase::unbinding;
    answer_by_ = now + limits::smpp_unbind_wait;
    smpp::append_header_only(output_, command::unbind, 0, table_.next_sequence());
}

bool smpp_session::wants_input() const { return output_.size() < 2 * limits::link_output_octets; }

// ---- inwards

void smpp_session::on_octets(byte_view octets, instant now) {
    const bool from_input = !input_.empty();
    if (from_input) append(input_, octets);
    auto rest = from_input ? byte_view(input_) : octets;
    while (phase_ != phase::ended && phase_ != phase::down) {
        const auto length = smpp::first_pdu_octets(rest);
        if (!length) {
            // Where the next PDU begins is anybody's guess now (clause 4.3.1: generic_nack, then the link goes).
            const auto sequence = rest.size() < smpp::header_octets ? 0 : load_big_endian(rest.subspan(12, 4));
            smpp::append_header_only(output_, command::generic_nack, smpp::status::invalid_command_length,
                                     static_cast<std::uint32_t>(sequence));
            finish(ending_kind::lost, "a PDU of impossible length");
            break;
        }
        if (*length == 0 || *length > rest.size()) break;
        last_heard_ = now;
        enquired_.reset();
        take_pdu(rest.first(*length), now);
        rest = rest.subspan(*length);
    }
    if (from_input)
        input_.erase(input_.begin(), input_.end() - static_cast<std::ptrdiff_t>(rest.size()));
    else
        input_.assign(rest.begin(), rest.end());
    send_what_waits(now);
    say_writable(now);
}

void smpp_session::take_pdu(byte_view octets, instant now) {
    smpp::header head;
    const auto unit = smpp::decode(octets, head);
    if (!unit) return answer_undecodable(head, unit.error(), now);
    if ((static_cast<std::uint32_t>(head.id) & 0x80000000U) != 0) return take_response(head, now);
    take_request(*unit);
}

void smpp_session::take_response(const smpp::header& head, instant now) {
    switch (head.id) {
        case command::submit_sm_resp:
        case command::generic_nack: {
            const auto part = table_.land(head.sequence);
            const bool nack_of_nothing = head.id == command::generic_nack && head.status == smpp::status::ok;
            if (part) settle_part(*part, nack_of_nothing ? smpp::status::unknown_error : head.status, now);
            break;
        }
        case command::bind_transceiver_resp:
        case command::bind_transmitter_resp:
        case command::bind_receiver_resp:
            take_bind_response(head.status);
            break;
        case command::unbind_resp:
            if (phase_ == phase::unbinding) finish(ending_kind::closed, "closed");
            break;
        default:
            break;  // enquire_link_resp: that something came is all it says
    }
}

void smpp_session::take_bind_response(std::uint32_t status) {
    if (phase_ != phase::binding) return;
    if (status == smpp::status::ok) {
        phase_ = phase::open;
        was_bound_ = true;
        return events_.on_open();
    }
    const auto name = smpp::status_name(status);
    std::string why = "the SMSC refused the bind: ";
    why += name.empty() ? "status " + std::to_string(status) : std::string(name);
    finish(bind_may_succeed_later(status) ? ending_kind::lost : ending_kind::refused, std::move(why));
}

void smpp_session::take_request(const smpp::pdu& unit) {
    const auto& head = unit.head;
    switch (head.id) {
        case command::deliver_sm:
            return take_delivery(head, std::get<smpp::short_message>(unit.body));
        case command::enquire_link:
            return smpp::append_header_only(output_, command::enquire_link_resp, 0, head.sequence);
        case command::unbind:
            smpp::append_header_only(output_, command::unbind_resp, 0, head.sequence);
            return phase_ == phase::unbinding ? finish(ending_kind::closed, "closed")
                                              : finish(ending_kind::lost, "the SMSC unbound the session");
        case command::outbind:
        case command::alert_notification:
            return;  // have no answer
        default:
            return refuse_request(head.id, head.sequence, smpp::status::invalid_command_id);
    }
}

void smpp_session::take_delivery(const smpp::header& head, const smpp::short_message& message) {
    if (phase_ == phase::binding) return refuse_request(head.id, head.sequence, smpp::status::incorrect_bind_status);
    // Put off, never dropped: the SMSC keeps what was refused with a temporary status.
    if (phase_ == phase::unbinding)
        return refuse_request(head.id, head.sequence, smpp::status::receiver_temporary_error);
    if (unacknowledged_ >= limits::smpp_unacknowledged_deliveries)
        return refuse_request(head.id, head.sequence, smpp::status::queue_full);
    ++unacknowledged_;
    const inbound_handle handle{epoch_, head.sequence};
    const auto subscriber = subscriber_of(message.source.digits);
    const auto type = message.esm_class & 0x3c;  // clause 5.2.12: receipt, or intermediate notification
    if (type == 0x04 || type == 0x20) {
        const auto receipt = smpp::parse_receipt(message);
        if (!receipt) return events_.on_receipt({.handle = handle, .subscriber = subscriber, .state = "UNKNOWN"});
        return events_.on_receipt({.handle = handle,
                                   .subscriber = subscriber,
                                   .state = receipt->state,
                                   .network_type = receipt->network_type,
                                   .network_error = receipt->network_error});
    }
    auto user_data = message.user_data;
    if (const auto* const payload = smpp::find_option(message.options, smpp::tag::message_payload);
        user_data.empty() && payload != nullptr)
        user_data = payload->value;
    events_.on_message({.handle = handle,
                        .subscriber = subscriber,
                        .destination = message.destination.digits,
                        .user_data = user_data,
                        .has_header = (message.esm_class & header_indicator) != 0,
                        .esm_class = message.esm_class});
}

void smpp_session::answer_undecodable(const smpp::header& head, const error& problem, instant now) {
    // A response cannot be refused, and its header says what there is to know.
    if ((static_cast<std::uint32_t>(head.id) & 0x80000000U) != 0) return take_response(head, now);
    auto status = smpp::status::invalid_command_length;
    if (problem.code == "unknown_command") status = smpp::status::invalid_command_id;
    if (problem.code == "bad_option") status = smpp::status::invalid_optional_part;
    if (problem.code == "bad_field") status = smpp::status::unknown_error;
    if (problem.field == "short_message") status = smpp::status::invalid_message_length;
    if (problem.field == "source_addr") status = smpp::status::invalid_source;
    if (problem.field == "destination_addr") status = smpp::status::invalid_destination;
    refuse_request(head.id, head.sequence, status);
}

void smpp_session::refuse_request(command id, std::uint32_t sequence, std::uint32_t status) {
    const auto response = static_cast<command>(static_cast<std::uint32_t>(id) | 0x80000000U);
    if (smpp::command_name(response).empty())
        return smpp::append_header_only(output_, command::generic_nack, status, sequence);
    if (id == command::deliver_sm || id == command::data_sm)
        return smpp::append_message_response(output_, response, status, sequence, {});
    smpp::append_header_only(output_, response, status, sequence);
}

void smpp_session::respond_to_delivery(const inbound_handle& handle, std::uint32_t status) {
    if (handle.link != epoch_ || (phase_ != phase::open && phase_ != phase::unbinding)) return;
    if (unacknowledged_ > 0) --unacknowledged_;
    smpp::append_message_response(output_, command::deliver_sm_resp, status, handle.sequence, {});
}
void smpp_session::acknowledge(const inbound_handle& handle) { respond_to_delivery(handle, smpp::status::ok); }
void smpp_session::refuse(const inbound_handle& handle, std::uint32_t command_status) {
    respond_to_delivery(handle, command_status);
}

// ---- outwards

bool smpp_session::may_send(instant now) const {
    return phase_ == phase::open && kind_ != session_kind::receiver && table_.in_flight() < window_of(settings_) &&
           output_.size() < limits::link_output_octets && commons_.rate().ready(now);
}

bool smpp_session::may_take_on(instant now) const {
    return may_send(now) && waiting_.empty() && table_.parts() < window_of(settings_) &&
           unsendable_.size() < limits::smpp_window && (repeats_.empty() || repeats_.front().due > now);
}

bool smpp_session::submit(const outbound_message& message, instant now) {
    commons_.rate().look(now);
    if (!may_take_on(now)) {
        said_no_ = true;
        return false;
    }
    const int bits = settings_.reference_bits == 16 ? 16 : 8;
    const bool to_terminal = message.port != 0;
    codec::concatenation_plan plan{.kind = codec::packet_kind::command,
                                   .reference = 0,
                                   .reference_bits = bits,
                                   .count = codec::part_count(message.packet.size(), bits, to_terminal)};
    if (to_terminal) plan.ports = {message.port, server_port};
    if (plan.count > limits::message_parts) {
        unsendable_.push_back(message.token);
        return true;
    }
    if (plan.count > 1)
        plan.reference = commons_.references().take(message.subscriber, message.packet, message.reference, now);
    const auto owner = table_.add_message({.token = message.token,
                                           .subscriber = message.subscriber,
                                           .parts_left = static_cast<std::uint32_t>(plan.count),
                                           .validity = message.validity,
                                           .receipt = message.receipt,
                                           .to_terminal = to_terminal});
    for (std::size_t i = 0; i < plan.count; ++i) {
        const auto which = table_.add_part(owner);
        auto& part = table_.part_at(which);
        part.octets = codec::write_segment(message.packet, plan, i, part.user_data);
        if (waiting_.empty() && may_send(now))
            send_part(which, now);
        else
            waiting_.push_back(which);
    }
    return true;
}

void smpp_session::send_part(submit_table::index which, instant now) {
    const auto& part = table_.part_at(which);
    std::array<char, 20> digits;
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), table_.message_at(part.message).subscriber).ptr;
    template_.destination.digits = {digits.data(), static_cast<std::size_t>(end - digits.data())};
    template_.user_data = part.view();
    const auto& whole = table_.message_at(part.message);
    std::array<char, 16> period;
    template_.validity_period = settings_.validity_period;
    if (whole.validity.count() > 0) {
        period = smpp::relative_time(whole.validity);
        template_.validity_period = {period.data(), period.size()};
    }
    template_.registered_delivery = settings_.delivery_receipts || whole.receipt ? registered : 0;
    // What the settings say is for cards: it would make a terminal hand the message on to its own.
    template_.protocol_id = whole.to_terminal ? plain_protocol : settings_.protocol_id;
    template_.data_coding = whole.to_terminal ? octets_without_class : settings_.data_coding;
    commons_.rate().take(now);
    const auto sequence = table_.launch(which, now);
    // What can fail here are the settings (a source address too long): every message would, so it is refused for good.
    if (!smpp::append_short_message(output_, command::submit_sm, sequence, template_)) {
        auto& message = table_.message_at(part.message);
        message.result = submit_result::refused;
        message.status = smpp::status::invalid_source;
        static_cast<void>(table_.land(sequence));
        repeats_.push_back({now, which});
        std::ranges::push_heap(repeats_, std::greater{});
    }
}

void smpp_session::settle_part(submit_table::index which, std::uint32_t status, instant now) {
    auto& part = table_.part_at(which);
    auto& message = table_.message_at(part.message);
    const bool spoiled = message.result != submit_result::accepted;
    const auto kind = kind_of_status(status);
    const bool slower = kind == status_kind::slows_down;
    if (slower || kind == status_kind::accepted) commons_.rate().on_answer(slower, now);
    if (slower || kind == status_kind::temporary) {
        const auto times = slower ? ++part.throttled : ++part.attempts;
        if (!spoiled && times < (slower ? limits::smpp_throttled_attempts : limits::smpp_submit_attempts))
            return repeat_later(which, times, now);
        if (!spoiled) {
            message.result = submit_result::exhausted;
            message.status = status;
        }
    } else if (kind == status_kind::permanent && message.result != submit_result::refused) {
        message.result = submit_result::refused;
        message.status = status;
    }
    finish_part(which);
}

void smpp_session::repeat_later(submit_table::index which, int times, instant now) {
    repeats_.push_back({now + repeat_delay(times - 1), which});
    std::ranges::push_heap(repeats_, std::greater{});
}

void smpp_session::finish_part(submit_table::index which) {
    const auto owner = table_.part_at(which).message;
    table_.remove_part(which);
    auto& message = table_.message_at(owner);
    if (--message.parts_left > 0) return;
    const auto finished = message;
    table_.remove_message(owner);
    events_.on_result(finished.token, finished.result, finished.status);
}

void smpp_session::send_what_waits(instant now) {
    commons_.rate().look(now);
    // The other parts of a message that has failed are not worth sending.
    const auto send_or_finish = [&](submit_table::index which) {
        const auto& message = table_.message_at(table_.part_at(which).message);
        return message.result == submit_result::accepted ? send_part(which, now) : finish_part(which);
    };
    while (!repeats_.empty() && repeats_.front().due <= now && may_send(now)) {
        std::ranges::pop_heap(repeats_, std::greater{});
        const auto which = repeats_.back().part;
        repeats_.pop_back();
        send_or_finish(which);
    }
    while (!waiting_.empty() && may_send(now)) {
        const auto which = waiting_.front();
        waiting_.pop_front();
        send_or_finish(which);
    }
}

void smpp_session::say_writable(instant now) {
    if (!said_no_ || !may_take_on(now)) return;
    said_no_ = false;
    events_.on_writable();
}

// ---- time

void smpp_session::on_drained(instant now) {
    send_what_waits(now);
    say_writable(now);
}

void smpp_session::on_time(instant now) {
    for (const auto token : std::exchange(unsendable_, {}))
        events_.on_result(token, submit_result::refused, smpp::status::invalid_message_length);
    check_time_outs(now);
    send_what_waits(now);
    say_writable(now);
}

void smpp_session::check_time_outs(instant now) {
    if (phase_ == phase::binding && now >= answer_by_)
        return finish(ending_kind::lost, "no answer to the bind in time");
    if (phase_ == phase::unbinding && now >= answer_by_) return finish(ending_kind::closed, "closed");
    if (phase_ != phase::open) return;
    const auto oldest = table_.oldest_launch();
    if (oldest && now >= *oldest + settings_.response_time_out)
        return finish(ending_kind::lost, "no answer to submit_sm in time");
    if (enquired_ && now >= *enquired_ + settings_.response_time_out)
        return finish(ending_kind::lost, "no answer to enquire_link in time");
    if (!enquired_ && now >= last_heard_ + settings_.enquire_link_interval) {
        enquired_ = now;
        smpp::append_header_only(output_, command::enquire_link, 0, table_.next_sequence());
    }
}

std::optional<instant> smpp_session::next_deadline() {
    if (!unsendable_.empty()) return instant::min();
    if (phase_ == phase::binding || phase_ == phase::unbinding) return answer_by_;
    if (phase_ != phase::open) return std::nullopt;
    auto next = enquired_ ? *enquired_ + settings_.response_time_out : last_heard_ + settings_.enquire_link_interval;
    if (const auto oldest = table_.oldest_launch()) next = std::min(next, *oldest + settings_.response_time_out);
    // A full window or output buffer is opened by the peer, not by time.
    if (table_.in_flight() >= window_of(settings_) || output_.size() >= limits::link_output_octets) return next;
    if (!repeats_.empty()) next = std::min(next, std::max(repeats_.front().due, commons_.rate().ready_at()));
    if (!waiting_.empty() || (said_no_ && table_.parts() < window_of(settings_)))
        next = std::min(next, commons_.rate().ready_at());
    return next;
}

}  // namespace tessera::telecom
