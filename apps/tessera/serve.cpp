// tessera serve: owns the data directory and serves the other commands, or takes part in what runs on a database that
// several processes share, until it is told to stop.
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "tessera/commands.h"
#include "tessera/data_directory.h"
#include "tessera/joint_work.h"
#include "tessera/local_service.h"
#include "tessera/trigger_runner.h"

namespace tessera::app {
namespace {

// SIGINT and SIGTERM, taken one by one from a descriptor. To be made before any thread: they inherit the mask.
class stop_signal {
public:
    stop_signal() {
        sigset_t which;
        sigemptyset(&which);
        sigaddset(&which, SIGINT);
        sigaddset(&which, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &which, nullptr);
        descriptor_ = signalfd(-1, &which, SFD_CLOEXEC);
    }
    ~stop_signal() { ::close(descriptor_); }
    stop_signal(const stop_signal&) = delete;
    stop_signal& operator=(const stop_signal&) = delete;

    void wait() const {
        signalfd_siginfo taken{};
        while (::read(descriptor_, &taken, sizeof taken) < 0 && errno == EINTR) {
        }
    }

private:
    int descriptor_ = -1;
};

// Whoever prepares has no business with the radio.
result<void> serve_together(data_directory& data, const stop_signal& stop, campaigns::role role) {
    store::shared_writer writer;
    writer.connection = data.writer.get();
    const bool stays = data.settings.session == session_mode::persistent || !data.settings.events.empty();
    telecom::radio radio(data.settings.smscs, system_clock(), stays && role != campaigns::role::worker);
    std::unique_ptr<local_service> keeper;  // of what cards say that nobody awaits
    if (role != campaigns::role::worker) {
        TESSERA_TRY_VALUE(keeper, local_service::start(data, writer, radio, false));
    }
    const joint_work work(data, writer, radio, role);
    std::printf("serving %s\n", data.path.c_str());
    std::fflush(stdout);
    stop.wait();
    return {};
}

result<void> serve(data_directory& data, const stop_signal& stop) {
    store::shared_writer writer;
    writer.connection = data.writer.get();
    // Who is to hear of events has to listen.
    const bool stays = data.settings.session == session_mode::persistent || !data.settings.events.empty();
    telecom::radio radio(data.settings.smscs, system_clock(), stays);
    TESSERA_TRY_VALUE(const auto service, local_service::start(data, writer, radio, true));
    const trigger_runner triggers(data, writer, radio, *service);
    std::printf("serving %s at %s\n", data.path.c_str(), (data.path / socket_name).c_str());
    std::fflush(stdout);
    stop.wait();
    return {};
}

result<void> serve_as(data_directory& data, const stop_signal& stop, const std::string& role) {
    if (!data.shared()) {
        if (role == "all") return serve(data, stop);
        return failure("bad_role", "--role " + role,
                       "is for a database that several processes share: give it with --database, or in [database] of "
                       "tessera.toml");
    }
    if (role == "worker") return serve_together(data, stop, campaigns::role::worker);
    return serve_together(data, stop, role == "gateway" ? campaigns::role::gateway : campaigns::role::all);
}

}  // namespace

void add_serve(CLI::App& app, invocation& run) {
    auto* command = app.add_subcommand("serve", "do what campaigns and other commands ask for, until told to stop");
    const auto role = std::make_shared<std::string>("all");
    command
        ->add_option("--role", *role,
                     "of several processes on one database: worker (prepares and settles), gateway (sends and "
                     "receives), or all")
        ->capture_default_str()
        ->check(CLI::IsMember({"worker", "gateway", "all"}));
    command->callback([&run, role] {
        const stop_signal stop;
        auto data = own_data_directory(run.where);
        if (!data) return refuse(run, data.error());
        if (const auto done = serve_as(*data, stop, *role); !done) refuse(run, done.error());
    });
}

}  // namespace tessera::app
