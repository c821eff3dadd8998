#include "operations/image_update.h"

#include "cards/test_registry.h"

namespace tessera::operations {
namespace {

constexpr const char* spn = "7f20/6f46";

class image_update_test : public cards::registry_test {
protected:
    // A write that the card proved by a packet with this counter, in doubt of what the image said before.
    void prove(const bytes& content, std::uint64_t counter) {
        const std::vector<file_write> writes{{spn, 0, content}};
        proved_writes proved{&writes, {}, {1, 0xb00010, counter}, true, true};
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

}  // namespace
}  // namespace tessera::operations
