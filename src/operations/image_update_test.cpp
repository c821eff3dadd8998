#include "operations/image_update.h"

#include "cards/test_registry.h"

namespace tessera::operations {
namespace {

constexpr const char* spn = "7f20/6f46";

class image_update_test : public cards::registry_test {
protected:
    // A write that the card proved by a packet with this counter, in doubt of what the image said before.
    void prove(const bytes& content, std::uint64_t counter, bool untouched = true) {
        const std::vector<file_write> writes{{spn, 0, content}};
        proved_writes proved{&writes, {}, {1, 0xb00010, counter}, untouched, true};
        proved.before.resize(1);
        auto registry = store();
        const auto image = registry.image(card).value();
        if (!image.empty()) proved.before[0].emplace(known_image{image[0].content, image[0].proof});
        ASSERT_TRUE(write_image(registry, card, proved, cards::test_time));
    }
    void doubt() { ASSERT_TRUE(store().doubt_image(card, spn, 0)); }
    bool doubted() {
        const auto query = writer->prepare("SELECT COUNT(*) FROM image_doubt").value();
        return query->single_integer().value() > 0;
    }
    cards::card_store store() { return cards::card_store(*writer); }
    static constexpr cards::card_id card{1};

private:
    void SetUp() override {
        registry_test::SetUp();
        const auto profile = store().profile_named("telco").value();
        ASSERT_TRUE(
            store()
                .insert(card, {"8900101000000000001", "001010000000001", 491701234567}, profile, cards::test_time)
                .value());
    }
};

TEST_F(image_update_test, a_write_as_long_as_the_file_leaves_no_doubt) {
    prove({1, 2, 3}, 1);
    doubt();
    prove({4, 5, 6}, 2);
    EXPECT_FALSE(doubted());
}

// What was sent and not proved may have changed what lies behind it.
TEST_F(image_update_test, a_shorter_write_proves_nothing_of_what_lies_behind_it) {
    prove({1, 2, 3}, 1);
    doubt();
    prove({4}, 2);
    EXPECT_EQ(store().image(card).value().at(0).content, (bytes{4, 2, 3}));
    EXPECT_TRUE(doubted());
}

// The later one may have been shorter: then its tail is the earlier one's, which came to be known last.
TEST_F(image_update_test, an_earlier_write_that_is_proved_later_leaves_the_image_and_a_doubt) {
    prove({7, 2, 3}, 2);
    prove({4, 5, 6}, 1, false);
    EXPECT_EQ(store().image(card).value().at(0).content, (bytes{7, 2, 3}));
    EXPECT_TRUE(doubted());
}

TEST_F(image_update_test, an_earlier_and_longer_write_leaves_a_doubt) {
    prove({7}, 2);
    prove({7, 5}, 1, false);
    EXPECT_EQ(store().image(card).value().at(0).content, bytes{7});
    EXPECT_TRUE(doubted());
}

TEST_F(image_update_test, an_earlier_write_that_says_the_same_leaves_no_doubt) {
    prove({7, 5, 6}, 2);
    prove({7, 5}, 1, false);
    EXPECT_FALSE(doubted());
}

}  // namespace
}  // namespace tessera::operations
