#include "base/ids.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

namespace tessera {
namespace {

class constant_random final : public random_port {
public:
    explicit constant_random(std::uint8_t octet) : octet_(octet) {}
    void fill(std::span<std::uint8_t> octets) override { std::ranges::fill(octets, octet_); }

private:
    std::uint8_t octet_;
};

TEST(uuid7, has_the_time_the_version_and_the_variant_of_rfc_9562) {
    // The time of RFC 9562's example A.6: 2022-02-22T19:22:22Z is 017f22e279b0.
    const auto when = from_microseconds(1'645'557'742'000'000);
    constant_random ones(0xff);
    constant_random zeros(0x00);
    EXPECT_EQ(make_uuid7(when, ones), "017f22e2-79b0-7fff-bfff-ffffffffffff");
    EXPECT_EQ(make_uuid7(when, zeros), "017f22e2-79b0-7000-8000-000000000000");
}

TEST(uuid7, sorts_by_time_even_as_text) {
    seeded_random random(1);
    std::vector<std::string> made;
    for (std::int64_t millisecond = 1; millisecond < 1'000; ++millisecond)
        made.push_back(make_uuid7(from_microseconds(1'764'000'000'000'000 + millisecond * 1'000), random));
    EXPECT_TRUE(std::ranges::is_sorted(made));
}

TEST(uuid7, differs_within_one_millisecond) {
    std::set<std::string> made;
    for (int i = 0; i < 1'000; ++i) made.insert(make_uuid7(from_microseconds(0), system_random()));
    EXPECT_EQ(made.size(), 1'000U);
}

TEST(is_uuid, takes_what_we_make) {
    seeded_random random(2);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(is_uuid(make_uuid7(system_clock().now(), random)));
}

TEST(is_uuid, refuses_other_forms) {
    const std::string good = "017f22e2-79b0-7fff-bfff-ffffffffffff";
    EXPECT_TRUE(is_uuid(good));
    EXPECT_FALSE(is_uuid(""));
    EXPECT_FALSE(is_uuid(good + "0"));
    EXPECT_FALSE(is_uuid(good.substr(1)));
    EXPECT_FALSE(is_uuid("{" + good.substr(2) + "}"));
    EXPECT_FALSE(is_uuid("017F22E2-79B0-7FFF-BFFF-FFFFFFFFFFFF")) << "one text per id: it is a key";
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto bad = good;
        bad[i] = bad[i] == '-' ? 'a' : '-';
        EXPECT_FALSE(is_uuid(bad)) << bad;
        bad[i] = '/';
        EXPECT_FALSE(is_uuid(bad)) << bad;
    }
}

TEST(strong_id, compares_but_does_not_mix) {
    using card_id = strong_id<struct card_tag>;
    using chunk_id = strong_id<struct chunk_tag>;
    EXPECT_LT(card_id{1}, card_id{2});
    EXPECT_EQ(card_id{3}, card_id{3});
    static_assert(!std::is_convertible_v<card_id, chunk_id>);
    static_assert(!std::is_convertible_v<card_id, std::int64_t>);
}

}  // namespace
}  // namespace tessera
