#include "operations/file_path.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera::operations {
namespace {

TEST(file_path, has_one_canonical_form) {
    for (const auto* text :
         {"7f20/6f46", "7F20/6F46", "/7f20/6f46", "3f00/7f20/6f46", "/3F00/7F20/6F46", "7f206f46", "3f007f206f46"})
        EXPECT_EQ(parse_file_path(text).value_or("refused"), "7f20/6f46") << text;
    EXPECT_EQ(parse_file_path("2fe2").value(), "2fe2");
    EXPECT_EQ(parse_file_path("7fff/6f07").value(), "7fff/6f07");
    EXPECT_EQ(parse_file_path("0001/0002/0003/0004/0005/0006/0007/0008").value(),
              "0001/0002/0003/0004/0005/0006/0007/0008");
}

TEST(file_path, that_is_none_is_refused_with_the_field) {
    for (const auto* text : {"", "/", "3f00", "7f2", "7f20/", "7f20//6f46", "7f20/6f4", "7f20/6f4g", "7f20 6f46",
                             "//7f20", "7f2/06f46", "0001/0002/0003/0004/0005/0006/0007/0008/0009", "EF.SPN"}) {
        const auto parsed = parse_file_path(text, "path");
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, "bad_path") << text;
        EXPECT_EQ(parsed.error().field, "path");
    }
}

TEST(file_path, may_be_said_by_name) {
    for (const auto* text : {"SPN", "EF_SPN", "usim/spn", "7fff/6f46", "7FFF6F46", "/3f00/7fff/6f46"}) {
        const auto found = find_file(text);
        ASSERT_TRUE(found) << text;
        EXPECT_EQ(found->path, "7fff/6f46") << text;
        ASSERT_NE(found->known, nullptr) << text;
        EXPECT_EQ(found->known->name, "SPN");
    }
    EXPECT_EQ(find_file("gsm/SPN")->path, "7f20/6f46");
    EXPECT_EQ(find_file("7fff/6f99")->path, "7fff/6f99");
    EXPECT_EQ(find_file("7fff/6f99")->known, nullptr);
    const auto refused = find_file("SPNX", "name");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "bad_path");
    EXPECT_EQ(refused.error().field, "name");
}

TEST(file_path, gives_the_octets_of_select_by_path) {
    EXPECT_EQ(to_hex(path_octets("7f20/6f46")), "7f206f46");
    EXPECT_EQ(to_hex(path_octets("2fe2")), "2fe2");
}

}  // namespace
}  // namespace tessera::operations
