#include "codec/setting_script.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "codec/sms_tpdu.h"

namespace tessera::codec {
namespace {

bytes hex(std::string_view text) { return from_hex(text).value(); }

// The example of docs/terminal-agent.md.
TEST(setting_script, as_the_document_has_it) {
    bytes out;
    append_setting_command(out, {setting_command::kind::set, "apn", as_bytes("net"), 0, 0});
    append_setting_command(out, {setting_command::kind::get, "apn", {}, 0, 4});
    EXPECT_EQ(to_hex(out),
              "0100070361706e6e6574"
              "0200080361706e00000004");
    byte_view rest = out;
    const auto set = take_setting_command(rest);
    ASSERT_TRUE(set);
    EXPECT_EQ(set->name, "apn");
    EXPECT_EQ(as_text(set->content), "net");
    const auto get = take_setting_command(rest);
    ASSERT_TRUE(get);
    EXPECT_EQ(get->length, 4);
    EXPECT_TRUE(rest.empty());
}

TEST(setting_script, what_is_none_is_refused_and_left_as_it_is) {
    for (const auto* text : {"", "01", "010005", "0100020361", "0300020161", "0100010000", "01000201", "01000101",
                             "0100020141", "0200030161ff", "020007016100000001ff"}) {
        const auto octets = hex(text);
        byte_view rest = octets;
        EXPECT_FALSE(take_setting_command(rest)) << text;
        EXPECT_EQ(rest.size(), octets.size());
    }
    EXPECT_FALSE(is_setting_name(std::string(65, 'a')));
    EXPECT_TRUE(is_setting_name("apn.internet-2_x"));
    EXPECT_FALSE(is_setting_name("APN"));
}

TEST(segment_to_port, every_part_names_the_ports) {
    const application_ports ports{16'000, 16'001};
    for (const int bits : {8, 16}) {
        const auto single = segment_to_port(bytes(133, 0x5a), ports, 1, bits).value();
        ASSERT_EQ(single.size(), 1U);
        EXPECT_EQ(to_hex(byte_view(single[0]).first(7)), "0605043e803e81");
        EXPECT_EQ(single[0].size(), 140U);
        const bytes packet(300, 0xa5);
        const auto parts = segment_to_port(packet, ports, 7, bits).value();
        ASSERT_EQ(parts.size(), 3U);
        EXPECT_EQ(parts.size(), part_count(packet.size(), bits, true));
        reassembler whole(std::chrono::seconds(10));
        for (std::size_t i = 0; i < parts.size(); ++i) {
            EXPECT_LE(parts[i].size(), limits::short_message_octets);
            const auto header = parse_user_data_header(parts[i]).value();
            EXPECT_EQ(header.destination_port, ports.destination);
            EXPECT_EQ(header.source_port, ports.source);
            EXPECT_FALSE(header.command_packet);
            const auto done = whole.add(1, parts[i], instant{}).value();
            EXPECT_EQ(done.has_value(), i + 1 == parts.size());
            if (done) {
                EXPECT_EQ(done->packet, packet);
            }
        }
    }
    EXPECT_EQ(to_hex(byte_view(segment_to_port(bytes(134, 0), ports, 0x42, 8).value()[0]).first(12)),
              "0b000342020105043e803e81");
}

}  // namespace
}  // namespace tessera::codec
