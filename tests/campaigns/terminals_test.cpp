// Mobile terminals as targets (C-1): an agent on the terminal takes named settings in the same secured packets, on an
// application port, and acknowledges likewise; beside cards in one campaign.
#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <sstream>

#include "base/hex.h"
#include "campaign_world.h"
#include "campaigns/preview.h"
#include "cards/identifiers.h"
#include "cards/profile_file.h"
#include "cards/profile_store.h"
#include "cards/store.h"
#include "codec/sms_tpdu.h"
#include "single_desk.h"

namespace tessera::campaigns {
namespace {

using operations::cause_kind;
using operations::outcome;

constexpr std::uint16_t agent_port = 16'000;
constexpr std::string_view setting_text = "\n[[setting]]\nname = \"apn.internet\"\nvalue = \"net.example\"\n";
const std::string setting_content = to_hex(as_bytes("net.example"));
const std::string quick = "por_timeout = \"250ms\"\nattempts = 3";
const std::string patient = "por_timeout = \"60ms\"\nattempts = 14";

std::string imei(std::size_t n) {
    auto digits = "3500000" + std::to_string(10'000'000 + n).substr(1);
    for (char last = '0'; last <= '9'; ++last)
        if (cards::luhn_holds(digits + last)) return digits + last;
    return {};
}
bool is_terminal(std::size_t n) { return n % 2 == 1; }

// Every second of the fleet is a terminal.
std::string with_terminals(const std::string& csv, std::uint16_t port = agent_port) {
    std::stringstream lines(csv);
    std::string line, made;
    std::getline(lines, line);
    made = line + ",kind,port\n";
    for (std::size_t n = 0; std::getline(lines, line); ++n)
        made += is_terminal(n) ? imei(n) + line.substr(line.find(',')) + ",terminal," + std::to_string(port) + "\n"
                               : line + ",,\n";
    return made;
}

world_options mixed(std::size_t cards, std::string faults = {}, std::uint64_t seed = 1) {
    world_options made{.cards = cards, .faults = std::move(faults), .seed = seed};
    made.registry = made.simulated = [](const std::string& csv) { return with_terminals(csv); };
    return made;
}

campaign_options both(std::string telecom = quick) {
    return {.telecom = std::move(telecom), .sections = std::string(setting_text)};
}
campaign_options settings_only(std::string_view sections = setting_text, std::string telecom = quick) {
    return {.writes = "\n", .tar = "", .telecom = std::move(telecom), .sections = std::string(sections)};
}
std::string one_setting(std::string_view name, std::string_view value) {
    return "\n[[setting]]\nname = \"" + std::string(name) + "\"\nvalue = \"" + std::string(value) + "\"\n";
}

std::vector<cards::image_entry> terminal_image(world& here, std::size_t n) {
    cards::card_store cards(*here.writer);
    return cards.image(cards.find_by_iccid(imei(n)).value()->id).value();
}

void expect_everybody_has_theirs(world& here, std::size_t count) {
    for (std::size_t n = 0; n < count; ++n) {
        if (is_terminal(n)) {
            const auto held = here.sim->read_setting(imei(n), "apn.internet");
            EXPECT_EQ(held.content, setting_content) << n;
            EXPECT_EQ(held.executed, 1U) << n;
            const auto image = terminal_image(here, n);
            ASSERT_EQ(image.size(), 1U) << n;
            EXPECT_EQ(image[0].file, "setting/apn.internet");
            EXPECT_EQ(to_hex(image[0].content), setting_content);
        } else {
            EXPECT_EQ(here.sim->read(n).content, spn_content) << n;
            EXPECT_EQ(here.sim->read(n).executed, 1U) << n;
            EXPECT_EQ(here.image_content(n), spn_content) << n;
        }
    }
}

std::expected<campaign, std::vector<error>> try_to_create(world& here, const campaign_options& options) {
    file_context context;
    context.file = "c.toml";
    return create_campaign(*here.writer, campaign_text(options), context, system_clock().now(), system_random());
}
std::string refusal(world& here, const campaign_options& options) {
    const auto made = try_to_create(here, options);
    return made ? "created" : to_string(made.error().front());
}

std::expected<definition, std::vector<error>> parsed(const campaign_options& options) {
    file_context context;
    context.file = "x";
    return parse_campaign_file(campaign_text(options), context);
}
// All of them, a line each.
std::string mistakes(const campaign_options& options) {
    const auto made = parsed(options);
    std::string text;
    if (!made)
        for (const auto& one : made.error()) text += to_string(one) + "\n";
    return text;
}

// --- what C-1 asks for

TEST(campaigns, C_1_cards_take_files_and_mobile_terminals_settings_in_one_campaign) {
    world here(mixed(60));
    std::mutex guard;
    std::map<std::uint16_t, int> ports;
    here.tap.on_submit = [&](const telecom::outbound_message& message) {
        const std::lock_guard held(guard);
        ++ports[message.port];
    };
    const auto made = here.run(both());
    here.expect_outcomes(made, {.done = 60});
    EXPECT_EQ(ports, (std::map<std::uint16_t, int>{{0, 30}, {agent_port, 30}}));
    expect_everybody_has_theirs(here, 60);
    // Whoever holds it already needs no message.
    const auto again = here.run(both());
    here.expect_outcomes(again, {.skipped = 60});
    EXPECT_EQ(here.sim->statistics().submits, 60U);
}

// The outcome is what the terminal's acknowledgement proves: nothing where it is silent, the cause where it refuses.
TEST(campaigns, C_1_a_terminals_outcome_is_proved_by_its_acknowledgement) {
    world here(mixed(20, "lose_response = 1"));
    const auto silent = here.run(settings_only(setting_text, "por_timeout = \"50ms\"\nattempts = 1"));
    here.expect_outcomes(silent, {.unknown = 10});
    EXPECT_EQ(here.sim->read_setting(imei(1), "apn.internet").content, setting_content);  // and yet it is not known
    for (std::size_t n = 1; n < 20; n += 2) EXPECT_TRUE(terminal_image(here, n).empty()) << n;

    here.renew_simulator("");
    const auto refused = here.run(settings_only(one_setting("x", "y") + "[terminals]\ntar = \"b20151\"\n"));
    here.expect_outcomes(refused, {.failed = 10});
    for (const auto& row : here.rows(refused)) {
        EXPECT_EQ(row.why.kind, cause_kind::por_status);
        EXPECT_EQ(row.why.value, 9);  // there is no such application
    }
}

TEST(campaigns, C_1_what_is_not_for_the_targets_is_refused_at_creation) {
    world here(mixed(6));
    const auto list = [&](const std::string& iccids) { return "iccids = [" + iccids + "]"; };
    const auto card = "\"" + here.registered(0).identity.iccid + "\"";
    const auto terminal = "\"" + imei(1) + "\"";
    EXPECT_EQ(refusal(here, {.targets = list(card + ", " + terminal)}),
              "c.toml: [targets]: " + imei(1) + " is a mobile terminal, and the campaign has no [[setting]]");
    auto settings = settings_only();
    settings.targets = list(card);
    EXPECT_NE(refusal(here, settings).find("is a card, and the campaign has settings of terminals only"),
              std::string::npos);
    settings.targets = list(terminal);
    EXPECT_EQ(refusal(here, settings), "created");
    EXPECT_EQ(refusal(here, {.targets = list(card + ", " + terminal), .sections = std::string(setting_text)}),
              "created");
    settings.targets = list("\"350000000000001\"");
    EXPECT_NE(refusal(here, settings).find("Luhn"), std::string::npos);
}

TEST(campaigns, C_1_an_audit_an_application_or_a_key_rotation_does_not_go_with_settings) {
    const auto mistake = [](const std::string& actions) {
        return mistakes({.writes = actions, .sections = std::string(setting_text)});
    };
    EXPECT_NE(mistake("[[read]]\nfile = \"SPN\"\n").find("setting: does not go with an audit"), std::string::npos);
    EXPECT_NE(mistake("[[key]]\nkvn = 2\n").find("setting: does not go with [[key]]"), std::string::npos);
    EXPECT_NE(mistake("[[application]]\ndelete = \"a000000001\"\n").find("setting: does not go with [[application]]"),
              std::string::npos);
}

// --- terminals

TEST(terminals, a_campaign_for_one_kind_leaves_the_other_alone) {
    world here(mixed(20));
    const auto settings = here.run(settings_only());
    here.expect_outcomes(settings, {.done = 10});
    EXPECT_EQ(here.sim->read(0).executed, 0U);
    const auto files = here.run();
    here.expect_outcomes(files, {.done = 10});
    expect_everybody_has_theirs(here, 20);
}

TEST(terminals, lost_answers_are_read_back_and_nothing_is_done_twice) {
    world here(mixed(80, "lose_response = 0.4\nduplicate = 0.3\nlose_submit = 0.1", 5));
    const auto made = here.run(both(patient));
    here.expect_outcomes(made, {.done = 80});
    EXPECT_GT(here.count("SELECT COUNT(*) FROM target t JOIN terminal m ON m.card_id = t.card_id WHERE purpose = 2"),
              0);
    expect_everybody_has_theirs(here, 80);
}

TEST(terminals, counters_rise_and_no_packet_is_made_twice) {
    world here(mixed(20, "lose_response = 0.5", 3));
    static_cast<void>(here.run(both(patient)));
    static_cast<void>(here.run(settings_only("\n[[setting]]\nname = \"mms\"\ncontent = \"0102\"\n", patient)));
    std::set<std::pair<std::int64_t, std::uint64_t>> seen;
    for (const auto& one : here.messages())
        EXPECT_TRUE(seen.emplace(one.card, one.entry.counter).second) << one.card << " " << one.entry.counter;
    for (std::size_t n = 1; n < 20; n += 2) EXPECT_EQ(here.sim->read_setting(imei(n), "mms").content, "0102") << n;
}

TEST(terminals, a_long_setting_takes_several_messages_each_to_the_port) {
    world here(mixed(4));
    const auto made = here.run(settings_only(one_setting("x", std::string(400, 'a'))));
    here.expect_outcomes(made, {.done = 2});
    EXPECT_EQ(here.sim->read_setting(imei(1), "x").content, to_hex(as_bytes(std::string(400, 'a'))));
    EXPECT_EQ(here.sim->statistics().submits, 8U);
}

// The longest that parts_max lets through takes no more than that, whatever the reference.
TEST(terminals, the_longest_setting_fits_the_parts_that_it_may_take) {
    for (const int bits : {8, 16}) {
        world here(mixed(4));
        here.smsc.reference_bits = bits;
        std::size_t length = 0;
        const auto settings = [&](std::size_t octets) {
            return settings_only(one_setting("x", std::string(octets, 'a')), quick + "\nparts_max = 2");
        };
        while (parsed(settings(length + 1))) ++length;
        EXPECT_GT(length, 200U);
        here.expect_outcomes(here.run(settings(length)), {.done = 2});
        EXPECT_EQ(here.sim->statistics().submits, 4U);
    }
}

TEST(terminals, a_setting_is_replaced_whole) {
    world here(mixed(40, "lose_response = 0.4", 11));
    const auto set = [&](std::string_view value) {
        const auto made = here.run(settings_only(one_setting("x", value), patient));
        here.expect_outcomes(made, {.done = 20});
        for (std::size_t n = 1; n < 40; n += 2) {
            EXPECT_EQ(here.sim->read_setting(imei(n), "x").content, to_hex(as_bytes(value))) << n;
            EXPECT_EQ(to_hex(terminal_image(here, n).at(0).content), to_hex(as_bytes(value))) << n;
        }
    };
    set("net.example.org");
    set("net.example");  // a part of what stands there is not it
}

TEST(terminals, an_agent_at_another_port_hears_nothing) {
    auto options = mixed(6);
    options.simulated = [](const std::string& csv) { return with_terminals(csv, 17'000); };
    world here(options);
    const auto made = here.run(both());
    here.expect_outcomes(made, {.done = 3, .unknown = 3});
    EXPECT_EQ(here.sim->read_setting(imei(1), "apn.internet").executed, 0U);
    // Nothing is proved: the image has nothing, and is doubted.
    EXPECT_TRUE(terminal_image(here, 1).empty());
    EXPECT_EQ(here.count("SELECT COUNT(*) FROM image_doubt WHERE file = 'setting/apn.internet'"), 3);
}

TEST(terminals, a_late_acknowledgement_settles_the_campaign_that_asked) {
    world here(mixed(20, "delay = \"1s\""));
    const auto first = here.run(both("por_timeout = \"50ms\"\nattempts = 1"));
    here.expect_outcomes(first, {.unknown = 20});
    here.sim->wait_for_waiting(20);
    const auto second = here.run(settings_only(one_setting("mms", "x"), "por_timeout = \"5s\"\nattempts = 1"));
    here.expect_outcomes(second, {.done = 10});
    // What the cards said came in the session, too.
    here.expect_outcomes(first, {.done = 20});
    for (std::size_t n = 0; n < 20; ++n) {
        if (is_terminal(n))
            EXPECT_EQ(terminal_image(here, n).size(), 2U) << n;
        else
            EXPECT_EQ(here.image_content(n), spn_content) << n;
    }
}

// --- with everything else that a campaign can say

TEST(terminals, waves_take_both_kinds_and_their_barriers_hold) {
    world here(mixed(40));
    auto options = both();
    options.sections += "[[wave]]\nsize = 10\n[[wave]]\n";
    const auto made = here.create(options);
    std::vector<std::int64_t> sent_by_round(3);
    here.tap.on_submit = [&](const telecom::outbound_message&) { ++sent_by_round[here.progress.phases.back().round]; };
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 40});
    EXPECT_EQ(sent_by_round, (std::vector<std::int64_t>{0, 10, 30}));
    expect_everybody_has_theirs(here, 40);
}

TEST(terminals, test_cards_of_the_house_are_of_the_kinds_that_the_campaign_is_for) {
    world here(mixed(10));
    auto options = settings_only();
    options.house.test_cards = {here.registered(0).identity.iccid};
    EXPECT_THROW(static_cast<void>(here.create(options)), std::runtime_error);  // a card proves nothing about agents
    options.house.test_cards = {imei(3)};
    const auto made = here.create(options);
    EXPECT_EQ(made.targets, 5);
}

TEST(terminals, settings_with_variables_are_every_terminals_own) {
    world here(mixed(30, "lose_response = 0.3", 8));
    const auto made = here.run(settings_only(one_setting("user", "{{msisdn}}@{{imsi}}"), patient));
    here.expect_outcomes(made, {.done = 15});
    for (std::size_t n = 1; n < 30; n += 2) {
        const auto wanted = to_hex(as_bytes(std::to_string(sim::fleet_msisdn(n)) + "@" + sim::fleet_imsi(n)));
        EXPECT_EQ(here.sim->read_setting(imei(n), "user").content, wanted);
        EXPECT_EQ(to_hex(terminal_image(here, n).at(0).content), wanted);
    }
    // Beside cards, whose contents are the same for all.
    auto again = both(patient);
    again.sections = one_setting("user", "{{msisdn}}@{{imsi}}");
    here.expect_outcomes(here.run(again), {.done = 15, .skipped = 15});
}

TEST(terminals, a_follow_up_has_the_settings_for_whoever_was_left) {
    world here(mixed(20, "lose_submit = 1"));
    const auto made = here.run(both("por_timeout = \"50ms\"\nattempts = 1"));
    here.expect_outcomes(made, {.unknown = 20});
    here.renew_simulator("");
    const auto again = here.follow_up(made);
    ASSERT_TRUE(again) << to_string(again.error().front());
    EXPECT_EQ(again->targets, 20);
    EXPECT_EQ(here.conduct_now(*again), run_end::finished);
    here.expect_outcomes(*again, {.done = 20});
    expect_everybody_has_theirs(here, 20);
}

TEST(terminals, the_catalogues_minimum_security_is_the_terminals_too) {
    auto options = mixed(6);
    const auto of_two_profiles = [](const std::string& csv) {
        std::stringstream lines(with_terminals(csv));
        std::string line, made;
        for (bool first = true; std::getline(lines, line); first = false)
            made +=
                (!first && line.find("terminal") != std::string::npos ? replaced(line, "telco-2ff", "phones") : line) +
                "\n";
        return made;
    };
    options.registry = of_two_profiles;
    world here(options);
    const auto entries =
        cards::parse_profiles("[[profile]]\nname = \"phones\"\nminimum_spi = \"1639\"\nlongest_message = 80\n", "p");
    ASSERT_TRUE(entries) << to_string(entries.error().front());
    ASSERT_TRUE(cards::profile_store(*here.writer).put(entries->front(), system_clock().now()));
    EXPECT_EQ(refusal(here, {.spi = "1239"}), "created");  // cards only
    auto weak = settings_only();
    weak.spi = "1239";
    EXPECT_NE(refusal(here, weak).find("phones"), std::string::npos);
    weak = both();
    weak.spi = "1239";
    EXPECT_NE(refusal(here, weak).find("phones"), std::string::npos);
    // And so is their longest message.
    EXPECT_NE(refusal(here, settings_only(one_setting("x", std::string(80, 'x')))).find("does not fit"),
              std::string::npos);
    here.expect_outcomes(here.run(both()), {.done = 6});
}

TEST(terminals, a_preview_counts_both) {
    world here(mixed(10));
    const auto reader = here.storage->connect(store::access::read).value();
    const auto made = here.create(both());
    const auto what = definition_of(made).value();
    for (const auto& found : {preview_targets(*reader, made.key, what, {}), preview_definition(*reader, what, {})}) {
        EXPECT_EQ(found->targets, 10);
        EXPECT_EQ(found->cards, 10);
        EXPECT_EQ(found->packets, 10);
        EXPECT_EQ(found->short_messages, 10);
    }
    const auto settings = definition_of(here.create(settings_only(one_setting("x", std::string(200, 'x'))))).value();
    EXPECT_EQ(preview_definition(*reader, settings, {})->targets, 5);
    EXPECT_EQ(preview_definition(*reader, settings, {})->short_messages, 10);
}

TEST(terminals, a_crash_in_P2_leaves_nothing_done_twice) {
    world here(mixed(60));
    const auto made = here.create(both("por_timeout = \"2s\"\nattempts = 3"));
    std::atomic<int> acknowledged = 0;
    here.tap.on_acknowledge = [&] {
        if (++acknowledged == 20) here.tap.dead = here.stop = true;
    };
    static_cast<void>(here.try_to_conduct(made));
    here.tap.dead = here.stop = false;
    here.tap.on_acknowledge = nullptr;
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 60});
    expect_everybody_has_theirs(here, 60);
}

TEST(terminals, single_operations_on_a_terminal_are_refused) {
    auto options = mixed(4);
    options.shared = true;
    world here(options);
    branch desk(here);
    for (const auto kind : {operations::operation_kind::read, operations::operation_kind::write,
                            operations::operation_kind::run, operations::operation_kind::resync}) {
        auto request =
            kind == operations::operation_kind::write ? desk.write_request(0, spn_content) : desk.request(0, kind);
        request.card = imei(1);
        const auto made = desk.ask(request).get();
        ASSERT_TRUE(made.refused);
        EXPECT_EQ(made.refused->code, "wrong_kind");
        EXPECT_NE(made.refused->message.find("mobile terminal"), std::string::npos);
    }
    EXPECT_EQ(here.sim->statistics().submits, 0U);
}

// --- what the file says

std::string mistake(std::string_view sections) {
    return mistakes({.telecom = quick, .sections = std::string(sections)});
}

TEST(terminals, what_is_no_setting_is_told) {
    EXPECT_EQ(mistake(setting_text), "");
    const std::string capital = "\n[[setting]]\nname = \"A\"\nvalue = \"x\"";
    const auto text = campaign_text({.telecom = quick, .sections = capital});
    const auto line =
        1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(text.find("name = \"A\"")), '\n');
    EXPECT_NE(mistake(capital).find("x:" + std::to_string(line) + ": name: expected 1 to 64"), std::string::npos)
        << mistake(capital);
    EXPECT_NE(mistake("\n[[setting]]\nname = \"a\"").find("value: a setting has either"), std::string::npos);
    EXPECT_NE(mistake("\n[[setting]]\nname = \"a\"\nvalue = \"\"").find("value: is empty"), std::string::npos);
    EXPECT_NE(mistake("\n[[setting]]\nname = \"a\"\ncontent = \"0g\"").find("content: "), std::string::npos);
    EXPECT_NE(mistake("\n[[setting]]\nname = \"a\"\nvalue = \"{{imsi\"").find("value: "), std::string::npos);
    EXPECT_NE(mistake("\n[[setting]]\nname = \"a\"\nvalue = \"x\"\nfile = \"SPN\"").find("unknown key \"file\""),
              std::string::npos);
    EXPECT_NE(mistake(std::string(setting_text) + std::string(setting_text)).find("twice"), std::string::npos);
    EXPECT_NE(mistake("\n[terminals]\ntar = \"b20150\"").find("no [[setting]]"), std::string::npos);
    EXPECT_NE(mistake(std::string(setting_text) + "[terminals]\ntar = \"b2\"").find("tar"), std::string::npos);
    EXPECT_NE(
        mistake("\n[[setting]]\nname = \"a\"\ncontent = \"" + std::string(4'000, 'a') + "\"").find("does not fit"),
        std::string::npos);
    EXPECT_NE(mistake("\n[setting]\nname = \"a\"").find("expected sections [[setting]]"), std::string::npos);
}

TEST(terminals, a_campaign_without_anything_for_cards_says_nothing_of_them) {
    auto options = settings_only();
    EXPECT_EQ(mistakes(options), "");
    options.security = "format = \"expanded\"\n";
    EXPECT_NE(mistakes(options).find("format: is for cards"), std::string::npos);
    options = settings_only();
    options.tar = "b00010";
    EXPECT_NE(mistakes(options).find("an agent's stands in [terminals]"), std::string::npos);
}

}  // namespace
}  // namespace tessera::campaigns
