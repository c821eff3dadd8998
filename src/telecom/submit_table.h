// What a session has taken on: messages, their parts, and which part travels under which sequence number. All storage
// is made once; nothing here allocates per message.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/limits.h"
#include "base/time.h"
#include "telecom/network.h"

namespace tessera::telecom {

// Not thread safe. Indexes are those that this table gave; using another is a bug of ours.
class submit_table {
public:
    using index = std::uint32_t;

    struct message {
        std::uint64_t token = 0;
        subscriber_number subscriber = 0;
        std::uint32_t parts_left = 0;
        std::uint32_t status = 0;
        std::chrono::seconds validity{0};
        bool receipt = false;
        bool to_terminal = false;
        submit_result result = submit_result::accepted;  // what it comes to, so far
    };
    struct part {
        index message = 0;
        int attempts = 0;   // answered with a temporary status
        int throttled = 0;  // answered with throttled or queue_full
        std::size_t octets = 0;
        std::array<std::uint8_t, limits::short_message_octets> user_data;
        [[nodiscard]] byte_view view() const { return byte_view(user_data).first(octets); }
    };

    explicit submit_table(std::size_t window);

    [[nodiscard]] index add_message(const message& what);
    [[nodiscard]] index add_part(index owner);
    [[nodiscard]] message& message_at(index which) { return messages_[which].value; }
    [[nodiscard]] part& part_at(index which) { return parts_[which].value; }
    void remove_part(index which);
    void remove_message(index which);

    [[nodiscard]] std::size_t parts() const { return parts_used_; }  // waiting, in flight or to be repeated
    [[nodiscard]] std::size_t in_flight() const { return in_flight_; }

    // A number for a PDU that this table does not follow.
    [[nodiscard]] std::uint32_t next_sequence();
    // The part leaves now, under the number returned.
    [[nodiscard]] std::uint32_t launch(index which, instant now);
    // An answer came: the part is no longer in flight. Nothing if that number is not.
    [[nodiscard]] std::optional<index> land(std::uint32_t sequence);
    // When the part that has waited longest left.
    [[nodiscard]] std::optional<instant> oldest_launch();

    // Forgets everything and returns the messages that were under way.
    [[nodiscard]] std::vector<message> clear();

private:
    template <class Value>
    struct slot {
        Value value{};
        bool used = false;
    };
    struct flight {
        std::uint32_t sequence = 0;  // 0: free
        index part = 0;
        instant left;
    };
    [[nodiscard]] flight& flight_of(std::uint32_t sequence) { return flights_[sequence & (flights_.size() - 1)]; }
    void fill_free_lists();

    std::vector<slot<message>> messages_;
    std::vector<slot<part>> parts_;
    std::vector<index> free_messages_, free_parts_;
    std::vector<flight> flights_;  // by the low bits of the sequence number; more of them than the window is large
    std::size_t parts_used_ = 0;
    std::size_t in_flight_ = 0;
    std::uint32_t next_ = 1;
    std::uint32_t oldest_ = 1;  // no flight has a number before it
};

}  // namespace tessera::telecom
