#include "operations/reader_bearer.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "base/limits.h"

namespace tessera::operations {

using telecom::card_session;

class reader_bearer::machine {
public:
    machine(std::unique_ptr<net::card_connection> card, telecom::card_session_settings settings)
        : card_(std::move(card)), session_(std::move(settings)) {}
    ~machine() {
        {
            const std::lock_guard held(mutex_);
            over_ = true;
        }
        changed_.notify_all();
        if (thread_.joinable()) thread_.join();
    }
    machine(const machine&) = delete;
    machine& operator=(const machine&) = delete;

    result<void> activate() {
        TESSERA_TRY(drive(session_.activate()));
        if (session_.failed()) return std::unexpected(*session_.failed());
        thread_ = std::thread([this] { work(); });
        return {};
    }

    [[nodiscard]] const card_session& session() const { return session_; }
    [[nodiscard]] const net::card_connection& card() const { return *card_; }

    void begin(bearer_events events) {
        const std::lock_guard held(mutex_);
        events_ = std::move(events);
    }
    void end() {
        const std::lock_guard held(mutex_);
        events_.reset();
        jobs_.clear();
    }
    void send(bytes packet, std::uint8_t reference) {
        {
            const std::lock_guard held(mutex_);
            jobs_.push_back({std::move(packet), reference});
        }
        changed_.notify_all();
    }
    std::vector<exchange> take_trace() {
        const std::lock_guard held(mutex_);
        return std::exchange(trace_, {});
    }

private:
    struct job {
        bytes packet;
        std::uint8_t reference = 0;
    };

    // The next packet; nothing when it is time to ask whether the card has something to say, or to end.
    std::optional<job> next_job() {
        std::unique_lock held(mutex_);
        changed_.wait_for(held, limits::card_poll_interval, [this] { return over_ || !jobs_.empty(); });
        if (over_ || jobs_.empty()) return std::nullopt;
        auto taken = std::move(jobs_.front());
        jobs_.pop_front();
        return taken;
    }
    bool wanted() {
        const std::lock_guard held(mutex_);
        return !over_;
    }
    bool awaited() {
        const std::lock_guard held(mutex_);
        return events_.has_value() && sendings_ > 0;
    }
    // Calls one of the events, if somebody is to be told; outside of the lock.
    template <class Which, class... What>
    void tell(Which which, What&&... what) {
        std::optional<bearer_events> to;
        {
            const std::lock_guard held(mutex_);
            to = events_;
        }
        if (to && *to.*which) (*to.*which)(std::forward<What>(what)...);
    }

    void work() {
        bool lost = false;
        while (wanted()) {
            const auto next = next_job();
            if (!wanted()) return;
            if (lost) {
                if (next) tell(&bearer_events::lost, error{"card_removed", "reader", "the card is gone"});
                continue;
            }
            const auto done = next ? download(*next) : (awaited() ? drive(session_.poll()) : result<void>{});
            for (auto& one : session_.take_words()) tell(&bearer_events::words, std::move(one.user_data));
            if (done) continue;
            lost = true;
            tell(&bearer_events::lost, done.error());
        }
    }

    result<void> download(const job& one) {
        {
            const std::lock_guard held(mutex_);
            ++sendings_;
        }
        TESSERA_TRY_VALUE(const auto first, session_.download(one.packet, one.reference));
        TESSERA_TRY(drive(first));
        const auto& failed = session_.failed();
        if (!failed)
            tell(&bearer_events::taken);
        else if (failed->code == "not_taken")
            tell(&bearer_events::refused, session_.refusal());
        else
            return std::unexpected(*failed);
        return {};
    }

    result<void> drive(card_session::step next) {
        const auto through = exchange_all(next);
        const std::lock_guard held(mutex_);
        for (auto& one : session_.take_trace())
            if (trace_.size() < limits::card_session_commands) trace_.push_back({sendings_, std::move(one)});
        return through;
    }
    result<void> exchange_all(card_session::step next) {
        while (next != card_session::step::rest) {
            if (next == card_session::step::pause) {
                std::unique_lock held(mutex_);
                if (changed_.wait_for(held, session_.pause(), [this] { return over_; })) return {};
                next = session_.go_on();
                continue;
            }
            TESSERA_TRY_VALUE(const auto response, card_->transmit(session_.command()));
            next = session_.take(response);
        }
        return {};
    }

    std::unique_ptr<net::card_connection> card_;
    card_session session_;  // the thread's, once it runs
    std::thread thread_;

    std::mutex mutex_;
    std::condition_variable changed_;
    bool over_ = false;
    int sendings_ = 0;
    std::optional<bearer_events> events_;
    std::deque<job> jobs_;
    std::vector<exchange> trace_;
};

reader_bearer::reader_bearer(std::unique_ptr<machine> made) : machine_(std::move(made)) {}
reader_bearer::~reader_bearer() = default;

result<std::unique_ptr<reader_bearer>> reader_bearer::open(net::card_readers& readers, std::string_view reader,
                                                           telecom::card_session_settings settings) {
    TESSERA_TRY_VALUE(auto card, readers.connect(reader));
    settings.block_protocol = card->block_protocol();
    auto made = std::make_unique<machine>(std::move(card), std::move(settings));
    TESSERA_TRY(made->activate());
    return std::unique_ptr<reader_bearer>(new reader_bearer(std::move(made)));
}

const std::string& reader_bearer::iccid() const { return machine_->session().iccid(); }
const std::string& reader_bearer::reader() const { return machine_->card().reader(); }
byte_view reader_bearer::answer_to_reset() const { return machine_->card().answer_to_reset(); }
void reader_bearer::begin(bearer_events events) { machine_->begin(std::move(events)); }
void reader_bearer::send(bytes packet, std::uint8_t reference) { machine_->send(std::move(packet), reference); }
void reader_bearer::end() { machine_->end(); }
std::vector<reader_bearer::exchange> reader_bearer::take_trace() { return machine_->take_trace(); }

}  // namespace tessera::operations
