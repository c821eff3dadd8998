#include "telecom/routed_network.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "net/event_loop.h"

namespace tessera::telecom {
namespace {

constexpr int line_shift = 56;  // of a handle's link: by which SMSC it came
static_assert(limits::smscs <= 0x80);

// Messages that wait, in order. Places are used again with the room they have, so that waiting costs no allocation.
class message_queue {
public:
    [[nodiscard]] bool empty() const { return count_ == 0; }
    [[nodiscard]] std::size_t size() const { return count_; }
    [[nodiscard]] outbound_message front() const {
        auto message = places_[first_].message;
        message.packet = places_[first_].packet;
        return message;
    }
    void push(const outbound_message& message) {
        if (count_ == places_.size()) grow();
        auto& to = places_[(first_ + count_++) % places_.size()];
        to.message = message;
        to.packet.assign(message.packet.begin(), message.packet.end());
    }
    void pop() {
        first_ = (first_ + 1) % places_.size();
        --count_;
    }

private:
    struct place {
        outbound_message message;
        bytes packet;
    };
    void grow() {
        std::rotate(places_.begin(), places_.begin() + static_cast<std::ptrdiff_t>(first_), places_.end());
        first_ = 0;
        places_.resize(std::max<std::size_t>(16, 2 * places_.size()));
    }
    std::vector<place> places_;
    std::size_t first_ = 0, count_ = 0;
};

}  // namespace

// The way by one SMSC.
class routed_network::line final : public network_events {
public:
    line(routed_network& owner, std::size_t place) : owner_(&owner), place_(place) {}

    [[nodiscard]] bool usable(instant now) const {
        return up || (!failed && now - down_since < owner_->table_.at(place_).failover_after);
    }

    void on_open() override {
        up = true;
        owner_->line_opened(*this);
    }
    void on_writable() override { owner_->line_writable(*this); }
    void on_result(std::uint64_t token, submit_result result, std::uint32_t command_status) override {
        owner_->events_->on_result(token, result, command_status);
    }
    void on_message(const inbound_message& message) override {
        auto tagged = message;
        tagged.handle.link |= static_cast<std::uint64_t>(place_) << line_shift;
        owner_->events_->on_message(tagged);
    }
    void on_receipt(const inbound_receipt& receipt) override {
        auto tagged = receipt;
        tagged.handle.link |= static_cast<std::uint64_t>(place_) << line_shift;
        owner_->events_->on_receipt(tagged);
    }
    [[nodiscard]] bool awaits(subscriber_number subscriber) const override {
        return owner_->events_->awaits(subscriber);
    }
    void on_link_down(std::string_view why) override {
        if (std::exchange(up, false)) down_since = owner_->clock_->monotonic();
        owner_->line_lost(why);
    }
    void on_closed() override {
        up = false;
        owner_->line_closed();
    }
    void on_failed(const error& why) override {
        if (std::exchange(up, false)) down_since = owner_->clock_->monotonic();
        failed = true;
        retry_at = owner_->clock_->monotonic() + limits::routed_retry;
        owner_->line_failed(*this, why);
    }

    [[nodiscard]] const std::string& name() const { return owner_->table_.at(place_).name; }

    std::unique_ptr<network> link;
    message_queue waiting;
    instant down_since{};
    instant retry_at{};
    bool up = false;
    bool failed = false;    // the bind was refused; it is tried again at retry_at
    bool given_up = false;  // that was logged

private:
    routed_network* owner_;
    std::size_t place_;
};

routed_network::routed_network(route_table table, const attach& by, const clock_port& clock, network_events& events)
    : table_(std::move(table)), clock_(&clock), events_(&events) {
    for (std::size_t place = 0; place < table_.size(); ++place) {
        lines_.push_back(std::make_unique<line>(*this, place));
        lines_.back()->link = by(place, *lines_.back());
    }
}
routed_network::~routed_network() = default;

void routed_network::open() {
    if (closing_) return;
    failed_ = false;
    const auto now = clock_->monotonic();
    for (const auto& one : lines_) {
        if (!one->up) one->down_since = now;
        one->failed = one->given_up = false;
        one->link->open();
    }
}

// ---- outwards

bool routed_network::submit(const outbound_message& message) {
    if (!open_ || closing_) return false;
    switch (put(message, nullptr)) {
        case taken::yes:
            return true;
        case taken::no_way:
            hopeless_.push_back(message.token);
            return true;
        case taken::no_room:
            break;
    }
    said_no_ = true;
    return false;
}

// Into the best line that is or will soon be there; if there is none, into the best that is tried again and again.
routed_network::taken routed_network::put(const outbound_message& message, const line* not_by) {
    if (hopeless_.size() >= limits::routed_waiting) return taken::no_room;
    const auto now = clock_->monotonic();
    route_table::choice room;
    const auto candidates = table_.candidates(message.subscriber, room);
    line* best = nullptr;
    for (const auto place : candidates) {
        auto& one = *lines_[place];
        if (one.usable(now)) {
            best = &one;
            break;
        }
        if (best == nullptr && !one.failed) best = &one;
    }
    if (best == nullptr) return taken::no_way;
    if (best == not_by) return taken::no_room;
    if (best->up && best->waiting.empty() && best->link->submit(message)) return taken::yes;
    if (best->waiting.size() >= limits::routed_waiting) return taken::no_room;
    best->waiting.push(message);
    return taken::yes;
}

void routed_network::drain(line& which) {
    while (which.up && !which.waiting.empty()) {
        if (!which.link->submit(which.waiting.front())) return;
        which.waiting.pop();
    }
}

// As far as there is room elsewhere; the rest stays, in order, until there is.
void routed_network::move_away(line& from) {
    for (auto left = from.waiting.size(); left > 0; --left) {
        auto message = from.waiting.front();
        const auto moved = put(message, &from);
        if (moved == taken::no_way) hopeless_.push_back(message.token);
        const auto packet = to_bytes(message.packet);
        from.waiting.pop();
        if (moved != taken::no_room) continue;
        message.packet = packet;
        from.waiting.push(message);
    }
}

// What has not left is given back as if it might have.
void routed_network::give_back() {
    settle_hopeless();
    for (const auto& one : lines_)
        for (; !one->waiting.empty(); one->waiting.pop())
            events_->on_result(one->waiting.front().token, submit_result::link_lost, 0);
}

void routed_network::say_writable() {
    if (!said_no_ || !open_ || closing_) return;
    const auto full = [](const auto& one) { return one->waiting.size() > limits::routed_waiting / 2; };
    if (std::ranges::any_of(lines_, full)) return;
    said_no_ = false;
    events_->on_writable();
}

void routed_network::settle_hopeless() {
    for (const auto token : std::exchange(hopeless_, {})) events_->on_result(token, submit_result::exhausted, 0);
}

// ---- what lines say

void routed_network::line_opened(line& which) {
    if (which.given_up) log_info("smsc " + which.name() + ": is back");
    which.failed = which.given_up = false;
    if (closing_) return;
    drain(which);
    if (std::exchange(open_, true))
        say_writable();
    else
        events_->on_open();
}

void routed_network::line_writable(line& which) {
    drain(which);
    if (open_ && !closing_) say_writable();
}

void routed_network::line_lost(std::string_view why) {
    if (closing_ || !open_ || std::ranges::any_of(lines_, [](const auto& one) { return one->up; })) return;
    open_ = false;
    events_->on_link_down(why);
}

void routed_network::line_failed(line& which, const error& why) {
    if (closing_) return;
    if (std::ranges::all_of(lines_, [](const auto& one) { return one->failed; })) {
        open_ = said_no_ = false;
        failed_ = true;
        give_back();
        return events_->on_failed(why);
    }
    if (!std::exchange(which.given_up, true)) log_error(to_string(why) + "; what others can bring goes by them");
    move_away(which);
    line_lost(why.message);
}

void routed_network::line_closed() {
    if (!closing_ || ++closed_ < lines_.size()) return;
    give_back();
    closing_ = open_ = said_no_ = false;
    events_->on_closed();
}

void routed_network::on_time() {
    if (closing_ || failed_) return;
    settle_hopeless();
    const auto now = clock_->monotonic();
    for (const auto& one : lines_) {
        if (one->up) continue;
        if (one->failed && now >= one->retry_at) {
            one->retry_at = now + limits::routed_retry;
            one->link->open();
        }
        if (one->usable(now) || one->waiting.empty()) continue;
        if (!std::exchange(one->given_up, true))
            log_warning("smsc " + one->name() + ": is down for too long; what others can bring goes by them");
        move_away(*one);
    }
    say_writable();
}

// ---- inwards

void routed_network::acknowledge(const inbound_handle& handle) {
    const auto place = handle.link >> line_shift;
    if (place < lines_.size())
        lines_[place]->link->acknowledge({handle.link & ((std::uint64_t{1} << line_shift) - 1), handle.sequence});
}
void routed_network::refuse(const inbound_handle& handle, std::uint32_t command_status) {
    const auto place = handle.link >> line_shift;
    if (place < lines_.size())
        lines_[place]->link->refuse({handle.link & ((std::uint64_t{1} << line_shift) - 1), handle.sequence},
                                    command_status);
}

void routed_network::close() {
    if (closing_) return;
    closing_ = true;
    closed_ = 0;
    for (const auto& one : lines_) one->link->close();
}

namespace {

class ticking_network final : public network {
public:
    ticking_network(net::event_loop& loop, route_table table, const routed_network::attach& by, const clock_port& clock,
                    network_events& events)
        : loop_(&loop), inner_(std::move(table), by, clock, events) {}

    void open() override {
        inner_.open();
        tick();
    }
    bool submit(const outbound_message& message) override { return inner_.submit(message); }
    void acknowledge(const inbound_handle& handle) override { inner_.acknowledge(handle); }
    void refuse(const inbound_handle& handle, std::uint32_t status) override { inner_.refuse(handle, status); }
    void close() override {
        timer_.reset();
        inner_.close();
    }

private:
    void tick() {
        timer_ = loop_->after(limits::routed_tick, [this] {
            inner_.on_time();
            tick();
        });
    }
    net::event_loop* loop_;
    routed_network inner_;
    std::unique_ptr<net::event_loop::timer> timer_;
};

}  // namespace

std::unique_ptr<network> make_routed_network(net::event_loop& loop, route_table table, const routed_network::attach& by,
                                             const clock_port& clock, network_events& events) {
    return std::make_unique<ticking_network>(loop, std::move(table), by, clock, events);
}

}  // namespace tessera::telecom
