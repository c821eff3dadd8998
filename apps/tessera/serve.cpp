// tessera serve: owns the data directory and serves the other commands, until it is told to stop.
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "tessera/commands.h"
#include "tessera/data_directory.h"
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

}  // namespace

void add_serve(CLI::App& app, invocation& run) {
    auto* command = app.add_subcommand("serve", "own the data directory and serve the other commands");
    command->callback([&run] {
        const stop_signal stop;
        auto data = own_data_directory(run.data);
        if (!data) return refuse(run, data.error());
        if (const auto done = serve(*data, stop); !done) refuse(run, done.error());
    });
}

}  // namespace tessera::app
