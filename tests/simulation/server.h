// The server as one process of it: the product's rooms put together as apps/tessera does, on the virtual machine.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "campaigns/joint_loop.h"
#include "campaigns/membership.h"
#include "operations/desk.h"
#include "simulated_world.h"
#include "store/shared_writer.h"
#include "telecom/radio.h"

namespace tessera::simulation {

inline constexpr const char* database_name = "/dev/null";  // what is opened beside SQLite is opened for nothing

struct server_options {
    int workers = 1;
    std::int64_t chunk_cards = 1'000;
    std::int64_t checkpoint_pages = 1'000;
    std::int64_t sends_per_hour = 0;
    bool persistent = false;  // the link stays bound
    campaigns::role role = campaigns::role::alone;
    std::chrono::milliseconds lease_time = limits::lease_time;
    telecom::smsc_settings smsc;
};

class server {
public:
    // One of several takes part in whatever runs, from now on. Errors: of the database, when the server dies meanwhile.
    [[nodiscard]] static result<std::unique_ptr<server>> start(simulated_world& world, const server_options& options);
    // In good order; or at once, when everybody is dead.
    ~server();
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    [[nodiscard]] result<campaigns::run_end> conduct(campaigns::campaign_key key);
    [[nodiscard]] result<void> wind_up();
    // From anywhere, also from events of the world outside.
    void perform(operations::single_request request, std::function<void(operations::single_answer)> done);
    [[nodiscard]] bool idle() const;
    [[nodiscard]] process_id process() const { return process_; }

    std::atomic<bool> stop = false;
    store::shared_writer writer;
    [[nodiscard]] store::connection& connection() { return *connection_; }
    [[nodiscard]] cards::key_vault& vault() { return *vault_; }
    [[nodiscard]] store::database& storage() { return *storage_; }

private:
    class watcher;
    class watched_network;
    server(simulated_world& world, const server_options& options);
    [[nodiscard]] result<void> open();
    [[nodiscard]] bool alone() const { return options_.role == campaigns::role::alone; }
    void prepare_environment();
    void prepare_desk();
    [[nodiscard]] campaigns::environment environment_for(const campaigns::campaign& subject,
                                                         const campaigns::definition& what);
    void keep_awake();
    void end_when_idle(instant until);

    simulated_world* world_;
    server_options options_;
    process_id process_;
    std::vector<telecom::smsc_settings> smscs_;
    std::unique_ptr<store::database> storage_;
    std::unique_ptr<store::connection> connection_;
    std::unique_ptr<cards::key_vault> vault_;
    std::unique_ptr<watcher> watcher_;
    std::unique_ptr<telecom::radio> radio_;
    campaigns::environment env_;
    std::unique_ptr<campaigns::membership> members_;
    net::event_loop home_;
    std::unique_ptr<net::event_loop::timer> tick_;
    std::unique_ptr<operations::desk> desk_;
    std::thread thread_;
    std::unique_ptr<campaigns::joint_loop> joint_;
};

// A database with the product's schema and nothing in it.
[[nodiscard]] memory_disk::image empty_database();
[[nodiscard]] std::unique_ptr<cards::key_vault> open_vault(random_port& random);

}  // namespace tessera::simulation
