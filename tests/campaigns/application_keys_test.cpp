// Key sets of single applications beside those of all, and counters that applications share.
#include "campaign_world.h"

namespace tessera::campaigns {
namespace {

constexpr std::string_view usim_spn = "7fff/6f46";
constexpr std::string_view own_kic = "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf";
constexpr std::string_view own_kid = "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf";

std::vector<std::string> lines_of(const std::string& csv) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < csv.size();) {
        const auto end = std::min(csv.find('\n', at), csv.size());
        lines.push_back(csv.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

// Card 0 has a set for all applications and one of its own for B00010, card 1 the first alone, card 2 the second alone.
std::string with_own_keys(const std::string& csv) {
    const auto lines = lines_of(csv);
    const auto identity = [&](std::size_t card) {
        return lines[card + 1].substr(0, lines[card + 1].find(",1,aes128,"));
    };
    const auto own = ",1,aes128," + std::string(own_kic) + ",aes128," + std::string(own_kid) + ",0000000064,B00010\n";
    return lines[0] + ",tar\n" + lines[1] + ",\n" + identity(0) + own + lines[2] + ",\n" + identity(2) + own;
}

std::string with_one_counter(const std::string& csv) {
    const auto lines = lines_of(csv);
    auto made = lines[0] + ",counter_scope\n";
    for (std::size_t i = 1; i < lines.size(); ++i) made += lines[i] + ",key_set\n";
    return made;
}

campaign create_for(world& here, std::string_view tar, std::string_view file) {
    const campaign_options options{.writes = write_text(file, spn_content),
                                   .telecom = "por_timeout = \"60ms\"\nattempts = 12"};
    const auto text = replaced(campaign_text(options), "b00010", tar);
    auto made = create_campaign(*here.writer, text, {}, system_clock().now(), system_random());
    EXPECT_TRUE(made) << to_string(made.error().front());
    return std::move(*made);
}

TEST(application_keys, an_application_s_own_set_goes_before_that_of_all) {
    world here({.cards = 3, .registry = with_own_keys, .simulated = with_own_keys});
    const auto sim_files = create_for(here, "b00010", spn_file);
    EXPECT_EQ(here.conduct_now(sim_files), run_end::finished);
    here.expect_outcomes(sim_files, {.done = 3});
    std::vector<std::uint64_t> counters;
    for (const auto& one : here.messages()) counters.push_back(one.entry.counter);
    EXPECT_EQ(counters, (std::vector<std::uint64_t>{0x65, 1, 0x65}));

    const auto usim_files = create_for(here, "b00011", usim_spn);
    EXPECT_EQ(here.conduct_now(usim_files), run_end::finished);
    here.expect_outcomes(usim_files, {.done = 2, .failed = 1});
    EXPECT_EQ(here.rows(usim_files)[2].why.kind, operations::cause_kind::no_key);
    EXPECT_EQ(here.count("SELECT SUM(counter) FROM key_counter WHERE application = 11534353"), 2);
    EXPECT_EQ(here.sim->statistics().refused, 0U);
}

TEST(application_keys, a_lost_answer_is_read_back_under_the_application_s_own_set) {
    world here({.cards = 3,
                .faults = "lose_response = 0.6",
                .seed = 3,
                .registry = with_own_keys,
                .simulated = with_own_keys});
    const auto made = create_for(here, "b00010", spn_file);
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 3});
    EXPECT_GT(here.sim->statistics().refused, 0U) << "no answer was lost: another seed";
}

TEST(application_keys, applications_that_share_a_counter_are_sent_rising_ones) {
    world here({.cards = 5, .registry = with_one_counter, .simulated = with_one_counter});
    const auto first = create_for(here, "b00010", spn_file);
    EXPECT_EQ(here.conduct_now(first), run_end::finished);
    const auto second = create_for(here, "b00011", usim_spn);
    EXPECT_EQ(here.conduct_now(second), run_end::finished);
    here.expect_outcomes(first, {.done = 5});
    here.expect_outcomes(second, {.done = 5});
    EXPECT_EQ(here.sim->statistics().refused, 0U);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM key_counter WHERE application = -1 AND counter = 2"), 5);
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM key_counter"), 5);
}

}  // namespace
}  // namespace tessera::campaigns
