#include "sim/simulated_card.h"

#include <algorithm>

#include "codec/remote_management.h"
#include "sim/limits.h"
#include "sim/script_execution.h"

namespace tessera::sim {
namespace {

using codec::counter_mode;
using codec::integrity;
using codec::proof_of_receipt;
using codec::response_status;

std::uint8_t version_of(std::uint8_t key_octet) { return key_octet >> 4U; }

// Where the counter of a further application stands.
std::uint64_t counter_key(const card_key_set& set, std::uint8_t slot) {
    return static_cast<std::uint64_t>(set.card) << 16U | static_cast<std::uint64_t>(set.version) << 8U | slot;
}

bool is_cryptographic(integrity kind) { return kind == integrity::cryptographic_checksum; }

}  // namespace

// One packet on its way through the card.
struct simulated_cards::request {
    card_index card = no_card;
    message_faults faults;
    std::vector<card_message>* answers = nullptr;
    codec::packet_security security;
    codec::packet_keys keys;
    card_key_set* counting_set = nullptr;          // whose counter the packet uses
    std::uint8_t slot = 0xff;                      // which application
    std::optional<codec::application_ports> back;  // of a terminal's answer
};

// Reserved values of ETSI TS 101 220 annex D, and those of GSMA TS.48's profile: B00000 to B0000F reach the UICC's
// shared files, B00010 the SIM's, B00011 the USIM's.
const std::array<simulated_cards::application, 7>& simulated_cards::applications() {
    static const std::array<application, 7> all{{{{0xb0, 0x00, 0x10}, master_file, true},
                                                 {{0xb0, 0x00, 0x11}, application_usim(), true},
                                                 {{0xb0, 0x00, 0x00}, master_file, true},
                                                 {{0xb0, 0x00, 0x01}, master_file, true},
                                                 {{0xb0, 0x01, 0x20}, master_file, true},
                                                 {{0xb0, 0x01, 0x40}, application_usim(), true},
                                                 {{0x00, 0x00, 0x00}, master_file, false}}};
    return all;
}

simulated_cards::simulated_cards(card_list cards)
    : cards_(std::move(cards)), interpreter_(files_), parts_(limits::reassembly_time_out) {}

card_reaction simulated_cards::receive(card_index card, byte_view user_data, instant now, message_faults faults,
                                       std::vector<card_message>& answers) {
    answers.clear();
    request job;
    job.card = card;
    job.faults = faults;
    job.answers = &answers;
    const auto header = codec::parse_user_data_header(user_data);
    if (!header) return card_reaction::nothing;
    // A terminal's agent hears what comes to its port, and a card what comes to none.
    const auto port = cards_.at(card).port;
    if (port != header->destination_port.value_or(0)) return card_reaction::nothing;
    if (port != 0) job.back = codec::application_ports{header->source_port.value_or(0), port};
    if (!header->parts) {
        if (!header->command_packet && port == 0) return card_reaction::nothing;
        return receive_packet(job, user_data.subspan(header->octets));
    }
    const auto whole = parts_.add(card, user_data, now);
    if (!whole || !*whole || (!(*whole)->command_packet && port == 0)) return card_reaction::nothing;
    return receive_packet(job, (*whole)->packet);
}

card_reaction simulated_cards::receive_packet(request& job, byte_view packet) {
    const auto peeked = codec::secured_packet_codec::peek_command(packet);
    if (!peeked) return card_reaction::nothing;  // no telling what it was
    job.security = *peeked;
    const auto slot = slot_of(job);
    if (!slot) return refuse(job, response_status::unknown_application, 0);
    job.slot = *slot;
    if (const auto status = find_keys(job)) return refuse(job, *status, 0);

    const auto& spi = job.security.spi;
    const auto command = codec_.decode_command(packet, job.keys);
    if (!command) {
        // Padding that cannot be after deciphering tells of a wrong key; everything else of a packet badly made.
        const bool deciphered_badly = spi.command_ciphered() && command.error().code == "bad_padding";
        return refuse(
            job, deciphered_badly ? response_status::ciphering_error : response_status::unidentified_security_error, 0);
    }
    if (command->verified == false) return refuse(job, response_status::integrity_failed, 0);
    job.security.aes_checksum_octets = command->security.aes_checksum_octets;
    const bool clear = spi.command_integrity() == integrity::none && !spi.command_ciphered();
    if (clear) return refuse(job, response_status::insufficient_security, command->counter);
    if (const auto status = check_counter(job, command->counter)) return refuse(job, *status, command->counter);
    return execute(job, command->counter, command->data);
}

std::optional<std::uint8_t> simulated_cards::slot_of(const request& job) {
    constexpr codec::toolkit_application_reference agent{0xb2, 0x01, 0x50};
    if (job.back) return job.security.tar == agent ? std::optional(agent_slot) : std::nullopt;
    const auto& known = applications();
    const auto chosen = std::ranges::find(known, job.security.tar, &simulated_cards::application::tar);
    if (chosen == known.end()) return std::nullopt;
    return static_cast<std::uint8_t>(chosen - known.begin());
}

// Keys by the versions in KIc and KID. Those the command or its response needs must be there, and for the algorithm
// that the octet names; nothing if so.
std::optional<response_status> simulated_cards::find_keys(request& job) {
    const auto& spi = job.security.spi;
    const auto tar = static_cast<std::uint32_t>(load_big_endian(job.security.tar));
    auto* kic_set = cards_.key_set(job.card, version_of(job.security.kic), tar);
    auto* kid_set = cards_.key_set(job.card, version_of(job.security.kid), tar);
    if (kic_set != nullptr && codec::algorithm_octet(kic_set->kic_algorithm, kic_set->version) != job.security.kic)
        kic_set = nullptr;
    if (kic_set != nullptr) job.keys.kic = cards_.kic(*kic_set);
    const bool answers = spi.response() != proof_of_receipt::none;
    const bool needs_kic = spi.command_ciphered() || (answers && spi.response_ciphered());
    const bool needs_kid =
        is_cryptographic(spi.command_integrity()) || (answers && is_cryptographic(spi.response_integrity()));
    // The low nibble names a CC's algorithm also where the other direction has an RC.
    if (needs_kid && kid_set != nullptr &&
        codec::algorithm_octet(kid_set->kid_algorithm, kid_set->version) != job.security.kid)
        kid_set = nullptr;
    if (kid_set != nullptr) job.keys.kid = cards_.kid(*kid_set);
    job.counting_set = is_cryptographic(spi.command_integrity()) || kic_set == nullptr ? kid_set : kic_set;
    if ((needs_kic && kic_set == nullptr) || (needs_kid && kid_set == nullptr))
        return response_status::unidentified_security_error;
    return std::nullopt;
}

std::uint64_t& simulated_cards::counter_of(card_key_set& set, std::uint8_t slot) {
    constexpr std::uint8_t nobody = 0xff;
    if (set.one_counter) slot = 0;
    if (set.counter_slot == nobody) {
        set.counter_slot = slot;
        set.counter = set.base;
    }
    if (set.counter_slot == slot) return set.counter;
    return more_counters_.try_emplace(counter_key(set, slot), set.base).first->second;
}

// TS 102 225 clause 5.1.4: nothing if the packet may be executed; its counter is then the highest accepted.
std::optional<response_status> simulated_cards::check_counter(request& job, std::uint64_t counter) {
    const auto mode = job.security.spi.counter();
    if (mode == counter_mode::none || mode == counter_mode::unchecked) return std::nullopt;
    if (job.counting_set == nullptr) return response_status::unidentified_security_error;
    auto& highest = counter_of(*job.counting_set, job.slot);
    if (highest == codec::counter_max) return response_status::counter_blocked;
    if (counter <= highest) return response_status::counter_low;
    if (mode == counter_mode::exactly_next && counter != highest + 1) return response_status::counter_high;
    highest = counter;
    return std::nullopt;
}

card_reaction simulated_cards::refuse(request& job, response_status status, std::uint64_t counter) {
    const bool sender_unknown =
        status == response_status::integrity_failed || status == response_status::ciphering_error ||
        status == response_status::unidentified_security_error || status == response_status::unknown_application;
    if (sender_unknown) {
        answer(job, status, 0, {}, true, false);
    } else if (job.faults.unsecured_error) {
        if (status == response_status::counter_low) status = response_status::unidentified_security_error;
        answer(job, status, 0, {}, true, false);
    } else {
        answer(job, status, counter, {}, false, false);
    }
    return card_reaction::refused;
}

card_reaction simulated_cards::execute(request& job, std::uint64_t counter, byte_view script) {
    response_.clear();
    std::optional<key_change> change;
    if (!script.empty()) {
        run_script(job, script);
        if (!job.back && !applications()[job.slot].files) change = manager_.take_key_change();
    }
    if (witness_) witness_({job.card, job.security, counter, script, response_});
    const bool follows = job.faults.response_follows && job.security.spi.response() == proof_of_receipt::always;
    if (follows) answer(job, response_status::response_follows_by_sms, counter, {}, false, false);
    answer(job, response_status::ok, counter, response_, false, follows);
    // The answer was still made with the keys that the command came under.
    if (change) change_keys(job, *change);
    return card_reaction::executed;
}

void simulated_cards::run_script(request& job, byte_view script) {
    if (job.back) {
        const auto ran = agents_.run(job.card, script);
        codec::append_compact_response(response_,
                                       {.executed = ran.executed, .status_word = ran.status_word, .data = ran.data});
        return;
    }
    const auto& addressed = applications()[job.slot];
    auto& state = cards_.at(job.card);
    interpreter_.refuse_paths(job.faults.no_paths);
    if (!addressed.files) {
        card_keys keys{cards_.key_versions(job.card), {}, {}};
        if (job.counting_set != nullptr) {
            const auto encryption = cards_.key_encryption_key(*job.counting_set);
            keys.encryption = encryption.algorithm;
            keys.encryption_key = encryption.key;
        }
        manager_.begin(job.card, keys);
        if (is_expanded(script))
            run_in_chain(job, script);
        else
            run_compact(script, manager_, response_);
        return;
    }
    if (is_expanded(script)) return run_in_chain(job, script);
    const auto result = interpreter_.run(job.card, state.identity, state.attempts, addressed.start, script);
    codec::append_compact_response(
        response_, {.executed = result.executed, .status_word = result.status_word, .data = result.data});
}

// ETSI TS 102 226 clause 5.2.2.1.4: what the first script of a chain left selected and verified is there for the next.
// A failing script ends its chain, and so does one that belongs to none.
void simulated_cards::run_in_chain(request& job, byte_view script) {
    const auto& addressed = applications()[job.slot];
    const auto key = static_cast<std::uint64_t>(job.card) << 8U | job.slot;
    const auto step = chain_step_of(script);
    const auto chain = chains_.find(key);
    const bool goes_on = step == chain_step::subsequent || step == chain_step::last;
    if (goes_on && chain == chains_.end()) return refuse_chain(script, response_);
    const auto context = goes_on ? chain->second : script_context{.directory = addressed.start};
    if (chain != chains_.end()) chains_.erase(chain);
    auto& state = cards_.at(job.card);
    if (addressed.files) interpreter_.begin(job.card, state.identity, state.attempts, context);
    command_target& target = addressed.files ? static_cast<command_target&>(interpreter_) : manager_;
    const bool good = run_expanded(script, target, response_);
    const auto left = addressed.files ? interpreter_.end() : script_context{};
    if (good && (step == chain_step::first || step == chain_step::subsequent)) chains_.insert_or_assign(key, left);
}

void simulated_cards::change_keys(request& job, const key_change& change) {
    cards_.put_key_set(job.card, change.replaced, change.version,
                       {{{change.algorithms[0], change.keys[0].reveal()},
                         {change.algorithms[1], change.keys[1].reveal()},
                         {change.algorithms[2], change.keys[2].reveal()}}});
    for (std::uint8_t slot = 0; slot <= agent_slot; ++slot)
        more_counters_.erase(static_cast<std::uint64_t>(job.card) << 16U |
                             static_cast<std::uint64_t>(change.version) << 8U | slot);
}

void simulated_cards::answer(request& job, response_status status, std::uint64_t counter, byte_view data,
                             bool unsecured, bool follows) {
    const auto& spi = job.security.spi;
    const bool wanted = spi.response() == proof_of_receipt::always ||
                        (spi.response() == proof_of_receipt::on_error && status != response_status::ok);
    if (!wanted) return;
    packet_.clear();
    const auto octet = static_cast<std::uint8_t>(status);
    if (!codec_.encode_response(job.security, job.keys, counter, octet, data, unsecured, true, packet_)) {
        // A response that this card has no algorithm for, a digital signature say.
        packet_.clear();
        const auto other = static_cast<std::uint8_t>(response_status::unidentified_security_error);
        if (!codec_.encode_response(job.security, job.keys, 0, other, {}, true, true, packet_)) return;
    }
    if (!job.back && packet_.size() <= card_message{}.octets.size()) return add_answer(job, packet_, follows);
    constexpr std::size_t header_octets = 3;
    const auto response = byte_view(packet_).subspan(header_octets);
    const auto parts = job.back ? codec::segment_to_port(response, *job.back, response_reference_++, 8)
                                : codec::segment(response, codec::packet_kind::response, response_reference_++, 8);
    if (!parts || (job.faults.one_part && parts->size() > 1)) return;  // 256 octets of data fit three parts
    for (const auto& part : *parts) add_answer(job, part, follows);
}

void simulated_cards::add_answer(request& job, byte_view user_data, bool follows) {
    auto& message = job.answers->emplace_back();
    message.size = static_cast<std::uint8_t>(user_data.size());
    std::ranges::copy(user_data, message.octets.begin());
    // An agent has no delivery report to put it into.
    message.by_submit = job.back || job.security.spi.response_by_submit();
    message.follows = follows;
}

file_reading simulated_cards::read(card_index card, file_index file) const {
    file_reading reading;
    reading.content = interpreter_.content(card, cards_.at(card).identity, file);
    reading.executed = files_.executed(card, file);
    reading.counter = highest_counter(card);
    return reading;
}

file_reading simulated_cards::read_setting(card_index terminal, std::string_view name) const {
    const auto held = agents_.read(terminal, name);
    return {held.content, held.executed, highest_counter(terminal)};
}

std::uint64_t simulated_cards::highest_counter(card_index card) const {
    std::uint64_t highest = 0;
    for (const auto& set : cards_.key_sets(card)) {
        if (set.version == 0) continue;  // replaced
        highest = std::max({highest, set.base, set.counter});
        for (std::uint8_t slot = 0; slot <= agent_slot; ++slot) {
            const auto other = more_counters_.find(counter_key(set, slot));
            if (other != more_counters_.end()) highest = std::max(highest, other->second);
        }
    }
    return highest;
}

}  // namespace tessera::sim
