// Who runs the server in a scenario: makes campaigns, conducts them, stops them in the middle, asks for single
// operations, and starts the server again whenever it died. All by the scenario's draw.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "campaigns/machine.h"
#include "scenario.h"
#include "server.h"
#include "simulated_world.h"
#include "simulation_run.h"

namespace tessera::simulation {

struct made_campaign {
    campaigns::campaign_key key;
    const planned_campaign* plan = nullptr;
    bool over = false;  // finished, or cancelled
};

struct asked_operation {
    operations::operation_kind kind{};
    std::string iccid;
    planned_write write;
    bool ended = false;
    operations::single_answer answer;
};

class operator_desk {
public:
    operator_desk(simulated_world& world, const scenario& what, const run_options& options);
    ~operator_desk();
    operator_desk(const operator_desk&) = delete;
    operator_desk& operator=(const operator_desk&) = delete;

    // Until every campaign is over and nothing is under way any more; then the power fails once more, and a server
    // stands there with what is left.
    void work();

    // To look at what is left.
    [[nodiscard]] store::connection& connection();
    [[nodiscard]] const std::vector<made_campaign>& campaigns() const { return campaigns_; }
    [[nodiscard]] const std::vector<std::unique_ptr<asked_operation>>& operations() const { return operations_; }

private:
    [[nodiscard]] bool joint() const { return !what_->joint.roles.empty(); }
    [[nodiscard]] store::shared_writer& writer();
    void fill_registry();
    [[nodiscard]] std::vector<made_campaign*> open_ones();
    [[nodiscard]] bool all_over() const;
    void step();
    server& running();
    void down();
    void create(const planned_campaign& plan);
    void conduct(made_campaign& which, bool in_peace);
    void disturb();
    void ask_for_operations(duration within);
    void ask();
    void ask(server& whom);
    void change(made_campaign& which, campaigns::campaign_event event);
    void look_at(made_campaign& which);
    void idle(duration how_long);
    void settle_down();
    bool survived(const error& why, const std::string& doing);
    duration some_time();

    // joint_desk.cpp: where several processes are at work. The operator has a program of his own on their database.
    struct own_program {
        std::unique_ptr<store::database> storage;
        std::unique_ptr<store::connection> connection;
        store::shared_writer writer;
        std::unique_ptr<cards::key_vault> vault;
        campaigns::silent_progress nobody;

        [[nodiscard]] campaigns::environment environment(const simulated_world& world);
    };
    struct place {  // of a process
        server_options options;
        std::unique_ptr<server> here;
        std::optional<instant> back_at;  // none: it is there, or does not come back before the end
    };
    void work_jointly();
    void step_jointly();
    void find_all_well();
    void open_own_program();
    void clear_away();
    void start_those_due();
    void let_them_begin(made_campaign& which, bool at_once);
    void disturb_jointly();
    void strike(const planned_trouble& what, bool at_some_time);
    [[nodiscard]] server* anybody_who(bool speaks);
    [[nodiscard]] bool finish_jointly();
    void settle_down_jointly();
    void run_last_one(bool until_quiet);
    [[nodiscard]] bool anything_left();

    simulated_world* world_;
    const scenario* what_;
    const run_options* options_;
    seeded_random random_;
    std::unique_ptr<server> server_;
    std::unique_ptr<own_program> own_;
    std::vector<place> places_;
    std::vector<std::unique_ptr<server>> gone_;  // dead, and standing still
    std::vector<made_campaign> campaigns_;
    std::size_t created_ = 0;
    int operations_left_;
    std::uint64_t conducts_ = 0;
    bool crash_given_ = false;
    std::vector<std::unique_ptr<asked_operation>> operations_;
};

}  // namespace tessera::simulation
