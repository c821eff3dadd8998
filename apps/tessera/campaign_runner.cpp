#include "tessera/campaign_runner.h"

#include <atomic>
#include <boost/json/value.hpp>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <thread>

#include "campaigns/counter_report.h"
#include "campaigns/create.h"
#include "campaigns/joint_loop.h"
#include "campaigns/preview.h"
#include "telecom/radio.h"
#include "tessera/json_output.h"
#include "tessera/local_service.h"

namespace tessera::app {
namespace {

std::atomic<bool> stop_wanted = false;
static_assert(std::atomic<bool>::is_always_lock_free);  // or the handler may not touch it

extern "C" void want_stop(int) { stop_wanted.store(true, std::memory_order_relaxed); }

class stop_signals {
public:
    stop_signals() {
        stop_wanted = false;
        struct sigaction action {};
        action.sa_handler = want_stop;
        sigaction(SIGINT, &action, &interrupt_before_);
        sigaction(SIGTERM, &action, &terminate_before_);
    }
    ~stop_signals() {
        sigaction(SIGINT, &interrupt_before_, nullptr);
        sigaction(SIGTERM, &terminate_before_, nullptr);
    }
    stop_signals(const stop_signals&) = delete;
    stop_signals& operator=(const stop_signals&) = delete;

private:
    struct sigaction interrupt_before_ {};
    struct sigaction terminate_before_ {};
};

void append_line(std::string& out, const char* format, ...) __attribute__((format(printf, 2, 3)));
void append_line(std::string& out, const char* format, ...) {
    std::array<char, 512> line{};
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(line.data(), line.size(), format, arguments);
    va_end(arguments);
    out += line.data();
    out += '\n';
}

void append_phase(std::string& out, const char* name, const campaigns::phase_summary& phase) {
    append_line(out, "  %-9s %9.3f s %12.0f cards/s", name, phase.seconds, phase.cards_per_second());
}

std::int64_t cards_without_route(data_directory& data, const campaigns::campaign& made) {
    const auto what = campaigns::definition_of(made);
    const auto routes = what ? data.settings.routes_of(what->way.smscs) : std::nullopt;
    if (!routes) return 0;
    const auto found = campaigns::targets_without_route(*data.writer, made.key, *routes);
    return found ? *found : 0;
}

void append_wait(std::string& out, const campaigns::wait& one) {
    const auto until = one.until ? " until " + to_iso8601(*one.until) : std::string();
    switch (one.what) {
        case campaigns::wait_kind::stop_all:
            return append_line(out, "  waits for stop-all --lift: %s", one.why.c_str());
        case campaigns::wait_kind::approval:
            return append_line(out, "  waits for approval: %s", one.why.c_str());
        case campaigns::wait_kind::queue:
        case campaigns::wait_kind::window:
        case campaigns::wait_kind::sends_per_hour:
        case campaigns::wait_kind::link:
        case campaigns::wait_kind::exchange:
            return append_line(out, "  waits for %s%s", one.why.c_str(), until.c_str());
    }
}

}  // namespace

result<campaigns::run_end> run_campaign(data_directory& data, const campaigns::campaign& subject,
                                        campaigns::progress_sink& progress) {
    TESSERA_TRY_VALUE(const auto what, campaigns::definition_of(subject));
    TESSERA_TRY(data.settings.used_by(what.way.smscs));
    const stop_signals signals;
    campaigns::shared_writer writer;
    writer.connection = data.writer.get();
    telecom::radio radio(data.settings.smscs, system_clock(), data.settings.session == session_mode::persistent);

    const auto env = campaign_environment(data, writer, radio, what, progress, stop_wanted);
    if (data.shared()) {
        // What cards say that no campaign awaits is kept by it; nobody asks it anything.
        TESSERA_TRY_VALUE(const auto keeper, local_service::start(data, writer, radio, false));
        return campaigns::run_together(env, subject.key, campaigns::definition_of);
    }
    TESSERA_TRY_VALUE(const auto service, local_service::start(data, writer, radio, true));
    service->conducting(subject.id, stop_wanted);
    auto end = campaigns::conduct(env, subject.key, campaigns::definition_of);
    TESSERA_TRY(service->conducted());
    return end;
}

result<void> begin_campaign(data_directory& data, const campaigns::campaign& subject) {
    if (!data.shared())
        return failure("not_shared", "--detach",
                       "is for a database that other processes serve (tessera serve); this data directory has its own");
    TESSERA_TRY_VALUE(const auto what, campaigns::definition_of(subject));
    campaigns::shared_writer writer;
    writer.connection = data.writer.get();
    campaigns::silent_progress nobody;
    telecom::radio radio(data.settings.smscs, system_clock(), false);
    stop_wanted = false;
    return campaigns::begin_for_all(campaign_environment(data, writer, radio, what, nobody, stop_wanted), subject.key,
                                    campaigns::definition_of);
}

campaigns::environment campaign_environment(data_directory& data, store::shared_writer& writer, telecom::radio& radio,
                                            const campaigns::definition& what, campaigns::progress_sink& progress,
                                            const std::atomic<bool>& stop) {
    campaigns::environment env;
    env.storage = data.storage.get();
    env.writer = &writer;
    env.vault = &data.vault;
    env.clock = &system_clock();
    env.progress = &progress;
    env.stop = &stop;
    env.instance = data.instance;
    env.workers = data.settings.workers;
    env.sends_per_hour = data.settings.house.sends_per_hour;
    env.lease_time = data.settings.database.lease;
    if (data.shared()) env.role = campaigns::role::all;
    env.shared_loop = &radio.loop();
    env.open_network = [&radio, &what](net::event_loop&, telecom::network_events& events) {
        return radio.attach(what.way.smscs, what.way.rank(), events);
    };
    return env;
}

result<campaigns::campaign> find_campaign(data_directory& data, const std::string& id) {
    TESSERA_TRY_VALUE(auto found, campaigns::campaign_store(*data.writer).find(id));
    if (!found) return failure("not_found", id, "there is no campaign with this id");
    return std::move(*found);
}

void print_created(data_directory& data, const campaigns::campaign& made, bool as_json) {
    const auto near = campaigns::cards_near_counter_end(*data.writer, made);
    const auto few = near ? *near : 0;
    const auto unreached = cards_without_route(data, made);
    if (as_json) return print_json({{"id", made.id}, {"near_counter_end", few}, {"no_route", unreached}});
    std::printf("%s\n", made.id.c_str());
    if (few > 0)
        std::fprintf(stderr, "%lld of its cards have few counters left: tessera card counters\n",
                     static_cast<long long>(few));
    if (unreached > 0)
        std::fprintf(stderr, "%lld of its cards have a number that no [[smsc]] has a prefix of\n",
                     static_cast<long long>(unreached));
}

result<campaigns::campaign_summary> summary_now(data_directory& data, const campaigns::campaign& subject) {
    TESSERA_TRY_VALUE(auto made, campaigns::summarize(*data.writer, subject, std::nullopt));
    TESSERA_TRY_VALUE(made.waits, campaigns::waits_of(*data.writer, subject, data.settings.house.sends_per_hour,
                                                      system_clock().now()));
    return made;
}

result<std::string> summary_text(data_directory& data, const campaigns::campaign& subject) {
    TESSERA_TRY_VALUE(const auto summary, summary_now(data, subject));
    TESSERA_TRY_VALUE(const auto causes, campaigns::count_causes(*data.writer, subject.key));
    std::string text;
    append_line(text, "campaign \"%s\" %s: %s, %lld cards, %d round%s", subject.name.c_str(), subject.id.c_str(),
                std::string(campaigns::to_string(subject.state)).c_str(), static_cast<long long>(subject.targets),
                subject.round, subject.round == 1 ? "" : "s");
    if (campaigns::is_settling(subject))
        append_line(text, "             what it had sent is not settled yet: tessera serve does that");
    if (summary.not_sent() > 0) append_line(text, "  %9lld  not sent", static_cast<long long>(summary.not_sent()));
    for (const auto& one : summary.waits) append_wait(text, one);
    for (const auto& one : summary.legs) {
        const auto outcomes = summary.outcomes_of(one);
        append_line(text, "  wave %-4d %9lld cards: %lld done, %lld skipped, %lld failed, %lld unknown%s%s", one.wave,
                    static_cast<long long>(one.targets), static_cast<long long>(outcomes.done),
                    static_cast<long long>(outcomes.skipped), static_cast<long long>(outcomes.failed),
                    static_cast<long long>(outcomes.unknown), one.zone.empty() ? "" : "  ", one.zone.c_str());
    }
    for (const auto& [cause, cards] : causes)
        append_line(text, "  %9lld  %s", static_cast<long long>(cards), cause.c_str());
    if (summary.drift)
        append_line(text, "  %9lld  drifted from what was expected", static_cast<long long>(*summary.drift));
    TESSERA_TRY_VALUE(const auto refusing, campaigns::cards_refusing_counters(*data.writer, subject.key));
    if (refusing > 0)
        append_line(text, "  %9lld  of them refuse our counters: tessera card resync ICCID brings one back in step",
                    static_cast<long long>(refusing));
    const auto near = campaigns::cards_near_counter_end(*data.writer, subject);
    if (near && *near > 0)
        append_line(text, "  %9lld  have few counters left: tessera card counters", static_cast<long long>(*near));
    append_phase(text, "prepare", summary.prepare);
    append_phase(text, "exchange", summary.exchange);
    append_phase(text, "settle", summary.settle);
    const double share = summary.seconds > 0 ? 100 * summary.exchange.seconds / summary.seconds : 0;
    const double rate = summary.seconds > 0 ? static_cast<double>(subject.targets) / summary.seconds : 0;
    append_line(text, "  whole     %9.3f s %12.0f cards/s; the network session was open for %.0f %% of it",
                summary.seconds, rate, share);
    return text;
}

}  // namespace tessera::app
