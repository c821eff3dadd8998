// Everything a campaign needs, in one process and one temporary directory: database, key vault, registry, and the
// simulated SMSC with the same cards on a thread of its own, reached by TCP.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/hex.h"
#include "base/limits.h"
#include "campaigns/blocks.h"
#include "campaigns/conductor.h"
#include "campaigns/control.h"
#include "campaigns/create.h"
#include "campaigns/machine.h"
#include "campaigns/report.h"
#include "campaigns/wind_up.h"
#include "cards/store.h"
#include "net/event_loop.h"
#include "postgres/test_database.h"
#include "sim/fleet.h"
#include "sim/smsc_server.h"
#include "telecom/radio.h"
#include "telecom/smpp_link.h"

namespace tessera::campaigns {

inline constexpr std::string_view spn_file = "7f20/6f46";
inline constexpr std::string_view spn_content = "0154657373657261ffffffffffffffffff";

// Puts words into `text` for other ones; the test fails when they are not there.
[[nodiscard]] std::string replaced(std::string text, std::string_view what, std::string_view by);

// A loop on a thread of its own.
class loop_thread {
public:
    loop_thread();
    ~loop_thread();
    loop_thread(const loop_thread&) = delete;
    loop_thread& operator=(const loop_thread&) = delete;
    net::event_loop& loop() { return loop_; }
    // Runs `work` on the loop's thread and waits for it.
    void run(const std::function<void()>& work);

private:
    void keep_awake();
    net::event_loop loop_;
    std::unique_ptr<net::event_loop::timer> tick_;
    std::thread thread_;
};

// What a card of the simulator holds.
struct card_file {
    std::string content;
    std::uint32_t executed = 0;
    std::uint64_t counter = 0;
};

class simulator {
public:
    simulator(const std::filesystem::path& cards, std::string_view faults, std::uint64_t seed);
    ~simulator();
    simulator(const simulator&) = delete;
    simulator& operator=(const simulator&) = delete;

    [[nodiscard]] const std::string& address() const { return address_; }
    [[nodiscard]] sim::smsc_statistics statistics();
    [[nodiscard]] card_file read(std::size_t card, std::string_view file = spn_file);
    [[nodiscard]] card_file read_setting(std::string_view imei, std::string_view name);
    [[nodiscard]] bool knows(std::size_t card);
    [[nodiscard]] std::vector<sim::installed_application> applications(std::size_t card);
    [[nodiscard]] std::vector<sim::loaded_file> load_files(std::size_t card);
    // Waits until so many answers lie there that nobody has taken.
    void wait_for_waiting(std::uint64_t answers);
    void wait_for_unbinds(std::uint64_t unbinds);
    // Breaks every link when so many answers were delivered, and waits until they were delivered again.
    void break_links(std::uint64_t answers);

private:
    void wait_until(const std::function<bool(const sim::smsc_statistics&)>& holds);
    std::optional<sim::simulated_cards> cards_;
    std::optional<sim::smsc> centre_;
    loop_thread thread_;
    std::unique_ptr<sim::smsc_server> server_;
    std::string address_;
};

// The order of events, as a campaign tells it.
class recorder final : public progress_sink {
public:
    struct step {
        int round;
        phase which;
        friend bool operator==(const step&, const step&) = default;
    };
    void phase_began(int round, phase which, std::int64_t cards) override;
    void cards_moved(std::int64_t count) override;
    void phase_ended(int round, phase which) override;
    void waits(std::string_view what, timestamp until) override {
        if (when_waits) when_waits(what, until);
    }

    std::vector<step> phases;  // that began
    std::atomic<phase> now = phase::none;
    std::atomic<std::int64_t> moved = 0;
    std::function<void()> when_moved;
    std::function<void(phase)> when_began;
    std::function<void(int round, phase)> when_ended;
    std::function<void(std::string_view what, timestamp until)> when_waits;
};

// Tells of every call between an exchange and the network, and can be struck dead, as a crash would.
struct network_tap {
    std::function<void(std::string_view call)> on_call;  // open, submit, acknowledge, refuse, close
    std::function<void(const telecom::outbound_message&)> on_submit;
    std::function<void()> on_acknowledge;
    // What comes from a subscriber whenever the SMSC has accepted something for it; empty: nothing.
    std::function<bytes(telecom::subscriber_number)> stranger;
    std::atomic<bool> dead = false;  // nothing gets through any more, either way
};

struct world_options {
    std::size_t cards = 100;
    std::string faults = {};
    std::uint64_t seed = 1;
    std::vector<sim::fleet_profile> profiles{{"telco-2ff", crypto::cipher_algorithm::aes128, 1}};
    std::function<std::string(std::string)> registry = {};   // makes of the fleet's CSV what tessera imports
    std::function<std::string(std::string)> simulated = {};  // and what the simulator has
    bool persistent = false;                                 // the link stays bound between phases
    bool shared = false;                                     // the link is one that single operations use, too
};

struct campaign_options {
    std::string name = "test";
    std::string targets = "all = true";
    std::string spi = "1639";
    std::string writes = {};     // empty: the service provider name
    std::string tar = "b00010";  // empty: none
    std::string security = {};   // more lines of [security]
    std::string telecom = "por_timeout = \"250ms\"\nattempts = 3";
    std::string sections = {};  // further ones of the file
    house_rules house = {};
    bool approved = true;  // whatever is dangerous about it
};
[[nodiscard]] std::string campaign_text(const campaign_options& options = {});
[[nodiscard]] std::string write_text(std::string_view file, std::string_view content, int record = 0);

class world {
public:
    explicit world(const world_options& options = {});
    ~world();
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    [[nodiscard]] campaign create(const campaign_options& options = {});
    [[nodiscard]] std::expected<campaign, std::vector<error>> follow_up(const campaign& earlier,
                                                                        const campaigns::follow_up& wanted = {});
    // Another simulator with the same cards as they were at the beginning.
    void renew_simulator(std::string_view faults);
    // What another process would conduct campaigns with, as adjust() wants it.
    [[nodiscard]] environment new_instance();
    // conduct() by a new instance. Failures of it fail the test.
    run_end conduct_now(const campaign& which);
    [[nodiscard]] result<run_end> try_to_conduct(const campaign& which);
    // As the process that owns the data directory does it.
    campaign cancel(const campaign& which);
    // create() and conduct_now(), which must finish.
    campaign run(const campaign_options& options = {});

    [[nodiscard]] campaign_summary summary(const campaign& which);
    [[nodiscard]] std::vector<report_row> rows(const campaign& which);
    [[nodiscard]] std::vector<cards::image_entry> image(std::size_t card);
    [[nodiscard]] std::string image_content(std::size_t card, std::string_view file = spn_file);
    [[nodiscard]] cards::card registered(std::size_t card);
    [[nodiscard]] std::int64_t count(const std::string& sql);
    // From now on each row of the table that is inserted or updated (`event`) leaves one in the table `written`; `what`
    // is an expression, over NEW.
    void note_rows(const std::string& event, const std::string& table, const std::string& what);
    // Such rows are refused as by a full disk where a condition over NEW holds, until they are allowed again.
    void refuse_rows(const std::string& event, const std::string& table, const std::string& condition = "1 = 1");
    void allow_rows(const std::string& table);
    // What the database's blocks hold, of all campaigns in order.
    struct stored_message {
        std::int64_t card;
        int round;
        message_entry entry;  // without its packet
        bytes packet;
    };
    [[nodiscard]] std::vector<stored_message> messages();
    struct stored_answer {
        std::int64_t card;
        operations::answer_kind kind;
        bytes octets;
    };
    [[nodiscard]] std::vector<stored_answer> answers();

    // What must hold after every campaign with one packet: each card in exactly one outcome; executed at most once;
    // done proves the card's content, and image and registry agree with it.
    void expect_sound(const campaign& which, std::string_view content = spn_content);
    void expect_outcomes(const campaign& which, const outcome_counts& wanted);

    recorder progress;
    network_tap tap;
    std::atomic<bool> stop = false;
    telecom::smsc_settings smsc;
    std::function<void(environment&)> adjust;  // before each conduct
    std::size_t sessions = 0;                  // networks that were made
    std::unique_ptr<simulator> sim;
    std::optional<store::postgres_schema> schema;  // where the tests run on PostgreSQL
    std::unique_ptr<store::database> storage;
    std::unique_ptr<store::connection> writer;
    shared_writer shared;
    [[nodiscard]] cards::key_vault& vault() { return *vault_; }
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }  // where campaign files stand
    std::unique_ptr<telecom::radio> radio;  // where the link is shared or persistent

private:
    void import(const std::string& csv_file);
    store::connection& look();
    std::unique_ptr<telecom::network> make_network(net::event_loop& loop, telecom::network_events& events);

    loop_thread exchange_;  // where P2 runs without a radio
    std::size_t cards_;
    std::uint64_t seed_;
    std::filesystem::path directory_;
    std::unique_ptr<cards::key_vault> vault_;
    std::vector<telecom::smsc_settings> smscs_;
    std::unique_ptr<store::connection> reader_;
    int instances_ = 0;
};

}  // namespace tessera::campaigns
