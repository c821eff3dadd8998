#include "tessera/local_service.h"

#include <unistd.h>

#include <boost/json.hpp>
#include <future>
#include <mutex>
#include <thread>

#include "base/limits.h"
#include "base/log.h"
#include "campaigns/control.h"
#include "campaigns/create.h"
#include "campaigns/membership.h"
#include "campaigns/report.h"
#include "campaigns/safety_store.h"
#include "campaigns/wind_up.h"
#include "net/local_http.h"
#include "operations/desk.h"
#include "tessera/card_numbers.h"
#include "tessera/card_trials.h"
#include "tessera/card_verification.h"
#include "tessera/event_intake.h"
#include "tessera/event_requests.h"
#include "tessera/json_output.h"
#include "tessera/operation_json.h"
#include "tessera/trigger_requests.h"

namespace tessera::app {
namespace {

namespace json = boost::json;
using campaigns::campaign_event;
using net::http_request;
using net::http_response;

http_response refusal(const error& why) {
    return {status_of_refusal(why.code),
            json::serialize(json::object{{"code", why.code}, {"field", why.field}, {"message", why.message}})};
}

// "/v1/cards/X/operations" cut at its slashes, behind "/v1".
std::vector<std::string> words_of(std::string_view target) {
    std::vector<std::string> words;
    while (!target.empty()) {
        target.remove_prefix(1);
        const auto end = std::min(target.find('/'), target.size());
        words.emplace_back(target.substr(0, end));
        target.remove_prefix(end);
    }
    return words;
}

}  // namespace

http_response refusal_response(const error& why) { return refusal(why); }

unsigned status_of_refusal(const std::string& code) {
    if (code == "not_found") return 404;
    if (code == "needs_approval") return 403;
    if (code == "inhibited" || code == "busy" || code == "conflict" || code == "bad_state" || code == "stopped_all")
        return 409;
    return code == store::code_database || code == store::code_retry || code == "no_network" ? 503 : 422;
}

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
        desk_.emplace(needs);
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
        TESSERA_TRY(wind_up());  // of a process that died
        if (listen) {
            TESSERA_TRY_VALUE(
                server_, net::local_http_server::listen(
                             loop_, socket, [this](const http_request& request, net::local_http_server::respond give) {
                                 handle(request, std::move(give));
                             }));
        }
        loop_.post([this] { keep_awake(); });
        thread_ = std::thread([this] { loop_.run(); });
        return {};
    }

    http_response ask(const http_request& request) {
        std::promise<http_response> answered;
        loop_.post([&] { handle(request, [&](http_response made) { answered.set_value(std::move(made)); }); });
        return answered.get_future().get();
    }

    void on_news(std::function<void()> tell) {
        const std::lock_guard held(news_mutex_);
        news_ = std::move(tell);
    }
    void conducting(const std::string& campaign, std::atomic<bool>& stop) {
        const std::lock_guard held(mutex_);
        conducted_ = campaign;
        stop_ = &stop;
    }
    result<bool> conducted() {
        std::vector<waiting> asked;
        {
            const std::lock_guard held(mutex_);
            conducted_.clear();
            stop_ = nullptr;
            asked = std::exchange(asked_, {});
        }
        for (auto& one : asked) {
            auto made = one.answer();
            loop_.post([give = one.give, made] { give(made); });
        }
        TESSERA_TRY(wind_up());
        return !asked.empty();
    }

private:
    using respond = net::local_http_server::respond;
    struct waiting {
        std::function<http_response()> answer;  // to be made when the campaign stands still
        respond give;
    };
    class silent_progress final : public campaigns::progress_sink {
    public:
        void phase_began(int, campaigns::phase, std::int64_t) override {}
        void cards_moved(std::int64_t) override {}
        void phase_ended(int, campaigns::phase) override {}
    };

    void end_when_idle(instant until) {
        const bool idle =
            desk_->idle() && trials_->idle() && (!intake_ || intake_->idle()) && (!server_ || server_->idle());
        if (!idle && system_clock().monotonic() < until) {
            tick_ = loop_.after(std::chrono::milliseconds(5), [this, until] { end_when_idle(until); });
            return;
        }
        intake_.reset();
        trials_.reset();
        desk_.reset();
        server_.reset();
        tick_.reset();
        loop_.stop();
    }

    void keep_awake() {
        tick_ = loop_.after(std::chrono::seconds(1), [this] { keep_awake(); });
    }

    void handle(const http_request& request, respond give) {
        const auto words = words_of(request.target);
        const bool known = words.size() >= 3 && words[0] == "v1";
        if (known && words[1] == "cards" && words.size() == 4 && words[3] == "operations" && request.method == "POST")
            return operate(words[2], request.body, give);
        if (known && words[1] == "cards" && words.size() == 4 && words[3] == "verify" && request.method == "POST")
            return verify(words[2], request.body, give);
        if (known && words[1] == "cards" && words.size() == 4 && request.method == "POST" &&
            (words[3] == "msisdn" || words[3] == "swap"))
            return give(move_number(words[2], words[3], request.body));
        if (words.size() == 2 && words[0] == "v1" && words[1] == "trials" && request.method == "POST")
            return trials_->perform(request.body, give);
        if (words.size() == 2 && words[0] == "v1" && words[1] == "events" && request.method == "POST")
            return give(record_events(request.body));
        if (words.size() >= 2 && words[0] == "v1" && words[1] == "triggers") return give(triggers(request, words));
        if (known && words[1] == "campaigns" && words.size() == 3 && request.method == "GET")
            return give(status(words[2]));
        if (known && words[1] == "campaigns" && words.size() == 4 && request.method == "POST") {
            if (words[3] == "pause") return control(words[2], campaign_event::pause, std::move(give));
            if (words[3] == "cancel") return control(words[2], campaign_event::cancel, std::move(give));
            if (words[3] == "approve") return give(approve(words[2], request.body));
            if (words[3] == "resume") return give(resume(words[2]));
        }
        if (words.size() >= 2 && words[0] == "v1" && words[1] == "stop-all") return stop_all(request, words, give);
        give(refusal({"not_found", request.target, "there is no such route"}));
    }

    void operate(const std::string& card, const std::string& body, const respond& give) {
        boost::system::error_code problem;
        const auto parsed = json::parse(body, problem);
        if (problem || !parsed.is_object()) return give(refusal({"bad_json", "body", "expected a JSON object"}));
        auto request = operation_request(card, parsed.get_object());
        if (!request) return give(refusal(request.error()));
        desk_->perform(*request, [asked = *request, give](const operations::single_answer& made) {
            give({made.refused ? status_of_refusal(made.refused->code) : 200,
                  json::serialize(operation_answer(asked, made))});
        });
    }

    void verify(const std::string& card, const std::string& body, const respond& give) {
        json::error_code problem;
        const auto parsed = body.empty() ? json::value(json::object{}) : json::parse(body, problem);
        if (problem || !parsed.is_object()) return give(refusal({"bad_json", "body", "expected a JSON object"}));
        verify_card(*desk_, *writer_, card, parsed.get_object(), give);
    }

    http_response move_number(const std::string& card, const std::string& verb, const std::string& body) {
        auto made = verb == "swap" ? swap_cards(*writer_, card, body) : change_number(*writer_, card, body);
        return made ? http_response{200, json::serialize(*made)} : refusal(made.error());
    }

    http_response record_events(const std::string& body) {
        const auto made = record_event_request(*writer_, body, system_clock().now());
        if (made) tell_news();
        return made ? http_response{200, json::serialize(*made)} : refusal(made.error());
    }

    result<store::connection*> reader() {
        if (!reader_) {
            TESSERA_TRY_VALUE(reader_, storage_->connect(store::access::read));
        }
        return reader_.get();
    }

    http_response triggers(const http_request& request, const std::vector<std::string>& words) {
        const auto reading = reader();
        if (!reading) return refusal(reading.error());
        if (request.method == "POST" && words.size() == 2) return add_trigger(**reading, request.body);
        result<json::object> made = failure("not_found", request.target, "there is no such route");
        if (request.method == "GET" && words.size() == 2) made = list_triggers(**reading);
        if (request.method == "GET" && words.size() == 3) made = show_trigger(**reading, words[2]);
        const bool verb = words.size() == 4 && (words[3] == "pause" || words[3] == "resume" || words[3] == "remove");
        if (request.method == "POST" && verb) {
            made = change_trigger(*writer_, words[2], words[3]);
            if (made) tell_news();
        }
        return made ? http_response{200, json::serialize(*made)} : refusal(made.error());
    }

    http_response add_trigger(store::connection& reading, const std::string& body) {
        const auto made = add_trigger_request(reading, *writer_, *settings_, body);
        if (made) return {200, json::serialize(*made)};
        auto told = refusal(made.error().front());
        json::array problems;
        for (const auto& one : made.error())
            problems.push_back({{"code", one.code}, {"field", one.field}, {"message", one.message}});
        told.body = json::serialize(json::object{{"problems", std::move(problems)}});
        return told;
    }

    // Whoever conducts triggers' campaigns takes it up; others are run by `campaign resume`, which conducts them
    // itself.
    http_response resume(const std::string& id) {
        const auto changed = writer_->transact_first([&](store::connection& writer) -> result<campaigns::campaign> {
            TESSERA_TRY_VALUE(const auto subject, find(writer, id));
            TESSERA_TRY_VALUE(const bool triggered, campaigns::trigger_store(writer).is_triggered(subject.key));
            if (!triggered)
                return failure("bad_state", id,
                               "is run by a process of its own: end the one that owns the data directory (pid " +
                                   std::to_string(::getpid()) + ") first");
            if (!has_news_reader())
                return failure("bad_state", id, "is a trigger's, which tessera serve runs; this process does not");
            return campaigns::change_state(writer, subject.key, campaign_event::resume, system_clock().now());
        });
        if (!changed) return refusal(changed.error());
        tell_news();
        return status(id);
    }

    bool has_news_reader() {
        const std::lock_guard held(news_mutex_);
        return static_cast<bool>(news_);
    }
    void tell_news() {
        const std::lock_guard held(news_mutex_);
        if (news_) news_();
    }

    result<campaigns::campaign> find(store::connection& writer, const std::string& id) {
        TESSERA_TRY_VALUE(auto found, campaigns::campaign_store(writer).find(id));
        if (!found) return failure("not_found", id, "there is no campaign with this id");
        return std::move(*found);
    }

    http_response status(const std::string& id) {
        std::string under_way;
        {
            const std::lock_guard held(mutex_);
            under_way = conducted_;
        }
        const bool running = under_way == id;
        const auto made =
            writer_->transact_first([&](store::connection& writer) -> result<campaigns::campaign_summary> {
                TESSERA_TRY_VALUE(const auto subject, find(writer, id));
                const auto now = system_clock().now();
                TESSERA_TRY_VALUE(auto summary,
                                  campaigns::summarize(writer, subject, running ? std::optional(now) : std::nullopt));
                TESSERA_TRY_VALUE(summary.waits, campaigns::waits_of(writer, subject, settings_->house.sends_per_hour,
                                                                     now, under_way));
                return summary;
            });
        if (!made) return refusal(made.error());
        return {200, json::serialize(status_json(*made))};
    }

    // A campaign under way is stopped first; whoever conducts it then moves its state.
    void control(const std::string& id, campaign_event event, respond give) {
        {
            const std::lock_guard held(mutex_);
            if (!conducted_.empty() && conducted_ == id) {
                asked_.push_back({[this, id, event] { return change(id, event); }, std::move(give)});
                stop_->store(true);
                return;
            }
        }
        give(change(id, event));
        // What it had sent is settled after the answer: it is cancelled already.
        if (event == campaign_event::cancel)
            if (const auto done = wind_up(); !done) log_error(to_string(done.error()));
    }

    result<void> wind_up() {
        const std::lock_guard one_at_a_time(winding_up_);
        return campaigns::wind_up_cancelled(env_, campaigns::definition_of);
    }

    // The stop is durable before anything else, so that nothing begins behind it; then what runs is paused.
    void stop_all(const http_request& request, const std::vector<std::string>& words, const respond& give) {
        const bool lift = words.size() == 3 && words[2] == "lift";
        if (request.method == "GET" && words.size() == 2) return give(stop_status(0));
        if (request.method != "POST" || (!lift && words.size() != 2))
            return give(refusal({"not_found", request.target, "there is no such route"}));
        const auto by = name_in(request.body);
        if (!by) return give(refusal(by.error()));
        const auto now = system_clock().now();
        const auto changed = writer_->transact_first([&](store::connection& writer) -> result<bool> {
            campaigns::safety_store safety(writer);
            return lift ? safety.lift(*by, now) : safety.stop_all(*by, now);
        });
        if (!changed) return give(refusal(changed.error()));
        if (lift) {
            tell_news();
            return give(stop_status(0));
        }
        const std::lock_guard held(mutex_);
        if (conducted_.empty()) return give(pause_all());
        asked_.push_back({[this] { return pause_all(); }, give});
        stop_->store(true);
    }

    http_response pause_all() {
        const auto paused = writer_->transact_first([&](store::connection& writer) -> result<std::int64_t> {
            return campaigns::pause_running(writer, system_clock().now());
        });
        return paused ? stop_status(*paused) : refusal(paused.error());
    }

    http_response stop_status(std::int64_t paused) {
        const auto found = writer_->transact_first(
            [](store::connection& writer) { return campaigns::safety_store(writer).standing(); });
        if (!found) return refusal(found.error());
        json::object made{{"stopped", found->has_value()}, {"paused", paused}};
        made["by"] = *found ? json::value((*found)->by) : json::value(nullptr);
        made["since"] = *found ? json::value(to_iso8601((*found)->since)) : json::value(nullptr);
        return {200, json::serialize(made)};
    }

    static result<std::string> name_in(const std::string& body) {
        boost::system::error_code problem;
        const auto parsed = json::parse(body, problem);
        const auto* by = !problem && parsed.is_object() ? parsed.get_object().if_contains("by") : nullptr;
        if (by == nullptr || !by->is_string())
            return failure("bad_json", "body", "expected a JSON object with \"by\", a text");
        return campaigns::checked_name(std::string_view(by->get_string()));
    }

    http_response change(const std::string& id, campaign_event event) {
        const auto changed = writer_->transact_first([&](store::connection& writer) -> result<campaigns::campaign> {
            TESSERA_TRY_VALUE(const auto subject, find(writer, id));
            return campaigns::change_state(writer, subject.key, event, system_clock().now());
        });
        return changed ? status(id) : refusal(changed.error());
    }

    http_response approve(const std::string& id, const std::string& body) {
        const auto by = name_in(body);
        if (!by) return refusal(by.error());
        boost::system::error_code ignored;
        const auto parsed = json::parse(body, ignored);
        const auto* flag = parsed.get_object().if_contains("named");
        const bool named = flag == nullptr || !flag->is_bool() || flag->get_bool();
        const auto changed = writer_->transact_first([&](store::connection& writer) -> result<campaigns::campaign> {
            TESSERA_TRY_VALUE(const auto subject, find(writer, id));
            return campaigns::approve(writer, subject.key, *by, named, system_clock().now());
        });
        if (changed) tell_news();
        return changed ? status(id) : refusal(changed.error());
    }

    store::shared_writer* writer_;
    store::database* storage_;
    std::unique_ptr<store::connection> reader_;  // for what need not wait for writers; the service's thread
    const configuration* settings_;
    silent_progress nobody_;
    campaigns::environment env_;
    campaigns::membership members_;
    net::event_loop loop_;
    std::optional<operations::desk> desk_;
    std::optional<card_trials> trials_;
    std::optional<event_intake> intake_;
    std::unique_ptr<net::local_http_server> server_;
    std::unique_ptr<net::event_loop::timer> tick_;
    std::thread thread_;

    std::mutex mutex_;
    std::string conducted_;  // id of the campaign that this process runs
    std::atomic<bool>* stop_ = nullptr;
    std::vector<waiting> asked_;
    std::mutex winding_up_;
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
