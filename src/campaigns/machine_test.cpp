#include "campaigns/machine.h"

#include <gtest/gtest.h>

namespace tessera::campaigns {
namespace {

TEST(campaign_machine, permits_what_the_table_names_and_nothing_else) {
    using enum campaign_state;
    int permitted = 0;
    for (const auto from : {created, running, paused, finished, cancelled, waiting, stopped})
        for (const auto event :
             {campaign_event::begin, campaign_event::pause, campaign_event::resume, campaign_event::finish,
              campaign_event::cancel, campaign_event::wait, campaign_event::stop, campaign_event::approve}) {
            const auto next = next_state(from, event);
            permitted += next ? 1 : 0;
            if (from == finished || from == cancelled) {
                EXPECT_FALSE(next);
            }
            if (event == campaign_event::finish) {
                EXPECT_EQ(next.has_value(), from == running);
            }
        }
    EXPECT_EQ(permitted, static_cast<int>(campaign_transitions.size()));
}

TEST(campaign_machine, phases_follow_one_another_and_hand_their_chunks_on) {
    EXPECT_EQ(next_phase(phase::none), phase::prepare);
    EXPECT_EQ(next_phase(phase::prepare), phase::exchange);
    EXPECT_EQ(next_phase(phase::exchange), phase::settle);
    EXPECT_EQ(next_phase(phase::settle), phase::none);
    for (const auto which : {phase::prepare, phase::exchange})
        EXPECT_EQ(step_of(which).to, step_of(next_phase(which)).from);
}

}  // namespace
}  // namespace tessera::campaigns
