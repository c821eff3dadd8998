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

    // Until every campaign is over and nothing is under way any more; then the power fails once more, and a server
    // stands there with what is left.
    void work();

    [[nodiscard]] server& at_the_end() { return *server_; }
    [[nodiscard]] const std::vector<made_campaign>& campaigns() const { return campaigns_; }
    [[nodiscard]] const std::vector<std::unique_ptr<asked_operation>>& operations() const { return operations_; }

private:
    void fill_registry();
    void step();
    server& running();
    void down();
    void create(const planned_campaign& plan);
    void conduct(made_campaign& which, bool in_peace);
    void disturb();
    void ask_for_operations(duration within);
    void ask();
    void change(made_campaign& which, campaigns::campaign_event event);
    void look_at(made_campaign& which);
    void idle(duration how_long);
    void settle_down();
    bool survived(const error& why, const std::string& doing);
    duration some_time();

    simulated_world* world_;
    const scenario* what_;
    const run_options* options_;
    seeded_random random_;
    std::unique_ptr<server> server_;
    std::vector<made_campaign> campaigns_;
    std::size_t created_ = 0;
    int operations_left_;
    std::uint64_t conducts_ = 0;
    bool crash_given_ = false;
    std::vector<std::unique_ptr<asked_operation>> operations_;
};

}  // namespace tessera::simulation
