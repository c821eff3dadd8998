#include "campaigns/campaign_file_retry.h"

#include "base/limits.h"

namespace tessera::campaigns {
namespace {

constexpr double factor_max = 10;
constexpr auto least_delay = std::chrono::milliseconds(1);
constexpr auto longest_delay = std::chrono::hours(24);

retry_rule read_rule(const toml::table& table, const std::string& name, int attempts, checked_toml& notes) {
    notes.only(table, {"attempts", "after", "factor", "at_most"}, "[telecom.retry] " + name);
    retry_rule rule;
    rule.attempts = static_cast<int>(notes.number(table, "attempts", 1, attempts_max).value_or(attempts));
    if (const auto after = notes.span(table, "after", least_delay)) rule.after = *after;
    // A first delay beyond the usual longest one is meant as it stands.
    rule.at_most = std::max<duration>(rule.at_most, rule.after);
    if (const auto most = notes.span(table, "at_most", least_delay)) rule.at_most = *most;
    if (rule.after > longest_delay || rule.at_most > longest_delay)
        notes.mistake(table, name + ": after and at_most are 24h at most");
    else if (rule.at_most < rule.after)
        notes.mistake(*table.get("at_most"), "at_most: is shorter than after");
    if (const auto* node = table.get("factor")) {
        const auto factor = node->value<double>();
        if (factor && *factor >= 1 && *factor <= factor_max)
            rule.factor = *factor;
        else
            notes.mistake(*node, "factor: expected a number from 1 to 10");
    }
    return rule;
}

void read_validity(const toml::table& telecom, definition& into, checked_toml& notes) {
    if (const auto validity = notes.span(telecom, "validity", std::chrono::seconds(1))) {
        if (*validity > limits::validity_max)
            notes.mistake(*telecom.get("validity"), "validity: is 30d at most");
        else if (*validity % std::chrono::seconds(1) != duration{0})
            notes.mistake(*telecom.get("validity"), "validity: expected whole seconds");
        else
            into.sending_again.validity = std::chrono::duration_cast<std::chrono::seconds>(*validity);
    }
    into.sending_again.wait_validity = notes.flag(telecom, "wait_validity").value_or(false);
    if (into.sending_again.wait_validity && !telecom.contains("validity"))
        notes.mistake(*telecom.get("wait_validity"), "wait_validity: needs a validity to wait for");
}

}  // namespace

void read_sending_again(const toml::table& telecom, definition& into, checked_toml& notes) {
    read_validity(telecom, into, notes);
    const auto* retry = notes.section(telecom, "retry", false);
    if (retry == nullptr) return;
    notes.only(*retry, {"no_answer", "absent", "busy", "expired", "throttled"}, "[telecom.retry]");
    for (std::size_t i = 0; i < retry_causes; ++i) {
        const auto cause = static_cast<retry_cause>(i);
        const auto name = std::string(to_string(cause));
        const auto* node = retry->get(name);
        if (node == nullptr) continue;
        if (const auto* table = node->as_table())
            into.sending_again.retries.set(cause, read_rule(*table, name, into.attempts, notes));
        else
            notes.mistake(*node, name + ": expected {attempts = 5, after = \"30s\", factor = 2, at_most = \"1h\"}");
    }
}

}  // namespace tessera::campaigns
