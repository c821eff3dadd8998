#include "seed_runs.h"

#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "server.h"

namespace tessera::simulation {
namespace {

std::string replay(std::uint64_t seed) { return "./dev sim campaigns --seed " + std::to_string(seed) + " --verbose"; }

boost::json::object object_of(std::uint64_t seed, const run_report& report) {
    boost::json::array violations;
    for (const auto& one : report.violations) violations.emplace_back(one);
    std::array<char, 20> trace{};
    std::snprintf(trace.data(), trace.size(), "%016llx", static_cast<unsigned long long>(report.trace));
    return {{"seed", seed},
            {"trace", trace.data()},
            {"crashes", report.crashes},
            {"commits", report.commits},
            {"packets", report.packets},
            {"outcomes", report.outcomes},
            {"virtual_seconds", report.virtual_seconds},
            {"violations", violations}};
}

// A process that runs every n-th seed, and tells of each in a line.
struct worker {
    pid_t process = -1;
    int from = -1;
    std::uint64_t next = 0;  // the seed that it is at
    std::string heard;
};

class seed_runner {
public:
    seed_runner(const seed_plan& plan, bool as_json) : plan_(plan), as_json_(as_json), empty_(empty_database()) {}

    std::uint64_t run() {
        const auto began = std::chrono::steady_clock::now();
        for (std::uint64_t i = 0; i < std::min(plan_.jobs, plan_.runs); ++i) begin(plan_.from + i);
        while (!workers_.empty() && !(plan_.until_failure && failed_ > 0)) hear();
        for (const auto& one : workers_) stop(one);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
        tell_all(took.count());
        return failed_;
    }

private:
    [[nodiscard]] std::uint64_t end() const { return plan_.from + plan_.runs; }

    void begin(std::uint64_t first) {
        if (first >= end()) return;
        std::fflush(stdout);
        std::array<int, 2> pipe{};
        if (::pipe(pipe.data()) != 0) std::abort();
        const auto process = ::fork();
        if (process == 0) {
            ::close(pipe[0]);
            stay_at_processor((first - plan_.from) % plan_.jobs);
            work(first, pipe[1]);
        }
        ::close(pipe[1]);
        workers_.push_back({process, pipe[0], first, {}});
    }

    [[noreturn]] void work(std::uint64_t first, int to) const {
        run_options options;
        options.only_crash = plan_.only_crash;
        for (auto seed = first; seed < end(); seed += plan_.jobs) {
            const auto line =
                boost::json::serialize(object_of(seed, run_scenario(scenario::draw(seed), empty_, options)));
            const auto whole = line + "\n";
            for (std::size_t written = 0; written < whole.size();) {
                const auto count = ::write(to, whole.data() + written, whole.size() - written);
                if (count < 0) _exit(EXIT_FAILURE);
                written += static_cast<std::size_t>(count);
            }
        }
        _exit(EXIT_SUCCESS);
    }

    static void stop(const worker& one) {
        ::kill(one.process, SIGKILL);
        ::waitpid(one.process, nullptr, 0);
    }

    void hear() {
        std::vector<pollfd> all;
        for (const auto& one : workers_) all.push_back({one.from, POLLIN, 0});
        if (::poll(all.data(), all.size(), -1) < 0) return;
        for (std::size_t i = all.size(); i-- > 0;)
            if (all[i].revents != 0) listen(i);
    }

    void listen(std::size_t which) {
        auto& one = workers_[which];
        std::array<char, 65'536> octets{};
        const auto count = ::read(one.from, octets.data(), octets.size());
        if (count <= 0) return ended(which);
        one.heard.append(octets.data(), static_cast<std::size_t>(count));
        for (auto line = one.heard.find('\n'); line != std::string::npos; line = one.heard.find('\n')) {
            take(boost::json::parse(one.heard.substr(0, line)).as_object());
            one.heard.erase(0, line + 1);
            one.next += plan_.jobs;
        }
    }

    void take(const boost::json::object& report) {
        ++done_;
        for (const auto& [name, sum] : {std::pair{"crashes", &crashes_},
                                        {"commits", &commits_},
                                        {"packets", &packets_},
                                        {"outcomes", &outcomes_}})
            *sum += report.at(name).to_number<std::uint64_t>();
        if (!report.at("violations").as_array().empty()) {
            std::vector<std::string> why;
            for (const auto& one : report.at("violations").as_array()) why.emplace_back(one.as_string());
            tell_failure(report.at("seed").to_number<std::uint64_t>(), why);
        }
        if (done_ % 1'000 == 0)
            std::fprintf(stderr, "%llu of %llu\n", static_cast<unsigned long long>(done_),
                         static_cast<unsigned long long>(plan_.runs));
    }

    // Whoever ends before his seeds do has failed the one that he was at.
    void ended(std::size_t which) {
        const auto one = std::move(workers_[which]);
        workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(which));
        ::close(one.from);
        int status = 0;
        ::waitpid(one.process, &status, 0);
        if (one.next >= end()) return;
        ++done_;
        tell_failure(one.next, {WIFSIGNALED(status) ? "the process died of signal " + std::to_string(WTERMSIG(status))
                                                    : "it hung"});
        begin(one.next + plan_.jobs);
    }

    void tell_failure(std::uint64_t seed, const std::vector<std::string>& why) {
        ++failed_;
        if (as_json_) {
            boost::json::array all;
            for (const auto& one : why) all.emplace_back(one);
            const boost::json::object told{{"seed", seed}, {"violations", all}, {"replay", replay(seed)}};
            std::printf("%s\n", boost::json::serialize(told).c_str());
        } else {
            std::printf("seed %llu: %s%s  (%s)\n", static_cast<unsigned long long>(seed), why.front().c_str(),
                        why.size() > 1 ? (", and " + std::to_string(why.size() - 1) + " more").c_str() : "",
                        replay(seed).c_str());
        }
        std::fflush(stdout);
    }

    void tell_all(double took) const {
        const double per_minute = took > 0 ? 60.0 * static_cast<double>(done_) / took : 0;
        if (as_json_) {
            const boost::json::object told{{"runs", done_},       {"failed", failed_},        {"from", plan_.from},
                                           {"seconds", took},     {"per_minute", per_minute}, {"crashes", crashes_},
                                           {"commits", commits_}, {"packets", packets_},      {"outcomes", outcomes_}};
            std::printf("%s\n", boost::json::serialize(told).c_str());
            return;
        }
        const auto as_number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
        std::printf(
            "%llu scenarios, %llu failed; %llu crashes, %llu commits, %llu packets, %llu outcomes; %.1f s, %.0f "
            "scenarios a minute\n",
            as_number(done_), as_number(failed_), as_number(crashes_), as_number(commits_), as_number(packets_),
            as_number(outcomes_), took, per_minute);
    }

    seed_plan plan_;
    bool as_json_;
    memory_disk::image empty_;
    std::vector<worker> workers_;
    std::uint64_t done_ = 0, failed_ = 0, crashes_ = 0, commits_ = 0, packets_ = 0, outcomes_ = 0;
};

}  // namespace

std::uint64_t run_seeds(const seed_plan& plan, bool as_json) { return seed_runner(plan, as_json).run(); }

void stay_at_processor(std::uint64_t n) {
    cpu_set_t all;
    if (::sched_getaffinity(0, sizeof all, &all) != 0) return;
    n %= static_cast<std::uint64_t>(CPU_COUNT(&all));
    for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
        if (!CPU_ISSET(processor, &all) || n-- > 0) continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(processor, &one);
        ::sched_setaffinity(0, sizeof one, &one);
        return;
    }
}

std::string json_of(std::uint64_t seed, const run_report& report) {
    return boost::json::serialize(object_of(seed, report));
}

std::string text_of(std::uint64_t seed, const run_report& report) {
    std::array<char, 200> head{};
    std::snprintf(
        head.data(), head.size(),
        "seed %llu: trace %016llx, %llu crashes, %llu commits, %llu packets, %llu outcomes, %.3f s of virtual time",
        static_cast<unsigned long long>(seed), static_cast<unsigned long long>(report.trace),
        static_cast<unsigned long long>(report.crashes), static_cast<unsigned long long>(report.commits),
        static_cast<unsigned long long>(report.packets), static_cast<unsigned long long>(report.outcomes),
        report.virtual_seconds);
    std::string text = head.data();
    for (const auto& one : report.violations) text += "\n  " + one;
    return text + (report.violations.empty() ? "\n  holds" : "");
}

}  // namespace tessera::simulation
