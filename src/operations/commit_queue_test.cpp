#include "operations/commit_queue.h"

#include <gtest/gtest.h>

#include "base/result.h"

namespace tessera::operations {
namespace {

// Counts transactions, and has no room where it is told so.
class played_connection final : public store::connection {
public:
    result<void> execute(std::string_view) override { return {}; }
    result<std::unique_ptr<store::statement>> prepare(std::string_view) override { return nullptr; }
    [[nodiscard]] std::int64_t changed() const override { return 0; }
    result<void> begin() override { return {}; }
    result<void> commit() override {
        if (full) return failure(store::code_database, "disk", "is full");
        ++commits;
        return {};
    }
    void rollback() override {}
    int commits = 0;
    bool full = false;
};

class commit_queues : public testing::Test {
protected:
    commit_queues() { writer.connection = &database; }
    net::event_loop loop;
    played_connection database;
    store::shared_writer writer;
    std::vector<int> kept, lost;
    std::vector<std::size_t> batches;
    commit_queue<int> queue{loop,
                            writer,
                            3,
                            {[this](store::connection&, commit_queue<int>::batch some) -> result<void> {
                                 batches.push_back(some.size());
                                 return {};
                             },
                             [this](commit_queue<int>::batch some, const result<void>& done) {
                                 auto& into = done ? kept : lost;
                                 into.insert(into.end(), some.begin(), some.end());
                             }}};
};

TEST_F(commit_queues, messages_are_kept_in_order_so_many_to_a_commit) {
    for (int i = 1; i <= 7; ++i) queue.push(i);
    EXPECT_TRUE(batches.empty()) << "not within the call that brings them";
    loop.run();
    EXPECT_EQ(batches, (std::vector<std::size_t>{3, 3, 1}));
    EXPECT_EQ(kept, (std::vector{1, 2, 3, 4, 5, 6, 7}));
    EXPECT_EQ(database.commits, 3);
    EXPECT_TRUE(queue.empty());
}

TEST_F(commit_queues, what_could_not_be_committed_is_told_as_such_and_the_next_is_tried) {
    database.full = true;
    queue.push(1);
    loop.run();
    database.full = false;
    queue.push(2);
    loop.run();
    EXPECT_EQ(lost, std::vector{1});
    EXPECT_EQ(kept, std::vector{2});
}

}  // namespace
}  // namespace tessera::operations
