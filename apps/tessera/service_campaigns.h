// The local service's routes about campaigns: where one stands, and control of those that this process runs.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "campaigns/environment.h"
#include "campaigns/machine.h"
#include "campaigns/report.h"
#include "net/event_loop.h"
#include "telecom/radio.h"
#include "tessera/configuration.h"
#include "tessera/service_route.h"

namespace tessera::app {

// On the service's thread, but for what says otherwise.
class campaign_routes {
public:
    // env: as wind_up_cancelled() wants it. All must outlive this. `news`: something changed that campaigns of triggers
    // wait for. `runs_triggered`: somebody in this process runs those.
    campaign_routes(const campaigns::environment& env, const configuration& settings, const telecom::radio& radio,
                    net::event_loop& home, std::function<void()> news, std::function<bool()> runs_triggered)
        : env_(&env),
          settings_(&settings),
          radio_(&radio),
          home_(&home),
          news_(std::move(news)),
          runs_triggered_(std::move(runs_triggered)) {}
    // Waits for what is being settled.
    ~campaign_routes();
    campaign_routes(const campaign_routes&) = delete;
    campaign_routes& operator=(const campaign_routes&) = delete;

    // "/v1/campaigns/ID", "/v1/campaigns/ID/pause | cancel | approve | resume"
    void handle(const routed_request& asked, const respond& give);
    // "/v1/stop-all", "/v1/stop-all/lift"
    void handle_stop(const routed_request& asked, const respond& give);

    // Any thread; see local_service.
    void conducting(const std::string& campaign, std::atomic<bool>& stop);
    [[nodiscard]] result<bool> conducted();
    // Settles what cancelled campaigns had sent. Any thread.
    [[nodiscard]] result<void> wind_up();
    [[nodiscard]] bool idle() const { return settling_.empty(); }

private:
    struct waiting {
        std::function<result<void>()> change;  // to be made when the campaign stands still
        std::function<net::http_response()> answer;
        respond give;
        std::string settles = {};  // the campaign whose answer is to tell what it looks like when all is settled
    };

    net::http_response status(const std::string& id, std::optional<bool> settling = std::nullopt);
    void control(const std::string& id, campaigns::campaign_event event, const respond& give);
    result<void> change(const std::string& id, campaigns::campaign_event event);
    void settle(const std::string& id, const respond& give);
    void answer_in_time(const std::string& id, const respond& give);
    net::http_response approve(const std::string& id, const net::http_request& request);
    net::http_response resume(const std::string& id);
    net::http_response pause_all();
    net::http_response stop_status(std::int64_t paused);
    bool is_conducted(const std::string& id);
    [[nodiscard]] std::optional<campaigns::wait> missing_link(const campaigns::campaign& subject) const;

    const campaigns::environment* env_;
    const configuration* settings_;
    const telecom::radio* radio_;
    net::event_loop* home_;
    std::function<void()> news_;
    std::function<bool()> runs_triggered_;

    std::mutex mutex_;
    std::string conducted_;  // id of the campaign that this process runs
    std::atomic<bool>* stop_ = nullptr;
    std::vector<waiting> asked_;
    std::mutex winding_up_;
    std::map<int, std::thread> settling_;  // service's thread
    std::map<int, std::unique_ptr<net::event_loop::timer>> timers_;
    int last_ = 0;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace tessera::app
