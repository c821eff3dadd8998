#include "sim/smsc.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "base/secret.h"
#include "sim/control_channel.h"
#include "sim/smsc_state.h"

namespace tessera::sim {
namespace {

namespace smpp = codec::smpp;
using smpp::command;

constexpr std::string_view own_system_id = "tessera-sim";
constexpr std::uint8_t has_header_mask = 0x40;  // esm_class: UDHI
constexpr std::uint32_t response_bit = 0x80000000;

command response_to(command id) { return static_cast<command>(static_cast<std::uint32_t>(id) | response_bit); }

// 0 if these are not the digits of a number in international form.
std::uint64_t subscriber_of(std::string_view digits) {
    constexpr std::size_t longest = 15;
    if (digits.starts_with('+')) digits.remove_prefix(1);
    if (digits.empty() || digits.size() > longest) return 0;
    std::uint64_t number = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return problem == std::errc() && end == digits.data() + digits.size() ? number : 0;
}

std::string_view print_message_id(std::uint64_t id, std::array<char, 20>& buffer) {
    const auto length = std::snprintf(buffer.data(), buffer.size(), "%010llx", static_cast<unsigned long long>(id));
    return {buffer.data(), static_cast<std::size_t>(length)};
}

}  // namespace

smsc::smsc(simulated_cards& cards, smsc_options options) : cards_(cards), options_(std::move(options)) {
    options_.window = std::clamp<std::size_t>(options_.window, 1, limits::deliver_window_max);
    for (card_index card = 0; options_.first && card < cards_.list().size(); ++card)
        if (options_.faults.happens(fault::card_wrong_key, cards_.list().identity_hash(card), 0))
            cards_.list().spoil_keys(card);
}

smsc::~smsc() = default;

smsc::link& smsc::at(link_id id) const { return *links_.at(id); }
bytes& smsc::output(link_id id) { return at(id).output; }
bool smsc::wants_close(link_id id) const { return at(id).closing; }
bool smsc::is_control(link_id id) const { return at(id).speaks == link::protocol::control; }

std::vector<smsc::link_id> smsc::take_touched() {
    for (const auto id : touched_) at(id).touched = false;
    return std::exchange(touched_, {});
}

void smsc::written(link_id id) {
    if (auto* owner = at(id).bound_to; owner != nullptr) dispatch(*owner);
}

void smsc::touch(link& which) {
    if (!which.touched) touched_.push_back(which.id);
    which.touched = true;
}

std::optional<smsc::link_id> smsc::opened(instant now) {
    if (links_.size() >= limits::links) return std::nullopt;
    auto made = std::make_unique<link>();
    made->id = next_link_++;
    made->opened_at = now;
    const auto id = made->id;
    links_.emplace(id, std::move(made));
    return id;
}

void smsc::closed(link_id id) {
    auto& gone = at(id);
    take_back(gone);
    std::erase(touched_, id);
    links_.erase(id);
}

std::size_t smsc::on_bytes(link_id id, byte_view octets, instant now, timestamp wall) {
    auto& from = at(id);
    wall_ = wall;
    std::size_t consumed = 0;
    while (!from.closing && consumed < octets.size() && from.output.size() < limits::link_output_octets) {
        const auto rest = octets.subspan(consumed);
        if (from.speaks == link::protocol::unknown)
            from.speaks = rest[0] == '{' ? link::protocol::control : link::protocol::smpp;
        if (from.speaks == link::protocol::control) {
            const auto taken = on_control(from, rest);
            if (taken == 0) break;
            consumed += taken;
            continue;
        }
        const auto length = smpp::first_pdu_octets(rest);
        if (!length) {  // out of step for good: SMPP 3.4 clause 2.8 leaves nothing but to say so and close
            smpp::append_header_only(from.output, command::generic_nack, smpp::status::invalid_command_length, 0);
            from.closing = true;
            break;
        }
        if (*length == 0 || *length > rest.size()) break;
        on_pdu(from, rest.first(*length), now, wall);
        consumed += *length;
    }
    touch(from);
    return from.closing ? octets.size() : consumed;
}

std::size_t smsc::on_control(link& from, byte_view octets) {
    const auto text = as_text(octets);
    const auto end = text.find('\n');
    if (end == std::string_view::npos && octets.size() < limits::control_line_octets) return 0;
    if (end == std::string_view::npos || end >= limits::control_line_octets) {
        from.closing = true;
        return octets.size();
    }
    const auto answer = answer_control_line(text.substr(0, end), cards_, statistics_);
    constexpr std::string_view nobody =
        R"({"error":{"code":"no_receiver","field":"","message":"nobody has bound here yet"}})"
        "\n";
    const bool brought = !answer.sends || originate(*answer.sends);
    append(from.output, as_bytes(brought ? answer.line : nobody));
    if (answer.stop) stop_requested_ = true;
    if (answer.kill) kill_requested_ = true;
    return end + 1;
}

void smsc::on_pdu(link& from, byte_view octets, instant now, timestamp wall) {
    smpp::header head;
    const auto unit = smpp::decode(octets, head);
    if (!unit) return on_malformed(from, head, unit.error());
    switch (head.id) {
        case command::bind_receiver:
        case command::bind_transmitter:
        case command::bind_transceiver:
            if (const auto* body = std::get_if<smpp::bind>(&unit->body)) on_bind(from, head, *body);
            break;
        case command::submit_sm:
            if (!statistics_.first_submit) statistics_.first_submit = wall;
            statistics_.last_submit = wall;
            if (const auto* body = std::get_if<smpp::short_message>(&unit->body)) on_submit(from, head, *body, now);
            break;
        case command::deliver_sm_resp:
            on_delivery_answer(from, head, now);
            break;
        case command::enquire_link:
            smpp::append_header_only(from.output, command::enquire_link_resp, smpp::status::ok, head.sequence);
            break;
        case command::unbind:
            on_unbind(from, head.sequence);
            break;
        case command::generic_nack:
            on_delivery_answer(from, head, now);
            break;
        default:
            on_unserved(from, head);
            break;
    }
}

void smsc::on_malformed(link& from, const smpp::header& head, const error& problem) {
    const auto id = static_cast<std::uint32_t>(head.id);
    if ((id & response_bit) != 0) return;  // an answer nobody can use; its deliver_sm stays without one
    if (problem.code == "unknown_command") {
        smpp::append_header_only(from.output, command::generic_nack, smpp::status::invalid_command_id, head.sequence);
    } else if (problem.code == "bad_option") {
        smpp::append_header_only(from.output, response_to(head.id), smpp::status::invalid_optional_part, head.sequence);
    } else if (problem.code == "bad_field") {
        smpp::append_header_only(from.output, response_to(head.id), smpp::status::invalid_message_length,
                                 head.sequence);
    } else {
        smpp::append_header_only(from.output, command::generic_nack, smpp::status::invalid_command_length,
                                 head.sequence);
    }
}

// What this centre does not serve: a request gets its own response with ESME_RINVCMDID, another's response is ignored.
void smsc::on_unserved(link& from, const smpp::header& head) {
    switch (head.id) {
        case command::data_sm:
        case command::query_sm:
        case command::cancel_sm:
        case command::replace_sm:
        case command::submit_multi:
            smpp::append_header_only(from.output, response_to(head.id), smpp::status::invalid_command_id,
                                     head.sequence);
            break;
        case command::deliver_sm:
        case command::outbind:
        case command::alert_notification:
            smpp::append_header_only(from.output, command::generic_nack, smpp::status::invalid_command_id,
                                     head.sequence);
            break;
        default:
            break;
    }
}

std::uint32_t smsc::check_bind(const link& from, const smpp::bind& body) const {
    if (from.bound_to != nullptr) return smpp::status::already_bound;
    if (options_.system_id && body.system_id != *options_.system_id) return smpp::status::invalid_system_id;
    if (options_.password && !equal_constant_time(as_bytes(body.password), as_bytes(*options_.password)))
        return smpp::status::invalid_password;
    return smpp::status::ok;
}

void smsc::on_bind(link& from, const smpp::header& head, const smpp::bind& body) {
    auto verdict = check_bind(from, body);
    account* bound_to = verdict == smpp::status::ok ? account_of(body.system_id) : nullptr;
    if (verdict == smpp::status::ok && bound_to == nullptr) verdict = smpp::status::bind_failed;
    if (verdict != smpp::status::ok) {
        smpp::append_header_only(from.output, response_to(head.id), verdict, head.sequence);
        return;
    }
    constexpr std::array<std::uint8_t, 1> version{0x34};
    smpp::pdu answer;
    answer.head = {.length = 0, .id = response_to(head.id), .status = smpp::status::ok, .sequence = head.sequence};
    answer.body = smpp::bind_response{.system_id = own_system_id,
                                      .options = {{.tag = smpp::tag::sc_interface_version, .value = version}}};
    if (!smpp::encode(answer, from.output)) return;
    ++statistics_.binds;
    from.bound_to = bound_to;
    from.transmits = head.id != command::bind_receiver;
    from.receives = head.id != command::bind_transmitter;
    if (!from.receives) return;
    from.outstanding.resize(options_.window);
    bound_to->receivers.push_back(&from);
    dispatch(*bound_to);
}

void smsc::on_unbind(link& from, std::uint32_t sequence) {
    if (from.bound_to == nullptr) {
        smpp::append_header_only(from.output, command::unbind_resp, smpp::status::incorrect_bind_status, sequence);
        return;
    }
    ++statistics_.unbinds;
    take_back(from);
    smpp::append_header_only(from.output, command::unbind_resp, smpp::status::ok, sequence);
    from.closing = true;
}

bool smsc::happens(fault kind, const submission& about, std::uint64_t copy) {
    constexpr unsigned copy_shift = 40;  // above any ordinal: the second copy of a message has faults of its own
    if (!options_.faults.happens(kind, about.card_hash, about.ordinal | copy << copy_shift)) return false;
    ++statistics_.faults[static_cast<std::size_t>(kind)];
    return true;
}

// A twentieth of a second's worth may come at once.
bool smsc::takes_one_more(instant now) {
    if (options_.rate == 0) return true;
    const auto interval = duration(std::chrono::seconds(1)) / options_.rate;
    const auto burst = std::max<duration>(std::chrono::milliseconds(50), interval);
    if (rate_free_at_ > now + burst - interval) return false;
    rate_free_at_ = std::max(rate_free_at_, now) + interval;
    return true;
}

std::uint32_t smsc::check_submit(const link& from, const smpp::short_message& message, submission& accepted,
                                 instant now) {
    if (from.bound_to == nullptr || !from.transmits) return smpp::status::incorrect_bind_status;
    const auto subscriber = subscriber_of(message.destination.digits);
    accepted.card = subscriber == 0 ? no_card : cards_.list().by_msisdn(subscriber);
    if (accepted.card == no_card) return smpp::status::invalid_destination;
    if (message.source.digits.size() > accepted.source.digits.size()) return smpp::status::invalid_source;
    accepted.user_data = message.user_data;
    if (message.user_data.empty())
        if (const auto* payload = smpp::find_option(message.options, smpp::tag::message_payload))
            accepted.user_data = payload->value;
    if (accepted.user_data.size() > card_message{}.octets.size()) return smpp::status::invalid_message_length;
    if (statistics_.waiting + undelivered_.size() >= limits::waiting_deliveries) return smpp::status::queue_full;
    if (!takes_one_more(now)) return smpp::status::throttled;
    accepted.card_hash = cards_.list().identity_hash(accepted.card);
    accepted.ordinal = cards_.list().at(accepted.card).messages++;
    if (happens(fault::throttle, accepted)) return smpp::status::throttled;
    if (happens(fault::queue_full, accepted)) return smpp::status::queue_full;
    return smpp::status::ok;
}

void smsc::on_submit(link& from, const smpp::header& head, const smpp::short_message& message, instant now) {
    ++statistics_.submits;
    submission accepted;
    const auto verdict = check_submit(from, message, accepted, now);
    if (verdict != smpp::status::ok) {
        ++statistics_.submits_refused;
        smpp::append_message_response(from.output, command::submit_sm_resp, verdict, head.sequence, {});
        return;
    }
    accepted.message_id = ++next_message_id_;
    accepted.has_header = (message.esm_class & has_header_mask) != 0;
    accepted.source.type_of_number = message.source.type_of_number;
    accepted.source.numbering_plan = message.source.numbering_plan;
    accepted.source.size = static_cast<std::uint8_t>(message.source.digits.size());
    std::ranges::copy(message.source.digits, accepted.source.digits.begin());

    const auto answer_submit = [&] {
        std::array<char, 20> buffer{};
        smpp::append_message_response(from.output, command::submit_sm_resp, smpp::status::ok, head.sequence,
                                      print_message_id(accepted.message_id, buffer));
    };
    // registered_delivery, clause 5.2.17: 01 asks for the outcome, whatever it is, 10 for a failure only.
    const auto wanted = message.registered_delivery & 3U;
    accepted.receipt = wanted == 1;
    accepted.receipt_on_failure = wanted == 1 || wanted == 2;
    accepted.validity = smpp::parse_relative_time(message.validity_period).value_or(std::chrono::seconds(0));
    if (const auto met = obstacle(accepted, 0, now); met != 0) {
        answer_submit();
        return keep(*from.bound_to, accepted, met, now);
    }
    const bool response_first = happens(fault::response_before_submit_resp, accepted);
    const bool receipt_first = accepted.receipt && happens(fault::receipt_before_submit_resp, accepted);
    if (response_first) bring_to_card(*from.bound_to, accepted, now);
    if (receipt_first) issue_receipt(*from.bound_to, accepted);
    answer_submit();
    if (!response_first) bring_to_card(*from.bound_to, accepted, now);
    if (accepted.receipt && !receipt_first) issue_receipt(*from.bound_to, accepted);
}

}  // namespace tessera::sim
