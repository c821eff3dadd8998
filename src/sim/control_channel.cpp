#include "sim/control_channel.h"

#include <array>
#include <boost/json.hpp>
#include <cstdio>

#include "base/hex.h"
#include "base/time.h"
#include "sim/smsc.h"

namespace tessera::sim {
namespace {

namespace json = boost::json;

json::object refuse(std::string_view code, std::string_view field, std::string_view message) {
    return {{"error", {{"code", code}, {"field", field}, {"message", message}}}};
}

json::value when(const std::optional<timestamp>& moment) {
    return moment ? json::value(to_iso8601(*moment)) : json::value(nullptr);
}

json::object describe(const smsc_statistics& numbers, std::size_t cards) {
    const auto happened = [&](fault kind) { return numbers.faults[static_cast<std::size_t>(kind)]; };
    json::object faults{
        {"lose_submit", happened(fault::lose_submit)}, {"lose_response", happened(fault::lose_response)},
        {"duplicate", happened(fault::duplicate)},     {"reorder", happened(fault::reorder)},
        {"throttle", happened(fault::throttle)},       {"queue_full", happened(fault::queue_full)},
        {"card_off", happened(fault::card_off)},       {"card_absent", happened(fault::card_absent)},
        {"card_busy", happened(fault::card_busy)}};
    return {{"cards", cards},
            {"submits", numbers.submits},
            {"submits_refused", numbers.submits_refused},
            {"executed", numbers.executed},
            {"refused", numbers.refused},
            {"responses", numbers.responses},
            {"receipts", numbers.receipts},
            {"redeliveries", numbers.redeliveries},
            {"dropped", numbers.dropped},
            {"waiting", numbers.waiting},
            {"binds", numbers.binds},
            {"unbinds", numbers.unbinds},
            {"links_dropped", numbers.links_dropped},
            {"first_submit", when(numbers.first_submit)},
            {"last_submit", when(numbers.last_submit)},
            {"faults", std::move(faults)}};
}

json::object describe(const simulated_cards& cards, card_index card, const file_reading& reading,
                      std::string_view file) {
    std::array<char, 16> counter{};
    std::snprintf(counter.data(), counter.size(), "%010llx", static_cast<unsigned long long>(reading.counter));
    return {{"iccid", cards.list().iccid(card)},
            {"file", file},
            {"content", to_hex(reading.content)},
            {"executed", reading.executed},
            {"counter", counter.data()}};
}

json::object describe(const simulated_cards& cards, const json::object& asked) {
    const auto* iccid = asked.at("card").if_string();
    if (iccid == nullptr) return refuse("bad_request", "card", "expected an ICCID as a string");
    const auto card = cards.list().by_iccid(std::string_view(*iccid));
    if (card == no_card) return refuse("unknown_card", "card", "no simulated card has this ICCID");
    const auto* named = asked.if_contains("file");
    const auto* path = named == nullptr ? nullptr : named->if_string();
    constexpr std::string_view setting_prefix = "setting/";
    const bool setting = path != nullptr && std::string_view(*path).starts_with(setting_prefix);
    if (setting)
        return describe(cards, card, cards.read_setting(card, std::string_view(*path).substr(setting_prefix.size())),
                        *path);
    const auto file = path == nullptr ? std::nullopt : find_path(std::string_view(*path));
    if (!file || file_at(*file).is_directory())
        return refuse("unknown_file", "file", "expected the path of an elementary file, as in 7f20/6f46");
    return describe(cards, card, cards.read(card, *file), path_of(*file));
}

bool is_true(const json::object& asked, std::string_view key) {
    const auto* value = asked.if_contains(key);
    return value != nullptr && value->is_bool() && value->get_bool();
}

}  // namespace

control_answer answer_control_line(std::string_view line, const simulated_cards& cards,
                                   const smsc_statistics& statistics) {
    boost::system::error_code problem;
    const auto parsed = json::parse(line, problem);
    const json::object* asked = problem ? nullptr : parsed.if_object();
    control_answer answer;
    json::object said;
    if (asked == nullptr) {
        said = refuse("bad_request", "", "expected one JSON object per line");
    } else if (asked->contains("phone")) {
        auto message = switch_phone_on(cards, *asked);
        said = message ? json::object{{"sends", to_hex(message->user_data)}, {"to", message->to}}
                       : refuse(message.error().code, message.error().field, message.error().message);
        if (message) answer.sends = std::move(*message);
    } else if (asked->contains("card")) {
        said = describe(cards, *asked);
    } else if (is_true(*asked, "statistics")) {
        said = describe(statistics, cards.list().size());
    } else if (is_true(*asked, "stop")) {
        said = {{"stopping", true}};
        answer.stop = true;
    } else if (is_true(*asked, "kill")) {
        said = {{"dying", true}};
        answer.kill = true;
    } else {
        said = refuse("bad_request", "", "expected card and file, card, phone and to, or statistics, or stop, or kill");
    }
    answer.line = json::serialize(said) + "\n";
    return answer;
}

}  // namespace tessera::sim
