#include "operations/verdict.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "codec/apdu.h"
#include "codec/smpp_pdu.h"
#include "codec/sms_tpdu.h"
#include "operations/application_evidence.h"
#include "operations/script_answer.h"

namespace tessera::operations {
namespace {

using codec::response_status;

// What is known of one packet, from nothing to proof. A higher grade outweighs all lower ones.
enum class grade : std::uint8_t {
    nothing,
    refused_by_network,
    interim,    // the card works on it
    rejected,   // the card did not run it
    ambiguous,  // the card refused a counter: perhaps because it had run the packet before
    run_badly,  // ran, and said what went wrong
    run_well,
};

std::string hexadecimal(std::int64_t value, int digits) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "%0*llx", digits, static_cast<unsigned long long>(value));
    return text.data();
}

grade grade_of(std::uint8_t status) {
    switch (static_cast<response_status>(status)) {
        case response_status::counter_low:
        case response_status::unidentified_security_error:
            return grade::ambiguous;
        case response_status::more_time:
        case response_status::response_follows_by_sms:
        case response_status::response_follows_by_ussd:
            return grade::interim;
        default:
            return grade::rejected;
    }
}

}  // namespace

struct judge::evidence {
    grade strength = grade::nothing;
    cause why;
    bool unversioned = false;  // of a load file whose version the card does not tell
    void improve(grade found, cause because) {
        if (found <= strength) return;
        strength = found;
        why = because;
    }
};

namespace {

struct finding {
    grade strength;
    cause why;
    bool unversioned = false;
};

finding differs(const sent_packet& packet) {
    return {grade::run_badly, {cause_kind::read_back_differs, static_cast<std::int64_t>(packet.write) + 1, 0}};
}

finding read_back_finding(const sent_packet& packet, const script_answer& answer) {
    switch (packet.expect) {
        case expectation::anything:
            return {grade::run_well, {}};
        case expectation::contents: {
            const bool holds = answer.data.size() >= packet.expected.size() &&
                               std::equal(packet.expected.begin(), packet.expected.end(), answer.data.begin());
            return holds ? finding{grade::run_well, {}} : differs(packet);
        }
        case expectation::exactly:
            return std::ranges::equal(answer.data, packet.expected) ? finding{grade::run_well, {}} : differs(packet);
        default:
            break;
    }
    switch (state_of(packet.expect, packet.expected, packet.version, answer.status_word, answer.data)) {
        case object_state::as_wanted:
            return {grade::run_well, {}};
        case object_state::unversioned:
            return {grade::run_well, {}, true};
        case object_state::otherwise:
            return differs(packet);
        case object_state::unreadable:
            break;
    }
    if (codec::is_success(answer.status_word)) return differs(packet);
    return {grade::run_badly, {cause_kind::status_word, answer.status_word, answer.executed}};
}

// What the answer inside an executed packet proves.
finding executed(const sent_round& round, const sent_packet& packet, script_format format, byte_view data) {
    const auto answer = parse_script_answer(format, data);
    const bool reading = round.what == purpose::read_back;
    if (reading && packet.expect == expectation::anything) return {grade::run_well, {}};
    if (!answer) return {grade::ambiguous, {cause_kind::unreadable_answer, 0, 0}};
    if (round.what == purpose::read) return {grade::run_well, {}};  // what it brought, the reader looks at
    if (answer->refused) return {grade::run_badly, {cause_kind::script_refused, *answer->refused, answer->executed}};
    const bool asks_for_objects =
        reading && packet.expect != expectation::contents && packet.expect != expectation::exactly;
    const cause refused{cause_kind::status_word, answer->status_word, answer->executed};
    if (!codec::is_success(answer->status_word) && !asks_for_objects) {
        // What was to be removed is not there: the card says so itself.
        if (packet.role == script_role::removes && says_absent(answer->status_word)) return {grade::run_well, {}};
        // Perhaps what was to be added is there already; whether it is the same, only asking tells.
        if (packet.role == script_role::adds && may_mean_present(answer->status_word))
            return {grade::ambiguous, refused};
        return {grade::run_badly, refused};
    }
    if (answer->executed != packet.commands)
        return {grade::run_badly, {cause_kind::partly_executed, answer->executed, packet.commands}};
    return reading ? read_back_finding(packet, *answer) : finding{grade::run_well, {}};
}

// A response that carries no security although the command asked for it may complain, but never prove success.
bool credible(const codec::response_packet& response, const codec::packet_security& security) {
    const bool asked = security.spi.response_ciphered() || security.spi.response_integrity() != codec::integrity::none;
    if (!asked) return true;
    return response.secured && response.verified.value_or(true);
}

// User data of short messages put together to packets; most answers are one message with the shortest header.
template <class Use>
void for_each_packet(std::span<const raw_answer> answers, Use&& use) {
    codec::reassembler parts(std::chrono::hours(1));
    for (const auto& answer : answers) {
        if (answer.kind != answer_kind::message) continue;
        const auto octets = answer.octets;
        // RPL stays below 256 in a short message, so no header begins like it: some networks take the header off.
        if (octets.size() > 2 && octets[0] == 0x00) {
            use(octets, answer.current);
            continue;
        }
        if (octets.size() > 3 && octets[0] == 0x02 && octets[1] == 0x71 && octets[2] == 0x00) {
            use(octets.subspan(3), answer.current);
            continue;
        }
        auto added = parts.add(0, octets, instant{});
        if (!added)
            use(octets, answer.current);
        else if (*added)
            use(byte_view((*added)->packet), answer.current);
    }
}

}  // namespace

void judge::weigh(byte_view packet, bool current, const codec::packet_security& security,
                  const codec::packet_keys& keys, std::span<const sent_round> rounds,
                  std::vector<std::vector<evidence>>& found, verdict& result) {
    const auto response = codec_.decode_response(packet, security, keys);
    const bool readable = response && response->tar == security.tar;
    const bool believed = readable && credible(*response, security);
    if (believed) {
        for (std::size_t r = 0; r < rounds.size(); ++r)
            for (std::size_t p = 0; p < rounds[r].packets.size(); ++p) {
                if (rounds[r].packets[p].counter != response->counter) continue;
                const bool ran = response->status == 0;
                const auto fresh =
                    ran ? executed(rounds[r], rounds[r].packets[p], format_, response->data)
                        : finding{grade_of(response->status), {cause_kind::por_status, response->status, 0}};
                found[r][p].improve(fresh.strength, fresh.why);
                found[r][p].unversioned |= fresh.unversioned;
                return;
            }
    }
    if (!current) return;
    // A complaint without security, or without a counter, names no packet that could be trusted, so it counts for the
    // first one that nothing is known of. What carries security that is wrong is no complaint: its status is noise.
    const bool complaint =
        readable && response->status != 0 && (!response->secured || (believed && response->counter == 0));
    if (!complaint) {
        result.stray = true;
        return;
    }
    auto& latest = found.back();
    const auto open = std::ranges::find_if(latest, [](const evidence& e) { return e.strength < grade::run_badly; });
    if (open != latest.end())
        open->improve(grade_of(response->status), {cause_kind::por_status, response->status, believed ? 0 : 1});
}

namespace {

// The decision over all packets of a round: the first weak one names the cause.
template <class Evidence>
verdict conclude(const std::vector<Evidence>& packets) {
    const auto first_of = [&](grade strength) -> const Evidence* {
        const auto at = std::ranges::find_if(packets, [&](const Evidence& e) { return e.strength == strength; });
        return at == packets.end() ? nullptr : &*at;
    };
    if (const auto* e = first_of(grade::run_badly)) return {decision::failed, e->why};
    if (const auto* e = first_of(grade::ambiguous)) return {decision::read_back, e->why};
    if (const auto* e = first_of(grade::rejected)) return {decision::failed, e->why};
    if (const auto* e = first_of(grade::interim)) return {decision::listen, e->why};
    if (const auto* e = first_of(grade::refused_by_network))
        return {e->why.detail == 0 ? decision::failed : decision::unknown, {e->why.kind, e->why.value, 0}};
    if (!packets.empty() && first_of(grade::nothing) == nullptr) return {decision::done, {}};
    return {decision::unknown, {cause_kind::no_answer, 0, 0}};
}

// Answers may come so late that a further round has begun: what an earlier one has read back holds, where the latest
// brought no word of its own.
template <class Evidence>
void heed_earlier_reading(std::span<const sent_round> rounds, const std::vector<std::vector<Evidence>>& found,
                          verdict& result) {
    for (std::size_t r = rounds.size() - 1; r-- > 0;) {
        if (rounds[r].what != purpose::read_back) continue;
        if (std::ranges::any_of(found[r], [](const Evidence& one) { return one.unversioned; })) continue;
        if (conclude(found[r]).what != decision::done) continue;
        result = {decision::done, {}};
        result.round = r;
        return;
    }
}

}  // namespace

// A card that refused to add what is there already has done nothing: it holds what was wanted only if that can be told
// from what it held before. Otherwise the refusal is what there is to say.
void judge::heed_refusal(std::span<const sent_round> rounds, const std::vector<std::vector<evidence>>& found,
                         verdict& result) {
    if (rounds.back().what != purpose::read_back) return;
    const evidence* refusal = nullptr;
    for (std::size_t r = 0; r < rounds.size() && refusal == nullptr; ++r) {
        if (rounds[r].what != purpose::write) continue;
        const auto at = std::ranges::find_if(found[r], [](const evidence& one) {
            return one.strength == grade::ambiguous && one.why.kind == cause_kind::status_word;
        });
        if (at != found[r].end()) refusal = &*at;
    }
    if (refusal == nullptr) return;
    const bool unclear = result.what == decision::done &&
                         std::ranges::any_of(found.back(), [](const evidence& one) { return one.unversioned; });
    const bool otherwise = result.what == decision::failed && result.why.kind == cause_kind::read_back_differs;
    if (!unclear && !otherwise) return;
    result.what = decision::failed;
    result.why = refusal->why;
}

verdict judge::assess(const application_security& application, const cards::key_set& keys,
                      std::span<const sent_round> rounds, std::span<const raw_answer> answers) {
    const auto security = security_for(application, keys.header);
    const codec::packet_keys material{keys.kic.reveal(), keys.kid.reveal()};
    format_ = application.format;
    std::vector<std::vector<evidence>> found;
    found.reserve(rounds.size());
    for (const auto& round : rounds) found.emplace_back(round.packets.size());
    verdict result;
    if (rounds.empty()) return result;
    for_each_packet(answers, [&](byte_view packet, bool current) {
        weigh(packet, current, security, material, rounds, found, result);
    });
    // A refusal names no packet: it counts for the first one that no answer speaks of, since the next goes only then.
    for (const auto& answer : answers) {
        if (answer.kind == answer_kind::message || found.back().empty()) continue;
        const auto open =
            std::ranges::find_if(found.back(), [](const evidence& e) { return e.strength == grade::nothing; });
        if (open != found.back().end())
            open->improve(grade::refused_by_network,
                          {cause_kind::smpp_status, answer.status, answer.kind == answer_kind::refused_later ? 1 : 0});
    }
    const bool stray = result.stray;
    // A write that is proved outweighs whatever later rounds tried to find out about it; else the latest round speaks.
    // There may be several: a card that left a round before its packet was sent is written in the next one.
    bool settled = false;
    for (std::size_t r = 0; r < rounds.size() && !settled; ++r) {
        if (rounds[r].what != purpose::write) continue;
        result = conclude(found[r]);
        result.round = r;
        settled = result.what == decision::done ||
                  (result.what == decision::failed && result.why.kind == cause_kind::status_word);
    }
    if (!settled) {
        result = conclude(found.back());
        result.round = found.size() - 1;
        heed_refusal(rounds, found, result);
        if (result.what != decision::done && result.what != decision::failed)
            heed_earlier_reading(rounds, found, result);
    }
    if (result.what == decision::unknown && stray) {
        result.what = decision::read_back;
        result.why = {cause_kind::unreadable_answer, 0, 0};
    }
    result.stray = stray;
    return result;
}

std::vector<std::optional<executed_answer>> judge::answers_to(const application_security& application,
                                                              const cards::key_set& keys,
                                                              std::span<const sent_packet> packets,
                                                              std::span<const raw_answer> answers) {
    const auto security = security_for(application, keys.header);
    const codec::packet_keys material{keys.kic.reveal(), keys.kid.reveal()};
    std::vector<std::optional<executed_answer>> found(packets.size());
    for_each_packet(answers, [&](byte_view packet, bool) {
        const auto response = codec_.decode_response(packet, security, material);
        if (!response || response->tar != security.tar || !credible(*response, security)) return;
        const auto sent = std::ranges::find(packets, response->counter, &sent_packet::counter);
        if (sent == packets.end() || response->status != 0) return;
        auto& into = found[static_cast<std::size_t>(sent - packets.begin())];
        if (into) return;
        const auto answer = parse_script_answer(application.format, response->data);
        if (answer && answer->executed > 0)
            into = executed_answer{answer->executed, answer->status_word, to_bytes(answer->data)};
    });
    return found;
}

std::optional<executed_answer> judge::answer_to(const application_security& application, const cards::key_set& keys,
                                                std::uint64_t counter, std::span<const raw_answer> answers) {
    const sent_packet sent{counter, 0, {}, 0};
    return answers_to(application, keys, std::span(&sent, 1), answers).front();
}

std::vector<decoded_answer> judge::decode(const application_security& application, const cards::key_set& keys,
                                          std::span<const raw_answer> answers) {
    const auto security = security_for(application, keys.header);
    const codec::packet_keys material{keys.kic.reveal(), keys.kid.reveal()};
    std::vector<decoded_answer> made;
    for_each_packet(answers, [&](byte_view packet, bool) {
        auto& one = made.emplace_back();
        one.octets = to_bytes(packet);
        const auto response = codec_.decode_response(packet, security, material);
        one.readable = response && response->tar == security.tar;
        if (!one.readable) return;
        one.credible = credible(*response, security);
        one.status = response->status;
        one.counter = response->counter;
        if (!one.credible || response->status != 0) return;
        const auto answer = parse_script_answer(application.format, response->data);
        if (answer && answer->executed > 0)
            one.executed = executed_answer{answer->executed, answer->status_word, to_bytes(answer->data)};
    });
    return made;
}

std::string_view to_string(purpose what) {
    constexpr std::array<std::string_view, 5> names{"write", "listen", "read_back", "read", "repeat"};
    return names[static_cast<std::size_t>(what)];
}

std::string_view to_string(outcome what) {
    constexpr std::array<std::string_view, 4> names{"done", "skipped", "failed", "unknown"};
    return names[static_cast<std::size_t>(what)];
}

std::optional<outcome> outcome_from(std::string_view text) {
    for (const auto one : {outcome::done, outcome::skipped, outcome::failed, outcome::unknown})
        if (to_string(one) == text) return one;
    return std::nullopt;
}

namespace {

// Twelve letters to a number: of 38 signs, none among them.
constexpr std::string_view name_signs = "abcdefghijklmnopqrstuvwxyz0123456789_";
constexpr std::size_t packed_letters = 12;

std::int64_t packed(std::string_view name) {
    std::int64_t made = 0;
    for (std::size_t i = 0; i < packed_letters; ++i) {
        const auto sign = i < name.size() ? name_signs.find(name[i]) : std::string_view::npos;
        made = made * 38 + (sign == std::string_view::npos ? 0 : static_cast<std::int64_t>(sign) + 1);
    }
    return made;
}

std::string unpacked(std::int64_t value) {
    std::string name;
    for (; value > 0; value /= 38)
        if (const auto sign = value % 38; sign != 0)
            name.insert(name.begin(), name_signs[static_cast<std::size_t>(sign - 1)]);
    return name;
}

}  // namespace

cause no_variable(std::string_view name) {
    return {cause_kind::no_variable, packed(name),
            name.size() > packed_letters ? packed(name.substr(packed_letters)) : 0};
}

std::string_view to_string(cause_kind kind) {
    constexpr std::array<std::string_view, 16> names{"none",
                                                     "status_word",
                                                     "por_status",
                                                     "smpp_status",
                                                     "no_key",
                                                     "no_answer",
                                                     "no_subscriber",
                                                     "read_back_differs",
                                                     "unreadable_answer",
                                                     "no_packet",
                                                     "partly_executed",
                                                     "script_refused",
                                                     "not_taken",
                                                     "drift",
                                                     "no_variable",
                                                     "bad_variable"};
    return names[static_cast<std::size_t>(kind)];
}

std::string describe(const cause& why) {
    std::string kind(to_string(why.kind));
    switch (why.kind) {
        case cause_kind::none:
            return {};
        case cause_kind::status_word:
            return kind + " " + codec::describe_status_word(static_cast<std::uint16_t>(why.value)) + ", command " +
                   std::to_string(why.detail);
        case cause_kind::por_status:
            return kind + " " + hexadecimal(why.value, 2) + " " +
                   std::string(codec::describe(static_cast<response_status>(why.value))) +
                   (why.detail == 1 ? " (unsecured)" : "");
        case cause_kind::smpp_status: {
            const auto name = codec::smpp::status_name(static_cast<std::uint32_t>(why.value));
            return kind + " " + hexadecimal(why.value, 8) + (name.empty() ? "" : " " + std::string(name));
        }
        case cause_kind::not_taken:
            return kind + " " + codec::describe_status_word(static_cast<std::uint16_t>(why.value));
        case cause_kind::no_key:
            return kind + " of version " + std::to_string(why.value) + (why.detail == 1 ? ", to encrypt keys" : "");
        case cause_kind::read_back_differs:
            return kind + " in write " + std::to_string(why.value);
        case cause_kind::no_variable:
            return kind + " " + unpacked(why.value) + unpacked(why.detail);
        case cause_kind::bad_variable:
            return kind + " in write " + std::to_string(why.value);
        case cause_kind::drift:
            return kind + " in file " + std::to_string(why.value);
        case cause_kind::script_refused:
            return kind +
                   ((why.value & 0xff00) == 0x9000 ? " badly made, fault " : " its chain is not known, result ") +
                   hexadecimal(why.value & 0xff, 2);
        case cause_kind::no_answer:
            return why.detail == 1 ? "no_link to the SMSC, nothing was sent" : kind;
        case cause_kind::partly_executed:
            return kind + " " + std::to_string(why.value) + " of " + std::to_string(why.detail) + " commands";
        default:
            return kind;
    }
}

}  // namespace tessera::operations
