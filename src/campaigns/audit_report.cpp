#include "campaigns/audit_report.h"

namespace tessera::campaigns {
namespace {

constexpr std::int64_t cards_per_page = 1'000;

// Readings in order of card and place, beside the cards in order.
void tell_page(const std::vector<report_row>& rows, const std::vector<campaign_store::stored_reading>& readings,
               const definition& what, const std::function<void(const audit_row&)>& use) {
    auto next = readings.begin();
    for (const auto& row : rows) {
        while (next != readings.end() && next->card.value < row.card) ++next;
        for (std::size_t place = 0; place < what.reads.size(); ++place) {
            const bool there = next != readings.end() && next->card.value == row.card && next->place == place;
            const auto* found = there ? &*next++ : nullptr;
            // What is not through was not found yet.
            if (found != nullptr && found->found.now == operations::reading::state::open) found = nullptr;
            use({&row, &what.reads[place], found});
        }
    }
}

}  // namespace

result<void> for_each_reading(store::connection& database, campaign_key key, const definition& what,
                              const std::function<void(const audit_row&)>& use) {
    campaign_store campaigns(database);
    for (std::int64_t after = 0;;) {
        TESSERA_TRY_VALUE(const auto rows, campaigns.report(key, after, cards_per_page));
        if (rows.empty()) return {};
        TESSERA_TRY_VALUE(const auto readings,
                          campaigns.readings(key, cards::card_id{rows.front().card}, cards::card_id{rows.back().card}));
        tell_page(rows, readings, what, use);
        if (static_cast<std::int64_t>(rows.size()) < cards_per_page) return {};
        after = rows.back().card;
    }
}

}  // namespace tessera::campaigns
