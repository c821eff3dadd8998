#include "tessera/configuration.h"

#include <gtest/gtest.h>

namespace tessera::app {
namespace {

configuration read(std::string_view text) {
    auto made = parse_configuration(text, "tessera.toml");
    if (made) return std::move(*made);
    for (const auto& one : made.error()) ADD_FAILURE() << to_string(one);
    return {};
}

// Each mistake as "line: message".
std::vector<std::string> mistakes(std::string_view text) {
    const auto made = parse_configuration(text, "tessera.toml");
    std::vector<std::string> all;
    if (made) return all;
    for (const auto& one : made.error()) {
        EXPECT_EQ(one.code, "bad_configuration");
        EXPECT_TRUE(one.field.starts_with("tessera.toml:")) << one.field;
        all.push_back(one.field.substr(std::string("tessera.toml:").size()) + ": " + one.message);
    }
    return all;
}

void expect_defaults(const telecom::smsc_settings& found) {
    const telecom::smsc_settings expected;
    EXPECT_EQ(found.name, expected.name);
    EXPECT_EQ(found.address, expected.address);
    EXPECT_EQ(found.system_id, expected.system_id);
    EXPECT_EQ(found.password, expected.password);
    EXPECT_EQ(found.system_type, expected.system_type);
    EXPECT_EQ(found.window, expected.window);
    EXPECT_EQ(found.rate, expected.rate);
    EXPECT_EQ(found.source_address, expected.source_address);
    EXPECT_EQ(found.source_type_of_number, expected.source_type_of_number);
    EXPECT_EQ(found.source_numbering_plan, expected.source_numbering_plan);
    EXPECT_EQ(found.destination_type_of_number, expected.destination_type_of_number);
    EXPECT_EQ(found.destination_numbering_plan, expected.destination_numbering_plan);
    EXPECT_EQ(found.data_coding, expected.data_coding);
    EXPECT_EQ(found.protocol_id, expected.protocol_id);
    EXPECT_EQ(found.delivery_receipts, expected.delivery_receipts);
    EXPECT_EQ(found.validity_period, expected.validity_period);
    EXPECT_EQ(found.reference_bits, expected.reference_bits);
    EXPECT_EQ(found.enquire_link_interval, expected.enquire_link_interval);
    EXPECT_EQ(found.response_time_out, expected.response_time_out);
    EXPECT_EQ(found.reconnect_delay_min, expected.reconnect_delay_min);
    EXPECT_EQ(found.reconnect_delay_max, expected.reconnect_delay_max);
    EXPECT_EQ(found.bind, expected.bind);
    EXPECT_EQ(found.sessions, expected.sessions);
    EXPECT_EQ(found.prefixes, expected.prefixes);
    EXPECT_EQ(found.priority, expected.priority);
    EXPECT_EQ(found.weight, expected.weight);
    EXPECT_EQ(found.failover_after, expected.failover_after);
    EXPECT_FALSE(found.tls.wanted);
    EXPECT_TRUE(found.tls.verify);
    EXPECT_EQ(found.tls.authorities + found.tls.certificate + found.tls.key + found.tls.name, "");
}

TEST(configuration, safety_and_zones) {
    const auto made = read(
        "[safety]\ntest_cards = [\"8949000000000000018\"]\ntest_tag = \"lab\"\nsends_per_hour = 500\n"
        "[[zone]]\nname = \"Asia/Tokyo\"\nimsi = [\"440\", \"441\"]\nmsisdn = \"81\"\n[[zone]]\nname = \"UTC\"\n");
    EXPECT_EQ(made.house.test_cards, std::vector<std::string>{"8949000000000000018"});
    EXPECT_EQ(made.house.test_tag, "lab");
    EXPECT_EQ(made.house.sends_per_hour, 500);
    ASSERT_EQ(made.house.zones.size(), 2U);
    EXPECT_EQ(made.house.zones[0].imsi, (std::vector<std::string>{"440", "441"}));
    EXPECT_EQ(made.house.zones[0].msisdn, std::vector<std::string>{"81"});
    EXPECT_TRUE(made.house.zones[1].names_nothing());
    EXPECT_EQ(
        mistakes("[safety]\ntest_cards = [\"1\"]\nsends_per_hour = -1\n[[zone]]\nname = \"Mars\"\nimsi = [\"x\"]\n")
            .size(),
        4U);
}

TEST(configuration, the_file_that_init_writes_says_the_defaults) {
    const auto made = read(default_configuration());
    EXPECT_EQ(made.session, configuration{}.session);
    EXPECT_EQ(made.workers, configuration{}.workers);
    EXPECT_FALSE(made.house.tests());
    EXPECT_TRUE(made.house.zones.empty());
    EXPECT_EQ(made.house.sends_per_hour, 0);
    ASSERT_EQ(made.smscs.size(), 1U);
    expect_defaults(made.smscs[0]);
}

// A key that the file left out would be explained nowhere; one too many would be refused when it is read.
TEST(configuration, the_file_that_init_writes_has_every_key) {
    const auto listed = mistakes("[[smsc]]\nno_such_key = 1\n");
    ASSERT_EQ(listed.size(), 1U);
    const auto at = listed[0].find("known: ");
    ASSERT_NE(at, std::string::npos) << listed[0];
    std::string known = listed[0].substr(at + 7) + ", session, workers, ";
    std::size_t keys = 0;
    for (std::size_t comma = 0; (comma = known.find(", ")) != std::string::npos; known.erase(0, comma + 2), ++keys)
        EXPECT_NE(default_configuration().find("\n" + known.substr(0, comma) + " = "), std::string_view::npos)
            << known.substr(0, comma);
    EXPECT_EQ(keys, 35U);
}

TEST(configuration, an_empty_file_and_a_lone_smsc_are_valid) {
    for (const auto* text : {"", "\n# nothing\n", "[[smsc]]\n", "[[smsc]]", "[telecom]\n[server]\n[[smsc]]\r\n"}) {
        const auto made = read(text);
        ASSERT_EQ(made.smscs.size(), 1U) << text;
        expect_defaults(made.smscs[0]);
        EXPECT_NE(made.smsc("main"), nullptr);
        EXPECT_EQ(made.smsc("other"), nullptr);
    }
}

TEST(configuration, what_is_written_wins_over_the_defaults) {
    const auto made = read(R"toml(
[telecom]
session = "persistent"
[server]
workers = 8
[[smsc]]
name = "north"
address = "[::1]:2776"
password = "geheim"
window = 10000
rate = 250
source_address = "Operator"
source_ton = 5
data_coding = 0x16
delivery_receipts = true
reference_bits = 16
response_timeout = "2s"
[[smsc]]
name = "south"
)toml");
    EXPECT_EQ(made.session, session_mode::persistent);
    EXPECT_EQ(made.workers, 8);
    ASSERT_EQ(made.smscs.size(), 2U);
    const auto* north = made.smsc("north");
    ASSERT_NE(north, nullptr);
    EXPECT_EQ(north->address, "[::1]:2776");
    EXPECT_EQ(north->password, "geheim");
    EXPECT_EQ(north->window, 10'000U);
    EXPECT_EQ(north->rate, 250U);
    EXPECT_EQ(north->source_type_of_number, 5);
    EXPECT_EQ(north->data_coding, 0x16);
    EXPECT_TRUE(north->delivery_receipts);
    EXPECT_EQ(north->reference_bits, 16);
    EXPECT_EQ(north->response_time_out, std::chrono::seconds(2));
    EXPECT_EQ(made.smsc("south")->window, telecom::smsc_settings{}.window);
}

TEST(configuration, an_smsc_says_whom_it_reaches_how_it_is_bound_and_how_it_is_secured) {
    const auto made = parse_configuration(R"toml(
[[smsc]]
bind = "transmitter_receiver"
sessions = 4
prefixes = ["49", "4917"]
priority = 1
weight = 3
failover_after = "2s"
tls = true
tls_ca = "authorities.pem"
tls_certificate = "/etc/tessera/us.pem"
tls_key = "us.key"
tls_name = "smsc.example"
tls_verify = false
)toml",
                                          "/home/somewhere/tessera.toml");
    ASSERT_TRUE(made.has_value()) << to_string(made.error().front());
    const auto& found = made->smscs.at(0);
    EXPECT_EQ(found.bind, telecom::bind_mode::transmitter_receiver);
    EXPECT_EQ(found.sessions, 4U);
    EXPECT_EQ(found.prefixes, (std::vector<std::string>{"49", "4917"}));
    EXPECT_EQ(found.priority, 1);
    EXPECT_EQ(found.weight, 3U);
    EXPECT_EQ(found.failover_after, std::chrono::seconds(2));
    EXPECT_TRUE(found.tls.wanted);
    EXPECT_FALSE(found.tls.verify);
    EXPECT_EQ(found.tls.authorities, "/home/somewhere/authorities.pem");  // from where tessera.toml stands
    EXPECT_EQ(found.tls.certificate, "/etc/tessera/us.pem");
    EXPECT_EQ(found.tls.key, "/home/somewhere/us.key");
    EXPECT_EQ(found.tls.name, "smsc.example");
}

TEST(configuration, events_say_which_messages_tell_of_them) {
    const auto found = read(
        "[[event]]\nto = \"+7001\"\nbegins_with = \"d10e\"\nimei = \"bcd\"\n"
        "[[event]]\nkind = \"new-imei\"\nport = 16000\nimei = \"text\"\nimei_at = 5\n");
    ASSERT_EQ(found.events.size(), 2U);
    EXPECT_EQ(found.events[0].to, "7001");
    EXPECT_EQ(found.events[0].begins_with, (bytes{0xd1, 0x0e}));
    EXPECT_EQ(found.events[0].imei, operations::imei_form::bcd);
    EXPECT_EQ(found.events[0].imei_at, 2U) << "behind what it begins with";
    EXPECT_EQ(found.events[1].kind, cards::event_kind::new_imei);
    EXPECT_EQ(found.events[1].port, 16000);
    EXPECT_EQ(found.events[1].imei_at, 5U);
}

TEST(configuration, a_route_names_one_smsc_some_or_all) {
    const auto made = read("[[smsc]]\nname = \"north\"\n[[smsc]]\nname = \"south\"\n[[smsc]]\nname = \"west\"\n");
    const auto names = [&](const telecom::route& way) {
        std::string text;
        const auto used = made.used_by(way);
        if (!used) return used.error().code;
        for (const auto* one : *used) text += one->name + " ";
        return text;
    };
    EXPECT_EQ(names(telecom::route_by("auto")), "north south west ");
    EXPECT_EQ(names(telecom::route_by("south")), "south ");
    EXPECT_EQ(names({{"west", "north"}}), "west north ");
    EXPECT_EQ(names({{"west", "east"}}), "no_smsc");
}

struct mistake_case {
    const char* name;
    std::string text, where, what;
};
class configuration_mistake : public testing::TestWithParam<mistake_case> {};
TEST_P(configuration_mistake, is_told_with_its_line) {
    const auto found = mistakes(GetParam().text);
    ASSERT_EQ(found.size(), 1U) << GetParam().text;
    EXPECT_TRUE(found[0].starts_with(GetParam().where + ": ")) << found[0];
    EXPECT_NE(found[0].find(GetParam().what), std::string::npos) << found[0];
    EXPECT_EQ(found[0].find("geheim"), std::string::npos) << "a password in a message";
}
mistake_case smsc_line(const char* name, std::string line, std::string what) {
    return {name, "\n[[smsc]]\npassword = \"geheim\"\n" + line + "\n", "4", std::move(what)};
}
INSTANTIATE_TEST_SUITE_P(
    each, configuration_mistake,
    testing::Values(
        mistake_case{"not_toml", "a = 1\nb = = 2\n", "2", ""},
        mistake_case{"unknown_section", "\n[smpp]\n", "2", "\"smpp\""},
        mistake_case{"unknown_key", "[server]\n\nthreads = 1\n", "3", "\"threads\""},
        mistake_case{"session", "[telecom]\nsession = \"always\"\n", "2", "per-exchange"},
        mistake_case{"session_type", "[telecom]\nsession = 1\n", "2", "text"},
        mistake_case{"workers", "[server]\nworkers = 0\n", "2", "1 to 64"},
        mistake_case{"section_that_is_none", "server = 1\n", "1", "[server]"},
        mistake_case{"smsc_no_list", "\n[smsc]\n", "2", "[[smsc]]"},
        mistake_case{"same_name_twice", "[[smsc]]\n[[smsc]]\n", "2", "two named \"main\""},
        mistake_case{"letters", "gr\xc3\xb6sse = 1\n", "1", "ASCII"},
        mistake_case{"password_too_long", "[[smsc]]\npassword = \"geheim-geheim\"\n", "2", "at most 8"},
        mistake_case{"password_no_text", "[[smsc]]\npassword = 12345678\n", "2", "text in quotes"},
        mistake_case{"event_of_no_message", "\n[[event]]\nkind = \"registration\"\n", "2", "to, port and begins_with"},
        mistake_case{"event_kind", "[[event]]\nto = \"7001\"\nkind = \"first-registration\"\n", "3", "new-imei"},
        mistake_case{"event_form", "[[event]]\nto = \"7001\"\nimei = \"ascii\"\n", "3", "identity, bcd"},
        mistake_case{"event_prefix", "[[event]]\nbegins_with = \"d\"\n", "2", "begins_with"},
        mistake_case{"event_without_imei", "[[event]]\nto = \"1\"\nkind = \"new-imei\"\nimei = \"none\"\n", "4",
                     "has one"},
        smsc_line("address_without_port", "address = \"localhost\"", "host:port"),
        smsc_line("address_with_wrong_port", "address = \"localhost:99999\"", "host:port"),
        smsc_line("address_of_ipv6_without_brackets", "address = \"::1:2775\"", "host:port"),
        smsc_line("system_id", "system_id = \"0123456789abcdef\"", "at most 15"),
        smsc_line("system_type", "system_type = \"0123456789abc\"", "at most 12"),
        smsc_line("source_address", "source_address = \"012345678901234567890\"", "at most 20"),
        smsc_line("terminator_in_text", "system_id = \"a\\u0000b\"", "ASCII"),
        smsc_line("window_zero", "window = 0", "1 to 10000"), smsc_line("window", "window = 10001", "1 to 10000"),
        smsc_line("window_text", "window = \"10\"", "1 to 10000"), smsc_line("rate", "rate = -1", "from 0"),
        smsc_line("ton", "source_ton = 7", "0 to 6"), smsc_line("npi", "destination_npi = 19", "0 to 18"),
        smsc_line("data_coding", "data_coding = 0x100", "0 to 255"),
        smsc_line("receipts", "delivery_receipts = \"yes\"", "true or false"),
        smsc_line("reference_bits", "reference_bits = 12", "8 or 16"),
        smsc_line("name_auto", "name = \"auto\"", "any of them"),
        smsc_line("bind", "bind = \"receiver\"", "transmitter_receiver"),
        smsc_line("sessions", "sessions = 17", "1 to 16"), smsc_line("prefixes", "prefixes = \"49\"", "a list"),
        smsc_line("prefix_with_plus", "prefixes = [\"+49\"]", "without + or 00"),
        smsc_line("prefix_with_zeros", "prefixes = [\"0049\"]", "without + or 00"),
        smsc_line("prefix_empty", "prefixes = [\"49\", \"\"]", "1 to 15 digits"),
        smsc_line("prefix_number", "prefixes = [49]", "1 to 15 digits"),
        smsc_line("priority", "priority = 0", "1 to 9"), smsc_line("weight", "weight = 101", "1 to 100"),
        smsc_line("failover", "failover_after = \"0s\"", "too short"),
        smsc_line("tls", "tls = \"yes\"", "true or false"),
        smsc_line("tls_left_off", "tls_ca = \"ca.pem\"", "without tls = true"),
        smsc_line("tls_verify_left_off", "tls_verify = false", "without tls = true"),
        smsc_line("tls_key_alone", "tls_key = \"us.key\"\ntls = true", "go together"),
        smsc_line("duration", "response_timeout = \"30\"", "response_timeout"),
        smsc_line("duration_zero", "response_timeout = \"0s\"", "too short"),
        smsc_line("duration_number", "enquire_link_interval = 30", "text in quotes"),
        mistake_case{"delays_crossed", "[[smsc]]\nreconnect_delay_min = \"5s\"\nreconnect_delay_max = \"1s\"\n", "1",
                     "reconnect_delay_max"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(configuration, a_database_that_many_share) {
    EXPECT_TRUE(read("").database.url.empty());
    const auto found =
        read("[database]\nurl = \"postgresql://tessera@db.example/tessera\"\nlease = \"20s\"\n").database;
    EXPECT_EQ(found.url, "postgresql://tessera@db.example/tessera");
    EXPECT_EQ(found.lease, std::chrono::seconds(20));
    EXPECT_EQ(read("[database]\nurl = \"postgresql:///t\"\n").database.lease, limits::lease_time);
    const auto refused = mistakes("[database]\nurl = \"postgresql://t:hunter2@h/t\"\n");
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_TRUE(refused[0].starts_with("2: url: ")) << refused[0];
    EXPECT_NE(refused[0].find("passfile"), std::string::npos) << refused[0];
    EXPECT_EQ(refused[0].find("hunter2"), std::string::npos) << refused[0];
    for (const auto* wrong :
         {"[database]\n", "[database]\nurl = 1\n", "[database]\nurl = \"postgresql:///t\"\nhost = 1\n",
          "[database]\nurl = \"postgresql:///t\"\nlease = \"1s\"\n",
          "[database]\nurl = \"postgresql:///t\"\nlease = \"2h\"\n"})
        EXPECT_EQ(mistakes(wrong).size(), 1U) << wrong;
}

TEST(configuration, all_mistakes_are_told_at_once_in_order_of_line) {
    const auto found = mistakes("[server]\nworkers = 99\n[telecom]\nsession = 1\n[[smsc]]\nrate = true\ncolour = 1\n");
    ASSERT_EQ(found.size(), 4U);
    const std::vector<std::string> starts{"2: ", "4: ", "6: ", "7: "};
    for (std::size_t i = 0; i < starts.size(); ++i) EXPECT_TRUE(found[i].starts_with(starts[i])) << found[i];
}

}  // namespace
}  // namespace tessera::app
