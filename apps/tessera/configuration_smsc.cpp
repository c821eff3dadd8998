#include "tessera/configuration_smsc.h"

#include "base/limits.h"
#include "telecom/route.h"
#include "telecom/smpp_link.h"

namespace tessera::app {
namespace {

constexpr auto shortest = std::chrono::milliseconds(1);
constexpr std::size_t path_octets = 4'096;
constexpr std::size_t subscriber_digits = 15;

class smsc_reader {
public:
    smsc_reader(const toml::table& table, const std::filesystem::path& folder, checked_toml& toml)
        : table_(table), folder_(folder), toml_(toml) {}

    telecom::smsc_settings read() {
        toml_.only(table_,
                   {"name",
                    "address",
                    "system_id",
                    "password",
                    "system_type",
                    "bind",
                    "sessions",
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
                    "reconnect_delay_max",
                    "prefixes",
                    "priority",
                    "weight",
                    "failover_after",
                    "tls",
                    "tls_ca",
                    "tls_certificate",
                    "tls_key",
                    "tls_name",
                    "tls_verify"},
                   "[[smsc]]");
        words();
        numbers();
        into_.delivery_receipts = toml_.flag(table_, "delivery_receipts").value_or(into_.delivery_receipts);
        durations();
        sessions();
        prefixes();
        tls();
        return std::move(into_);
    }

private:
    void mistake(std::string_view key, std::string what) {
        toml_.mistake(*table_.get(key), std::string(key) + ": " + std::move(what));
    }

    void word(std::string_view key, std::size_t most, std::string& into) {
        const auto value = toml_.text(table_, key, false);
        if (!value) return;
        if (value->size() > most) mistake(key, "expected at most " + std::to_string(most) + " characters");
        // A terminator inside would end the field of the PDU early.
        else if (!std::ranges::all_of(*value, [](char c) { return c >= ' ' && c <= '~'; }))
            mistake(key, "expected printable ASCII");
        into = *value;
    }
    // The fields' own limits, SMPP 3.4 clauses 5.2.1 to 5.2.16.
    void words() {
        word("name", 64, into_.name);
        if (into_.name == telecom::any_smsc) mistake("name", "\"auto\" means any of them, so none is called so");
        word("address", 300, into_.address);
        if (const auto parts = telecom::parse_address(into_.address); !parts)
            mistake("address", "expected host:port, or [host]:port for IPv6");
        word("system_id", 15, into_.system_id);
        word("password", 8, into_.password);
        word("system_type", 12, into_.system_type);
        word("source_address", 20, into_.source_address);
        word("validity_period", 16, into_.validity_period);
    }

    template <class Number>
    void number(std::string_view key, std::int64_t least, std::int64_t most, Number& into) {
        into = static_cast<Number>(toml_.number(table_, key, least, most).value_or(static_cast<std::int64_t>(into)));
    }
    void numbers() {
        number("sessions", 1, static_cast<std::int64_t>(limits::smpp_sessions), into_.sessions);
        number("window", 1, static_cast<std::int64_t>(limits::smpp_window), into_.window);
        number("rate", 0, 10'000'000, into_.rate);
        number("source_ton", 0, 6, into_.source_type_of_number);
        number("source_npi", 0, 18, into_.source_numbering_plan);
        number("destination_ton", 0, 6, into_.destination_type_of_number);
        number("destination_npi", 0, 18, into_.destination_numbering_plan);
        number("data_coding", 0, 255, into_.data_coding);
        number("protocol_id", 0, 255, into_.protocol_id);
        number("reference_bits", 8, 16, into_.reference_bits);
        if (into_.reference_bits != 8 && into_.reference_bits != 16) mistake("reference_bits", "expected 8 or 16");
        number("priority", 1, 9, into_.priority);
        number("weight", 1, 100, into_.weight);
    }

    void span(std::string_view key, duration& into) { into = toml_.span(table_, key, shortest).value_or(into); }
    void durations() {
        span("enquire_link_interval", into_.enquire_link_interval);
        span("response_timeout", into_.response_time_out);
        span("reconnect_delay_min", into_.reconnect_delay_min);
        span("reconnect_delay_max", into_.reconnect_delay_max);
        span("failover_after", into_.failover_after);
        if (into_.reconnect_delay_max < into_.reconnect_delay_min)
            toml_.mistake(table_, "reconnect_delay_max: is shorter than reconnect_delay_min");
    }

    void sessions() {
        const auto bind = toml_.text(table_, "bind", false);
        if (!bind) return;
        if (*bind == "transmitter_receiver")
            into_.bind = telecom::bind_mode::transmitter_receiver;
        else if (*bind != "transceiver")
            mistake("bind", "expected \"transceiver\" or \"transmitter_receiver\"");
    }

    void prefixes() {
        const auto* node = table_.get("prefixes");
        if (node == nullptr) return;
        const auto* list = node->as_array();
        if (list == nullptr)
            return mistake("prefixes", "expected a list of digits in quotes, as in [\"49\", \"4917\"]");
        if (list->size() > limits::smsc_prefixes)
            return mistake("prefixes", "more than " + std::to_string(limits::smsc_prefixes));
        for (const auto& one : *list) {
            const auto digits = one.value_exact<std::string>();
            const bool good = digits && !digits->empty() && digits->size() <= subscriber_digits &&
                              (*digits)[0] != '0' &&
                              std::ranges::all_of(*digits, [](char c) { return c >= '0' && c <= '9'; });
            if (!good)
                toml_.mistake(one,
                              "prefixes: expected 1 to 15 digits in quotes, in international form without + or 00");
            else
                into_.prefixes.push_back(*digits);
        }
    }

    // A path as the program can use it from wherever it stands.
    void path(std::string_view key, std::string& into) {
        word(key, path_octets, into);
        if (!into.empty()) into = (folder_ / into).string();
    }
    void tls() {
        auto& into = into_.tls;
        into.wanted = toml_.flag(table_, "tls").value_or(false);
        into.verify = toml_.flag(table_, "tls_verify").value_or(true);
        path("tls_ca", into.authorities);
        path("tls_certificate", into.certificate);
        path("tls_key", into.key);
        word("tls_name", 253, into.name);
        if (into.certificate.empty() != into.key.empty())
            mistake(into.key.empty() ? "tls_certificate" : "tls_key", "certificate and key go together");
        for (const auto* key : {"tls_ca", "tls_certificate", "tls_key", "tls_name", "tls_verify"}) {
            const auto text = table_.get(key) == nullptr ? std::nullopt : table_.get(key)->value_exact<std::string>();
            const bool says_something = text ? !text->empty() : table_.get(key) != nullptr && !into.verify;
            if (!into.wanted && says_something && table_.get("tls") == nullptr)
                mistake(key, "means nothing without tls = true");
        }
    }

    const toml::table& table_;
    const std::filesystem::path& folder_;
    checked_toml& toml_;
    telecom::smsc_settings into_;
};

}  // namespace

telecom::smsc_settings read_smsc(const toml::table& table, const std::filesystem::path& folder, checked_toml& toml) {
    return smsc_reader(table, folder, toml).read();
}

}  // namespace tessera::app
