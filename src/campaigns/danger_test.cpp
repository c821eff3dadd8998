#include "campaigns/danger.h"

#include <gtest/gtest.h>

namespace tessera::campaigns {
namespace {

std::string dangers(std::string_view file, codec::toolkit_application_reference tar = {0xb0, 0x00, 0x10}) {
    definition what;
    what.writes.push_back({std::string(file), 0, {0x00}});
    what.security.tar = tar;
    return dangers_of(what);
}

TEST(danger, files_that_can_make_a_card_useless) {
    for (const auto* file : {"7f20/6f07", "7fff/6f07", "7f20/6f78", "7fff/6fad", "7fff/6f38", "7fff/6f56", "2f00"})
        EXPECT_NE(dangers(file), "") << file;
    EXPECT_EQ(dangers("7fff/6f07"), "it writes EF_IMSI (7fff/6f07): who the card is");
}

TEST(danger, other_files_and_the_same_identifiers_elsewhere) {
    for (const auto* file : {"7f20/6f46", "7fff/6f46", "7fff/6f60", "7f10/6f3b", "7f10/6f07", "6f07", "7f20/2f00"})
        EXPECT_EQ(dangers(file), "") << file;
}

TEST(danger, keys) {
    definition what;
    what.rotation.emplace();
    EXPECT_EQ(dangers_of(what), "it replaces keys of the cards (PUT KEY)");
}

TEST(danger, the_issuer_security_domain) {
    EXPECT_EQ(dangers("7f20/6f46", {0, 0, 0}), "it speaks to the issuer security domain");
}

TEST(danger, applications_that_manage_the_card) {
    definition what;
    auto& removal = what.applications.emplace_back();
    removal.kind = operations::application_kind::remove;
    removal.removed = {0xa0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00};
    EXPECT_EQ(dangers_of(what), "it deletes a security domain (a000000151000000)");
    removal.removed = {0xa0, 0x00, 0x00, 0x00, 0x62, 0x50};
    EXPECT_EQ(dangers_of(what), "");
}

}  // namespace
}  // namespace tessera::campaigns
