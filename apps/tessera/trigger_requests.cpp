#include "tessera/trigger_requests.h"

#include <boost/json.hpp>

namespace tessera::app {
namespace {

namespace json = boost::json;
using campaigns::trigger_state;

result<json::object> trigger_json(store::connection& database, const campaigns::stored_trigger& trigger) {
    TESSERA_TRY_VALUE(const auto terms, campaigns::terms_of(trigger));
    TESSERA_TRY_VALUE(const auto counts, campaigns::trigger_store(database).counts(trigger.key));
    json::array on;
    for (const auto kind : terms.on) on.push_back(json::value(cards::to_string(kind)));
    const auto text = [](const std::string& value) {
        return value.empty() ? json::value(nullptr) : json::value(value);
    };
    return json::object{{"name", trigger.name},
                        {"state", campaigns::to_string(trigger.state)},
                        {"on", std::move(on)},
                        {"campaigns", counts.campaigns},
                        {"events", counts.events},
                        {"limited", trigger.limited},
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

std::expected<json::object, std::vector<error>> add_trigger_request(store::shared_writer& writer,
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
    const auto made = campaigns::add_trigger(writer, *text, std::move(context), system_clock().now());
    if (!made) return std::unexpected(made.error());
    auto answer = writer.transact_first([&](store::connection& database) { return trigger_json(database, *made); });
    if (!answer) return refused(std::move(answer).error());
    return std::move(*answer);
}

result<json::object> list_triggers(store::shared_writer& writer) {
    return writer.transact_first([](store::connection& database) -> result<json::object> {
        TESSERA_TRY_VALUE(const auto all, campaigns::trigger_store(database).list());
        json::array triggers;
        for (const auto& one : all) {
            TESSERA_TRY_VALUE(auto told, trigger_json(database, one));
            triggers.push_back(std::move(told));
        }
        return json::object{{"triggers", std::move(triggers)}};
    });
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
