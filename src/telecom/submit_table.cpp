#include "telecom/submit_table.h"

#include <bit>

namespace tessera::telecom {
namespace {

constexpr std::uint32_t last_sequence = 0x7fffffff;  // SMPP 3.4 clause 5.1.4

constexpr std::uint32_t after(std::uint32_t sequence) { return sequence == last_sequence ? 1 : sequence + 1; }

}  // namespace

// A message is taken on while there are fewer parts than the window; it may then bring as many as a message can have.
submit_table::submit_table(std::size_t window)
    : messages_(window + limits::message_parts),
      parts_(window + limits::message_parts),
      flights_(std::bit_ceil(2 * window + 2)) {
    fill_free_lists();
}

void submit_table::fill_free_lists() {
    free_messages_.clear();
    free_parts_.clear();
    for (auto i = static_cast<index>(parts_.size()); i-- > 0;) {
        free_messages_.push_back(i);
        free_parts_.push_back(i);
    }
}

submit_table::index submit_table::add_message(const message& what) {
    const auto which = free_messages_.back();
    free_messages_.pop_back();
    messages_[which] = {what, true};
    return which;
}

submit_table::index submit_table::add_part(index owner) {
    const auto which = free_parts_.back();
    free_parts_.pop_back();
    auto& to = parts_[which];
    to.used = true;
    to.value.message = owner;
    to.value.attempts = to.value.throttled = 0;
    to.value.octets = 0;
    ++parts_used_;
    return which;
}

void submit_table::remove_part(index which) {
    parts_[which].used = false;
    free_parts_.push_back(which);
    --parts_used_;
}

void submit_table::remove_message(index which) {
    messages_[which].used = false;
    free_messages_.push_back(which);
}

std::uint32_t submit_table::next_sequence() {
    const auto sequence = next_;
    next_ = after(next_);
    return sequence;
}

std::uint32_t submit_table::launch(index which, instant now) {
    // A number whose place is still taken by an old part is passed over; there are more places than flights.
    auto sequence = next_sequence();
    while (flight_of(sequence).sequence != 0) sequence = next_sequence();
    flight_of(sequence) = {sequence, which, now};
    ++in_flight_;
    return sequence;
}

std::optional<submit_table::index> submit_table::land(std::uint32_t sequence) {
    auto& place = flight_of(sequence);
    if (sequence == 0 || place.sequence != sequence) return std::nullopt;
    place.sequence = 0;
    --in_flight_;
    return place.part;
}

std::optional<instant> submit_table::oldest_launch() {
    while (oldest_ != next_) {
        const auto& place = flight_of(oldest_);
        if (place.sequence == oldest_) return place.left;
        oldest_ = after(oldest_);
    }
    return std::nullopt;
}

std::vector<submit_table::message> submit_table::clear() {
    std::vector<message> under_way;
    for (auto& each : messages_) {
        if (each.used) under_way.push_back(each.value);
        each.used = false;
    }
    for (auto& each : parts_) each.used = false;
    for (auto& each : flights_) each.sequence = 0;
    fill_free_lists();
    parts_used_ = in_flight_ = 0;
    oldest_ = next_;
    return under_way;
}

}  // namespace tessera::telecom
