#include "simulated_link.h"

#include <gtest/gtest.h>

namespace tessera::telecom {
namespace {

using lines = std::vector<std::string>;

TEST(simulated_smsc, that_throttles_slows_us_down_and_gets_everything) {
    simulated_link here(600);
    here.smsc.rate = 400;
    here.run();
    EXPECT_EQ(here.lines, (lines{"open", "closed"}));
    EXPECT_EQ(here.accepted, 600U);
    EXPECT_EQ(here.answers, 600U);
    const auto seen = here.statistics();
    EXPECT_EQ(seen.executed, 600U);
    EXPECT_GT(seen.submits_refused, 0U);
    // Without slowing down, the window of 2,000 would go over again and again: several refusals for each that is taken.
    EXPECT_LT(seen.submits_refused, 2 * seen.submits / 3);
}

TEST(simulated_smsc, is_not_overrun_at_the_rate_that_it_takes) {
    simulated_link here(300);
    here.smsc.rate = 400;
    here.settings.rate = 300;
    here.run();
    EXPECT_EQ(here.accepted, 300U);
    EXPECT_EQ(here.statistics().submits_refused, 0U);
}

// However many sessions there are, the rate is the SMSC's.
TEST(simulated_smsc, is_not_overrun_by_several_sessions_either) {
    simulated_link here(300);
    here.smsc.rate = 400;
    here.settings.rate = 300;
    here.settings.sessions = 4;
    here.run();
    EXPECT_EQ(here.accepted, 300U);
    EXPECT_EQ(here.statistics().submits_refused, 0U);
    EXPECT_EQ(here.statistics().binds, 4U);
}

// It answers a submit on a receiver with ESME_RINVBNDSTS and delivers on receivers only.
TEST(simulated_smsc, is_spoken_to_by_transmitters_and_heard_by_receivers) {
    simulated_link here(2'000);
    here.settings.bind = bind_mode::transmitter_receiver;
    here.settings.sessions = 2;
    here.settings.window = 100;
    here.run();
    EXPECT_EQ(here.lines, (lines{"open", "closed"}));
    EXPECT_EQ(here.accepted, 2'000U);
    EXPECT_EQ(here.answers, 2'000U);
    EXPECT_EQ(here.statistics().binds, 4U);
    EXPECT_EQ(here.statistics().unbinds, 4U);
    EXPECT_EQ(here.statistics().submits_refused, 0U);
}

TEST(simulated_smsc, that_refuses_the_password_refuses_every_way_to_bind) {
    for (const auto mode : {bind_mode::transceiver, bind_mode::transmitter_receiver}) {
        simulated_link here(1);
        here.smsc.password = "geheim";
        here.settings.bind = mode;
        here.run();
        ASSERT_EQ(here.lines.size(), 1U);
        EXPECT_EQ(here.lines[0].substr(0, 25), "failed bind_refused main ") << here.lines[0];
        EXPECT_EQ(here.lines[0].find("geheim"), std::string::npos);
    }
}

}  // namespace
}  // namespace tessera::telecom
