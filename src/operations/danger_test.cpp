#include "operations/danger.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera::operations {
namespace {

using codec::toolkit_application_reference;
constexpr toolkit_application_reference sim{0xb0, 0x00, 0x10}, usim{0xb0, 0x00, 0x11}, issuer{0, 0, 0},
    somewhere{0xb0, 0x02, 0x22};

std::string run(const std::vector<std::string>& commands, const toolkit_application_reference& tar = sim) {
    std::vector<bytes> octets;
    for (const auto& one : commands) octets.push_back(from_hex(one).value());
    return joined(dangers_of_commands(octets, tar));
}

const std::string writes_imsi = "it writes EF_IMSI (7f20/6f07): who the card is";
const std::string update = "00d6000009082943019000000000";

TEST(danger_of_commands, updates_of_a_file_that_was_selected_in_any_way) {
    EXPECT_EQ(run({"00a40804047f206f07", update}), writes_imsi);
    EXPECT_EQ(run({"00a40804063f007f206f07", update}), writes_imsi);
    EXPECT_EQ(run({"a0a40000027f20", "a0a40000026f07", "a0d6000009082943019000000000"}), writes_imsi);
    EXPECT_EQ(run({"00a40004027f20", "00a40904026f07", update}), writes_imsi);
    EXPECT_EQ(run({"00a4040007a0000000871002", "00a40004026f07", update}),
              "it writes EF_IMSI (7fff/6f07): who the card is");
    EXPECT_EQ(run({"00a40004022f06", "00dc010402ffff"}), "it writes EF_ARR (2f06): who may write what");
}

TEST(danger_of_commands, updates_by_short_identifier) {
    const std::string by_short_identifier = "00d6870009082943019000000000";
    EXPECT_EQ(run({by_short_identifier}, usim), "it writes EF_IMSI (7fff/6f07): who the card is");
    EXPECT_EQ(run({by_short_identifier}, sim), "");  // the master file has none of that number
    EXPECT_EQ(run({"00d68600020000"}, sim), "it writes EF_ARR (2f06): who may write what");
    EXPECT_NE(run({by_short_identifier}, somewhere), "");
}

TEST(danger_of_commands, where_nobody_knows_the_directory_the_dangerous_one_is_meant) {
    EXPECT_EQ(run({"00a40004026f07", update}, usim), "it writes EF_IMSI (7fff/6f07): who the card is");
    EXPECT_EQ(run({"00a40004026f07", update}, somewhere), "it writes EF_IMSI (6f07): who the card is");
    EXPECT_EQ(run({"00a40004026f07", update}, sim), "");  // below the master file there is none
}

TEST(danger_of_commands, everything_that_changes_a_file_counts) {
    for (const auto* one :
         {"00d6000001ff", "00dc010401ff", "0004000000", "a044000000", "0032000001ff", "00e2000001ff", "80d40000026f07"})
        EXPECT_EQ(run({"00a40804047f206f07", one}), writes_imsi) << one;
}

TEST(danger_of_commands, reading_and_other_files_do_not) {
    EXPECT_EQ(run({"00a40804047f206f07", "00b0000009"}), "");
    EXPECT_EQ(run({"00a40804047f206f07", "00a40804047f206f46", "00d6000001ff"}), "");
    EXPECT_EQ(run({"00a40004023f00"}), "");
    EXPECT_EQ(run({"80f24000024f00"}, issuer), "");  // GET STATUS
    EXPECT_EQ(run({"80ca006600"}, issuer), "");      // GET DATA
}

TEST(danger_of_commands, management_of_the_card) {
    EXPECT_NE(run({"80d8018103010203"}, issuer).find("PUT KEY"), std::string::npos);
    EXPECT_NE(run({"80e40000094f07a0000000871002"}, issuer).find("DELETE"), std::string::npos);
    EXPECT_NE(run({"80e60c0003000000"}, issuer).find("INSTALL"), std::string::npos);
    EXPECT_NE(run({"84f0800f00"}, issuer).find("SET STATUS"), std::string::npos);
    EXPECT_NE(run({"80e2900001ff"}, issuer).find("STORE DATA"), std::string::npos);
    EXPECT_NE(run({"00e40000026f46"}).find("DELETE FILE"), std::string::npos);
    EXPECT_NE(run({"00fe000000"}).find("TERMINATE CARD USAGE"), std::string::npos);
}

TEST(danger_of_commands, each_danger_is_told_once) {
    EXPECT_EQ(run({"00a40804047f206f07", update, update, "80e60c0003000000"}),
              writes_imsi + ", it installs on the card (INSTALL)");
}

std::string application(application_action what) { return joined(dangers_of_applications({std::move(what)})); }

TEST(danger_of_applications, security_domains_and_the_network_applications) {
    const auto removal = [](std::string_view aid) {
        application_action one;
        one.kind = application_kind::remove;
        one.removed = from_hex(aid).value();
        return application(std::move(one));
    };
    EXPECT_EQ(removal("a000000151000000"), "it deletes a security domain (a000000151000000)");
    EXPECT_EQ(removal("a0000005591010ffffffff8900000100"),
              "it deletes a security domain (a0000005591010ffffffff8900000100)");
    EXPECT_EQ(removal("a0000000871002ff49ffff89"), "it deletes the USIM (a0000000871002ff49ffff89)");
    EXPECT_EQ(removal("a00000006250"), "");
}

TEST(danger_of_applications, installing_what_may_rule_the_card) {
    const auto install = [](std::string_view module, std::string_view privileges) {
        application_action one;
        one.module = from_hex(module).value();
        one.privileges = from_hex(privileges).value();
        return application(std::move(one));
    };
    EXPECT_EQ(install("a000000062500101", "00"), "");
    EXPECT_EQ(install("a000000062500101", "02"), "");
    EXPECT_NE(install("a000000062500101", "80").find("security domain"), std::string::npos);
    EXPECT_NE(install("a000000062500101", "08").find("card terminate"), std::string::npos);
    EXPECT_NE(install("a000000062500101", "001000").find("global delete"), std::string::npos);
    EXPECT_NE(install("a0000001515350", "00").find("security domain"), std::string::npos);
}

TEST(danger_of_requests, by_what_they_do) {
    single_request request;
    request.security.tar = sim;
    request.file = {"7f20/6f07", 0, {0x08}};
    request.kind = operation_kind::write;
    EXPECT_EQ(joined(dangers_of(request)), writes_imsi);
    request.kind = operation_kind::read;
    EXPECT_EQ(joined(dangers_of(request)), "");
    request.kind = operation_kind::trial;
    request.writes = {{"7f20/6f46", 0, {0x00}}, {"7fff/6f78", 0, {0x00, 0x01}}};
    EXPECT_EQ(joined(dangers_of(request)), "it writes EF_ACC (7fff/6f78): whether the network lets it in");
    request.writes.clear();
    request.trial.dangers = {"it deletes a security domain"};
    EXPECT_EQ(joined(dangers_of(request)), "it deletes a security domain");
}

}  // namespace
}  // namespace tessera::operations
