#include "net/event_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace tessera::net {
namespace {

using namespace std::chrono_literals;

TEST(event_loop, ends_when_nothing_is_left_to_wait_for) {
    event_loop loop;
    loop.run();
    int done = 0;
    loop.post([&] { ++done; });
    loop.run();
    EXPECT_EQ(done, 1) << "a loop that ran out may run again";
}

TEST(event_loop, posted_work_runs_in_order_and_never_inside_post) {
    event_loop loop;
    std::vector<int> order;
    loop.post([&] {
        loop.post([&] { order.push_back(3); });
        order.push_back(1);
    });
    loop.post([&] { order.push_back(2); });
    EXPECT_TRUE(order.empty());
    loop.run();
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(event_loop, timers_fire_by_time_not_by_order_of_making) {
    event_loop loop;
    std::vector<int> order;
    const auto began = system_clock().monotonic();
    const auto late = loop.after(30ms, [&] { order.push_back(2); });
    const auto early = loop.after(5ms, [&] { order.push_back(1); });
    loop.run();
    EXPECT_EQ(order, (std::vector<int>{1, 2}));
    EXPECT_GE(system_clock().monotonic() - began, 30ms);
}

TEST(event_loop, resetting_the_handle_cancels) {
    event_loop loop;
    bool fired = false;
    auto timer = loop.after(1ms, [&] { fired = true; });
    timer.reset();
    loop.run();
    EXPECT_FALSE(fired);
}

TEST(event_loop, a_timer_may_drop_its_own_handle) {
    event_loop loop;
    int fired = 0;
    std::unique_ptr<event_loop::timer> timer;
    timer = loop.after(1ms, [&] {
        ++fired;
        timer = loop.after(1ms, [&] { ++fired; });
    });
    loop.run();
    EXPECT_EQ(fired, 2);
}

TEST(event_loop, stop_returns_from_run_with_work_left_for_the_next) {
    event_loop loop;
    int done = 0;
    loop.post([&] {
        ++done;
        loop.stop();
    });
    loop.post([&] { ++done; });
    loop.run();
    EXPECT_EQ(done, 1);
    loop.run();
    EXPECT_EQ(done, 2);
}

TEST(event_loop, takes_work_from_other_threads_and_runs_it_on_its_own) {
    constexpr int threads = 4;
    constexpr int each = 1'000;
    event_loop loop;
    const auto alive = loop.after(1h, [] {});
    std::atomic<int> elsewhere = 0;
    int done = 0;  // not atomic: all handlers run on one thread, and TSan says so if not
    const auto own = std::this_thread::get_id();
    std::vector<std::thread> posters;
    posters.reserve(threads);
    for (int i = 0; i < threads; ++i)
        posters.emplace_back([&] {
            for (int j = 0; j < each; ++j)
                loop.post([&] {
                    if (std::this_thread::get_id() != own) ++elsewhere;
                    if (++done == threads * each) loop.stop();
                });
        });
    loop.run();
    for (auto& poster : posters) poster.join();
    EXPECT_EQ(done, threads * each);
    EXPECT_EQ(elsewhere, 0);
}

TEST(event_loop, destroys_work_that_never_ran) {
    const auto held = std::make_shared<int>(1);
    {
        event_loop loop;
        loop.post([held] {});
        const auto timer = loop.after(1h, [held] {});
        EXPECT_EQ(held.use_count(), 3);
    }
    EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace tessera::net
