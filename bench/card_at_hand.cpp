#include "bench/card_at_hand.h"

#include <atomic>
#include <mutex>
#include <thread>

#include "codec/sms_tpdu.h"
#include "net/event_loop.h"
#include "sim/fleet.h"
#include "sim/simulated_card.h"

namespace tessera::bench {

class cards_at_hand::bench_of_cards {
public:
    explicit bench_of_cards(sim::card_list cards) : cards_(std::move(cards)) {
        loop_.post([this] { keep_awake(); });
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~bench_of_cards() {
        loop_.post([this] {
            tick_.reset();
            loop_.stop();
        });
        thread_.join();
    }
    bench_of_cards(const bench_of_cards&) = delete;
    bench_of_cards& operator=(const bench_of_cards&) = delete;

    void post(std::function<void()> work) { loop_.post(std::move(work)); }

    // What the n-th card says to a packet. Own thread.
    std::vector<bytes> say(std::size_t card, byte_view packet, std::uint8_t reference) {
        std::vector<bytes> said;
        const auto parts = codec::segment(packet, codec::packet_kind::command, reference, 8);
        if (!parts) return said;
        const auto index = cards_.list().by_msisdn(sim::fleet_msisdn(card));
        for (const auto& part : *parts) {
            cards_.receive(index, part, system_clock().monotonic(), {}, answers_);
            for (const auto& one : answers_) said.emplace_back(one.user_data().begin(), one.user_data().end());
        }
        return said;
    }

private:
    void keep_awake() {
        tick_ = loop_.after(std::chrono::seconds(1), [this] { keep_awake(); });
    }
    net::event_loop loop_;
    std::unique_ptr<net::event_loop::timer> tick_;
    std::thread thread_;
    sim::simulated_cards cards_;
    std::vector<sim::card_message> answers_;
};

class cards_at_hand::line final : public way, public std::enable_shared_from_this<line> {
public:
    line(bench_of_cards& cards, std::size_t card) : cards_(&cards), card_(card) {}

    void begin(operations::bearer_events events) override {
        const std::lock_guard held(mutex_);
        events_ = std::move(events);
    }
    void end() override {
        const std::lock_guard held(mutex_);
        events_ = {};
    }
    void send(bytes packet, std::uint8_t reference) override {
        const auto sent = system_clock().monotonic();
        cards_->post([self = shared_from_this(), sent, packet = std::move(packet), reference] {
            const auto said = self->cards_->say(self->card_, packet, reference);
            const std::lock_guard held(self->mutex_);
            if (!self->events_.taken) return;
            self->took_ = self->took_.load() + (system_clock().monotonic() - sent).count();
            self->events_.taken();
            for (const auto& one : said) self->events_.words(one);
        });
    }
    [[nodiscard]] duration time_of_the_card() const override { return duration(took_.load()); }

private:
    bench_of_cards* cards_;
    std::size_t card_;
    std::mutex mutex_;
    operations::bearer_events events_;
    std::atomic<duration::rep> took_ = 0;
};

cards_at_hand::cards_at_hand(std::unique_ptr<bench_of_cards> made) : cards_(std::move(made)) {}
cards_at_hand::~cards_at_hand() = default;

result<std::unique_ptr<cards_at_hand>> cards_at_hand::load(const std::filesystem::path& fleet) {
    TESSERA_TRY_VALUE(auto cards, sim::card_list::load(fleet));
    return std::unique_ptr<cards_at_hand>(new cards_at_hand(std::make_unique<bench_of_cards>(std::move(cards))));
}

std::shared_ptr<cards_at_hand::way> cards_at_hand::to(std::size_t card) {
    return std::make_shared<line>(*cards_, card);
}

}  // namespace tessera::bench
