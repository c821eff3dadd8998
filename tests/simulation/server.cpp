#include "server.h"

#include <stdexcept>
#include <utility>

#include "base/ids.h"
#include "base/limits.h"
#include "campaigns/create.h"
#include "campaigns/settle_late.h"
#include "campaigns/store.h"
#include "campaigns/wind_up.h"
#include "store/migrations.h"
#include "store/sqlite/sqlite_database.h"

namespace tessera::simulation {

using campaigns::phase;

// Hears in which phase the campaign is, and holds it to the barriers of C-3.
class server::watcher final : public campaigns::progress_sink {
public:
    explicit watcher(server& owner) : owner_(&owner) {}

    void of(campaigns::campaign_key key) { key_ = key; }
    void phase_began(int round, phase which, std::int64_t) override {
        auto& world = *owner_->world_;
        now_ = which;
        world.tell("round " + std::to_string(round) + ": " + std::string(to_string(which)));
        if (which == phase::exchange) barrier(round, campaigns::chunk_state::prepared);
        if (which == phase::settle) barrier(round, campaigns::chunk_state::closed);
    }
    void cards_moved(std::int64_t) override {}
    void phase_ended(int, phase) override { now_ = phase::none; }
    [[nodiscard]] phase now() const { return now_; }
    void accuse(const std::string& what) { owner_->world_->outside().accuse(what); }

private:
    void barrier(int round, campaigns::chunk_state reached) {
        auto reader = owner_->storage_->connect(store::access::read);
        if (!reader) return;  // it died
        const auto chunks = campaigns::campaign_store(**reader).chunks(key_, round);
        for (const auto& one : chunks ? *chunks : std::vector<campaigns::chunk>{})
            if (one.state < reached) accuse("phase " + std::string(to_string(now_)) + " began before its barrier");
    }

    server* owner_;
    campaigns::campaign_key key_;
    phase now_ = phase::none;
};

// Between the exchange and the radio: it speaks in P2 and in no other phase.
class server::watched_network final : public telecom::network {
public:
    watched_network(std::unique_ptr<telecom::network> inner, watcher& by) : inner_(std::move(inner)), by_(&by) {
        check("makes a network");
    }
    void open() override {
        check("opens the network");
        inner_->open();
    }
    bool submit(const telecom::outbound_message& message) override {
        check("sends");
        return inner_->submit(message);
    }
    void acknowledge(const telecom::inbound_handle& handle) override { inner_->acknowledge(handle); }
    void refuse(const telecom::inbound_handle& handle, std::uint32_t status) override {
        inner_->refuse(handle, status);
    }
    void close() override { inner_->close(); }

private:
    void check(std::string_view does) {
        if (by_->now() != phase::exchange)
            by_->accuse("a campaign " + std::string(does) + " in its phase " + std::string(to_string(by_->now())));
    }
    std::unique_ptr<telecom::network> inner_;
    watcher* by_;
};

server::server(simulated_world& world, const server_options& options)
    : world_(&world), options_(options), process_(world.begin_process()) {}

result<std::unique_ptr<server>> server::start(simulated_world& world, const server_options& options) {
    std::unique_ptr<server> made(new server(world, options));
    if (made->alone()) {
        world.reborn();
        world.on_crash = [it = made.get()] { it->stop = true; };
    }
    world.tell(made->alone() ? "a server starts" : "process " + std::to_string(made->process_) + " starts");
    const virtual_machine::as_process its_own(world.machine, made->process_);
    TESSERA_TRY(made->open());
    return made;
}

result<void> server::open() {
    store::sqlite_settings settings;
    settings.checkpoint_pages = options_.checkpoint_pages;
    TESSERA_TRY_VALUE(storage_, store::open_sqlite(database_name, settings));
    TESSERA_TRY_VALUE(connection_, storage_->connect(store::access::write));
    TESSERA_TRY(store::migrate(*storage_, *connection_, world_->clock.now()));
    writer.connection = connection_.get();
    vault_ = open_vault(world_->random);
    watcher_ = std::make_unique<watcher>(*this);
    smscs_ = {options_.smsc};
    const bool speaks = options_.role != campaigns::role::worker;
    radio_ = std::make_unique<telecom::radio>(smscs_, world_->clock, options_.persistent && speaks);
    prepare_environment();
    prepare_desk();
    if (speaks) TESSERA_TRY(desk_->begin());
    if (!speaks) desk_.reset();
    if (alone()) TESSERA_TRY(wind_up());
    home_.post([this] { keep_awake(); });
    thread_ = std::thread([this] { home_.run(); });
    if (alone()) return {};
    joint_ = std::make_unique<campaigns::joint_loop>(
        env_,
        [this](const campaigns::campaign& subject, const campaigns::definition& what)
            -> result<campaigns::environment> { return environment_for(subject, what); },
        campaigns::definition_of);
    return {};
}

void server::prepare_desk() {
    members_ = std::make_unique<campaigns::membership>(env_, campaigns::definition_of);
    operations::desk_environment needs;
    needs.writer = &writer;
    needs.vault = vault_.get();
    needs.clock = &world_->clock;
    needs.random = &world_->random;
    needs.fleets = members_.get();
    needs.radio = radio_.get();
    needs.home = &home_;
    needs.alone = alone();
    desk_ = std::make_unique<operations::desk>(needs);
}

void server::prepare_environment() {
    env_.storage = storage_.get();
    env_.writer = &writer;
    env_.vault = vault_.get();
    env_.clock = &world_->clock;
    env_.random = &world_->random;
    env_.progress = watcher_.get();
    env_.stop = &stop;
    env_.instance = make_uuid7(world_->clock.now(), world_->random);
    env_.workers = options_.workers;
    env_.chunk_cards = options_.chunk_cards;
    env_.sends_per_hour = options_.sends_per_hour;
    env_.shared_loop = &radio_->loop();
    env_.role = options_.role;
    env_.lease_time = options_.lease_time;
}

campaigns::environment server::environment_for(const campaigns::campaign& subject, const campaigns::definition& what) {
    watcher_->of(subject.key);
    auto env = env_;
    env.open_network = [this, &what](net::event_loop&, telecom::network_events& events) {
        return std::make_unique<watched_network>(radio_->attach(what.way.smscs, what.way.rank(), events), *watcher_);
    };
    return env;
}

server::~server() {
    if (alone()) world_->on_crash = nullptr;
    joint_.reset();
    if (thread_.joinable()) {
        home_.post([this] { end_when_idle(world_->machine.now() + limits::single_operation_wait); });
        thread_.join();
    }
    desk_.reset();
    radio_.reset();
    members_.reset();
    connection_.reset();
    storage_.reset();
}

void server::keep_awake() {
    tick_ = home_.after(std::chrono::seconds(1), [this] { keep_awake(); });
}

void server::end_when_idle(instant until) {
    if (!idle() && world_->machine.now() < until && !world_->crashed()) {
        tick_ = home_.after(std::chrono::milliseconds(5), [this, until] { end_when_idle(until); });
        return;
    }
    desk_.reset();
    tick_.reset();
    home_.stop();
}

bool server::idle() const { return desk_ == nullptr || desk_->idle(); }

result<campaigns::run_end> server::conduct(campaigns::campaign_key key) {
    TESSERA_TRY_VALUE(const auto subject, writer.transact([&](store::connection& connection) {
        return campaigns::campaign_store(connection).get(key);
    }));
    TESSERA_TRY_VALUE(const auto what, campaigns::definition_of(subject));
    return campaigns::conduct(environment_for(subject, what), key, campaigns::definition_of);
}

result<void> server::wind_up() {
    auto env = env_;
    env.stop = nullptr;  // what was sent gets its outcome, whoever wants the run to stop
    TESSERA_TRY(campaigns::wind_up_cancelled(env, campaigns::definition_of));
    TESSERA_TRY(campaigns::settle_late_answers(env, campaigns::definition_of));
    return {};
}

void server::perform(operations::single_request request, std::function<void(operations::single_answer)> done) {
    home_.post([this, request = std::move(request), done = std::move(done)] {
        if (desk_) desk_->perform(request, done);
    });
}

std::unique_ptr<cards::key_vault> open_vault(random_port& random) {
    const secret master_key(bytes(crypto::master_key_octets, 0x4d));
    return std::make_unique<cards::key_vault>(crypto::make_software_wrapper(master_key, random));
}

memory_disk::image empty_database() {
    memory_disk::image made;
    simulated_world world(0, 0, {});
    world.machine.run([&] {
        auto storage = store::open_sqlite(database_name).value();
        auto writer = storage->connect(store::access::write).value();
        const auto done = store::migrate(*storage, *writer, world.clock.now());
        if (!done) throw std::runtime_error(to_string(done.error()));
        writer.reset();
        storage.reset();
        made = world.disk.contents();
    });
    return made;
}

}  // namespace tessera::simulation
