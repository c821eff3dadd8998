// C-10: what holds in every campaign, whatever goes wrong. One test per invariant.
#include "campaign_world.h"

namespace tessera::campaigns {
namespace {

const world_options stormy{.cards = 600,
                           .faults =
                               "lose_submit = 0.05\nlose_response = 0.05\nduplicate = 0.05\ncard_off = 0.01\n"
                               "card_wrong_key = 0.02\nresponse_follows = 0.02\nunsecured_error = 0.5",
                           .seed = 10};
const campaign_options impatient{.telecom = "por_timeout = \"150ms\"\nattempts = 2"};

TEST(campaigns, C_10_no_network_call_in_P1_or_P3) {
    world here(stormy);
    std::size_t calls = 0;
    here.tap.on_call = [&](std::string_view call) {
        ++calls;
        EXPECT_EQ(here.progress.now, phase::exchange) << call;
    };
    here.run(impatient);
    EXPECT_GT(calls, 600U);
}

TEST(campaigns, C_10_no_send_before_the_last_preparation) {
    world here(stormy);
    auto reader = here.storage->connect(store::access::read).value();
    std::size_t sent = 0;
    campaign made;
    here.tap.on_submit = [&](const telecom::outbound_message&) {
        ++sent;
        campaign_store campaigns(*reader);
        const auto round = campaigns.get(made.key).value().round;
        ASSERT_EQ(campaigns.chunks_in(made.key, round, chunk_state::created).value(), 0);
    };
    made = here.create(impatient);
    here.conduct_now(made);
    EXPECT_GE(sent, 600U);
}

TEST(campaigns, C_10_no_post_processing_before_the_exchange_has_closed) {
    world here(stormy);
    auto reader = here.storage->connect(store::access::read).value();
    campaign made;
    std::int64_t settled = 0;
    bool open = false;
    here.tap.on_call = [&](std::string_view call) {
        if (call == "make") open = true;
        const auto query = reader
                               ->prepare(
                                   "SELECT COUNT(*) FROM chunk WHERE state = 4 AND round = (SELECT round FROM "
                                   "campaign)")
                               .value();
        EXPECT_TRUE(query->step().value());
        settled += query->integer(0);
    };
    here.progress.when_began = [&](phase which) {
        if (which != phase::settle) return;
        const auto round = here.progress.phases.back().round;
        campaign_store campaigns(*here.writer);
        for (const auto state : {chunk_state::created, chunk_state::prepared, chunk_state::released})
            EXPECT_EQ(campaigns.chunks_in(made.key, round, state).value(), 0);
    };
    made = here.create(impatient);
    here.conduct_now(made);
    EXPECT_TRUE(open);
    EXPECT_EQ(settled, 0);
}

TEST(campaigns, C_10_no_image_change_without_a_positive_acknowledgement) {
    world here(stormy);
    const auto made = here.run(impatient);
    here.expect_sound(made);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM image_file"), here.summary(made).outcomes.done);
    std::set<std::int64_t> answered;
    for (const auto& answer : here.answers())
        if (answer.kind == operations::answer_kind::message) answered.insert(answer.card);
    auto query = here.writer->prepare("SELECT card_id FROM image_file").value();
    while (query->step().value()) EXPECT_TRUE(answered.contains(query->integer(0)));
    EXPECT_GT(here.summary(made).outcomes.failed, 0);
    EXPECT_GT(here.summary(made).outcomes.unknown, 0);
}

TEST(campaigns, C_10_each_object_ends_in_exactly_one_terminal_outcome) {
    world here(stormy);
    const auto made = here.run(impatient);
    EXPECT_EQ(here.summary(made).outcomes.total(), 600);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM (SELECT card_id FROM outcome WHERE revision = 0 GROUP BY card_id HAVING "
                         "COUNT(*) = 1) AS ended"),
              600);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM outcome WHERE outcome = 3 AND cause = 0"), 0);  // says why
}

}  // namespace
}  // namespace tessera::campaigns
