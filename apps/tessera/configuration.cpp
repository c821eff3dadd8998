#include "tessera/configuration.h"

#include "base/checked_toml.h"
#include "base/limits.h"
#include "telecom/smpp_link.h"
#include "tessera/configuration_safety.h"

namespace tessera::app {
namespace {

constexpr std::string_view default_text =
    R"toml(# tessera.toml: how this data directory reaches the world. Every key may be left out; what stands here is its default.
# Durations are written 200ms, 30s, 5m.

[telecom]
# "per-exchange": the SMPP session is opened when a campaign's exchange begins and closed when it ends.
# "persistent":   the bare link stays up between the phases of a run (enquire_link only); no campaign traffic outside the exchange.
session = "per-exchange"

[server]
# Threads that prepare and settle.
workers = 2

[safety]
# Cards that every new campaign must pass first, as its wave 0: ICCIDs, and cards with a tag.
test_cards = []
test_tag = ""
# Short messages of all campaigns together in any hour; 0: as many as go.
sends_per_hour = 0

# Where cards are, for campaigns whose window is in the time of each card. A card with one of the tags, else the longest
# prefix of its IMSI, else of its MSISDN; a section without any of them is for all others.
# [[zone]]
# name = "Europe/Berlin"
# imsi = ["262"]
# msisdn = ["49"]
# tag = ["berlin"]

# One section [[smsc]] per short message centre; a campaign names the one it uses.
[[smsc]]
name = "main"
address = "127.0.0.1:2775"      # host:port; IPv6 as [::1]:2775
system_id = "tessera"           # at most 15 characters
password = ""                   # at most 8 characters; keep this file to yourself
system_type = ""                # at most 12 characters
window = 2000                   # submit_sm without answer at a time, 1 to 10000
rate = 0                        # submit_sm per second; 0: as fast as the window lets
source_address = "1000"         # digits, or up to 11 letters with source_ton = 5
source_ton = 0
source_npi = 1
destination_ton = 1
destination_npi = 1
data_coding = 0xf6              # TP-DCS: class 2, 8 bit; 0x02, 0x04, 0xf5, 0x16 occur
protocol_id = 0x7f              # TP-PID: (U)SIM data download
delivery_receipts = false       # ask for them; they prove nothing about the card
validity_period = ""            # SMPP time format, as in 000001000000000R; empty: the centre's default
reference_bits = 8              # of concatenated messages, 8 or 16
enquire_link_interval = "30s"
response_timeout = "30s"        # a submit_sm without answer for so long takes the link down
reconnect_delay_min = "100ms"
reconnect_delay_max = "10s"
)toml";

constexpr auto shortest = std::chrono::milliseconds(1);

class reader {
public:
    explicit reader(const std::string& file) : toml_("bad_configuration", file) {}

    std::expected<configuration, std::vector<error>> read(std::string_view text) {
        if (const auto root = toml_.parse(text)) sections(*root);
        if (!toml_.clean()) return std::unexpected(toml_.take_mistakes());
        if (made_.smscs.empty()) made_.smscs.emplace_back();
        return std::move(made_);
    }

private:
    void sections(const toml::table& root) {
        toml_.only(root, {"telecom", "server", "smsc", "safety", "zone"}, "the file");
        if (const auto* table = toml_.section(root, "telecom", false)) {
            toml_.only(*table, {"session"}, "[telecom]");
            if (const auto session = toml_.text(*table, "session", false)) {
                if (*session == "persistent")
                    made_.session = session_mode::persistent;
                else if (*session != "per-exchange")
                    toml_.mistake(*table->get("session"), "session: expected \"per-exchange\" or \"persistent\"");
            }
        }
        if (const auto* table = toml_.section(root, "server", false)) {
            toml_.only(*table, {"workers"}, "[server]");
            made_.workers = static_cast<int>(toml_.number(*table, "workers", 1, 64).value_or(made_.workers));
        }
        if (const auto* list = root.get("smsc")) smscs(*list);
        made_.house = read_house_rules(root, toml_);
    }

    void smscs(const toml::node& node) {
        const auto* list = node.as_array();
        if (list == nullptr || !list->is_array_of_tables())
            return toml_.mistake(node, "smsc: expected sections [[smsc]]");
        for (const auto& one : *list) {
            auto settings = smsc(*one.as_table());
            if (made_.smsc(settings.name) != nullptr)
                toml_.mistake(one, "[[smsc]]: there are two named \"" + settings.name + "\"");
            made_.smscs.push_back(std::move(settings));
        }
    }

    telecom::smsc_settings smsc(const toml::table& table) {
        toml_.only(table,
                   {"name",
                    "address",
                    "system_id",
                    "password",
                    "system_type",
                    "window",
                    "rate",
                    "source_address",
                    "source_ton",
                    "source_npi",
                    "destination_ton",
                    "destination_npi",
                    "data_coding",
                    "protocol_id",
                    "delivery_receipts",
                    "validity_period",
                    "reference_bits",
                    "enquire_link_interval",
                    "response_timeout",
                    "reconnect_delay_min",
                    "reconnect_delay_max"},
                   "[[smsc]]");
        telecom::smsc_settings into;
        words(table, into);
        numbers(table, into);
        into.delivery_receipts = toml_.flag(table, "delivery_receipts").value_or(into.delivery_receipts);
        into.enquire_link_interval =
            toml_.span(table, "enquire_link_interval", shortest).value_or(into.enquire_link_interval);
        into.response_time_out = toml_.span(table, "response_timeout", shortest).value_or(into.response_time_out);
        into.reconnect_delay_min =
            toml_.span(table, "reconnect_delay_min", shortest).value_or(into.reconnect_delay_min);
        into.reconnect_delay_max =
            toml_.span(table, "reconnect_delay_max", shortest).value_or(into.reconnect_delay_max);
        if (into.reconnect_delay_max < into.reconnect_delay_min)
            toml_.mistake(table, "reconnect_delay_max: is shorter than reconnect_delay_min");
        return into;
    }

    void word(const toml::table& table, std::string_view key, std::size_t most, std::string& into) {
        const auto value = toml_.text(table, key, false);
        if (!value) return;
        if (value->size() > most)
            toml_.mistake(*table.get(key),
                          std::string(key) + ": expected at most " + std::to_string(most) + " characters");
        // A terminator inside would end the field of the PDU early.
        else if (!std::ranges::all_of(*value, [](char c) { return c >= ' ' && c <= '~'; }))
            toml_.mistake(*table.get(key), std::string(key) + ": expected printable ASCII");
        into = *value;
    }
    // The fields' own limits, SMPP 3.4 clauses 5.2.1 to 5.2.16.
    void words(const toml::table& table, telecom::smsc_settings& into) {
        word(table, "name", 64, into.name);
        word(table, "address", 300, into.address);
        if (const auto parts = telecom::parse_address(into.address); !parts)
            toml_.mistake(*table.get("address"), "address: expected host:port, or [host]:port for IPv6");
        word(table, "system_id", 15, into.system_id);
        word(table, "password", 8, into.password);
        word(table, "system_type", 12, into.system_type);
        word(table, "source_address", 20, into.source_address);
        word(table, "validity_period", 16, into.validity_period);
    }
    template <class Number>
    void number(const toml::table& table, std::string_view key, std::int64_t least, std::int64_t most, Number& into) {
        into = static_cast<Number>(toml_.number(table, key, least, most).value_or(static_cast<std::int64_t>(into)));
    }
    void numbers(const toml::table& table, telecom::smsc_settings& into) {
        number(table, "window", 1, static_cast<std::int64_t>(limits::smpp_window), into.window);
        number(table, "rate", 0, 10'000'000, into.rate);
        number(table, "source_ton", 0, 6, into.source_type_of_number);
        number(table, "source_npi", 0, 18, into.source_numbering_plan);
        number(table, "destination_ton", 0, 6, into.destination_type_of_number);
        number(table, "destination_npi", 0, 18, into.destination_numbering_plan);
        number(table, "data_coding", 0, 255, into.data_coding);
        number(table, "protocol_id", 0, 255, into.protocol_id);
        number(table, "reference_bits", 8, 16, into.reference_bits);
        if (into.reference_bits != 8 && into.reference_bits != 16)
            toml_.mistake(*table.get("reference_bits"), "reference_bits: expected 8 or 16");
    }

    checked_toml toml_;
    configuration made_;
};

}  // namespace

const telecom::smsc_settings* configuration::smsc(std::string_view name) const {
    for (const auto& one : smscs)
        if (one.name == name) return &one;
    return nullptr;
}

std::expected<configuration, std::vector<error>> parse_configuration(std::string_view text, const std::string& file) {
    return reader(file).read(text);
}

std::string_view default_configuration() { return default_text; }

}  // namespace tessera::app
