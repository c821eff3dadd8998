#include "cards/store.h"

#include <gtest/gtest.h>

#include "cards/test_registry.h"

namespace tessera::cards {
namespace {

constexpr auto first_iccid = "8949000000000000018";
constexpr auto second_iccid = "8949000000000000026";

class card_store_test : public registry_test {
protected:
    void SetUp() override {
        registry_test::SetUp();
        telco = cards().profile_named("telco").value();
        ASSERT_TRUE(
            cards().insert(card_id{1}, {first_iccid, "001010000000001", 491701234567}, telco, test_time).value());
    }
    card_store cards() { return card_store(*writer); }
    profile_id telco;
};

TEST_F(card_store_test, a_card_is_found_by_each_of_its_names) {
    for (const auto* name : {first_iccid, "8949000000000000018F", "001010000000001", "491701234567", "+491701234567"}) {
        const auto found = cards().find(name).value();
        ASSERT_TRUE(found) << name;
        EXPECT_EQ(found->id, card_id{1});
        EXPECT_EQ(found->profile, "telco");
        EXPECT_EQ(found->imported_at, test_time);
    }
    for (const auto* name : {"", "0", second_iccid, "001010000000002", "491701234568", "telco", "' OR 1=1 --"})
        EXPECT_FALSE(cards().find(name).value()) << name;
}

TEST_F(card_store_test, a_taken_iccid_imsi_or_msisdn_is_not_inserted) {
    EXPECT_FALSE(cards().insert(card_id{2}, {first_iccid, "", 0}, telco, test_time).value());
    EXPECT_FALSE(cards().insert(card_id{2}, {second_iccid, "001010000000001", 0}, telco, test_time).value());
    EXPECT_FALSE(cards().insert(card_id{2}, {second_iccid, "", 491701234567}, telco, test_time).value());
    EXPECT_EQ(cards().last_card_id().value(), 1);
    EXPECT_TRUE(cards().insert(card_id{2}, {second_iccid, "", 0}, telco, test_time).value());
    EXPECT_TRUE(cards().insert(card_id{3}, {"8949000000000000034", "", 0}, telco, test_time).value());
    EXPECT_FALSE(cards().find_by_msisdn(0).value());
}

TEST_F(card_store_test, a_list_comes_in_pages) {
    const auto other = cards().profile_named("other").value();
    EXPECT_EQ(cards().profile_named("other").value(), other);
    for (int i = 2; i <= 7; ++i)
        ASSERT_TRUE(
            cards().insert(card_id{i}, {std::to_string(i), "", 0}, i % 2 == 0 ? other : telco, test_time).value());
    const auto ids = [&](const list_filter& filter) {
        std::vector<std::int64_t> all;
        const auto found = cards().list(filter).value();
        for (const auto& one : found) all.push_back(one.id.value);
        return all;
    };
    EXPECT_EQ(ids({.profile = {}, .after = 0, .limit = 3}), (std::vector<std::int64_t>{1, 2, 3}));
    EXPECT_EQ(ids({.profile = {}, .after = 3, .limit = 100}), (std::vector<std::int64_t>{4, 5, 6, 7}));
    EXPECT_EQ(ids({.profile = "other", .after = 0, .limit = 100}), (std::vector<std::int64_t>{2, 4, 6}));
    EXPECT_TRUE(ids({.profile = "nobody", .after = 0, .limit = 100}).empty());
}

TEST_F(card_store_test, key_sets_and_counters_are_kept_per_version_and_application) {
    const key_set_header header{1, crypto::cipher_algorithm::aes128, crypto::cipher_algorithm::aes256, 0xff'ffff'fffe};
    EXPECT_TRUE(cards().insert_key_set(card_id{1}, {header, bytes{1, 2, 3}}, test_time).value());
    EXPECT_FALSE(cards().insert_key_set(card_id{1}, {header, bytes{4}}, test_time).value());
    auto second = header;
    second.key_version = 15;
    EXPECT_TRUE(cards().insert_key_set(card_id{1}, {second, bytes{5}}, test_time).value());
    const auto sets = cards().key_sets(card_id{1}).value();
    ASSERT_EQ(sets.size(), 2U);
    EXPECT_EQ(sets[0].header, header);
    EXPECT_EQ(sets[0].wrapped, (bytes{1, 2, 3}));
    EXPECT_EQ(sets[1].header, second);

    ASSERT_TRUE(cards().put_counter(card_id{1}, 1, 0xb00010, 5));
    ASSERT_TRUE(cards().put_counter(card_id{1}, 1, 0xb00011, 1));
    ASSERT_TRUE(cards().put_counter(card_id{1}, 1, 0xb00010, 6));
    const auto counters = cards().counters(card_id{1}).value();
    ASSERT_EQ(counters.size(), 2U);
    EXPECT_EQ(counters[0].application, 0xb00010U);
    EXPECT_EQ(counters[0].counter, 6U);
    EXPECT_EQ(counters[1].counter, 1U);
}

TEST_F(card_store_test, an_image_keeps_what_a_later_packet_proved) {
    const auto put = [&](std::uint8_t octet, const image_proof& proof) {
        ASSERT_TRUE(cards().put_image(card_id{1}, "7f20/6f46", 0, bytes{octet}, proof, test_time));
    };
    const auto held = [&] { return cards().image(card_id{1}).value().at(0).content; };
    put(1, {1, 0xb00010, 7});
    put(2, {1, 0xb00010, 6});
    EXPECT_EQ(held(), bytes{1});
    put(3, {1, 0xb00010, 8});
    EXPECT_EQ(held(), bytes{3});
    put(4, {2, 0xb00010, 1});  // by another key set: nobody can tell, and who says so has looked
    EXPECT_EQ(held(), bytes{4});
    put(5, {});
    EXPECT_EQ(held(), bytes{5});
}

TEST_F(card_store_test, an_image_holds_the_last_content_of_each_file_and_record) {
    const auto later = test_time + std::chrono::seconds(1);
    ASSERT_TRUE(cards().put_image(card_id{1}, "7f20/6f46", 0, bytes{1}, {}, test_time));
    ASSERT_TRUE(cards().put_image(card_id{1}, "7f20/6f46", 0, bytes{2, 3}, {}, later));
    ASSERT_TRUE(cards().put_image(card_id{1}, "7f10/6f3a", 2, bytes{}, {}, test_time));
    const auto image = cards().image(card_id{1}).value();
    ASSERT_EQ(image.size(), 2U);
    EXPECT_EQ(image[0].file, "7f10/6f3a");
    EXPECT_EQ(image[0].record, 2);
    EXPECT_TRUE(image[0].content.empty());
    EXPECT_EQ(image[1].content, (bytes{2, 3}));
    EXPECT_EQ(image[1].updated_at, later);
    EXPECT_EQ(cards().find(first_iccid).value()->image_version, 3);  // three changes
}

}  // namespace
}  // namespace tessera::cards
