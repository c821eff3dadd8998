// What the exchange's journal of one of several processes looks at again before it acts: each test lets the process
// sleep at the worst moment, while another one takes over its chunk.
#include <future>

#include "campaign_world.h"
#include "campaigns/duty.h"
#include "campaigns/journal_thread.h"
#include "store/database.h"

namespace tessera::campaigns {
namespace {

// Whose readers do something else before they look.
class delayed_database final : public store::database {
public:
    explicit delayed_database(store::database& real) : real_(&real) {}
    result<std::unique_ptr<store::connection>> connect(store::access mode) override {
        TESSERA_TRY_VALUE(auto made, real_->connect(mode));
        return std::make_unique<delayed>(*this, std::move(made));
    }
    [[nodiscard]] std::string_view dialect_word(std::string_view token) const override {
        return real_->dialect_word(token);
    }
    std::function<void()> before_reading;

private:
    class delayed final : public store::connection {
    public:
        delayed(delayed_database& owner, std::unique_ptr<store::connection> real)
            : owner_(&owner), real_(std::move(real)) {}
        ~delayed() override { forget_statements(); }
        result<void> execute(std::string_view sql) override { return real_->execute(sql); }
        result<std::unique_ptr<store::statement>> prepare(std::string_view sql) override { return real_->prepare(sql); }
        [[nodiscard]] std::int64_t changed() const override { return real_->changed(); }
        result<void> begin() override {
            if (owner_->before_reading) owner_->before_reading();
            return real_->begin();
        }
        result<void> commit() override { return real_->commit(); }
        void rollback() override { real_->rollback(); }

    private:
        delayed_database* owner_;
        std::unique_ptr<store::connection> real_;
    };

    store::database* real_;
};

struct told final : journal_events {
    void on_leased(std::vector<chunk> /*chunks*/) override {}
    void on_loaded(loaded_chunk one) override { loaded.push_back(std::move(one)); }
    void on_written(journal_batch /*batch*/) override { ++written; }
    void on_journal_failed(const error& why) override { failures.push_back(why.code); }
    std::vector<loaded_chunk> loaded;
    int written = 0;
    std::vector<std::string> failures;
};

// A campaign of one chunk that is prepared, and the process that has leased it.
class sender {
public:
    explicit sender(world& here) : here_(&here), slow_(*here.storage), env_(here.new_instance()) {
        here.progress.when_ended = [&here](int, phase which) {
            if (which == phase::prepare) here.stop = true;
        };
        const auto made = here.create();
        EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
        here.progress.when_ended = {};
        here.stop = false;
        env_.role = role::gateway;
        env_.storage = &slow_;
        run_.env = &env_;
        run_.subject = campaign_store(*here.writer).get(made.key).value();
        what_ = definition_of(run_.subject).value();
        run_.what = &what_;
        held_ = lease(chunk_state::prepared, env_.instance, now_);
        speaks(run_.subject.id, now_);
    }

    // What the journal says of all that `ask` wants of it.
    told asks(const std::function<void(journal_thread&)>& ask) {
        told events;
        {
            journal_thread journal(run_, *env_.shared_loop, events);
            journal.open().value();
            ask(journal);
            journal.close();
        }
        std::promise<void> drained;
        env_.shared_loop->post([&] { drained.set_value(); });
        drained.get_future().wait();
        return events;
    }
    told releases() {
        return asks([this](journal_thread& journal) { journal.release(held_, 1, false); });
    }
    // Another one, to which it is dead.
    void is_taken_over(bool brought_to_its_end = false) {
        const auto theirs = lease(chunk_state::released, "another", now_ + 2 * lease_time);
        EXPECT_GT(theirs.epoch, held_.epoch);
        if (brought_to_its_end)
            transact([&](campaign_store& campaigns) {
                return campaigns.move_chunk(theirs, "another", chunk_state::closed, 1, {});
            });
    }

    void is_cancelled() {
        transact([&](campaign_store& campaigns) {
            return campaigns.set_state(run_.subject.key, campaign_state::cancelled, run_.subject.round,
                                       run_.subject.phase, now_);
        });
    }
    void loses_its_turn() { speaks("another campaign", now_ + 2 * lease_time); }

    [[nodiscard]] const chunk& held() const { return held_; }
    [[nodiscard]] delayed_database& slow() { return slow_; }
    [[nodiscard]] std::vector<cards::card_id> unsent() { return campaign_store(*here_->writer).unsent(held_).value(); }
    [[nodiscard]] std::vector<cards::card_id> late() { return campaign_store(*here_->writer).late_cards(100).value(); }
    [[nodiscard]] chunk_state state() {
        const auto all = campaign_store(*here_->writer).chunks(run_.subject.key, run_.subject.round).value();
        EXPECT_EQ(all.size(), 1U);
        return all.front().state;
    }
    void transact(const std::function<result<void>(campaign_store&)>& work) {
        here_->shared
            .transact([&](store::connection& database) {
                campaign_store campaigns(database);
                return work(campaigns);
            })
            .value();
    }

private:
    static constexpr std::chrono::seconds lease_time{10};

    chunk lease(chunk_state state, std::string_view owner, timestamp now) {
        std::vector<chunk> found;
        transact([&](campaign_store& campaigns) -> result<void> {
            TESSERA_TRY_VALUE(
                found, campaigns.lease(run_.subject.key, run_.subject.round, state, owner, now, now + lease_time, 10));
            return {};
        });
        EXPECT_EQ(found.size(), 1U);
        return found.at(0);
    }

    // From now on it is the one in P2.
    void speaks(std::string_view campaign_id, timestamp now) {
        const auto taken = here_->shared.transact([&](store::connection& database) {
            return take_duty(database, duty_exchange, campaign_id, now, now + lease_time);
        });
        EXPECT_TRUE(taken.value());
    }

    world* here_;
    delayed_database slow_;
    environment env_;
    campaign_run run_;
    definition what_;
    timestamp now_ = system_clock().now();
    chunk held_;
};

TEST(journal_fences, a_chunk_that_was_taken_over_between_release_and_loading_is_not_sent) {
    world here({.cards = 5});
    sender slow(here);
    slow.slow().before_reading = [&] { slow.is_taken_over(); };
    const auto events = slow.releases();
    EXPECT_TRUE(events.loaded.empty());
    EXPECT_EQ(events.failures, std::vector<std::string>{"lease_lost"});
}

TEST(journal_fences, a_chunk_that_is_still_its_own_is_sent) {
    world here({.cards = 5});
    sender slow(here);
    const auto events = slow.releases();
    ASSERT_EQ(events.loaded.size(), 1U);
    EXPECT_EQ(events.loaded.front().targets.size(), 5U);
    EXPECT_TRUE(events.failures.empty());
}

TEST(journal_fences, nothing_is_released_while_another_campaign_speaks) {
    world here({.cards = 5});
    sender slow(here);
    slow.loses_its_turn();
    const auto events = slow.releases();
    EXPECT_TRUE(events.loaded.empty());
    EXPECT_EQ(events.failures, std::vector<std::string>{"lease_lost"});
    EXPECT_EQ(slow.state(), chunk_state::prepared);
}

TEST(journal_fences, nothing_is_released_of_a_campaign_that_was_cancelled) {
    world here({.cards = 5});
    sender slow(here);
    slow.is_cancelled();
    const auto events = slow.releases();
    EXPECT_TRUE(events.loaded.empty());
    EXPECT_EQ(events.failures, std::vector<std::string>{"lease_lost"});
    EXPECT_EQ(slow.state(), chunk_state::prepared);
}

// It has sent what this one has not.
TEST(journal_fences, cards_of_a_chunk_that_was_taken_over_are_not_noted_as_unsent) {
    for (const bool lost : {false, true}) {
        world here({.cards = 5});
        sender slow(here);
        const auto loaded = slow.releases().loaded;
        ASSERT_EQ(loaded.size(), 1U);
        const auto card = loaded.front().targets.front().card;
        if (lost) slow.is_taken_over();
        const auto events = slow.asks([&](journal_thread& journal) {
            journal_batch batch;
            batch.unsent.push_back({slow.held(), {card}});
            journal.write(std::move(batch));
        });
        EXPECT_EQ(events.written, 1);
        EXPECT_EQ(slow.unsent(), lost ? std::vector<cards::card_id>{} : std::vector{card});
    }
}

// P3 may have been there, and nobody would look at it again.
TEST(journal_fences, an_answer_to_a_chunk_that_others_brought_to_its_end_is_late) {
    for (const bool closed : {false, true}) {
        world here({.cards = 5});
        sender slow(here);
        const auto loaded = slow.releases().loaded;
        ASSERT_EQ(loaded.size(), 1U);
        const auto card = loaded.front().targets.front().card;
        slow.is_taken_over(closed);
        const auto events = slow.asks([&](journal_thread& journal) {
            journal_batch batch;
            const bytes answer{0x01};
            const auto offset = batch.keep(answer);
            batch.answers.push_back({slow.held().id.number, card, operations::answer_kind::message, 1, 0, offset,
                                     static_cast<std::uint32_t>(answer.size())});
            journal.write(std::move(batch));
        });
        EXPECT_EQ(events.written, 1);
        EXPECT_EQ(here.answers().size(), 1U);  // kept in either case
        EXPECT_EQ(slow.late(), closed ? std::vector{card} : std::vector<cards::card_id>{});
    }
}

// Nor is it brought to its end by one that no longer holds it.
TEST(journal_fences, a_chunk_that_was_taken_over_is_not_closed_by_the_one_that_lost_it) {
    world here({.cards = 5});
    sender slow(here);
    ASSERT_EQ(slow.releases().loaded.size(), 1U);
    slow.is_taken_over();
    const auto events = slow.asks([&](journal_thread& journal) {
        journal_batch batch;
        batch.moves.push_back({slow.held(), chunk_state::closed, 1, {}});
        journal.write(std::move(batch));
    });
    EXPECT_EQ(events.written, 0);
    EXPECT_EQ(events.failures, std::vector<std::string>{"lease_lost"});
    EXPECT_EQ(slow.state(), chunk_state::released);
}

}  // namespace
}  // namespace tessera::campaigns
