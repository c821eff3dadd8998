#include "tessera/trigger_requests.h"

#include <boost/json.hpp>

#include "base/event_limits.h"
#include "campaigns/late_answers.h"

namespace tessera::app {
namespace {

namespace json = boost::json;
using campaigns::trigger_state;

result<json::object> trigger_json(store::connection& database, const campaigns::stored_trigger& trigger) {
    auto kinds = trigger.on;
    if (kinds.empty()) {  // of before they were kept beside the definition
        TESSERA_TRY_VALUE(const auto terms, campaigns::terms_of(database, trigger));
        kinds = terms.on;
    }
    TESSERA_TRY_VALUE(const auto counts, campaigns::trigger_store(database).counts(trigger.key));
    json::array on;
    for (const auto kind : kinds) on.push_back(json::value(cards::to_string(kind)));
    TESSERA_TRY_VALUE(const auto refused,
                      campaigns::trigger_store(database).refused(trigger.key, limits::refused_cards_shown));
    json::array cards;
    for (const auto& one : refused)
        cards.push_back({{"iccid", one.iccid}, {"reason", one.reason}, {"at", to_iso8601(one.at)}});
    const auto text = [](const std::string& value) {
        return value.empty() ? json::value(nullptr) : json::value(value);
    };
    return json::object{{"name", trigger.name},
                        {"state", campaigns::to_string(trigger.state)},
                        {"on", std::move(on)},
                        {"campaigns", counts.campaigns},
                        {"events", counts.events},
                        {"limited", trigger.limited},
                        {"refused", counts.refused},
                        {"refused_cards", std::move(cards)},
                        {"last_campaign", text(counts.last_campaign)},
                        {"problem", text(trigger.problem)},
                        {"created_at", to_iso8601(trigger.created_at)}};
}

result<std::string> text_in(const json::object& from, std::string_view key) {
    const auto* found = from.if_contains(key);
    if (found == nullptr || !found->is_string()) return failure("missing_field", key, "expected a text");
    return std::string(found->get_string());
}

}  // namespace

campaigns::file_context trigger_context(const configuration& settings) {
    campaigns::file_context context;
    context.house = settings.house;
    context.smsc_known = [settings = &settings](std::string_view name) { return settings->smsc(name) != nullptr; };
    return context;
}

std::expected<json::object, std::vector<error>> add_trigger_request(store::connection& reader,
                                                                    store::shared_writer& writer,
                                                                    const configuration& settings,
                                                                    const std::string& body) {
    const auto refused = [](error why) { return std::unexpected(std::vector{std::move(why)}); };
    json::error_code problem;
    const auto parsed = json::parse(body, problem);
    if (problem || !parsed.is_object()) return refused({"bad_json", "body", "expected a JSON object"});
    auto file = text_in(parsed.get_object(), "file");
    if (!file) return refused(std::move(file).error());
    const auto text = text_in(parsed.get_object(), "text");
    if (!text) return refused(text.error());
    auto context = trigger_context(settings);
    context.file = std::move(*file);
    const auto made = campaigns::add_trigger(reader, writer, *text, std::move(context), system_clock().now());
    if (!made) return std::unexpected(made.error());
    auto answer = trigger_json(reader, *made);
    if (!answer) return refused(std::move(answer).error());
    return std::move(*answer);
}

result<json::object> list_triggers(store::connection& reader) {
    const store::snapshot one_moment(reader);
    TESSERA_TRY(one_moment.begun());
    TESSERA_TRY_VALUE(const auto all, campaigns::trigger_store(reader).list());
    json::array triggers;
    for (const auto& one : all) {
        TESSERA_TRY_VALUE(auto told, trigger_json(reader, one));
        triggers.push_back(std::move(told));
    }
    TESSERA_TRY_VALUE(const auto strange, campaigns::unmatched_messages(reader));
    return json::object{{"triggers", std::move(triggers)},
                        {"unmatched_messages", {{"kept", strange.kept}, {"dropped", strange.dropped}}}};
}

result<json::object> show_trigger(store::connection& reader, const std::string& name) {
    const store::snapshot one_moment(reader);
    TESSERA_TRY(one_moment.begun());
    TESSERA_TRY_VALUE(const auto found, campaigns::trigger_store(reader).find(name));
    if (!found) return failure("not_found", name, "there is no trigger of this name");
    return trigger_json(reader, *found);
}

result<json::object> change_trigger(store::shared_writer& writer, const std::string& name, const std::string& verb) {
    const auto to = verb == "pause"    ? trigger_state::paused
                    : verb == "resume" ? trigger_state::active
                                       : trigger_state::removed;
    return writer.transact_first([&](store::connection& database) -> result<json::object> {
        campaigns::trigger_store triggers(database);
        TESSERA_TRY_VALUE(auto found, triggers.find(name));
        if (!found) return failure("not_found", name, "there is no trigger of this name");
        if (found->state == to)
            return failure("bad_state", name, "is " + std::string(campaigns::to_string(to)) + " already");
        TESSERA_TRY(triggers.set_state(found->key, to));
        found->state = to;
        return trigger_json(database, *found);
    });
}

}  // namespace tessera::app
