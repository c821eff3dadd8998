#include "tessera/trial_json.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/hex.h"
#include "base/limits.h"
#include "codec/apdu.h"
#include "codec/secured_packet.h"
#include "tessera/operation_json.h"

namespace tessera::app {
namespace {

namespace json = boost::json;
using operations::reader_bearer;

constexpr std::array<std::string_view, 7> fields{"file",         "text",        "reader",        "any",
                                                 "smsc_address", "por_timeout", "approve_danger"};

result<void> read_text(const json::object& from, std::string_view field, bool needed, std::string& into) {
    const auto* found = from.if_contains(field);
    if (found == nullptr)
        return needed ? result<void>(failure("missing_field", field, "this field is needed")) : result<void>{};
    if (!found->is_string()) return failure("bad_type", field, "expected text");
    into = found->get_string();
    if (needed && into.empty()) return failure("bad_value", field, "is empty");
    return {};
}

std::string hexadecimal(std::uint64_t value, std::size_t octets) {
    bytes out;
    append_big_endian(out, value, octets);
    return to_hex(out);
}

json::object command_json(const telecom::card_session::exchange& made) {
    json::object out{{"name", made.what},
                     {"command", to_hex(made.command)},
                     {"data", to_hex(made.data)},
                     {"status_word", hexadecimal(made.status_word, 2)},
                     {"meaning", codec::describe_status_word(made.status_word).substr(5)}};
    if (!made.about.empty()) out["proactive"] = made.about;
    return out;
}

json::object answer_json(const operations::decoded_answer& made) {
    json::object out{{"octets", to_hex(made.octets)}, {"readable", made.readable}};
    if (!made.readable) return out;
    out["secured"] = made.credible;
    out["status"] = hexadecimal(made.status, 1);
    out["meaning"] = codec::describe(static_cast<codec::response_status>(made.status));
    out["counter"] = hexadecimal(made.counter, 5);
    if (!made.executed) return out;
    out["executed"] = made.executed->executed;
    out["status_word"] = hexadecimal(made.executed->status_word, 2);
    out["data"] = to_hex(made.executed->data);
    return out;
}

json::array packets_json(const trial_result& made) {
    json::array packets;
    int sendings = 0;
    for (const auto& one : made.answer.reports) {
        const int last = sendings + one.sendings;
        json::array answers, commands;
        for (const auto& answer : one.answers) answers.push_back(answer_json(answer));
        int messages = 0;
        for (const auto& exchange : made.trace) {
            if (exchange.sending <= sendings || exchange.sending > last) continue;
            messages += exchange.what.what == "ENVELOPE" && exchange.what.status_word != 0x9300 ? 1 : 0;
            commands.push_back(command_json(exchange.what));
        }
        sendings = last;
        packets.push_back({{"counter", hexadecimal(one.counter, 5)},
                           {"octets", to_hex(one.octets)},
                           {"sendings", one.sendings},
                           {"messages", messages},
                           {"commands", std::move(commands)},
                           {"answers", std::move(answers)}});
    }
    return packets;
}

}  // namespace

result<trial_request> trial_request_from(const json::object& from) {
    for (const auto& [key, value] : from)
        if (std::ranges::find(fields, std::string_view(key)) == fields.end())
            return failure("unknown_field", std::string(key), "there is no such field");
    trial_request made;
    TESSERA_TRY(read_text(from, "file", true, made.file));
    TESSERA_TRY(read_text(from, "text", true, made.text));
    TESSERA_TRY(read_text(from, "reader", true, made.reader));
    TESSERA_TRY(read_text(from, "smsc_address", false, made.smsc_address));
    const auto digits = std::string_view(made.smsc_address).substr(made.smsc_address.starts_with('+') ? 1 : 0);
    if (digits.empty() || digits.size() > 20 || digits.find_first_not_of("0123456789") != std::string_view::npos)
        return failure("bad_value", "smsc_address", "expected 1 to 20 digits, a plus sign may stand before them");
    if (const auto* any = from.if_contains("any")) {
        if (!any->is_bool()) return failure("bad_type", "any", "expected true or false");
        made.any = any->get_bool();
    }
    TESSERA_TRY(read_text(from, "approve_danger", false, made.danger_approved_by));
    if (!made.danger_approved_by.empty()) {
        TESSERA_TRY_VALUE(made.danger_approved_by, approving_name(made.danger_approved_by));
    }
    std::string waiting;
    TESSERA_TRY(read_text(from, "por_timeout", false, waiting));
    if (waiting.empty()) return made;
    TESSERA_TRY_VALUE(made.por_timeout, parse_duration(waiting, "por_timeout"));
    if (made.por_timeout < std::chrono::milliseconds(1) || made.por_timeout > std::chrono::hours(1))
        return failure("bad_range", "por_timeout", "expected 1ms to 60m");
    return made;
}

json::object trial_answer(const trial_result& made) {
    const auto& answer = made.answer;
    const bool caused = answer.why.kind != operations::cause_kind::none;
    json::array activation;
    for (const auto& one : made.trace)
        if (one.sending == 0) activation.push_back(command_json(one.what));
    json::object out{
        {"id", answer.id},
        {"campaign", made.campaign},
        {"iccid", answer.iccid},
        {"reader", made.reader},
        {"atr", to_hex(made.answer_to_reset)},
        {"operation", operations::to_string(operations::operation_kind::trial)},
        {"outcome", operations::to_string(answer.what)},
        {"cause", caused ? json::value(operations::describe(answer.why)) : json::value(nullptr)},
        {"attempts", answer.attempts},
        {"executed", answer.executed},
        {"status_word", answer.status_word ? json::value(hexadecimal(*answer.status_word, 2)) : json::value(nullptr)},
        {"packets", packets_json(made)},
        {"activation", std::move(activation)}};
    if (answer.refused)
        out["error"] = json::object{
            {"code", answer.refused->code}, {"field", answer.refused->field}, {"message", answer.refused->message}};
    return out;
}

}  // namespace tessera::app
