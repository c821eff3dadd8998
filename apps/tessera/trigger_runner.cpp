#include "tessera/trigger_runner.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "base/log.h"
#include "campaigns/create.h"
#include "tessera/campaign_runner.h"
#include "tessera/trigger_requests.h"

namespace tessera::app {
namespace {

constexpr auto look_again = std::chrono::milliseconds(500);  // for cards that were gathered for long enough
constexpr auto try_again = std::chrono::seconds(30);         // a campaign that could not go on

}  // namespace

class trigger_runner::machine {
public:
    machine(data_directory& data, store::shared_writer& writer, telecom::radio& radio, local_service& service)
        : data_(&data), writer_(&writer), radio_(&radio), service_(&service) {
        service_->on_news([this] { wake(); });
        thread_ = std::thread([this] { work(); });
    }
    ~machine() {
        service_->on_news({});
        {
            const std::lock_guard held(mutex_);
            ending_ = true;
        }
        stop_ = true;
        news_.notify_one();
        thread_.join();
    }
    machine(const machine&) = delete;
    machine& operator=(const machine&) = delete;

private:
    struct put_off {
        campaigns::campaign_key which;
        instant until;
    };

    void wake() {
        {
            const std::lock_guard held(mutex_);
            told_ = true;
        }
        news_.notify_one();
    }

    void work() {
        while (!ending()) {
            if (const auto went = step(); went && *went) continue;
            std::unique_lock held(mutex_);
            news_.wait_for(held, look_again, [this] { return ending_ || told_; });
            told_ = false;
        }
    }
    bool ending() {
        const std::lock_guard held(mutex_);
        return ending_;
    }

    // True: there may be more to do at once.
    result<bool> step() {
        TESSERA_TRY(begin());
        const auto made = watch_->look(trigger_context(data_->settings), system_clock().now());
        if (!made) {
            log_error("triggers: " + to_string(made.error()));
            return std::unexpected(made.error());
        }
        const auto now = system_clock().monotonic();
        std::erase_if(put_off_, [&](const put_off& one) { return one.until <= now; });
        std::vector<campaigns::campaign_key> not_these;
        for (const auto& one : put_off_) not_these.push_back(one.which);
        TESSERA_TRY_VALUE(const auto next, campaigns::next_triggered(*reader_, not_these));
        if (!next) return made->more;
        if (const auto done = conduct(*next); !done) {
            log_error("a triggered campaign does not go on: " + to_string(done.error()));
            put_off_.push_back({*next, now + try_again});
        }
        return true;
    }

    // Looking costs the writers nothing.
    result<void> begin() {
        if (watch_) return {};
        TESSERA_TRY_VALUE(reader_, data_->storage->connect(store::access::read));
        watch_.emplace(*reader_, *writer_, system_random());
        return {};
    }

    result<void> conduct(campaigns::campaign_key key) {
        TESSERA_TRY_VALUE(const auto subject, writer_->transact([&](store::connection& writer) {
            return campaigns::campaign_store(writer).get(key);
        }));
        TESSERA_TRY_VALUE(const auto what, campaigns::definition_of(subject));
        TESSERA_TRY(data_->settings.used_by(what.way.smscs));
        stop_ = false;
        if (ending()) return {};
        service_->conducting(subject.id, stop_);
        // A pause that was granted before the service knew whom to stop stays one.
        TESSERA_TRY_VALUE(const auto now, writer_->transact([&](store::connection& writer) {
            return campaigns::campaign_store(writer).get(key);
        }));
        if (now.state != subject.state) {
            TESSERA_TRY(service_->conducted());
            return {};
        }
        const auto env = campaign_environment(*data_, *writer_, *radio_, what, nobody_, stop_);
        const auto end = campaigns::conduct(env, key, campaigns::definition_of);
        TESSERA_TRY(service_->conducted());
        if (!end) return std::unexpected(end.error());
        return {};
    }

    data_directory* data_;
    store::shared_writer* writer_;
    telecom::radio* radio_;
    local_service* service_;
    std::unique_ptr<store::connection> reader_;
    std::optional<campaigns::trigger_watch> watch_;
    campaigns::silent_progress nobody_;
    std::atomic<bool> stop_ = false;
    std::mutex mutex_;
    std::condition_variable news_;
    bool told_ = false;
    bool ending_ = false;
    std::vector<put_off> put_off_;
    std::thread thread_;
};

trigger_runner::trigger_runner(data_directory& data, store::shared_writer& writer, telecom::radio& radio,
                               local_service& service)
    : machine_(std::make_unique<machine>(data, writer, radio, service)) {}
trigger_runner::~trigger_runner() = default;

}  // namespace tessera::app
