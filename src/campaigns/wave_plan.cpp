#include "campaigns/wave_plan.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/random.h"
#include "campaigns/card_zones.h"
#include "campaigns/selection.h"
#include "cards/store.h"

namespace tessera::campaigns {
namespace {

constexpr int no_wave = -1;

struct candidate {
    cards::card_id card;
    int wave = no_wave;
    std::size_t zone = 0;  // among the house's, where the window asks for them
};

class planner {
public:
    planner(store::connection& reader, const definition& what, const house_rules& house, std::uint64_t seed)
        : reader_(&reader), what_(&what), house_(&house), seed_(seed) {
        if (rules_.empty()) rules_.emplace_back();
    }

    result<wave_plan> plan() {
        if (by_zone_) TESSERA_TRY(zones_.load(*reader_));
        TESSERA_TRY(collect(what_->targets, no_wave));
        if (candidates_.empty()) return failure("no_targets", "targets", "no card of the registry is meant by them");
        const auto targets = candidates_.size();
        if (house_->tests()) TESSERA_TRY(take_test_cards());
        TESSERA_TRY(take_tagged());
        TESSERA_TRY(draw(targets));
        return made();
    }

private:
    result<void> collect(const target_selection& selection, int wave) {
        return for_each_piece(selection, 1, [&](const selection_piece& piece) -> result<void> {
            TESSERA_TRY_VALUE(const auto query,
                              reader_->prepare("SELECT c.card_id, c.imsi, c.msisdn FROM card c WHERE " +
                                               piece.condition + " ORDER BY c.card_id"));
            query->in_pieces();
            piece.bind(*query);
            for (;;) {
                TESSERA_TRY_VALUE(const bool more, query->step());
                if (!more) return {};
                candidates_.push_back({cards::card_id{query->integer(0)}, wave, 0});
                if (by_zone_) TESSERA_TRY(place(*query, candidates_.back()));
            }
        });
    }

    result<void> place(const store::statement& row, candidate& one) const {
        const auto zone = zones_.of(one.card, row.text(1), static_cast<std::uint64_t>(row.integer(2)));
        if (!zone)
            return failure("no_zone", "[window] zone",
                           "is \"card\", and no [[zone]] of tessera.toml says where IMSI " + std::string(row.text(1)) +
                               ", MSISDN " + std::to_string(row.integer(2)) + " is");
        one.zone = *zone;
        return {};
    }

    result<std::vector<cards::card_id>> tagged(const std::string& tag) {
        TESSERA_TRY_VALUE(auto* query, reader_->kept("SELECT card_id FROM card_tag WHERE tag = $1 ORDER BY card_id"));
        query->with(tag);
        std::vector<cards::card_id> found;
        for (;;) {
            TESSERA_TRY_VALUE(const bool more, query->step());
            if (!more) return found;
            found.push_back(cards::card_id{query->integer(0)});
        }
    }

    // They may stand among the targets already.
    result<void> take_test_cards() {
        cards::card_store registry(*reader_);
        std::vector<cards::card_id> named;
        for (const auto& iccid : house_->test_cards) {
            TESSERA_TRY_VALUE(const auto found, registry.id_of(cards::identifier::iccid, iccid));
            if (!found) return failure("no_test_card", "[safety] test_cards", "the registry has no card " + iccid);
            named.push_back(*found);
        }
        if (!house_->test_tag.empty()) {
            TESSERA_TRY_VALUE(const auto more, tagged(house_->test_tag));
            named.insert(named.end(), more.begin(), more.end());
        }
        std::ranges::sort(named);
        named.erase(std::unique(named.begin(), named.end()), named.end());
        target_selection selection;
        selection.include.lists.push_back(std::move(named));
        selection.exclude = what_->targets.exclude;
        selection.kind = what_->targets.kind;
        auto targets = std::exchange(candidates_, {});
        if (!selection.include.lists.front().empty()) TESSERA_TRY(collect(selection, test_wave));
        if (candidates_.empty())
            return failure("no_test_card", "[safety]",
                           "a campaign must pass the test cards first, and there is none that it does not exclude" +
                               std::string(what_->is_for_terminals() ? " and that is a terminal" : ""));
        std::ranges::sort(candidates_, {}, &candidate::card);
        const auto is_test = [&](const candidate& one) {
            return std::ranges::binary_search(candidates_, one.card, {}, &candidate::card);
        };
        std::erase_if(targets, is_test);
        candidates_.insert(candidates_.end(), targets.begin(), targets.end());
        std::ranges::sort(candidates_, {}, &candidate::card);
        return {};
    }

    result<void> take_tagged() {
        for (std::size_t i = 0; i < rules_.size(); ++i) {
            if (rules_[i].tag.empty()) continue;
            TESSERA_TRY_VALUE(const auto those, tagged(rules_[i].tag));
            std::size_t taken = 0;
            for (auto& one : candidates_) {
                if (one.wave != no_wave || !std::ranges::binary_search(those, one.card)) continue;
                one.wave = static_cast<int>(i) + 1;
                ++taken;
            }
            if (taken == 0)
                return failure("no_targets", "[[wave]] " + std::to_string(i + 1),
                               "no target that is left for it has tag \"" + rules_[i].tag + "\"");
        }
        return {};
    }

    result<void> draw(std::size_t targets) {
        struct ticket {
            std::uint64_t order;
            std::uint32_t index;
        };
        std::vector<ticket> hat;
        for (std::uint32_t i = 0; i < candidates_.size(); ++i)
            if (candidates_[i].wave == no_wave)
                hat.push_back({mix64(mix64(seed_) ^ static_cast<std::uint64_t>(candidates_[i].card.value)), i});
        std::ranges::sort(hat, {}, [](const ticket& one) { return std::pair(one.order, one.index); });
        std::size_t at = 0;
        for (std::size_t i = 0; i < rules_.size(); ++i) {
            const auto& rule = rules_[i];
            if (!rule.tag.empty()) continue;
            auto wanted = hat.size();
            if (rule.size) wanted = static_cast<std::size_t>(*rule.size);
            if (rule.percent) {
                const auto share = static_cast<double>(targets) * *rule.percent / 100;
                wanted = std::max<std::size_t>(1, static_cast<std::size_t>(std::llround(share)));
            }
            const auto end = at + std::min(wanted, hat.size() - at);
            for (; at < end; ++at) candidates_[hat[at].index].wave = static_cast<int>(i) + 1;
        }
        if (at == hat.size()) return {};
        return failure("bad_waves", "[[wave]]",
                       std::to_string(hat.size() - at) +
                           " targets belong to no wave; a last [[wave]] without size, percent and tag takes the rest");
    }

    wave_plan made() {
        wave_plan plan;
        std::map<std::pair<int, std::size_t>, int> numbers;
        for (const auto& one : candidates_) numbers[{one.wave, one.zone}] = 0;
        for (auto& [place, number] : numbers) {
            number = static_cast<int>(plan.legs.size()) + 1;
            const auto zone = by_zone_ ? house_->zones[place.second].name : std::string();
            plan.legs.push_back({number, place.first, zone, 0, 0, 0});
        }
        plan.members.reserve(candidates_.size());
        for (const auto& one : candidates_) {
            const auto number = numbers[{one.wave, one.zone}];
            ++plan.legs[static_cast<std::size_t>(number) - 1].targets;
            plan.members.push_back({one.card, number});
        }
        return plan;
    }

    store::connection* reader_;
    const definition* what_;
    const house_rules* house_;
    std::uint64_t seed_;
    std::vector<wave_rule> rules_ = what_->waves.rules;
    bool by_zone_ = what_->window && what_->window->zone == zone_of_each_card;
    card_zones zones_{house_->zones};
    std::vector<candidate> candidates_;
};

}  // namespace

bool goes_in_legs(const definition& what, const house_rules& house) {
    return !what.waves.rules.empty() || house.tests() || (what.window && what.window->zone == zone_of_each_card);
}

result<wave_plan> plan_waves(store::connection& reader, const definition& what, const house_rules& house,
                             std::uint64_t seed) {
    return planner(reader, what, house, seed).plan();
}

}  // namespace tessera::campaigns
