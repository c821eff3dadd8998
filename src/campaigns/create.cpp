#include "campaigns/create.h"

#include <algorithm>

#include "base/ids.h"
#include "base/limits.h"
#include "campaigns/danger.h"
#include "campaigns/profile_terms.h"
#include "campaigns/report.h"
#include "campaigns/store.h"
#include "campaigns/wave_plan.h"
#include "campaigns/wave_store.h"
#include "cards/store.h"

namespace tessera::campaigns {
namespace {

// Returns how many targets.
result<std::int64_t> insert_legs(store::connection& writer, campaign_key key, const definition& what,
                                 const house_rules& house, random_port& random) {
    std::array<std::uint8_t, 4> made_up{};
    random.fill(made_up);
    const auto seed = what.waves.seed.value_or(load_big_endian(made_up));
    TESSERA_TRY_VALUE(const auto plan, plan_waves(writer, what, house, seed));
    wave_store waves(writer);
    for (const auto& one : plan.legs) TESSERA_TRY(waves.put_leg(key, one, seed));
    for (const auto& one : plan.members) TESSERA_TRY(waves.put_member(key, one.card, one.leg));
    return static_cast<std::int64_t>(plan.members.size());
}

result<campaign> insert(store::connection& writer, std::string_view text, const definition& what,
                        const house_rules& house, timestamp now, random_port& random) {
    campaign_store campaigns(writer);
    campaign made;
    made.id = make_uuid7(now, random);
    made.name = what.name;
    made.definition_text = text;
    made.created_at = now;
    std::optional<std::uint32_t> agent;
    if (what.terminals) agent = operations::application_of(what.terminals->application);
    TESSERA_TRY_VALUE(made.key, campaigns.insert(made, operations::application_of(what.security.tar), agent));
    // Known from the beginning, so that nobody finds out when it is to run.
    if (const auto danger = dangers_of(what); !danger.empty())
        TESSERA_TRY(wave_store(writer).close_gate(made.key, gate_kind::danger, 0, danger, now));
    if (goes_in_legs(what, house)) {
        TESSERA_TRY_VALUE(made.targets, insert_legs(writer, made.key, what, house, random));
        TESSERA_TRY(campaigns.set_targets(made.key, made.targets));
        return made;
    }
    TESSERA_TRY(campaigns.select_targets(made.key, what.targets));
    TESSERA_TRY_VALUE(made.targets, campaigns.cut_into_chunks(made.key, 1));
    if (made.targets == 0)
        return failure(
            "no_targets", "targets",
            "no " + std::string(what.is_for_terminals() ? "terminal" : "card") + " of the registry is meant by them");
    TESSERA_TRY(campaigns.set_targets(made.key, made.targets));
    return made;
}

// Whoever is named one by one and would get nothing: a card of a campaign for terminals, or the other way round.
result<void> check_kinds(store::connection& reader, const definition& what, const std::string& file) {
    if (what.targets.kind == target_kind::both) return {};
    cards::card_store registry(reader);
    for (const auto& list : what.targets.include.lists) {
        if (list.empty()) continue;
        TESSERA_TRY_VALUE(const auto terminals, registry.terminals(list.front(), list.back()));
        const auto wrong = std::ranges::find_if(list, [&](cards::card_id one) {
            const bool terminal = std::ranges::binary_search(terminals, one, {}, &cards::card_store::terminal::id);
            return terminal != what.is_for_terminals();
        });
        if (wrong == list.end()) continue;
        TESSERA_TRY_VALUE(const auto found, registry.get(*wrong));
        return failure("bad_campaign_file", file + ": [targets]",
                       found.identity.iccid + (what.is_for_terminals()
                                                   ? " is a card, and the campaign has settings of terminals only"
                                                   : " is a mobile terminal, and the campaign has no [[setting]]"));
    }
    return {};
}

// By its outcomes cards are chosen. Those that it may have sent something, and that have none yet, would get it twice.
result<void> check_over(const campaign& earlier, const earlier_outcome& chosen, const std::string& field) {
    const bool over = earlier.state == campaign_state::finished || earlier.state == campaign_state::cancelled;
    if (chosen.not_sent && !over)
        return failure("bad_state", field,
                       earlier.id + " is " + std::string(to_string(earlier.state)) +
                           "; whom it sends nothing is known when it has ended: outcome not_sent is for a "
                           "campaign that was cancelled");
    if (is_settling(earlier))
        return failure("bad_state", field,
                       earlier.id +
                           " was cancelled, and what it had sent is not settled yet: tessera serve does "
                           "that; see whether it has: tessera campaign status " +
                           earlier.id);
    return {};
}

result<void> check_earlier(campaign_store& campaigns, const definition& what, const std::string& file) {
    for (const auto* chosen : {&what.targets.include, &what.targets.exclude}) {
        if (!chosen->earlier) continue;
        TESSERA_TRY_VALUE(const auto earlier, campaigns.get(chosen->earlier->campaign));
        TESSERA_TRY(check_over(earlier, *chosen->earlier, file + ": [targets] campaign"));
    }
    return {};
}

result<campaign_key> named(campaign_store& campaigns, std::string_view name) {
    TESSERA_TRY_VALUE(const auto found, campaigns.find(name));
    if (found) return found->key;
    TESSERA_TRY_VALUE(const auto keys, campaigns.keys_of_name(name, 2));
    if (keys.empty())
        return failure("not_found", "campaign", "there is none with the id or name \"" + std::string(name) + "\"");
    if (keys.size() > 1)
        return failure("ambiguous", "campaign", "several have the name \"" + std::string(name) + "\"; give the id");
    return keys.front();
}

}  // namespace

std::expected<definition, std::vector<error>> check_campaign_file(store::connection& database, std::string_view text,
                                                                  file_context context) {
    cards::card_store cards(database);
    campaign_store campaigns(database);
    context.profile_known = [&](std::string_view name) -> result<bool> {
        TESSERA_TRY_VALUE(const auto found, cards.find_profile(name));
        return found.has_value();
    };
    context.tag_known = [&](std::string_view tag) { return cards.tag_known(tag); };
    context.variable_known = [&](std::string_view name) { return cards.variable_known(name); };
    context.find_card = [&](cards::identifier which, std::string_view name) { return cards.id_of(which, name); };
    context.find_campaign = [&](std::string_view name) { return named(campaigns, name); };
    auto what = parse_campaign_file(text, context);
    if (!what) return what;
    if (auto right = check_kinds(database, *what, context.file); !right)
        return std::unexpected(std::vector{std::move(right).error()});
    if (auto known = check_earlier(campaigns, *what, context.file); !known)
        return std::unexpected(std::vector{std::move(known).error()});
    if (auto applied = apply_profiles(database, *what, context.file); !applied)
        return std::unexpected(std::move(applied).error());
    return what;
}

std::expected<checked_campaign, std::vector<error>> check_campaign(store::connection& reader, std::string_view text,
                                                                   const file_context& context) {
    auto what = check_campaign_file(reader, text, context);
    if (!what) return std::unexpected(std::move(what).error());
    auto whole = resolved_text(with_load_files(text, what->load_files), *what);
    if (whole.size() > limits::campaign_file_octets)
        return std::unexpected(std::vector<error>{
            {"bad_campaign_file", context.file,
             "with its load files it is longer than " + std::to_string(limits::campaign_file_octets) + " octets"}});
    return checked_campaign{std::move(*what), std::move(whole)};
}

result<campaign> create_within(store::connection& writer, const checked_campaign& checked, const file_context& context,
                               timestamp now, random_port& random) {
    auto made = insert(writer, checked.text, checked.what, context.house, now, random);
    if (made) return made;
    auto problem = std::move(made).error();
    if (problem.code == "no_targets" && problem.field == "targets") problem.field = "[targets]";
    if (problem.code == "no_targets" || problem.code == "bad_waves" || problem.code == "no_zone")
        problem.field = context.file + ": " + problem.field;
    return std::unexpected(std::move(problem));
}

std::expected<campaign, std::vector<error>> create_campaign(store::connection& writer, std::string_view text,
                                                            const file_context& context, timestamp now,
                                                            random_port& random) {
    std::expected<campaign, std::vector<error>> made;
    // Also the checking: what another process imports meanwhile is no target that nobody has looked at.
    auto done = store::in_transaction(writer, [&]() -> result<void> {
        const auto checked = check_campaign(writer, text, context);
        if (!checked) {
            made = std::unexpected(checked.error());
            return std::unexpected(checked.error().front());
        }
        auto inserted = create_within(writer, *checked, context, now, random);
        if (!inserted) {
            made = std::unexpected(std::vector{inserted.error()});
            return std::unexpected(std::move(inserted).error());
        }
        made = std::move(*inserted);
        return {};
    });
    if (!done && made) made = std::unexpected(std::vector{std::move(done).error()});
    return made;
}

std::expected<campaign, std::vector<error>> create_follow_up(store::connection& writer, const campaign& earlier,
                                                             const follow_up& wanted, file_context context,
                                                             timestamp now, random_port& random) {
    const auto refused = [](error problem) { return std::unexpected(std::vector{std::move(problem)}); };
    if (earlier.state != campaign_state::finished && earlier.state != campaign_state::cancelled)
        return refused({"bad_state", earlier.id,
                        "is " + std::string(to_string(earlier.state)) + "; only what has ended can be followed up"});
    constexpr std::string_view suffix = " (follow-up)";
    auto name = wanted.name;
    if (name.empty()) {
        name = earlier.name;
        if (name.size() + suffix.size() <= campaign_name_octets) name += suffix;
    }
    const auto text =
        follow_up_file(earlier.definition_text, name, earlier.id, wanted.outcomes, wanted.not_sent, wanted.drifted);
    if (!text) return refused(text.error());
    context.file = "follow-up of " + earlier.id;
    return create_campaign(writer, *text, context, now, random);
}

result<definition> definition_of(const campaign& stored) {
    file_context context;
    context.file = "campaign " + stored.id;
    context.stored = true;
    auto parsed = parse_campaign_file(stored.definition_text, context);
    if (parsed) return std::move(*parsed);
    return std::unexpected(parsed.error().front());
}

}  // namespace tessera::campaigns
