#include "campaign_world.h"

#include "campaigns/settle_late.h"
#include "campaigns/wave_store.h"

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <sstream>

#include "cards/import.h"
#include "sim/uicc_file_system.h"
#include "store/migrations.h"
#include "store/sqlite/sqlite_database.h"

namespace tessera::campaigns {
namespace {

std::string file_text(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

// Between the exchange and a real link.
class tapped_network final : public telecom::network, public telecom::network_events {
public:
    tapped_network(network_tap& tap, telecom::network_events& events) : tap_(&tap), events_(&events) {}
    std::unique_ptr<telecom::network> inner;

    void open() override { call("open"), inner->open(); }
    bool submit(const telecom::outbound_message& message) override {
        if (tap_->dead || !inner->submit(message)) return false;
        call("submit");
        if (tap_->on_submit) tap_->on_submit(message);
        if (tap_->stranger) sent_to_[message.token] = message.subscriber;
        return true;
    }
    void acknowledge(const telecom::inbound_handle& handle) override {
        if (tap_->dead || is_strangers(handle)) return;
        call("acknowledge");
        if (tap_->on_acknowledge) tap_->on_acknowledge();
        inner->acknowledge(handle);
    }
    void refuse(const telecom::inbound_handle& handle, std::uint32_t status) override {
        if (!is_strangers(handle)) call("refuse"), inner->refuse(handle, status);
    }
    void close() override { call("close"), inner->close(); }

    void on_open() override { events_->on_open(); }
    void on_writable() override { events_->on_writable(); }
    void on_result(std::uint64_t token, telecom::submit_result found, std::uint32_t status) override {
        if (tap_->dead) return;
        events_->on_result(token, found, status);
        if (!tap_->stranger || found != telecom::submit_result::accepted) return;
        const auto octets = tap_->stranger(sent_to_[token]);
        if (octets.empty()) return;
        telecom::inbound_message message;
        message.handle.link = no_link;
        message.subscriber = sent_to_[token];
        message.user_data = octets;
        message.has_header = true;
        events_->on_message(message);
    }
    void on_message(const telecom::inbound_message& message) override {
        if (!tap_->dead) events_->on_message(message);
    }
    void on_receipt(const telecom::inbound_receipt& receipt) override {
        if (!tap_->dead) events_->on_receipt(receipt);
    }
    bool awaits(telecom::subscriber_number subscriber) const override { return events_->awaits(subscriber); }
    void on_link_down(std::string_view why) override { events_->on_link_down(why); }
    void on_closed() override { events_->on_closed(); }
    void on_failed(const error& why) override { events_->on_failed(why); }

private:
    void call(std::string_view name) {
        if (tap_->on_call) tap_->on_call(name);
    }
    static constexpr std::uint64_t no_link = ~std::uint64_t{0};
    static bool is_strangers(const telecom::inbound_handle& handle) { return handle.link == no_link; }
    network_tap* tap_;
    telecom::network_events* events_;
    std::map<std::uint64_t, telecom::subscriber_number> sent_to_;  // by token
};

}  // namespace

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const auto at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    if (at != std::string::npos) text.replace(at, what.size(), by);
    return text;
}

// --- threads

loop_thread::loop_thread() {
    loop_.post([this] { keep_awake(); });
    thread_ = std::thread([this] { loop_.run(); });
}
loop_thread::~loop_thread() {
    loop_.stop();
    thread_.join();
}
void loop_thread::keep_awake() {
    tick_ = loop_.after(std::chrono::seconds(1), [this] { keep_awake(); });
}
void loop_thread::run(const std::function<void()>& work) {
    std::promise<void> done;
    loop_.post([&] {
        work();
        done.set_value();
    });
    done.get_future().wait();
}

// --- the simulator

simulator::simulator(const std::filesystem::path& cards, std::string_view faults, std::uint64_t seed) {
    auto list = sim::card_list::load(cards);
    if (!list) throw std::runtime_error(to_string(list.error()));
    cards_.emplace(std::move(*list));
    sim::smsc_options options;
    options.faults = sim::fault_plan::parse(faults, "faults", seed).value();
    const auto drop = options.faults.drop_link_every;
    centre_.emplace(*cards_, std::move(options));
    thread_.run([&] { server_ = sim::smsc_server::listen(thread_.loop(), "127.0.0.1:0", *centre_, drop).value(); });
    address_ = server_->address();
}
simulator::~simulator() {
    thread_.run([&] { server_.reset(); });
}
sim::smsc_statistics simulator::statistics() {
    sim::smsc_statistics found;
    thread_.run([&] { found = centre_->statistics(); });
    return found;
}
card_file simulator::read_setting(std::string_view imei, std::string_view name) {
    card_file found;
    thread_.run([&] {
        const auto reading = cards_->read_setting(cards_->list().by_iccid(imei), name);
        found = {to_hex(reading.content), reading.executed, reading.counter};
    });
    return found;
}
card_file simulator::read(std::size_t card, std::string_view file) {
    card_file found;
    thread_.run([&] {
        const auto reading =
            cards_->read(cards_->list().by_iccid(sim::fleet_iccid(card)), sim::find_path(file).value());
        found = {to_hex(reading.content), reading.executed, reading.counter};
    });
    return found;
}
bool simulator::knows(std::size_t card) {
    bool known = false;
    thread_.run([&] { known = cards_->list().by_iccid(sim::fleet_iccid(card)) != sim::no_card; });
    return known;
}
std::vector<sim::installed_application> simulator::applications(std::size_t card) {
    std::vector<sim::installed_application> found;
    thread_.run(
        [&] { found = cards_->applications_of_cards().applications(cards_->list().by_iccid(sim::fleet_iccid(card))); });
    return found;
}
std::vector<sim::loaded_file> simulator::load_files(std::size_t card) {
    std::vector<sim::loaded_file> found;
    thread_.run(
        [&] { found = cards_->applications_of_cards().load_files(cards_->list().by_iccid(sim::fleet_iccid(card))); });
    return found;
}
void simulator::wait_until(const std::function<bool(const sim::smsc_statistics&)>& holds) {
    std::promise<void> reached;
    std::unique_ptr<net::event_loop::timer> timer;
    std::function<void()> look = [&] {
        if (holds(centre_->statistics())) return reached.set_value();
        timer = thread_.loop().after(std::chrono::milliseconds(1), look);
    };
    thread_.loop().post(look);
    reached.get_future().wait();
    thread_.run([&] { timer.reset(); });
}
void simulator::wait_for_waiting(std::uint64_t answers) {
    wait_until([=](const auto& found) { return found.waiting == answers; });
}
void simulator::wait_for_unbinds(std::uint64_t unbinds) {
    wait_until([=](const auto& found) { return found.unbinds >= unbinds; });
}
void simulator::break_links(std::uint64_t answers) {
    const auto delivered = [=](const auto& found) { return found.responses - found.redeliveries >= answers; };
    wait_until(delivered);
    const auto before = statistics().redeliveries;
    thread_.run([&] { server_->drop_links(); });
    wait_until([=](const auto& found) { return found.redeliveries > before && delivered(found); });
}

// --- progress

void recorder::phase_began(int round, phase which, std::int64_t) {
    phases.push_back({round, which});
    now = which;
    if (when_began) when_began(which);
}
void recorder::cards_moved(std::int64_t count) {
    moved += count;
    if (when_moved) when_moved();
}
void recorder::phase_ended(int round, phase which) {
    now = phase::none;
    if (when_ended) when_ended(round, which);
}

// --- campaigns

std::string write_text(std::string_view file, std::string_view content, int record) {
    std::string text = "[[write]]\nfile = \"" + std::string(file) + "\"\n";
    if (record != 0) text += "record = " + std::to_string(record) + "\n";
    return text + "content = \"" + std::string(content) + "\"\n";
}

std::string campaign_text(const campaign_options& options) {
    return "[campaign]\nname = \"" + options.name + "\"\n[targets]\n" + options.targets + "\n[security]\n" +
           (options.tar.empty() ? "" : "tar = \"" + options.tar + "\"\n") + "spi = \"" + options.spi + "\"\n" +
           options.security + "\n" + (options.writes.empty() ? write_text(spn_file, spn_content) : options.writes) +
           "[telecom]\n" + options.telecom + "\n" + options.sections;
}

world::world(const world_options& options) : cards_(options.cards), seed_(options.seed) {
    auto pattern = (std::filesystem::temp_directory_path() / "tessera-campaigns-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    directory_ = pattern;
    const auto fleet = directory_ / "fleet.csv";
    sim::write_fleet(fleet, {options.cards, options.seed, options.profiles}).value();
    const auto text = file_text(fleet);
    const auto variant = [&](const char* name, const std::function<std::string(std::string)>& change) {
        const auto path = directory_ / name;
        std::ofstream(path) << (change ? change(text) : text);
        return path;
    };
    const auto registry = variant("registry.csv", options.registry);
    sim = std::make_unique<simulator>(variant("simulated.csv", options.simulated), options.faults, options.seed);
    smsc.address = sim->address();
    smsc.reconnect_delay_min = std::chrono::milliseconds(1);
    smsc.reconnect_delay_max = std::chrono::milliseconds(10);
    if (store::postgres_asked_for()) schema.emplace();
    storage = schema ? schema->open().value() : store::open_sqlite(directory_ / "tessera.db").value();
    writer = storage->connect(store::access::write).value();
    shared.connection = writer.get();
    store::migrate(*storage, *writer, system_clock().now()).value();
    secret master;
    system_random().fill(master.resize(crypto::master_key_octets));
    vault_ = std::make_unique<cards::key_vault>(crypto::make_software_wrapper(master, system_random()));
    import(registry.string());
    smscs_ = {smsc};
    if (options.persistent || options.shared)
        radio = std::make_unique<telecom::radio>(smscs_, system_clock(), options.persistent);
}

world::~world() {
    radio.reset();
    writer.reset();
    storage.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

void world::import(const std::string& csv_file) {
    const auto report =
        cards::import_cards(csv_file, {"telco-2ff", true}, *writer, *vault_, system_clock().now(), [](std::size_t) {});
    if (!report) throw std::runtime_error(to_string(report.error()));
}

std::unique_ptr<telecom::network> world::make_network(net::event_loop& loop, telecom::network_events& events) {
    ++sessions;
    if (tap.on_call) tap.on_call("make");
    auto made = std::make_unique<tapped_network>(tap, events);
    made->inner = radio ? radio->link(smsc.name)->attach(telecom::link_rank::campaign, *made)
                        : telecom::make_smpp_link(loop, smsc, system_clock(), *made);
    return made;
}

campaign world::create(const campaign_options& options) {
    file_context context;
    context.file = (directory_ / "test.toml").string();
    context.house = options.house;
    auto made = create_campaign(*writer, campaign_text(options), context, system_clock().now(), system_random());
    if (!made) throw std::runtime_error(to_string(made.error().front()));
    if (options.approved) wave_store(*writer).approve(made->key, "the test", system_clock().now()).value();
    return std::move(*made);
}

std::expected<campaign, std::vector<error>> world::follow_up(const campaign& earlier,
                                                             const campaigns::follow_up& wanted) {
    const auto now = campaign_store(*writer).get(earlier.key).value();
    return create_follow_up(*writer, now, wanted, {}, system_clock().now(), system_random());
}

void world::renew_simulator(std::string_view faults) {
    sim = std::make_unique<simulator>(directory_ / "simulated.csv", faults, seed_);
    smsc.address = sim->address();
}

environment world::new_instance() {
    environment env;
    env.storage = storage.get();
    env.writer = &shared;
    env.vault = vault_.get();
    env.clock = &system_clock();
    env.progress = &progress;
    env.stop = &stop;
    env.instance = "instance " + std::to_string(++instances_);
    env.shared_loop = radio ? &radio->loop() : &exchange_.loop();
    env.open_network = [this](net::event_loop& loop, telecom::network_events& events) {
        return make_network(loop, events);
    };
    if (adjust) adjust(env);
    return env;
}

result<run_end> world::try_to_conduct(const campaign& which) {
    return conduct(new_instance(), which.key, definition_of);
}

run_end world::conduct_now(const campaign& which) {
    const auto end = try_to_conduct(which);
    EXPECT_TRUE(end.has_value()) << (end ? "" : to_string(end.error()));
    return end.value_or(run_end::interrupted);
}

campaign world::run(const campaign_options& options) {
    auto made = create(options);
    EXPECT_EQ(conduct_now(made), run_end::finished);
    return made;
}

campaign_summary world::summary(const campaign& which) {
    const auto now = campaign_store(look()).get(which.key).value();
    return summarize(look(), now, system_clock().now()).value();
}

std::vector<report_row> world::rows(const campaign& which) {
    std::vector<report_row> all;
    for_each_target(look(), which.key, [&](const report_row& row) { all.push_back(row); }).value();
    return all;
}

cards::card world::registered(std::size_t card) {
    return cards::card_store(look()).find_by_iccid(sim::fleet_iccid(card)).value().value();
}
std::vector<cards::image_entry> world::image(std::size_t card) {
    return cards::card_store(look()).image(registered(card).id).value();
}
std::string world::image_content(std::size_t card, std::string_view file) {
    for (const auto& entry : image(card))
        if (entry.file == file) return to_hex(entry.content);
    return {};
}

// Beside whoever uses the writer on another thread.
store::connection& world::look() {
    if (!reader_) reader_ = storage->connect(store::access::read).value();
    return *reader_;
}

void world::note_rows(const std::string& event, const std::string& table, const std::string& what) {
    writer->execute("CREATE TABLE IF NOT EXISTS written (what TEXT NOT NULL)").value();
    const auto name = "noted_" + event + "_" + table;
    const auto note = "BEGIN INSERT INTO written VALUES (" + what + "); ";
    const auto when = "CREATE TRIGGER " + name + " AFTER " + event + " ON " + table;
    if (schema)
        writer
            ->execute("CREATE FUNCTION " + name + "() RETURNS trigger LANGUAGE plpgsql AS $f$" + note +
                      "RETURN NULL; END$f$; " + when + " FOR EACH ROW EXECUTE FUNCTION " + name + "()")
            .value();
    else
        writer->execute(when + " " + note + "END").value();
}

void world::refuse_rows(const std::string& event, const std::string& table, const std::string& condition) {
    const auto name = "refused_" + table;
    const auto when = "CREATE TRIGGER " + name + " BEFORE " + event + " ON " + table;
    if (schema)
        writer
            ->execute("CREATE FUNCTION " + name + "() RETURNS trigger LANGUAGE plpgsql AS $f$BEGIN IF " + condition +
                      " THEN RAISE 'no room'; END IF; RETURN NEW; END$f$; " + when + " FOR EACH ROW EXECUTE FUNCTION " +
                      name + "()")
            .value();
    else
        writer->execute(when + " WHEN " + condition + " BEGIN SELECT RAISE(ABORT, 'no room'); END").value();
}

void world::allow_rows(const std::string& table) {
    const auto name = "refused_" + table;
    if (schema)
        writer->execute("DROP TRIGGER " + name + " ON " + table + "; DROP FUNCTION " + name + "()").value();
    else
        writer->execute("DROP TRIGGER " + name).value();
}

std::int64_t world::count(const std::string& sql) {
    auto query = look().prepare(sql).value();
    EXPECT_TRUE(query->step().value());
    const auto found = query->integer(0);
    query->reset();
    return found;
}

std::vector<world::stored_message> world::messages() {
    auto query = look().prepare("SELECT round, octets FROM message_block ORDER BY campaign_key, round, chunk").value();
    std::vector<stored_message> all;
    while (query->step().value()) {
        const auto entries = parse_messages(query->octets(1)).value();
        for (const auto& entry : entries) {
            all.push_back({entry.card.value, static_cast<int>(query->integer(0)), entry, to_bytes(entry.packet)});
            all.back().entry.packet = {};
        }
    }
    return all;
}

std::vector<world::stored_answer> world::answers() {
    auto query = look().prepare("SELECT octets FROM answer_block ORDER BY campaign_key, round, chunk, ordinal").value();
    std::vector<stored_answer> all;
    while (query->step().value()) {
        std::vector<answer_entry> entries;
        EXPECT_TRUE(parse_answers(query->octets(0), entries));
        for (const auto& entry : entries) all.push_back({entry.card.value, entry.kind, to_bytes(entry.octets)});
    }
    return all;
}

void world::expect_sound(const campaign& which, std::string_view content) {
    const auto all = rows(which);
    ASSERT_EQ(all.size(), cards_);
    outcome_counts counted;
    for (std::size_t card = 0; card < all.size(); ++card) {
        SCOPED_TRACE("card " + std::to_string(card));
        ASSERT_EQ(all[card].iccid, sim::fleet_iccid(card));
        ASSERT_TRUE(all[card].outcome.has_value());
        counted.count(*all[card].outcome);
        const bool done = all[card].outcome == operations::outcome::done;
        EXPECT_EQ(image_content(card), done ? content : std::string_view{});
        EXPECT_EQ(registered(card).image_version, done ? 1 : 0);
        if (!sim->knows(card)) continue;
        const auto held = sim->read(card);
        EXPECT_LE(held.executed, 1U);
        if (done) {
            EXPECT_EQ(held.content, content);
        }
        if (all[card].outcome == operations::outcome::failed) {
            EXPECT_NE(held.content, content);
        }
    }
    const auto found = summary(which);
    EXPECT_EQ(found.subject.state, campaign_state::finished);
    EXPECT_EQ(found.outcomes.done, counted.done);
    EXPECT_EQ(found.outcomes.skipped, counted.skipped);
    EXPECT_EQ(found.outcomes.failed, counted.failed);
    EXPECT_EQ(found.outcomes.unknown, counted.unknown);
    EXPECT_EQ(found.outcomes.total(), which.targets);
}

campaign world::cancel(const campaign& which) {
    auto cancelled = shared.transact([&](store::connection& database) {
        return change_state(database, which.key, campaign_event::cancel, system_clock().now());
    });
    recorder quiet;
    environment env;
    env.storage = storage.get();
    env.writer = &shared;
    env.vault = &vault();
    env.clock = &system_clock();
    env.progress = &quiet;
    env.instance = "who cancels";
    wind_up_cancelled(env, definition_of).value();
    settle_late_answers(env, definition_of).value();
    return cancelled.value();
}

void world::expect_outcomes(const campaign& which, const outcome_counts& wanted) {
    const auto found = summary(which).outcomes;
    EXPECT_EQ(found.done, wanted.done);
    EXPECT_EQ(found.skipped, wanted.skipped);
    EXPECT_EQ(found.failed, wanted.failed);
    EXPECT_EQ(found.unknown, wanted.unknown);
    if (found.done == wanted.done) return;
    const auto causes = count_causes(look(), which.key).value();
    for (const auto& [cause, cards] : causes) ADD_FAILURE() << cards << " " << cause;
}

}  // namespace tessera::campaigns
