#include "sim/uicc_file_system.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera::sim {
namespace {

std::string selected(file_index from, std::uint16_t id) {
    const auto found = select_by_id(from, id);
    return found == no_file ? "none" : path_of(found);
}

TEST(uicc_file_system, paths_lead_to_files_and_back) {
    for (const auto* path : {"2fe2", "7f20/6f46", "7f10/6f3a", "7ff0/6f62", "7ff0/5fc0/4f0a", "3f00"}) {
        const auto file = find_path(path);
        ASSERT_TRUE(file) << path;
        EXPECT_EQ(path_of(*file), path);
    }
    EXPECT_EQ(find_path("3f00/7f20/6f46"), find_path("7F20/6F46"));
    EXPECT_EQ(find_path("7fff/6f07"), find_path("7ff0/6f07"));
    for (const auto* path : {"", "/", "7f20/", "7f20//6f46", "7f20/6f47/6f46", "6f46", "7f20/ffff", "7f2", "zzzz",
                             "3f00/3f00/3f00/3f00/3f00/3f00"})
        EXPECT_FALSE(find_path(path)) << path;
}

TEST(uicc_file_system, every_file_is_found_by_its_path) {
    for (file_index file = 0; file < catalogue().size(); ++file) EXPECT_EQ(find_path(path_of(file)), file);
}

TEST(uicc_file_system, selection_looks_where_the_standard_says) {
    const auto gsm = find_path("7f20").value();
    const auto usim = application_usim();
    EXPECT_EQ(selected(gsm, 0x6f46), "7f20/6f46");   // child
    EXPECT_EQ(selected(usim, 0x6f46), "7ff0/6f46");  // of the directory one stands in
    EXPECT_EQ(selected(usim, 0x7f10), "7f10");       // sibling directory
    EXPECT_EQ(selected(usim, 0x3f00), "3f00");
    EXPECT_EQ(selected(find_path("7ff0/5fc0").value(), 0x7ff0), "7ff0");  // parent
    EXPECT_EQ(selected(find_path("7ff0/5fc0").value(), 0x7fff), "7ff0");  // current application
    EXPECT_EQ(selected(usim, 0x2fe2), "none");                            // the parent's EF is no sibling
    EXPECT_EQ(selected(master_file, 0x6f46), "none");
}

TEST(uicc_file_system, applications_are_named_in_full_or_truncated) {
    const auto name = from_hex("a0000000871002ff49ff0589").value();
    EXPECT_EQ(application_by_name(name), application_usim());
    EXPECT_EQ(application_by_name(byte_view(name).first(7)), application_usim());
    EXPECT_EQ(application_by_name(byte_view(name).first(5)), application_usim());
    EXPECT_EQ(application_by_name(byte_view(name).first(4)), no_file);
    EXPECT_EQ(application_by_name(from_hex("a0000000871004").value()), no_file);
}

}  // namespace
}  // namespace tessera::sim
