#include "campaigns/create.h"

#include "base/ids.h"
#include "campaigns/store.h"
#include "cards/store.h"

namespace tessera::campaigns {
namespace {

// The file's own checks, and those that the registry answers.
std::expected<definition, std::vector<error>> check(store::connection& writer, std::string_view text,
                                                    file_context context) {
    cards::card_store cards(writer);
    context.profile_known = [&](std::string_view name) -> result<bool> {
        TESSERA_TRY_VALUE(const auto found, cards.find_profile(name));
        return found.has_value();
    };
    context.card_known = [&](std::string_view iccid) -> result<bool> {
        TESSERA_TRY_VALUE(const auto found, cards.find_by_iccid(iccid));
        return found.has_value();
    };
    return parse_campaign_file(text, context);
}

result<campaign> insert(store::connection& writer, std::string_view text, const definition& what, timestamp now,
                        random_port& random) {
    campaign_store campaigns(writer);
    campaign made;
    made.id = make_uuid7(now, random);
    made.name = what.name;
    made.definition_text = text;
    made.created_at = now;
    TESSERA_TRY_VALUE(made.key, campaigns.insert(made, operations::application_of(what.security.tar)));
    TESSERA_TRY(campaigns.select_targets(made.key, what.targets));
    TESSERA_TRY_VALUE(made.targets, campaigns.cut_into_chunks(made.key, 1));
    if (made.targets == 0) return failure("no_targets", "targets", "no card of the registry is meant by them");
    TESSERA_TRY(campaigns.set_targets(made.key, made.targets));
    return made;
}

}  // namespace

std::expected<campaign, std::vector<error>> create_campaign(store::connection& writer, std::string_view text,
                                                            const file_context& context, timestamp now,
                                                            random_port& random) {
    const auto what = check(writer, text, context);
    if (!what) return std::unexpected(what.error());
    auto made = store::in_transaction(writer, [&] { return insert(writer, text, *what, now, random); });
    if (made) return std::move(*made);
    auto problem = std::move(made).error();
    if (problem.code == "no_targets") problem.field = context.file + ": [targets]";
    return std::unexpected(std::vector{std::move(problem)});
}

result<definition> definition_of(const campaign& stored) {
    file_context context;
    context.file = "campaign " + stored.id;
    context.read_target_list = false;
    auto parsed = parse_campaign_file(stored.definition_text, context);
    if (parsed) return std::move(*parsed);
    return std::unexpected(parsed.error().front());
}

}  // namespace tessera::campaigns
