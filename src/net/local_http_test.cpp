#include "net/local_http.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <future>
#include <thread>

#include "base/limits.h"

namespace tessera::net {
namespace {

class local_http_test : public testing::Test {
protected:
    local_http_test() {
        auto pattern = (std::filesystem::temp_directory_path() / "tessera-http-XXXXXX").string();
        // Deeper than a Unix socket's address could say.
        directory = std::filesystem::path(mkdtemp(pattern.data()));
        socket = directory / std::string(120, 'd') / "tessera.sock";
        std::filesystem::create_directory(socket.parent_path());
        auto made = local_http_server::listen(
            loop, socket,
            [this](const http_request& request, const local_http_server::respond& give,
                   const local_http_server::notice_hang_up& on_hang_up) {
                seen = request;
                if (request.target == "/never") {
                    on_hang_up([give] { give({409, "{\"hung\":\"up\"}"}); });
                    return pending.set_value();
                }
                give({request.target == "/late" ? 503U : 200U, "{\"of\":\"" + request.body + "\"}"});
                give({200, "a second answer counts for nothing"});
            });
        server = std::move(made.value());
        tick = loop.after(std::chrono::hours(1), [] {});
        thread = std::thread([this] { loop.run(); });
    }
    ~local_http_test() override {
        loop.post([this] {
            server.reset();
            tick.reset();
            loop.stop();
        });
        thread.join();
        EXPECT_FALSE(std::filesystem::exists(socket));
        std::filesystem::remove_all(directory);
    }

    // Clients that have connected, taken or not.
    [[nodiscard]] std::size_t queued() const {
        std::ifstream all("/proc/net/unix");
        std::size_t count = 0;
        for (std::string line; std::getline(all, line);)
            count += line.find("/tessera.sock") != std::string::npos && line.find(" 00010000 ") == std::string::npos;
        return count;
    }

    std::filesystem::path directory, socket;
    event_loop loop;
    std::unique_ptr<local_http_server> server;
    std::unique_ptr<event_loop::timer> tick;
    std::thread thread;
    http_request seen;
    std::promise<void> pending;  // /never has been asked for
};

TEST_F(local_http_test, a_request_gets_its_response) {
    const auto made = ask_local_http(socket, {"POST", "/v1/x", "body"});
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_EQ(made->status, 200U);
    EXPECT_EQ(made->body, "{\"of\":\"body\"}");
    EXPECT_EQ(seen.method, "POST");
    EXPECT_EQ(seen.target, "/v1/x");
    EXPECT_EQ(ask_local_http(socket, {"GET", "/late", ""})->status, 503U);
}

TEST_F(local_http_test, a_client_that_hangs_up_is_noticed_and_hears_what_that_did) {
    auto asked = pending.get_future();
    auto made = std::async(std::launch::async, [this] { return ask_local_http(socket, {"POST", "/never", "x"}); });
    asked.wait();
    ASSERT_EQ(::kill(::getpid(), SIGINT), 0);
    const auto heard = made.get();
    ASSERT_TRUE(heard) << to_string(heard.error());
    EXPECT_EQ(heard->status, 409U);
    EXPECT_EQ(heard->body, "{\"hung\":\"up\"}");
}

TEST_F(local_http_test, who_waits_to_be_taken_is_served_when_nobody_new_is) {
    std::promise<void> hold, held;
    auto release = hold.get_future();
    loop.post([&] {
        held.set_value();
        release.wait();
        server->stop_listening();
    });
    held.get_future().wait();
    // The loop stands still: these are in the queue when it goes on.
    std::vector<std::future<result<http_response>>> all;
    for (int i = 0; i < 3; ++i)
        all.push_back(std::async(std::launch::async, [this] { return ask_local_http(socket, {"GET", "/x", ""}); }));
    while (queued() < 3) std::this_thread::yield();
    hold.set_value();
    for (auto& one : all) EXPECT_TRUE(one.get());
}

TEST_F(local_http_test, nobody_else_may_open_it) {
    struct stat found {};
    ASSERT_EQ(::stat(socket.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST_F(local_http_test, a_request_that_is_too_large_is_refused) {
    const auto made = ask_local_http(socket, {"POST", "/v1/x", std::string(limits::http_body_octets + 1, 'x')});
    // The server may hang up before all of it was sent.
    if (made)
        EXPECT_EQ(made->status, 413U);
    else
        EXPECT_EQ(made.error().code, "connection_lost");
    EXPECT_EQ(ask_local_http(socket, {"GET", "/", ""})->status, 200U);
}

TEST(local_http, nobody_there_is_told) {
    EXPECT_EQ(ask_local_http("/nonexistent/tessera.sock", {"GET", "/", ""}).error().code, "no_server");
}

}  // namespace
}  // namespace tessera::net
