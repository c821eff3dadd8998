#include "tessera/local_service.h"

#include <boost/json.hpp>
#include <future>
#include <mutex>
#include <thread>

#include "base/limits.h"
#include "campaigns/create.h"
#include "campaigns/membership.h"
#include "net/local_http.h"
#include "operations/desk.h"
#include "tessera/card_trials.h"
#include "tessera/event_intake.h"
#include "tessera/event_requests.h"
#include "tessera/service_campaigns.h"
#include "tessera/service_cards.h"
#include "tessera/trigger_requests.h"

namespace tessera::app {
namespace {

namespace json = boost::json;
using net::http_request;
using net::http_response;

// "/v1/cards/X/operations" cut at its slashes, behind "/v1"; nothing of another path.
std::vector<std::string> words_of(std::string_view target) {
    std::vector<std::string> words;
    while (!target.empty()) {
        target.remove_prefix(1);
        const auto end = std::min(target.find('/'), target.size());
        words.emplace_back(target.substr(0, end));
        target.remove_prefix(end);
    }
    return words.size() >= 2 && words[0] == "v1" ? words : std::vector<std::string>(1);
}

}  // namespace

class local_service::machine {
public:
    machine(data_directory& data, store::shared_writer& writer, telecom::radio& radio)
        : writer_(&writer),
          storage_(data.storage.get()),
          settings_(&data.settings),
          members_(env_, campaigns::definition_of) {
        env_.storage = data.storage.get();
        env_.writer = &writer;
        env_.vault = &data.vault;
        env_.clock = &system_clock();
        env_.progress = &nobody_;
        env_.instance = data.instance;
        env_.workers = 1;
        operations::desk_environment needs;
        needs.writer = &writer;
        needs.vault = &data.vault;
        needs.clock = &system_clock();
        needs.random = &system_random();
        needs.fleets = &members_;
        needs.radio = &radio;
        needs.home = &loop_;
        needs.alone = !data.shared();
        if (data.shared()) env_.role = campaigns::role::all;
        env_.lease_time = data.settings.database.lease;
        desk_.emplace(needs);
        cards_.emplace(*desk_, writer);
        campaigns_.emplace(
            env_, data.settings, radio, loop_, [this] { tell_news(); }, [this] { return has_news_reader(); });
        trials_.emplace(data, writer, *desk_, loop_);
        if (!data.settings.events.empty())
            intake_.emplace(writer, data.settings.events, radio, loop_, members_, [this] { tell_news(); });
    }
    ~machine() {
        loop_.post([this] {
            if (server_) server_->stop_listening();
            end_when_idle(system_clock().monotonic() + limits::single_operation_wait);
        });
        if (thread_.joinable()) thread_.join();
    }
    machine(const machine&) = delete;
    machine& operator=(const machine&) = delete;

    result<void> start(const std::filesystem::path& socket, bool listen) {
        TESSERA_TRY(desk_->begin());
        TESSERA_TRY(campaigns_->wind_up());  // of a process that died
        if (listen) {
            TESSERA_TRY_VALUE(server_, net::local_http_server::listen(
                                           loop_, socket,
                                           [this](const http_request& request, const respond& give,
                                                  const net::local_http_server::notice_hang_up& on_hang_up) {
                                               handle(request, give, on_hang_up);
                                           }));
        }
        loop_.post([this] { keep_awake(); });
        thread_ = std::thread([this] { loop_.run(); });
        return {};
    }

    http_response ask(const http_request& request) {
        struct answer {
            std::promise<http_response> made;
            bool given = false;
        };
        const auto answered = std::make_shared<answer>();
        loop_.post([&] {
            const auto give = [answered](http_response made) {
                if (!std::exchange(answered->given, true)) answered->made.set_value(std::move(made));
            };
            handle(request, give, [](const std::function<void()>&) {});
        });
        return answered->made.get_future().get();
    }

    void on_news(std::function<void()> tell) {
        const std::lock_guard held(news_mutex_);
        news_ = std::move(tell);
    }
    void conducting(const std::string& campaign, std::atomic<bool>& stop) { campaigns_->conducting(campaign, stop); }
    result<bool> conducted() { return campaigns_->conducted(); }

private:
    void end_when_idle(instant until) {
        const bool idle = desk_->idle() && trials_->idle() && campaigns_->idle() && (!intake_ || intake_->idle()) &&
                          (!server_ || server_->idle());
        if (!idle && system_clock().monotonic() < until) {
            tick_ = loop_.after(std::chrono::milliseconds(5), [this, until] { end_when_idle(until); });
            return;
        }
        intake_.reset();
        trials_.reset();
        campaigns_.reset();
        cards_.reset();
        desk_.reset();
        server_.reset();
        tick_.reset();
        loop_.stop();
    }

    void keep_awake() {
        tick_ = loop_.after(std::chrono::seconds(1), [this] { keep_awake(); });
    }

    void handle(const http_request& request, const respond& give,
                const net::local_http_server::notice_hang_up& on_hang_up) {
        const auto words = words_of(request.target);
        const routed_request asked{request, words, on_hang_up};
        const auto about = [&](std::string_view what) { return words.size() >= 2 && words[1] == what; };
        if (about("cards")) return cards_->handle(asked, give);
        if (about("campaigns")) return campaigns_->handle(asked, give);
        if (about("stop-all")) return campaigns_->handle_stop(asked, give);
        if (about("trials") && asked.is("POST", 2)) return trials_->perform(request.body, give);
        if (about("events") && asked.is("POST", 2)) return give(record_events(request.body));
        if (about("triggers")) return give(triggers(request, words));
        give(no_such_route(request));
    }

    http_response record_events(const std::string& body) {
        const auto made = record_event_request(*writer_, body, system_clock().now());
        if (made) tell_news();
        return json_response(made);
    }

    result<store::connection*> reader() {
        if (!reader_) {
            TESSERA_TRY_VALUE(reader_, storage_->connect(store::access::read));
        }
        return reader_.get();
    }

    http_response triggers(const http_request& request, const std::vector<std::string>& words) {
        const auto reading = reader();
        if (!reading) return refusal_response(reading.error());
        if (request.method == "POST" && words.size() == 2) return add_trigger(**reading, request.body);
        result<json::object> made = failure("not_found", request.target, "there is no such route");
        if (request.method == "GET" && words.size() == 2) made = list_triggers(**reading);
        if (request.method == "GET" && words.size() == 3) made = show_trigger(**reading, words[2]);
        const bool verb = words.size() == 4 && (words[3] == "pause" || words[3] == "resume" || words[3] == "remove");
        if (request.method == "POST" && verb) {
            made = change_trigger(*writer_, words[2], words[3]);
            if (made) tell_news();
        }
        return json_response(made);
    }

    http_response add_trigger(store::connection& reading, const std::string& body) {
        if (!settings_->database.url.empty())
            return refusal_response({"not_supported", "trigger",
                                     "is for a data directory with a database of its own; on one that many processes "
                                     "share nobody looks for events yet"});
        const auto made = add_trigger_request(reading, *writer_, *settings_, body);
        if (made) return {200, json::serialize(*made)};
        auto told = refusal_response(made.error().front());
        json::array problems;
        for (const auto& one : made.error())
            problems.push_back({{"code", one.code}, {"field", one.field}, {"message", one.message}});
        told.body = json::serialize(json::object{{"problems", std::move(problems)}});
        return told;
    }

    bool has_news_reader() {
        const std::lock_guard held(news_mutex_);
        return static_cast<bool>(news_);
    }
    void tell_news() {
        const std::lock_guard held(news_mutex_);
        if (news_) news_();
    }

    store::shared_writer* writer_;
    store::database* storage_;
    std::unique_ptr<store::connection> reader_;  // for what need not wait for writers; the service's thread
    const configuration* settings_;
    campaigns::silent_progress nobody_;
    campaigns::environment env_;
    campaigns::membership members_;
    net::event_loop loop_;
    std::optional<operations::desk> desk_;
    std::optional<card_routes> cards_;
    std::optional<campaign_routes> campaigns_;
    std::optional<card_trials> trials_;
    std::optional<event_intake> intake_;
    std::unique_ptr<net::local_http_server> server_;
    std::unique_ptr<net::event_loop::timer> tick_;
    std::thread thread_;

    std::mutex news_mutex_;
    std::function<void()> news_;
};

local_service::local_service(std::unique_ptr<machine> made) : machine_(std::move(made)) {}
local_service::~local_service() = default;

result<std::unique_ptr<local_service>> local_service::start(data_directory& data, store::shared_writer& writer,
                                                            telecom::radio& radio, bool listen) {
    auto made = std::make_unique<machine>(data, writer, radio);
    TESSERA_TRY(made->start(data.path / socket_name, listen));
    return std::unique_ptr<local_service>(new local_service(std::move(made)));
}

http_response local_service::ask(const http_request& request) { return machine_->ask(request); }
void local_service::on_news(std::function<void()> tell) { machine_->on_news(std::move(tell)); }
void local_service::conducting(const std::string& campaign, std::atomic<bool>& stop) {
    machine_->conducting(campaign, stop);
}
result<bool> local_service::conducted() { return machine_->conducted(); }

}  // namespace tessera::app
