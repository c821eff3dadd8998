// Pause and cancel act at once, whatever a run is at or waits for. The proof is a clock that stands still: a run that
// waited for any time-out, delay or window would never end. What is left are the looks at whether to stop and the time
// that an SMSC has to answer the unbind, whose sum conductor.cpp holds against limits::stop_wait.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "campaign_world.h"
#include "campaigns/control.h"
#include "operations/store.h"

namespace tessera::campaigns {
namespace {

// Stops the run when the clock has been asked so often since it was armed: every loop that waits asks it.
class still_clock final : public clock_port {
public:
    explicit still_clock(std::atomic<bool>& stop) : stop_(&stop) {}
    [[nodiscard]] timestamp now() const override {
        count();
        return now_;
    }
    [[nodiscard]] instant monotonic() const override {
        count();
        return monotonic_;
    }
    void arm() const { armed_ = true; }

private:
    void count() const {
        constexpr int often = 100;
        if (armed_ && ++asked_ == often) *stop_ = true;
    }
    std::atomic<bool>* stop_;
    timestamp now_ = system_clock().now();
    instant monotonic_ = system_clock().monotonic();
    mutable std::atomic<bool> armed_ = false;
    mutable std::atomic<int> asked_ = 0;
};

// An SMSC that takes the connection and never says a word.
class silent_peer {
public:
    silent_peer() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = htonl(0x7f000001U);
        socklen_t octets = sizeof where;
        auto* const address = reinterpret_cast<sockaddr*>(&where);
        EXPECT_EQ(::bind(socket_, address, octets), 0);
        EXPECT_EQ(::getsockname(socket_, address, &octets), 0);
        port_ = ntohs(where.sin_port);
    }
    ~silent_peer() { ::close(socket_); }
    silent_peer(const silent_peer&) = delete;
    silent_peer& operator=(const silent_peer&) = delete;
    void listen() const { EXPECT_EQ(::listen(socket_, 8), 0); }  // without it, connections are refused
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

private:
    int socket_;
    std::uint16_t port_ = 0;
};

struct situation {
    const char* name;
    phase which;  // in which the run is stopped
    const char* faults = "";
    const char* sections = "";
    int rate = 0;
    std::int64_t sends_per_hour = 0;
    bool single_operation = false;  // under way, of one of its cards
    bool waits = false;             // for a time from which on something may be sent; else for whatever the phase does
    bool works = false;             // it is at work: stopped with the first chunk that is through
    enum class peer { simulator, nobody, silent } smsc = peer::simulator;
};

const std::vector<situation> situations{
    {.name = "while_messages_are_prepared", .which = phase::prepare, .works = true},
    {.name = "while_a_single_operation_is_waited_for", .which = phase::prepare, .single_operation = true},
    {.name = "while_it_waits_for_its_window",
     .which = phase::prepare,
     .sections = "[window]\nfrom = \"00:00\"\nto = \"00:01\"\ndays = [\"mon\"]\n",
     .waits = true},
    {.name = "while_cards_keep_silent", .which = phase::exchange, .faults = "card_off = 1\n"},
    {.name = "while_the_rate_holds_it_back", .which = phase::exchange, .rate = 1},
    {.name = "while_the_network_throttles", .which = phase::exchange, .faults = "throttle = 1\n"},
    {.name = "while_the_ration_is_used_up", .which = phase::exchange, .sends_per_hour = 5, .waits = true},
    {.name = "while_the_smsc_is_not_there", .which = phase::exchange, .smsc = situation::peer::nobody},
    {.name = "while_the_smsc_does_not_answer", .which = phase::exchange, .smsc = situation::peer::silent},
    {.name = "while_outcomes_are_settled", .which = phase::settle, .works = true},
};

class pausing : public testing::TestWithParam<situation> {};

void put_single_operation(world& here) {
    operations::stored_operation row;
    row.id = "under way";
    row.card = here.registered(0).id;
    row.kind = operations::operation_kind::read;
    row.what = "read 7f20/6f46";
    row.started_at = system_clock().now();
    here.shared
        .transact([&](store::connection& writer) {
            return operations::operation_store(writer).insert(row, operations::single_request{});
        })
        .value();
}

TEST_P(pausing, is_not_held_up_by_anything_that_takes_time) {
    const auto& tested = GetParam();
    world here({.cards = 4'000, .faults = tested.faults});
    silent_peer peer;
    if (tested.smsc != situation::peer::simulator) here.smsc.address = peer.address();
    if (tested.smsc == situation::peer::silent) peer.listen();
    here.smsc.rate = static_cast<std::uint32_t>(tested.rate);
    here.smsc.response_time_out = std::chrono::hours(1);
    here.smsc.reconnect_delay_min = here.smsc.reconnect_delay_max = std::chrono::hours(1);
    const auto made = here.create({.telecom = "por_timeout = \"1h\"", .sections = tested.sections});
    if (tested.single_operation) put_single_operation(here);

    still_clock clock(here.stop);
    here.adjust = [&](environment& env) {
        env.clock = &clock;
        env.sends_per_hour = tested.sends_per_hour;
    };
    here.progress.when_began = [&](phase which) {
        if (which == tested.which && !tested.waits && !tested.works) clock.arm();
    };
    here.progress.when_waits = [&](std::string_view, timestamp) { clock.arm(); };
    here.progress.when_moved = [&] {
        if (tested.works && here.progress.now == tested.which) here.stop = true;
    };
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    EXPECT_EQ(here.summary(made).subject.phase, tested.which);
    const auto stood = here.summary(made).first_round();
    if (tested.works) EXPECT_LT(tested.which == phase::prepare ? stood.prepared : stood.outcomes.total(), 4'000);
    const auto paused = here.shared.transact([&](store::connection& writer) {
        return change_state(writer, made.key, campaign_event::pause, system_clock().now());
    });
    EXPECT_EQ(paused.value().state, campaign_state::paused);
}

INSTANTIATE_TEST_SUITE_P(, pausing, testing::ValuesIn(situations),
                         [](const auto& tested) { return tested.param.name; });

TEST(pause_and_resume, what_was_paused_goes_on_in_another_process_from_where_it_stood) {
    world here({.cards = 3'000});
    const auto made = here.create({.telecom = "por_timeout = \"5s\""});
    for (const auto which : {phase::prepare, phase::exchange, phase::settle}) {
        here.progress.when_began = [&](phase began) { here.stop = began == which; };
        EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
        here.shared
            .transact([&](store::connection& writer) {
                return change_state(writer, made.key, campaign_event::pause, system_clock().now());
            })
            .value();
        EXPECT_EQ(here.summary(made).subject.phase, which);
        here.stop = false;
    }
    here.progress.when_began = {};
    EXPECT_EQ(here.conduct_now(made), run_end::finished);
    here.expect_outcomes(made, {.done = 3'000});
    here.expect_sound(made);
}

}  // namespace
}  // namespace tessera::campaigns
