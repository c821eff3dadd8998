#include "tessera/configuration.h"

#include "base/checked_toml.h"
#include "base/limits.h"
#include "store/postgres/postgres_database.h"
#include "tessera/configuration_events.h"
#include "tessera/configuration_safety.h"
#include "tessera/configuration_smsc.h"

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

# A database server that many processes share, instead of tessera.db in this directory (docs/operating/scale.md).
# [database]
# url = "postgresql://tessera@db.example/tessera"  # no password: ~/.pgpass, PGPASSFILE, or ?passfile=/etc/tessera/pgpass
# lease = "120s"                  # after which others take over what a process that has died held; 2s to 1h

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

# Short messages in which applets of cards tell that the card registered, and in which phone. A message is meant when all
# of to, port and begins_with hold that are given; the sender's number says which card it is.
# [[event]]
# kind = "registration"           # or "new-imei"
# to = "7001"                     # the number that the applet sends to
# port = 16000                    # destination port in the user data header
# begins_with = "d1"              # octets behind the header
# imei = "tlv"                    # TLV 14/94 or 62/E2 as a terminal response has it; identity: its value alone;
#                                 # bcd: swapped digits; text: digits as characters; none
# imei_at = 1                     # octets behind the header; default: behind begins_with

# One section [[smsc]] per short message centre; a campaign names the one it uses.
[[smsc]]
name = "main"
address = "127.0.0.1:2775"      # host:port; IPv6 as [::1]:2775
system_id = "tessera"           # at most 15 characters
password = ""                   # at most 8 characters; keep this file to yourself
system_type = ""                # at most 12 characters
bind = "transceiver"            # or "transmitter_receiver": one session for each direction
sessions = 1                    # so many, or so many pairs; 1 to 16
window = 2000                   # submit_sm without answer at a time in one session, 1 to 10000
rate = 0                        # submit_sm per second for all campaigns and operations; 0: as fast as the windows let
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
# Where several SMSCs are used (smsc = "auto", or a list, in a campaign), each subscriber goes by the longest prefix.
prefixes = []                   # of the numbers it reaches, as in ["49", "4917"]; none: all
priority = 5                    # 1 to 9; of SMSCs with the same prefix the lower one, the other when that is down
weight = 1                      # 1 to 100; its share of the subscribers among those of the same priority
failover_after = "10s"          # down for so long: others bring what it was to bring
tls = false                     # SMPP over TLS
tls_ca = ""                     # PEM file of the authorities to believe; empty: this machine's
tls_certificate = ""            # PEM file of our own certificate, and its key, if the SMSC asks for one
tls_key = ""
tls_name = ""                   # whom its certificate must be for; empty: the host of the address
tls_verify = true               # false: any certificate will do
)toml";

class reader {
public:
    explicit reader(const std::string& file)
        : folder_(std::filesystem::path(file).parent_path()), toml_("bad_configuration", file) {}

    std::expected<configuration, std::vector<error>> read(std::string_view text) {
        if (const auto root = toml_.parse(text)) sections(*root);
        if (!toml_.clean()) return std::unexpected(toml_.take_mistakes());
        if (made_.smscs.empty()) made_.smscs.emplace_back();
        return std::move(made_);
    }

private:
    void sections(const toml::table& root) {
        toml_.only(root, {"telecom", "server", "database", "smsc", "safety", "zone", "event"}, "the file");
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
        if (const auto* table = toml_.section(root, "database", false)) database(*table);
        if (const auto* list = root.get("smsc")) smscs(*list);
        made_.house = read_house_rules(root, toml_);
        if (const auto* list = root.get("event")) made_.events = read_event_rules(*list, toml_);
    }

    void database(const toml::table& table) {
        toml_.only(table, {"url", "lease"}, "[database]");
        if (const auto url = toml_.text(table, "url", true)) {
            made_.database.url = *url;
            if (const auto fine = store::check_address(*url); !fine)
                toml_.mistake(*table.get("url"), "url: " + fine.error().message);
        }
        const auto lease = toml_.span(table, "lease", limits::lease_time_min);
        if (!lease) return;
        made_.database.lease = std::chrono::duration_cast<std::chrono::milliseconds>(*lease);
        if (*lease > limits::lease_time_max) toml_.mistake(*table.get("lease"), "lease: expected at most 1h");
    }

    void smscs(const toml::node& node) {
        const auto* list = node.as_array();
        if (list == nullptr || !list->is_array_of_tables())
            return toml_.mistake(node, "smsc: expected sections [[smsc]]");
        if (list->size() > limits::smscs)
            return toml_.mistake(node, "smsc: more than " + std::to_string(limits::smscs) + " sections [[smsc]]");
        for (const auto& one : *list) {
            auto settings = read_smsc(*one.as_table(), folder_, toml_);
            if (made_.smsc(settings.name) != nullptr)
                toml_.mistake(one, "[[smsc]]: there are two named \"" + settings.name + "\"");
            made_.smscs.push_back(std::move(settings));
        }
    }

    std::filesystem::path folder_;
    checked_toml toml_;
    configuration made_;
};

}  // namespace

const telecom::smsc_settings* configuration::smsc(std::string_view name) const {
    for (const auto& one : smscs)
        if (one.name == name) return &one;
    return nullptr;
}

result<std::vector<const telecom::smsc_settings*>> configuration::used_by(const telecom::route& way) const {
    std::vector<const telecom::smsc_settings*> used;
    if (way.smscs.empty())
        for (const auto& one : smscs) used.push_back(&one);
    for (const auto& name : way.smscs) {
        used.push_back(smsc(name));
        if (used.back() == nullptr)
            return failure("no_smsc", "smsc", "tessera.toml has no [[smsc]] named \"" + name + "\"");
    }
    return used;
}

std::optional<telecom::route_table> configuration::routes_of(const telecom::route& way) const {
    if (way.smscs.size() == 1) return std::nullopt;  // by that one, whatever its prefixes are
    const auto used = used_by(way);
    if (!used || std::ranges::any_of(*used, [](const auto* smsc) { return smsc->prefixes.empty(); }))
        return std::nullopt;
    return telecom::route_table(*used);
}

std::expected<configuration, std::vector<error>> parse_configuration(std::string_view text, const std::string& file) {
    return reader(file).read(text);
}

std::string_view default_configuration() { return default_text; }

}  // namespace tessera::app
