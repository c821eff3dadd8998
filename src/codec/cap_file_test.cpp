#include "codec/cap_file.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "codec/test_cap.h"

namespace tessera::codec {
namespace {

using entry_list = std::vector<std::pair<std::string, bytes>>;

entry_list entries_of(const std::map<std::string, bytes>& components) {
    entry_list entries;
    for (const auto& [name, octets] : components) entries.emplace_back("com/x/javacard/" + name + ".cap", octets);
    return entries;
}
std::string refused(const entry_list& entries) {
    const auto read = read_cap(test_zip(entries));
    return read ? "" : read.error().code + " " + read.error().field;
}

TEST(cap_file, gives_package_applets_and_components_in_the_cards_order) {
    const auto read = read_cap(test_cap({.applets = {"a0000006250101", "a0000006250102"}, .version_major = 2}));
    ASSERT_TRUE(read) << to_string(read.error());
    EXPECT_EQ(to_hex(read->package), "a00000062501");
    ASSERT_EQ(read->applets.size(), 2U);
    EXPECT_EQ(to_hex(read->applets[1]), "a0000006250102");
    EXPECT_EQ(read->version_major, 2);
    std::vector<int> tags;
    byte_view rest = read->components;
    while (!rest.empty()) {
        tags.push_back(rest[0]);
        rest = rest.subspan(3 + load_big_endian(rest.subspan(1, 2)));
    }
    // Header, Directory, Import, Applet, Class, Method, StaticField, Export, ConstantPool, RefLocation.
    EXPECT_EQ(tags, (std::vector{1, 2, 4, 3, 6, 7, 8, 10, 5, 9}));
}

TEST(cap_file, the_descriptor_is_sent_on_request_and_debug_never) {
    const auto archive = test_cap();
    const auto without = read_cap(archive).value().components;
    const auto with = read_cap(archive, {.descriptor = true}).value().components;
    EXPECT_EQ(with.size(), without.size() + 23);
    EXPECT_EQ(with[without.size()], 11);
}

TEST(cap_file, a_library_has_no_applets) {
    const auto read = read_cap(test_cap({.applets = {}}));
    ASSERT_TRUE(read) << to_string(read.error());
    EXPECT_TRUE(read->applets.empty());
}

TEST(cap_file, what_is_sent_reads_the_same_on_the_card) {
    const auto sent = read_cap(test_cap(), {.descriptor = true}).value();
    const auto received = read_components(sent.components);
    ASSERT_TRUE(received) << to_string(received.error());
    EXPECT_EQ(received->package, sent.package);
    EXPECT_EQ(received->applets, sent.applets);
    bytes turned(sent.components.rbegin(), sent.components.rend());
    EXPECT_FALSE(read_components(turned));
    EXPECT_FALSE(read_components(byte_view(sent.components).first(sent.components.size() - 30)));
}

TEST(cap_file, refusals_name_the_component) {
    auto components = test_components();
    EXPECT_EQ(refused(entries_of(components)), "");
    auto entries = entries_of(components);
    entries.emplace_back("com/y/javacard/Header.cap", components["Header"]);
    EXPECT_EQ(refused(entries), "bad_name archive");
    entries = entries_of(components);
    entries.emplace_back("com/x/javacard/Custom.cap", components["Header"]);
    EXPECT_EQ(refused(entries), "bad_name archive");
    EXPECT_EQ(refused({{"com/x/javacard/Header.capx", components["Header"]}}), "unsupported archive");
    EXPECT_EQ(refused({{"readme.txt", {1, 2}}}), "not_a_cap archive");
    for (const auto* name :
         {"Header", "Directory", "Import", "Class", "Method", "StaticField", "ConstantPool", "RefLocation"}) {
        auto fewer = components;
        fewer.erase(name);
        EXPECT_EQ(refused(entries_of(fewer)), std::string("missing_component ") + name);
        auto broken = components;
        broken[name][0] ^= 0x40U;
        EXPECT_EQ(refused(entries_of(broken)), std::string("bad_component ") + name);
        broken = components;
        broken[name].pop_back();
        EXPECT_EQ(refused(entries_of(broken)), std::string("bad_component ") + name);
    }
    auto other = components;
    other["Header"][3] = 0xfe;
    EXPECT_EQ(refused(entries_of(other)), "bad_component Header");
    other = components;
    other["Applet"][4] = 4;
    EXPECT_EQ(refused(entries_of(other)), "bad_component Applet");
}

TEST(cap_file, what_unpacks_to_more_than_a_card_can_have_is_not_unpacked) {
    auto components = test_components();
    components["Debug"] = bytes(40'000'000, 0);
    EXPECT_EQ(refused(entries_of(components)), "too_long archive");
    entry_list many;
    for (std::size_t i = 0; i <= limits::cap_entries; ++i) many.emplace_back("e" + std::to_string(i), bytes{});
    EXPECT_EQ(refused(many), "too_long archive");
    components = test_components({.method_octets = 65'500});
    EXPECT_EQ(refused(entries_of(components)), "too_long archive");
}

TEST(cap_file, what_is_no_archive_or_damaged_is_refused) {
    EXPECT_FALSE(read_cap(bytes{}));
    EXPECT_EQ(read_cap(bytes(100, 0x50)).error().code, "bad_zip");
    auto archive = test_cap({.method_octets = 5'000});
    archive.resize(archive.size() / 2);
    EXPECT_EQ(read_cap(archive).error().code, "bad_zip");
}

}  // namespace
}  // namespace tessera::codec
