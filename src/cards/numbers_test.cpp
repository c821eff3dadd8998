#include "cards/numbers.h"

#include "cards/test_registry.h"

namespace tessera::cards {
namespace {

constexpr const char* first = "8949000000000000018";
constexpr const char* second = "8949000000000000026";
constexpr const char* third = "8949000000000000034";

class numbers_test : public registry_test {
protected:
    void SetUp() override {
        registry_test::SetUp();
        const auto path =
            file("cards.csv", "iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key\n" +
                                  std::string(first) + ",001010000000001,882390000001,p,,,,,\n" + second +
                                  ",001010000000002,882390000002,p,,,,,\n" + third + ",001010000000003,,p,,,,,\n");
        ASSERT_EQ(import_cards(path, {"p", true}, *writer, vault, test_time, [](std::size_t) {}).value().rejected, 0U);
    }
    result<std::vector<changed_number>> change(const std::vector<number_change>& changes) {
        return store::in_transaction(*writer, [&] {
            card_store cards(*writer);
            return change_numbers(cards, changes, test_time);
        });
    }
    result<std::vector<changed_number>> swap(const char* from, const char* to) {
        return store::in_transaction(*writer, [&] {
            card_store cards(*writer);
            return swap_cards(cards, from, to, test_time);
        });
    }
    std::uint64_t number_of(const char* iccid) {
        return card_store(*writer).find_by_iccid(iccid).value()->identity.msisdn;
    }
};

TEST_F(numbers_test, numbers_go_round_and_the_former_holders_are_known) {
    const auto made = change({{first, 882390000002}, {second, 882390000001}, {third, 0}});
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_EQ(made->size(), 2U);
    EXPECT_EQ(number_of(first), 882390000002U);
    EXPECT_EQ(number_of(second), 882390000001U);
    const auto before = card_store(*writer).former_holders(882390000001, 8).value();
    ASSERT_EQ(before.size(), 1U);
    EXPECT_EQ(before[0], card_store(*writer).find_by_iccid(first).value()->id);
}

TEST_F(numbers_test, what_contradicts_the_registry_changes_nothing) {
    for (const auto& changes :
         std::vector<std::vector<number_change>>{{{first, 882390000009}, {third, 882390000002}},
                                                 {{first, 882390000009}, {first, 882390000008}},
                                                 {{first, 882390000009}, {third, 882390000009}},
                                                 {{first, 882390000009}, {"8949000000000009999", 1}}}) {
        EXPECT_FALSE(change(changes));
        EXPECT_EQ(number_of(first), 882390000001U);
        EXPECT_EQ(count("former_number"), 0);
    }
    EXPECT_EQ(change({{third, 882390000002}}).error().code, "conflict");
}

TEST_F(numbers_test, a_card_takes_anothers_place) {
    ASSERT_TRUE(swap(first, third));
    EXPECT_EQ(number_of(first), 0U);
    EXPECT_EQ(number_of(third), 882390000001U);
    EXPECT_EQ(swap(first, third).error().code, "conflict");
    EXPECT_EQ(swap(second, third).error().code, "conflict");
    EXPECT_EQ(number_of(second), 882390000002U);
}

TEST_F(numbers_test, a_file_of_changes_is_read_whole_or_refused_with_its_line) {
    const auto good = read_number_changes(
        file("good.csv", "msisdn,iccid\n882390000005," + std::string(first) + "\n," + second + "\n"));
    ASSERT_TRUE(good) << to_string(good.error());
    ASSERT_EQ(good->size(), 2U);
    EXPECT_EQ((*good)[0].msisdn, 882390000005U);
    EXPECT_EQ((*good)[1].msisdn, 0U);
    const std::string row = std::string(first) + ",882390000005\n";
    EXPECT_TRUE(read_number_changes(file("a.csv", "iccid,number\n" + row)).error().field.ends_with("a.csv:1"));
    EXPECT_TRUE(
        read_number_changes(file("b.csv", "iccid,msisdn\n" + row + "5,5\n")).error().field.ends_with("b.csv:3"));
    EXPECT_TRUE(read_number_changes(file("c.csv", "iccid,msisdn\n" + std::string(first) + ",12ab\n"))
                    .error()
                    .field.ends_with("c.csv:2"));
    EXPECT_FALSE(read_number_changes(file("d.csv", "")));
    EXPECT_FALSE(read_number_changes("/nowhere/at/all.csv"));
}

}  // namespace
}  // namespace tessera::cards
