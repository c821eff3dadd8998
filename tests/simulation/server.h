// The server as one process of it: the product's rooms put together as apps/tessera does, on the virtual machine.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "campaigns/conductor.h"
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
    telecom::smsc_settings smsc;
};

class server {
public:
    // Errors: of the database, when the server dies meanwhile.
    [[nodiscard]] static result<std::unique_ptr<server>> start(simulated_world& world, const server_options& options);
    // In good order; or at once, when it is dead.
    ~server();
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    [[nodiscard]] result<campaigns::run_end> conduct(campaigns::campaign_key key);
    [[nodiscard]] result<void> wind_up();
    // From anywhere, also from events of the world outside.
    void perform(operations::single_request request, std::function<void(operations::single_answer)> done);
    [[nodiscard]] bool idle() const;

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
    void prepare_environment();
    void keep_awake();
    void end_when_idle(instant until);

    simulated_world* world_;
    server_options options_;
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
};

// A database with the product's schema and nothing in it.
[[nodiscard]] memory_disk::image empty_database();
[[nodiscard]] std::unique_ptr<cards::key_vault> open_vault(random_port& random);

}  // namespace tessera::simulation
