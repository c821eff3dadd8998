#include "campaigns/selection.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "base/limits.h"

namespace tessera::campaigns {
namespace {

using card_list = std::vector<cards::card_id>;

class condition_builder {
public:
    // `card_by_card`: ask other tables about each card instead of reading their whole part at once, which is slower for
    // one statement and quicker for many.
    condition_builder(int first_parameter, bool card_by_card) : card_by_card_(card_by_card) {
        made_.first_parameter = first_parameter;
    }

    // Every selector as a condition that is true or false for a card and never NULL, so that NOT turns it round.
    std::vector<std::string> selectors(const card_selectors& from) {
        std::vector<std::string> all;
        if (from.profile)
            all.push_back(
                "c.profile_id IN (SELECT p.profile_id FROM profile p WHERE p.name = " + parameter(*from.profile) + ")");
        if (from.iccid_range) all.push_back(digits_between("c.iccid", *from.iccid_range));
        if (from.imsi_range) all.push_back(digits_between("c.imsi", *from.imsi_range));
        if (from.msisdn_range) {
            const auto& [first, last] = *from.msisdn_range;
            const auto low = parameter(static_cast<std::int64_t>(first));
            all.push_back("c.msisdn IS NOT NULL AND c.msisdn BETWEEN " + low + " AND " +
                          parameter(static_cast<std::int64_t>(last)));
        }
        if (!from.tags.empty())
            all.push_back(stands_in("card_tag g", "g.card_id", "g.tag IN (" + parameters(from.tags) + ")"));
        if (from.earlier) all.push_back(earlier(*from.earlier));
        if (!from.image.empty()) all.push_back(image(from.image));
        return all;
    }
    void require(const std::string& condition) { made_.condition += separator() + "(" + condition + ")"; }
    void forbid(const std::string& condition) { made_.condition += separator() + "NOT (" + condition + ")"; }

    void require_kind(target_kind kind) {
        const std::string terminal = "EXISTS (SELECT 1 FROM terminal m WHERE m.card_id = c.card_id)";
        if (kind == target_kind::terminals) require(terminal);
        if (kind == target_kind::cards) forbid(terminal);
    }

    std::string listed(std::string_view operation, std::span<const cards::card_id> ids) {
        std::string text = "c.card_id " + std::string(operation) + " (";
        for (std::size_t i = 0; i < ids.size(); ++i) text += (i == 0 ? "" : ", ") + parameter(ids[i].value);
        return text + ")";
    }
    std::string parameter(std::variant<std::int64_t, std::string, bytes> value) {
        made_.values.push_back(std::move(value));
        return "$" + std::to_string(made_.first_parameter + static_cast<int>(made_.values.size()) - 1);
    }
    selection_piece take() {
        if (made_.condition.empty()) made_.condition = "1 = 1";
        return std::move(made_);
    }

private:
    [[nodiscard]] std::string separator() const { return made_.condition.empty() ? "" : " AND "; }

    std::string parameters(const std::vector<std::string>& values) {
        std::string text;
        for (const auto& one : values) text += (text.empty() ? "" : ", ") + parameter(one);
        return text;
    }
    [[nodiscard]] std::string stands_in(const std::string& table, const std::string& column,
                                        const std::string& condition) const {
        if (card_by_card_)
            return "EXISTS (SELECT 1 FROM " + table + " WHERE " + column + " = c.card_id AND " + condition + ")";
        return "c.card_id IN (SELECT " + column + " FROM " + table + " WHERE " + condition + ")";
    }
    std::string digits_between(const std::string& column, const std::pair<std::string, std::string>& range) {
        const auto first = parameter(range.first);
        const auto last = parameter(range.second);
        const auto length = parameter(static_cast<std::int64_t>(range.first.size()));
        return column + " IS NOT NULL AND " + column + " BETWEEN " + first + " AND " + last + " AND LENGTH(" + column +
               ") = " + length;
    }
    std::string earlier(const earlier_outcome& from) {
        std::string condition;
        const auto add = [&](const std::string& one) { condition += (condition.empty() ? "(" : " OR (") + one + ")"; };
        if (!from.outcomes.empty()) add(with_outcome(from));
        if (from.not_sent) add(without_outcome(from.campaign));
        if (from.drifted)
            add(stands_in("audit_reading a", "a.card_id",
                          "a.campaign_key = " + parameter(from.campaign.value) + " AND a.drift = 1"));
        return "(" + condition + ")";
    }
    std::string without_outcome(campaign_key campaign) {
        const auto key = parameter(campaign.value);
        return "(EXISTS (SELECT 1 FROM target w WHERE w.campaign_key = " + key +
               " AND w.round = 1 AND w.card_id = c.card_id) OR EXISTS (SELECT 1 FROM leg_target w "
               "WHERE w.campaign_key = " +
               key +
               " AND w.card_id = c.card_id)) AND NOT EXISTS (SELECT 1 FROM outcome w WHERE w.campaign_key = " + key +
               " AND w.card_id = c.card_id)";
    }
    std::string with_outcome(const earlier_outcome& from) {
        auto condition = "o.campaign_key = " + parameter(from.campaign.value) + " AND o.outcome IN (";
        for (std::size_t i = 0; i < from.outcomes.size(); ++i)
            condition += (i == 0 ? "" : ", ") + parameter(static_cast<std::int64_t>(from.outcomes[i]));
        condition +=
            ") AND NOT EXISTS (SELECT 1 FROM outcome l WHERE l.campaign_key = o.campaign_key AND "
            "l.card_id = o.card_id AND l.revision > o.revision)";
        return stands_in("outcome o", "o.card_id", condition);
    }
    std::string image(const std::vector<image_condition>& conditions) {
        std::string text;
        for (const auto& one : conditions) text += (text.empty() ? "" : " AND ") + image(one);
        return text;
    }
    // What is known is what the image says without a doubt, as in P1, which skips nobody on the strength of a doubted
    // image.
    std::string image(const image_condition& from) {
        using relation = image_condition::relation;
        // In whichever directory (image_condition.cpp): a path that ends so. Few files of a card are known.
        const bool anywhere = from.file.starts_with("*/");
        const auto file = parameter(anywhere ? "%" + from.file.substr(1) : from.file);
        const auto record = parameter(static_cast<std::int64_t>(from.record));
        auto known = "EXISTS (SELECT 1 FROM image_file i WHERE i.card_id = c.card_id AND i.file " +
                     std::string(anywhere ? "LIKE " : "= ") + file + " AND i.record = " + record;
        if (from.what == relation::is_missing) return "NOT " + known + ")";
        const auto length = parameter(static_cast<std::int64_t>(from.content.size()));
        known += " AND SUBSTR(i.content, 1, CAST(" + length + " AS INTEGER)) = " + parameter(from.content) +
                 " AND NOT EXISTS (SELECT 1 FROM image_doubt d WHERE d.card_id = i.card_id AND d.file = i.file AND "
                 "d.record = i.record))";
        return from.what == relation::holds ? known : "NOT " + known;
    }

    selection_piece made_;
    bool card_by_card_;
};

card_list intersection_of(const std::vector<card_list>& lists) {
    card_list all = lists.front();
    for (std::size_t i = 1; i < lists.size(); ++i) {
        card_list both;
        std::ranges::set_intersection(all, lists[i], std::back_inserter(both));
        all = std::move(both);
    }
    return all;
}

card_list union_of(const std::vector<card_list>& lists) {
    card_list all;
    for (const auto& list : lists) {
        card_list both;
        std::ranges::set_union(all, list, std::back_inserter(both));
        all = std::move(both);
    }
    return all;
}

condition_builder without_lists(const target_selection& selection, int first_parameter, bool card_by_card) {
    condition_builder made(first_parameter, card_by_card);
    for (const auto& condition : made.selectors(selection.include)) made.require(condition);
    for (const auto& condition : made.selectors(selection.exclude)) made.forbid(condition);
    made.require_kind(selection.kind);
    return made;
}

}  // namespace

void selection_piece::bind(store::statement& to) const {
    for (int index = first_parameter; const auto& value : values) {
        if (const auto* number = std::get_if<std::int64_t>(&value))
            to.bind(index, *number);
        else if (const auto* text = std::get_if<std::string>(&value))
            to.bind(index, std::string_view(*text));
        else
            to.bind(index, byte_view(std::get<bytes>(value)));
        ++index;
    }
}

result<void> for_each_piece(const target_selection& selection, int first_parameter,
                            const std::function<result<void>(const selection_piece&)>& use) {
    auto ids = union_of(selection.exclude.lists);
    const bool named = !selection.include.lists.empty();
    if (named) {
        const auto wanted = intersection_of(selection.include.lists);
        card_list left;
        std::ranges::set_difference(wanted, ids, std::back_inserter(left));
        ids = std::move(left);
    } else if (ids.empty()) {
        return use(without_lists(selection, first_parameter, false).take());
    }
    const auto base = without_lists(selection, first_parameter, ids.size() > limits::selection_items);
    // Cards named: each piece has some of them. Cards excluded: each piece has the cards from one excluded card to
    // another, without those between.
    for (std::size_t at = 0; at < ids.size(); at += limits::selection_items) {
        const auto some = std::span(ids).subspan(at, std::min(limits::selection_items, ids.size() - at));
        auto piece = base;
        piece.require(piece.listed(named ? "IN" : "NOT IN", some));
        if (!named && at > 0) piece.require("c.card_id > " + piece.parameter(ids[at - 1].value));
        const bool last = at + some.size() == ids.size();
        if (!named && !last) piece.require("c.card_id <= " + piece.parameter(some.back().value));
        TESSERA_TRY(use(piece.take()));
    }
    return {};
}

result<bool> selects(store::connection& database, const target_selection& selection, cards::card_id card) {
    bool found = false;
    TESSERA_TRY(for_each_piece(selection, 2, [&](const selection_piece& piece) -> result<void> {
        TESSERA_TRY_VALUE(auto query,
                          database.prepare("SELECT 1 FROM card c WHERE c.card_id = $1" +
                                           (piece.condition.empty() ? std::string() : " AND " + piece.condition)));
        query->bind(1, card.value);
        piece.bind(*query);
        TESSERA_TRY_VALUE(const bool more, query->step());
        found = found || more;
        return {};
    }));
    return found;
}

}  // namespace tessera::campaigns
