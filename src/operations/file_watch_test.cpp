#include "operations/file_watch.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera::operations {
namespace {

constexpr codec::toolkit_application_reference sim{0xb0, 0x00, 0x10}, usim{0xb0, 0x00, 0x11},
    somewhere{0xb0, 0x02, 0x22};

std::vector<watched_file> changed(const std::vector<std::string>& commands,
                                  const codec::toolkit_application_reference& tar = sim) {
    std::vector<bytes> octets;
    for (const auto& one : commands) octets.push_back(from_hex(one).value());
    return files_changed_by(octets, tar);
}

// The paths, of what is known whole.
std::vector<std::string> paths(const std::vector<std::string>& commands,
                               const codec::toolkit_application_reference& tar = sim) {
    std::vector<std::string> found;
    for (const auto& one : changed(commands, tar)) found.push_back(one.path().value_or("?"));
    return found;
}

const std::string update = "00d6000001ff";
using list = std::vector<std::string>;

TEST(file_watch, follows_selections_to_the_path_of_what_is_changed) {
    EXPECT_EQ(paths({"00a40804047f206f46", update}), list{"7f20/6f46"});
    EXPECT_EQ(paths({"a0a40000027f20", "a0a40000026f46", "a0d6000001ff"}), list{"7f20/6f46"});
    EXPECT_EQ(paths({"00a40804067f105f3a4f30", update}), list{"7f10/5f3a/4f30"});
    EXPECT_EQ(paths({"00a40004022f05", update}), list{"2f05"});
    EXPECT_EQ(paths({"00a40004026f46", update}, usim), list{"7fff/6f46"});
    EXPECT_EQ(paths({"00a4040007a0000000871002", "00a40004026f46", update}), list{"7fff/6f46"});
    EXPECT_EQ(paths({"00a40804047f206f46", update, update, "00a40804047f206f07", update}),
              (list{"7f20/6f46", "7f20/6f07"}));
}

TEST(file_watch, reading_changes_nothing) {
    EXPECT_TRUE(changed({"00a40804047f206f46", "00b0000011", "00f2000010"}).empty());
}

TEST(file_watch, records_by_number_and_otherwise) {
    EXPECT_EQ(changed({"00a40804047f106f3b", "00dc030401ff"}).front().record, 3);
    EXPECT_EQ(changed({"00a40804047f106f3b", "00dc000201ff"}).front().record, std::nullopt);
    EXPECT_EQ(changed({"00a40804047f106f3b", "00dc000401ff"}).front().record, std::nullopt);
    EXPECT_EQ(changed({"00a40804047f206f46", update}).front().record, 0);
}

bool may_be(const std::vector<std::string>& commands, std::string_view file, std::uint16_t record = 0,
            const codec::toolkit_application_reference& tar = sim) {
    for (const auto& one : changed(commands, tar))
        if (one.may_be(file, record)) return true;
    return false;
}

TEST(file_watch, what_cannot_be_told_may_be_anything_that_fits) {
    const std::string by_short_identifier = "00d6940001ff";
    EXPECT_TRUE(may_be({"00a40804027f20", by_short_identifier}, "7f20/6f46"));
    EXPECT_FALSE(may_be({"00a40804027f20", by_short_identifier}, "7f10/6f3a"));
    EXPECT_TRUE(may_be({"00a4030000", by_short_identifier}, "7f10/6f3a"));
    EXPECT_TRUE(may_be({"00a40004026f46", update}, "7fff/6f46", 0, somewhere));
    EXPECT_FALSE(may_be({"00a40004026f46", update}, "7fff/6f07", 0, somewhere));
    EXPECT_TRUE(may_be({"00a40004025f3a", "00a40004024f30", update}, "7f10/5f3a/4f30"));
    EXPECT_FALSE(may_be({"00a40804047f206f46", update}, "7f20/6f46", 1));
    EXPECT_TRUE(may_be({"ff"}, "7f20/6f46"));               // nobody can read it
    EXPECT_TRUE(may_be({"00e40000027f20"}, "7f20/6f46"));   // DELETE FILE of a directory
    EXPECT_FALSE(may_be({"80e40000024f00"}, "7f20/6f46"));  // DELETE of GlobalPlatform: no file
}

}  // namespace
}  // namespace tessera::operations
