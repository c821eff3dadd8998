// For tests: a network that the test plays, and the clock that it turns.
#pragma once

#include <array>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "telecom/network.h"

namespace tessera::telecom {

class turned_clock final : public clock_port {
public:
    [[nodiscard]] timestamp now() const override { return {}; }
    [[nodiscard]] instant monotonic() const override { return at; }
    instant at{};
};

// What was called, and room for so many submits.
class played_network final : public network {
public:
    explicit played_network(network_events& to) : events(&to) {}

    void open() override { calls.emplace_back("open"); }
    bool submit(const outbound_message& message) override {
        if (room == 0) return false;
        --room;
        submitted.push_back(
            {message.subscriber, message.token, std::string(message.packet.begin(), message.packet.end())});
        return true;
    }
    void acknowledge(const inbound_handle& handle) override {
        calls.push_back("acknowledge " + std::to_string(handle.link) + "/" + std::to_string(handle.sequence));
    }
    void refuse(const inbound_handle& handle, std::uint32_t status) override {
        calls.push_back("refuse " + std::to_string(handle.link) + "/" + std::to_string(handle.sequence) + " " +
                        std::to_string(status));
    }
    void close() override { calls.emplace_back("close"); }

    struct submit_call {
        subscriber_number subscriber;
        std::uint64_t token;
        std::string packet;
    };
    std::vector<std::string> take_calls() { return std::exchange(calls, {}); }
    // So many submits get their result, the oldest first; then there is room for as many.
    void answer(std::size_t count, submit_result result = submit_result::accepted) {
        for (std::size_t i = 0; i < count; ++i) {
            const auto done = submitted.front();
            submitted.pop_front();
            events->on_result(done.token, result, 0);
        }
        room += count;
        events->on_writable();
    }
    // Up, with so much room.
    void come_up(std::size_t with_room) {
        room = with_room;
        events->on_open();
    }
    // Down: what was under way is lost, first.
    void go_down() {
        room = 0;
        for (const auto& one : std::exchange(submitted, {})) events->on_result(one.token, submit_result::link_lost, 0);
        events->on_link_down("reset");
    }

    network_events* events;
    std::size_t room = 0;
    std::deque<submit_call> submitted;
    std::vector<std::string> calls;
};

// What a network says, as lines.
class said_lines final : public network_events {
public:
    void on_open() override { say("open"); }
    void on_writable() override { say("writable"); }
    void on_result(std::uint64_t token, submit_result result, std::uint32_t) override {
        static constexpr std::array names{"accepted", "refused", "exhausted", "link_lost"};
        say(std::to_string(token) + " " + names.at(static_cast<std::size_t>(result)));
    }
    void on_message(const inbound_message& message) override {
        handles.push_back(message.handle);
        say("message " + std::to_string(message.subscriber));
    }
    void on_receipt(const inbound_receipt& receipt) override {
        handles.push_back(receipt.handle);
        say("receipt " + std::to_string(receipt.subscriber));
    }
    void on_link_down(std::string_view) override { say("down"); }
    void on_closed() override { say("closed"); }
    void on_failed(const error& why) override { say("failed " + why.code); }

    std::vector<std::string> take() { return std::exchange(lines, {}); }
    std::vector<inbound_handle> handles;

private:
    void say(std::string line) { lines.push_back(std::move(line)); }
    std::vector<std::string> lines;
};

}  // namespace tessera::telecom
