#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "certificates.h"
#include "simulated_link.h"

namespace tessera::telecom {
namespace {

using lines = std::vector<std::string>;

class tls_link_test : public testing::Test {
protected:
    tls_link_test() {
        auto pattern = (std::filesystem::temp_directory_path() / "tessera-tls-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
        folder = pattern;
        ours.emplace(folder, "authority");
        here.settings.tls.wanted = true;
        here.settings.tls.authorities = ours->certificate();
        here.settings.password = "geheim";
    }
    ~tls_link_test() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }
    void smsc_shows(const testing_certificates::files& shown) {
        here.smsc_tls.certificate = shown.certificate;
        here.smsc_tls.key = shown.key;
    }
    void expect_served() {
        here.run();
        EXPECT_EQ(here.lines, (lines{"open", "closed"}));
        EXPECT_EQ(here.answers, cards);
        EXPECT_EQ(here.statistics().executed, cards);
    }
    void expect_refused(const std::string& code, const std::string& field, const std::string& what) {
        here.run();
        ASSERT_EQ(here.lines.size(), 1U);
        EXPECT_TRUE(here.lines[0].starts_with("failed " + code + " " + field + " ")) << here.lines[0];
        EXPECT_NE(here.lines[0].find(what), std::string::npos) << here.lines[0];
        EXPECT_EQ(here.statistics().binds, 0U);  // the password went nowhere
    }

    static constexpr std::size_t cards = 50;
    std::filesystem::path folder;
    std::optional<testing_certificates::authority> ours;
    simulated_link here{cards};
};

TEST_F(tls_link_test, serves_over_a_certificate_of_our_authority_for_the_address) {
    smsc_shows(ours->sign("smsc", "IP:127.0.0.1"));
    expect_served();
}

TEST_F(tls_link_test, serves_over_a_certificate_for_the_name_of_the_settings) {
    smsc_shows(ours->sign("smsc", "DNS:smsc.example"));
    here.settings.tls.name = "smsc.example";
    here.settings.bind = bind_mode::transmitter_receiver;
    here.settings.sessions = 2;
    expect_served();
}

TEST_F(tls_link_test, refuses_a_certificate_for_another_name) {
    smsc_shows(ours->sign("smsc", "DNS:elsewhere.example"));
    here.settings.tls.name = "smsc.example";
    expect_refused("tls_refused", "main", "not for smsc.example");
}

TEST_F(tls_link_test, refuses_a_certificate_of_a_strangers_authority) {
    testing_certificates::authority stranger(folder, "stranger");
    smsc_shows(stranger.sign("smsc", "IP:127.0.0.1"));
    expect_refused("tls_refused", "main", "unable to get local issuer certificate");
}

TEST_F(tls_link_test, refuses_a_certificate_that_has_expired) {
    smsc_shows(ours->sign("smsc", "IP:127.0.0.1", true));
    expect_refused("tls_refused", "main", "expired");
}

TEST_F(tls_link_test, believes_any_certificate_only_when_told_so) {
    testing_certificates::authority stranger(folder, "stranger");
    smsc_shows(stranger.sign("smsc", "DNS:elsewhere.example", true));
    here.settings.tls.authorities.clear();
    here.settings.tls.verify = false;
    expect_served();
}

TEST_F(tls_link_test, without_authorities_of_its_own_believes_only_those_of_the_machine) {
    smsc_shows(ours->sign("smsc", "IP:127.0.0.1"));
    here.settings.tls.authorities.clear();
    expect_refused("tls_refused", "main", "not believed");
}

TEST_F(tls_link_test, shows_its_own_certificate_where_the_smsc_wants_one) {
    smsc_shows(ours->sign("smsc", "IP:127.0.0.1"));
    here.smsc_tls.client_authorities = ours->certificate();
    const auto mine = ours->sign("us", "DNS:tessera.example");
    here.settings.tls.certificate = mine.certificate;
    here.settings.tls.key = mine.key;
    expect_served();
}

TEST_F(tls_link_test, says_so_when_the_smsc_wants_a_certificate_and_it_has_none) {
    smsc_shows(ours->sign("smsc", "IP:127.0.0.1"));
    here.smsc_tls.client_authorities = ours->certificate();
    expect_refused("tls_refused", "main", "certificate required");
}

// A simulator without a certificate answers the handshake with a generic_nack.
TEST_F(tls_link_test, says_so_when_the_smsc_speaks_no_tls) { expect_refused("tls_refused", "main", "TLS: "); }

TEST_F(tls_link_test, names_the_file_that_cannot_be_used) {
    smsc_shows(ours->sign("smsc", "IP:127.0.0.1"));
    here.settings.tls.authorities = folder / "missing.pem";
    expect_refused("bad_tls", "main.tls_ca", "missing.pem");
}

TEST_F(tls_link_test, names_the_key_that_is_none) {
    const auto shown = ours->sign("smsc", "IP:127.0.0.1");
    smsc_shows(shown);
    here.settings.tls.certificate = shown.certificate;
    here.settings.tls.key = folder / "no.key";
    std::ofstream(here.settings.tls.key) << "no key\n";
    expect_refused("bad_tls", "main.tls_key", "no.key");
}

}  // namespace
}  // namespace tessera::telecom
