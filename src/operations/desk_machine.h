// The desk's inside; nobody else includes this.
#pragma once

#include <map>

#include "base/limits.h"
#include "base/log.h"
#include "operations/bearer.h"
#include "operations/commit_queue.h"
#include "operations/desk.h"
#include "operations/packet_builder.h"
#include "operations/store.h"
#include "operations/under_way.h"
#include "telecom/seen_messages.h"

namespace tessera::operations {

struct waiting_request {
    single_request request;
    std::function<void(single_answer)> done;
    std::shared_ptr<bearer> way;  // none: the radio
    std::shared_ptr<operation_place> place = std::make_shared<operation_place>();
};

inline single_answer refusal(error why) {
    single_answer made;
    made.refused = std::move(why);
    return made;
}

// No operation goes on for longer: after that its process is taken for dead by others.
inline constexpr auto operation_life = std::chrono::hours(1);

class desk::machine {
public:
    explicit machine(const desk_environment& env) : env_(env), vault_(env.vault->another()) {}

    void perform(waiting_request asked) {
        if (open_.size() + waiting_.size() >= limits::single_operations)
            return answer_later(asked, refusal({"busy", "operation", "too many single operations are under way"}));
        soon([this, asked = std::move(asked)] { try_to_begin(asked); });
    }
    [[nodiscard]] bool idle() const { return open_.empty() && waiting_.empty() && strays_.empty() && !settling_; }

    result<void> begin() {
        TESSERA_TRY_VALUE(const auto abandoned, env_.writer->transact_first([&](store::connection& writer) {
            const auto now = env_.clock->now();
            return operation_store(writer).abandon(env_.alone ? timestamp::max() : now - operation_life, now);
        }));
        if (abandoned > 0)
            log_warning(std::to_string(abandoned) + " single operations of a process that died end as unknown");
        return {};
    }

private:
    // A line to one SMSC, and what comes over it.
    class line_end final : public telecom::single_line_events {
    public:
        explicit line_end(machine& owner) : owner_(&owner) {}
        void on_submitted(std::uint64_t token, telecom::submit_result result, std::uint32_t command_status) override {
            owner_->on_submitted(token, result, command_status);
        }
        void on_withdrawn(std::uint64_t token, bool left) override { owner_->on_withdrawn(token, left); }
        void on_words(const telecom::card_words& words) override { owner_->on_words(*line, words); }
        void on_line_failed(const error& why) override { owner_->on_line_failed(*line, why); }
        std::unique_ptr<telecom::single_line> line;

    private:
        machine* owner_;
    };

    struct operation {
        operation_key key;
        cards::card_id card;
        telecom::subscriber_number subscriber = 0;
        telecom::single_line* line = nullptr;
        std::shared_ptr<bearer> way;  // instead of the line
        under_way work;
        std::function<void(single_answer)> done;
        bytes packet;
        std::uint64_t counter = 0;
        std::int64_t image_version = 0;  // when it began
        int packets = 0;
        int answers = 0;
        bool accepted = false;  // the network took the packet under way at least once, or may have
        bool silent = false;    // it has waited for long enough; the line says whether anything has left
        instant give_up{};      // whatever comes
        std::unique_ptr<net::event_loop::timer> timer;
    };
    // Words that no operation awaits.
    struct stray {
        telecom::single_line* line = nullptr;
        telecom::card_words words;
    };
    using stray_queue = commit_queue<stray>;
    // An operation that could not go on and whose end is not durable yet.
    struct unended {
        operation_key key;
        telecom::single_line* line = nullptr;
        cause why;
        int attempts = 0;
        std::optional<telecom::card_words> words;  // that came last, neither durable nor acknowledged
    };
    struct begun {
        std::optional<single_answer> refused;
        std::optional<operation> made;
    };
    using operations_by_key = std::map<std::int64_t, operation>;

    void on_submitted(std::uint64_t token, telecom::submit_result result, std::uint32_t command_status);
    void on_withdrawn(std::uint64_t token, bool left);
    void fall_silent(operation& one);
    static std::uint64_t token_of(const operation& one) { return static_cast<std::uint64_t>(one.key.value); }
    void on_words(telecom::single_line& line, const telecom::card_words& words);
    void on_line_failed(const telecom::single_line& line, const error& why);
    void answer_later(const waiting_request& asked, single_answer answer) {
        env_.home->post([done = asked.done, answer = std::move(answer)] { done(answer); });
    }
    void try_to_begin(waiting_request asked);
    void look_at_waiting();
    bearer_events events_of(std::int64_t key);
    void transmit(operation& one);
    result<begun> begin_in(store::connection& writer, const single_request& request, bool by_radio);
    result<std::optional<single_answer>> busy(store::connection& writer, const cards::card& card);
    result<void> put_next_packet(store::connection& writer, operation& one);
    result<telecom::single_line*> line_to(const std::string& smsc);
    void send(operation& one);
    void wait_for_answer(operation& one, duration how_long);
    void on_time(std::int64_t key);
    void follow(operation& one, under_way::step step, const telecom::card_words* words);
    result<void> record(store::connection& writer, operation& one, under_way::step step,
                        const telecom::card_words* words);
    result<void> record_end(store::connection& writer, operation& one);
    [[nodiscard]] bool is_kept(const telecom::card_words& words) const;
    result<void> keep_strays(store::connection& writer, stray_queue::batch some);
    void acknowledge_strays(stray_queue::batch some, const result<void>& kept);
    void hear(operation& one, const telecom::card_words& words);
    void settle_strays();
    void settle_some();
    void soon(std::function<void()> work) {
        env_.home->post([alive = std::weak_ptr(alive_), work = std::move(work)] {
            if (!alive.expired()) work();
        });
    }
    void give_up(operation& one, error problem, const telecom::card_words* words);
    [[nodiscard]] bool end_unknown(const unended& one);
    void end_the_unended();
    void finish(std::int64_t key, std::optional<error> problem);

    desk_environment env_;
    cards::key_vault vault_;
    packet_builder builder_;
    judge judge_;
    std::map<std::string, std::unique_ptr<line_end>> lines_;
    operations_by_key open_;
    std::vector<waiting_request> waiting_;
    std::unique_ptr<net::event_loop::timer> look_timer_;
    stray_queue strays_{
        *env_.home,
        *env_.writer,
        limits::strays_per_commit,
        {[this](store::connection& writer, stray_queue::batch some) { return keep_strays(writer, some); },
         [this](stray_queue::batch some, const result<void>& kept) { acknowledge_strays(some, kept); }}};
    telecom::seen_messages kept_;  // strays that are durable; batch: the link that brought them
    bool settling_ = false;
    std::vector<unended> unended_;
    std::unique_ptr<net::event_loop::timer> end_timer_;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace tessera::operations
