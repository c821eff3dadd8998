// C-11: the benefit that the three phases claim. The same cards once as a campaign, and once card by card (prepare,
// send, wait, settle) over one session that has to stay open all the while; the cards take 200 ms to answer.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "bench/figures.h"

namespace tessera::bench {

struct one_by_one_plan {
    std::filesystem::path program;
    std::filesystem::path directory;
    std::size_t cards = 500;            // measured, then scaled
    double campaign_cards = 1'000'000;  // to this many, beside
    double campaign_session = 0;        // the seconds that their campaign's session was open
};
[[nodiscard]] result<void> measure_one_by_one(const one_by_one_plan& plan, const reporter& report);

}  // namespace tessera::bench
