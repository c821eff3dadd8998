// The half of smsc that faces receivers: what cards answer, receipts, the window of each link, delivering again.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <functional>

#include "sim/smsc_state.h"

namespace tessera::sim {
namespace {

namespace smpp = codec::smpp;
using smpp::command;

constexpr std::uint8_t esm_class_header = 0x40, esm_class_receipt = 0x04, esm_class_acknowledgement = 0x08;
constexpr std::uint8_t message_state_delivered = 2, message_state_expired = 3, message_state_undeliverable = 5;
constexpr std::uint8_t network_gsm = 3;  // SMPP 3.4 clause 5.3.2.31
constexpr std::uint8_t international = 1, telephone_plan = 1;

bool is_temporary(std::uint32_t status) {
    return status == smpp::status::queue_full || status == smpp::status::throttled ||
           status == smpp::status::system_error || status == smpp::status::receiver_temporary_error;
}

// A PoR in the delivery report comes to the receiver as the SME's acknowledgement; a part of a longer one keeps UDHI,
// without which nobody could put it together.
std::uint8_t esm_class_of(const card_message& message) {
    if (message.by_submit) return esm_class_header;
    constexpr std::array<std::uint8_t, 3> whole{0x02, 0x71, 0x00};
    const auto user_data = message.user_data();
    const bool single = user_data.size() > whole.size() && std::ranges::equal(user_data.first(whole.size()), whole);
    return single ? esm_class_acknowledgement : esm_class_acknowledgement | esm_class_header;
}

}  // namespace

smsc::account* smsc::account_of(std::string_view system_id) {
    const auto known = std::ranges::find_if(accounts_, [&](const auto& each) { return each->system_id == system_id; });
    if (known != accounts_.end()) return known->get();
    if (accounts_.size() == limits::accounts) return nullptr;
    accounts_.push_back(std::make_unique<account>());
    accounts_.back()->system_id = system_id;
    return accounts_.back().get();
}

void smsc::bring_to_card(account& sender, const submission& message, instant now) {
    // A short message without UDH is text for the user: nothing that a card answers.
    if (!message.has_header) return;
    if (happens(fault::lose_submit, message)) return;
    if (options_.faults.happens(fault::card_off, message.card_hash, 0)) {
        ++statistics_.faults[static_cast<std::size_t>(fault::card_off)];
        return;
    }
    const std::uint64_t copies = happens(fault::duplicate, message) ? 2 : 1;
    for (std::uint64_t copy = 0; copy < copies; ++copy) {
        const message_faults faults{.unsecured_error = happens(fault::unsecured_error, message, copy),
                                    .response_follows = happens(fault::response_follows, message, copy),
                                    .no_paths = options_.faults.happens(fault::card_no_paths, message.card_hash, 0),
                                    .one_part = options_.faults.happens(fault::card_one_part, message.card_hash, 0)};
        const auto reaction = cards_.receive(message.card, message.user_data, now, faults, answers_);
        if (reaction == card_reaction::executed) ++statistics_.executed;
        if (reaction == card_reaction::refused) ++statistics_.refused;
        if (answers_.empty() || happens(fault::lose_response, message, copy)) continue;
        duration hold = options_.faults.delay;
        if (happens(fault::reorder, message, copy)) hold += limits::reorder_hold;
        const auto subscriber = cards_.list().at(message.card).msisdn;
        for (const auto& answer : answers_)
            schedule(sender,
                     {.subscriber = subscriber, .message_id = 0, .destination = message.source, .content = answer}, now,
                     answer.follows ? hold + options_.faults.response_follows_delay : hold);
    }
}

void smsc::issue_receipt(account& sender, const submission& message) {
    const bool lost = options_.faults.happens(fault::lose_submit, message.card_hash, message.ordinal);
    if (lost || options_.faults.happens(fault::card_off, message.card_hash, 0)) return;  // never delivered
    const auto subscriber = cards_.list().at(message.card).msisdn;
    schedule(sender,
             {.subscriber = subscriber, .message_id = message.message_id, .destination = message.source, .content = {}},
             instant{}, duration{0});
}

void smsc::report_failure(account& sender, const submission& message, bool expired, std::uint16_t network_error) {
    if (!message.receipt_on_failure) return;
    delivery made;
    made.subscriber = cards_.list().at(message.card).msisdn;
    made.message_id = message.message_id;
    made.destination = message.source;
    made.expired = expired;
    made.network_error = network_error;
    schedule(sender, made, instant{}, duration{0});
}

void smsc::schedule(account& to, delivery what, instant now, duration hold) {
    ++statistics_.waiting;
    if (hold > duration{0}) {
        held_back_.try_emplace({now + hold, held_back_order_++}, held_back{&to, what});
        return;
    }
    to.waiting.push_back(what);
    dispatch(to);
}

// To the account that listens, or to the one that bound first, when it comes back.
bool smsc::originate(const originated_message& message) {
    const auto listening = std::ranges::find_if(accounts_, [](const auto& each) { return !each->receivers.empty(); });
    const auto whose = listening != accounts_.end() ? listening : accounts_.begin();
    if (whose == accounts_.end()) return false;
    delivery made;
    made.subscriber = message.subscriber;
    made.destination.type_of_number = 0;
    made.destination.numbering_plan = telephone_plan;
    made.destination.size = static_cast<std::uint8_t>(message.to.size());
    std::ranges::copy(message.to, made.destination.digits.begin());
    made.content.size = static_cast<std::uint8_t>(message.user_data.size());
    std::ranges::copy(message.user_data, made.content.octets.begin());
    made.originated = true;
    schedule(**whose, made, instant{}, duration{0});
    return true;
}

std::optional<instant> smsc::next_due() const {
    std::optional<instant> next;
    if (!held_back_.empty()) next = held_back_.begin()->first.first;
    if (!undelivered_.empty()) next = std::min(next.value_or(instant::max()), undelivered_.begin()->first);
    return next;
}

void smsc::on_time(instant now) {
    while (!held_back_.empty() && held_back_.begin()->first.first <= now) {
        const auto node = held_back_.extract(held_back_.begin());
        node.mapped().to->waiting.push_back(node.mapped().what);
    }
    deliver_again(now);
    for (const auto& each : accounts_) dispatch(*each);
    cards_.expire(now);
    for (auto& [id, each] : links_)
        if (each->bound_to == nullptr && each->speaks != link::protocol::control && !each->closing &&
            now - each->opened_at > limits::bind_time_out) {
            each->closing = true;
            touch(*each);
        }
}

smsc::link* smsc::receiver_with_room(account& of) {
    for (std::size_t i = 0; i < of.receivers.size(); ++i) {
        link* candidate = of.receivers[(of.turn + i) % of.receivers.size()];
        if (candidate->outstanding_count < candidate->outstanding.size() &&
            candidate->output.size() < limits::link_output_octets) {
            of.turn = (of.turn + i + 1) % of.receivers.size();
            return candidate;
        }
    }
    return nullptr;
}

void smsc::dispatch(account& to) {
    while (!to.waiting.empty()) {
        link* receiver = receiver_with_room(to);
        if (receiver == nullptr) return;
        send(*receiver, to.waiting.front());
        to.waiting.pop_front();
    }
}

void smsc::send(link& to, const delivery& what) {
    constexpr std::uint32_t sequence_max = 0x7fffffff;
    const auto slot_of = [&](std::uint32_t sequence) -> link::slot& {
        return to.outstanding[sequence % to.outstanding.size()];
    };
    while (slot_of(to.next_sequence).taken)
        to.next_sequence = to.next_sequence == sequence_max ? 1 : to.next_sequence + 1;
    const auto sequence = to.next_sequence;
    to.next_sequence = sequence == sequence_max ? 1 : sequence + 1;
    slot_of(sequence) = {.taken = true, .sequence = sequence, .what = what};
    ++to.outstanding_count;
    touch(to);
    if (what.message_id != 0) return send_receipt(to, sequence, what);

    std::array<char, 20> digits{};
    const auto [end, problem] = std::to_chars(digits.data(), digits.data() + digits.size(), what.subscriber);
    smpp::short_message message;
    message.source = {international, telephone_plan, {digits.data(), end}};
    message.destination = {what.destination.type_of_number,
                           what.destination.numbering_plan,
                           {what.destination.digits.data(), what.destination.size}};
    message.esm_class = what.originated ? std::uint8_t{0} : esm_class_of(what.content);
    message.protocol_id = what.originated ? 0x00 : 0x7f;
    message.data_coding = what.originated ? 0x04 : 0xf6;
    message.user_data = what.content.user_data();
    // Nothing in here is too long: the address came by submit_sm, the rest is ours.
    if (smpp::append_short_message(to.output, command::deliver_sm, sequence, message)) ++statistics_.responses;
}

// SMPP 3.4 clause 2.11 and appendix B: the TLVs, and the text that older receivers read.
void smsc::send_receipt(link& to, std::uint32_t sequence, const delivery& what) {
    std::array<char, 20> digits{};
    const auto [end, problem] = std::to_chars(digits.data(), digits.data() + digits.size(), what.subscriber);
    std::array<char, 20> id{};
    const auto id_length =
        std::snprintf(id.data(), id.size(), "%010llx", static_cast<unsigned long long>(what.message_id));
    const std::time_t seconds = to_microseconds(wall_) / 1'000'000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 16> date{};
    std::strftime(date.data(), date.size(), "%y%m%d%H%M", &parts);
    std::array<char, 140> text{};
    const bool delivered = what.network_error == 0;
    const char* const word = delivered ? "DELIVRD" : what.expired ? "EXPIRED" : "UNDELIV";
    const auto length = std::snprintf(
        text.data(), text.size(),
        "id:%s sub:001 dlvrd:%s submit date:%s done date:%s stat:%s err:%03u text:", id.data(),
        delivered ? "001" : "000", date.data(), date.data(), word, static_cast<unsigned>(what.network_error));
    const std::array<std::uint8_t, 1> state{delivered      ? message_state_delivered
                                            : what.expired ? message_state_expired
                                                           : message_state_undeliverable};
    const std::array<std::uint8_t, 3> error{network_gsm, static_cast<std::uint8_t>(what.network_error >> 8U),
                                            static_cast<std::uint8_t>(what.network_error & 0xffU)};
    smpp::short_message message;
    message.source = {international, telephone_plan, {digits.data(), end}};
    message.destination = {what.destination.type_of_number,
                           what.destination.numbering_plan,
                           {what.destination.digits.data(), what.destination.size}};
    message.esm_class = esm_class_receipt;
    message.user_data = as_bytes({text.data(), static_cast<std::size_t>(length)});
    // receipted_message_id is a C-octet string: its final zero counts.
    message.options = {
        {smpp::tag::receipted_message_id, as_bytes({id.data(), static_cast<std::size_t>(id_length) + 1})},
        {smpp::tag::message_state, state}};
    if (!delivered) message.options.push_back({smpp::tag::network_error_code, error});
    if (smpp::append_short_message(to.output, command::deliver_sm, sequence, message)) ++statistics_.receipts;
}

void smsc::on_delivery_answer(link& from, const smpp::header& head, instant now) {
    if (from.outstanding.empty()) return;
    auto& slot = from.outstanding[head.sequence % from.outstanding.size()];
    if (!slot.taken || slot.sequence != head.sequence) return;  // answered before, or never sent
    slot.taken = false;
    --from.outstanding_count;
    --statistics_.waiting;
    if (head.status != smpp::status::ok) {
        if (is_temporary(head.status)) {
            ++statistics_.redeliveries;
            schedule(*from.bound_to, slot.what, now, limits::redelivery_delay);
        } else {
            ++statistics_.dropped;
        }
    }
    dispatch(*from.bound_to);
}

// The link delivers nothing any more: what it left without answer goes first at the next receiver.
void smsc::take_back(link& from) {
    if (from.bound_to == nullptr) return;
    account& owner = *from.bound_to;
    from.bound_to = nullptr;
    std::erase(owner.receivers, &from);
    std::vector<const link::slot*> unanswered;
    unanswered.reserve(from.outstanding_count);
    for (const auto& slot : from.outstanding)
        if (slot.taken) unanswered.push_back(&slot);
    std::ranges::sort(unanswered, std::ranges::greater{}, &link::slot::sequence);
    for (const auto* slot : unanswered) owner.waiting.push_front(slot->what);
    statistics_.redeliveries += unanswered.size();
    from.outstanding.clear();
    from.outstanding_count = 0;
    dispatch(owner);
}

}  // namespace tessera::sim
