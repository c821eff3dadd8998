#include "tessera/service_campaigns.h"

#include <unistd.h>
#include <algorithm>

#include <boost/json.hpp>

#include "base/local_limits.h"
#include "base/log.h"
#include "campaigns/control.h"
#include "campaigns/create.h"
#include "campaigns/safety_store.h"
#include "campaigns/settle_late.h"
#include "campaigns/store.h"
#include "campaigns/trigger_store.h"
#include "campaigns/waits.h"
#include "campaigns/wind_up.h"
#include "tessera/json_output.h"

namespace tessera::app {
namespace {

namespace json = boost::json;
using campaigns::campaign_event;
using net::http_response;

result<campaigns::campaign> find(store::connection& writer, const std::string& id) {
    TESSERA_TRY_VALUE(auto found, campaigns::campaign_store(writer).find(id));
    if (!found) return failure("not_found", id, "there is no campaign with this id");
    return std::move(*found);
}

result<std::string> name_in(const json::object& body) {
    const auto* by = body.if_contains("by");
    if (by == nullptr || !by->is_string())
        return failure("bad_json", "body", "expected a JSON object with \"by\", a text");
    return campaigns::checked_name(std::string_view(by->get_string()));
}

std::string this_process() { return "the tessera process with pid " + std::to_string(::getpid()); }

}  // namespace

campaign_routes::~campaign_routes() {
    for (auto& [number, thread] : settling_) thread.join();
}

void campaign_routes::handle(const routed_request& asked, const respond& give) {
    const auto& words = asked.words;
    if (asked.is("GET", 3)) return give(status(words[2]));
    if (!asked.is("POST", 4)) return give(no_such_route(asked.request));
    if (words[3] == "pause") return control(words[2], campaign_event::pause, give);
    if (words[3] == "cancel") return control(words[2], campaign_event::cancel, give);
    if (words[3] == "approve") return give(approve(words[2], asked.request));
    if (words[3] == "resume") return give(resume(words[2]));
    give(no_such_route(asked.request));
}

// --- where a campaign stands

bool campaign_routes::is_conducted(const std::string& id) {
    const std::lock_guard held(mutex_);
    return conducted_ == id;
}

// While it sends: none of the SMSCs that it goes by is there.
std::optional<campaigns::wait> campaign_routes::missing_link(const campaigns::campaign& subject) const {
    if (subject.phase != campaigns::phase::exchange) return std::nullopt;
    const auto what = campaigns::definition_of(subject);
    const auto used = what ? settings_->used_by(what->way.smscs) : failure("", "", "");
    if (!used) return std::nullopt;
    const auto missing = radio_->missing_links();
    std::string why;
    for (const auto* one : *used) {
        const auto at = std::ranges::find(missing, one->name, &telecom::radio::missing_link::smsc);
        if (at == missing.end()) return std::nullopt;
        why += (why.empty() ? "a link to SMSC \"" : "; a link to SMSC \"") + at->smsc + "\" (" + at->address +
               "), there is none since " + to_iso8601(at->since);
    }
    return campaigns::wait{campaigns::wait_kind::link, why, std::nullopt};
}

http_response campaign_routes::status(const std::string& id, std::optional<bool> settling) {
    std::string under_way;
    {
        const std::lock_guard held(mutex_);
        under_way = conducted_;
    }
    const bool running = under_way == id;
    const auto made =
        env_->writer->transact_first([&](store::connection& writer) -> result<campaigns::campaign_summary> {
            TESSERA_TRY_VALUE(const auto subject, find(writer, id));
            const auto now = system_clock().now();
            TESSERA_TRY_VALUE(auto summary,
                              campaigns::summarize(writer, subject, running ? std::optional(now) : std::nullopt));
            TESSERA_TRY_VALUE(summary.waits,
                              campaigns::waits_of(writer, subject, settings_->house.sends_per_hour, now, under_way));
            if (running)
                if (auto missing = missing_link(subject)) summary.waits.push_back(std::move(*missing));
            return summary;
        });
    if (!made) return refusal_response(made.error());
    auto told = status_json(*made);
    if (settling) told["settling"] = *settling || campaigns::is_settling(made->subject);
    return {200, json::serialize(told)};
}

// --- pause, cancel

void campaign_routes::conducting(const std::string& campaign, std::atomic<bool>& stop) {
    const std::lock_guard held(mutex_);
    conducted_ = campaign;
    stop_ = &stop;
}

result<bool> campaign_routes::conducted() {
    std::vector<waiting> asked;
    {
        const std::lock_guard held(mutex_);
        conducted_.clear();
        stop_ = nullptr;
        asked = std::exchange(asked_, {});
    }
    const auto tell = [this](const respond& give, http_response made) {
        home_->post([give, made = std::move(made)] { give(made); });
    };
    const bool any = !asked.empty();
    std::erase_if(asked, [&](const waiting& one) {
        const auto changed = one.change();
        if (!changed)
            tell(one.give, refusal_response(changed.error()));
        else if (one.settles.empty())
            tell(one.give, one.answer());
        else
            home_->post([this, id = one.settles, give = one.give, alive = std::weak_ptr(alive_)] {
                if (!alive.expired()) answer_in_time(id, give);
            });
        return !changed || one.settles.empty();
    });
    auto done = wind_up();
    for (const auto& one : asked) tell(one.give, done ? one.answer() : refusal_response(done.error()));
    TESSERA_TRY(std::move(done));
    return any;
}

// A campaign under way is stopped first; whoever conducts it then moves its state.
void campaign_routes::control(const std::string& id, campaign_event event, const respond& give) {
    const bool cancels = event == campaign_event::cancel;
    {
        const std::lock_guard held(mutex_);
        if (!conducted_.empty() && conducted_ == id) {
            asked_.push_back({[this, id, event] { return change(id, event); },
                              [this, id, cancels] { return status(id, cancels ? std::optional(false) : std::nullopt); },
                              give, cancels ? id : std::string()});
            stop_->store(true);
            return;
        }
    }
    if (const auto changed = change(id, event); !changed) return give(refusal_response(changed.error()));
    cancels ? settle(id, give) : give(status(id));
}

result<void> campaign_routes::change(const std::string& id, campaign_event event) {
    const auto changed = env_->writer->transact_first([&](store::connection& writer) -> result<campaigns::campaign> {
        TESSERA_TRY_VALUE(const auto subject, find(writer, id));
        return campaigns::change_state(writer, subject.key, event, system_clock().now());
    });
    if (!changed) return std::unexpected(changed.error());
    return {};
}

// Where others are at work, those that prepare do it when all have heard of it.
result<void> campaign_routes::wind_up() {
    if (env_->shared()) return {};
    const std::lock_guard one_at_a_time(winding_up_);
    auto wound_up = campaigns::wind_up_cancelled(*env_, campaigns::definition_of);
    // Also where nothing is left to wind up: whoever did that may have died before this.
    TESSERA_TRY(campaigns::settle_late_answers(*env_, campaigns::definition_of));
    return wound_up;
}

// It is cancelled already; of a large one the rest takes time, in which the service serves others.
void campaign_routes::settle(const std::string& id, const respond& give) {
    answer_in_time(id, give);
    const int number = ++last_;
    settling_.emplace(number, std::thread([this, id, give, number, alive = std::weak_ptr(alive_)] {
                          const auto done = wind_up();
                          if (!done) log_error(to_string(done.error()));
                          home_->post([this, id, give, number, alive] {
                              if (alive.expired()) return;
                              settling_.at(number).join();
                              settling_.erase(number);
                              give(status(id, false));
                          });
                      }));
}

// Whoever asked is told by then, whatever is left to settle. Of two answers the first counts.
void campaign_routes::answer_in_time(const std::string& id, const respond& give) {
    const int number = ++last_;
    timers_[number] = home_->after(limits::settling_wait, [this, id, give, number] {
        // Not from within the timer that goes with it.
        home_->post([this, number, alive = std::weak_ptr(alive_)] {
            if (!alive.expired()) timers_.erase(number);
        });
        give(status(id, true));
    });
}

// --- approve, resume

http_response campaign_routes::approve(const std::string& id, const net::http_request& request) {
    const auto body = body_of(request);
    if (!body) return refusal_response(body.error());
    const auto by = name_in(*body);
    if (!by) return refusal_response(by.error());
    const auto* flag = body->if_contains("named");
    const bool named = flag == nullptr || !flag->is_bool() || flag->get_bool();
    const auto changed = env_->writer->transact_first([&](store::connection& writer) -> result<campaigns::campaign> {
        TESSERA_TRY_VALUE(const auto subject, find(writer, id));
        return campaigns::approve(writer, subject.key, *by, named, system_clock().now());
    });
    if (changed) news_();
    return changed ? status(id) : refusal_response(changed.error());
}

// Whoever conducts triggers' campaigns takes it up; others are run by `campaign resume`, which conducts them itself.
http_response campaign_routes::resume(const std::string& id) {
    const auto changed = env_->writer->transact_first([&](store::connection& writer) -> result<campaigns::campaign> {
        TESSERA_TRY_VALUE(const auto subject, find(writer, id));
        TESSERA_TRY_VALUE(const bool triggered, campaigns::trigger_store(writer).is_triggered(subject.key));
        const bool begun = subject.state != campaigns::campaign_state::created;
        if (begun && !campaigns::next_state(subject.state, campaign_event::resume))
            return campaigns::change_state(writer, subject.key, campaign_event::resume, system_clock().now());
        if (is_conducted(id)) return failure("bad_state", id, "is under way in " + this_process());
        if (!triggered)
            return failure("bad_state", id,
                           "is run by a process of its own, and " + this_process() +
                               " owns the data directory: end that one first");
        if (!runs_triggered_())
            return failure("bad_state", id, "is a trigger's, which tessera serve runs; this process does not");
        return campaigns::change_state(writer, subject.key, campaign_event::resume, system_clock().now());
    });
    if (!changed) return refusal_response(changed.error());
    news_();
    return status(id);
}

// --- stop-all

// The stop is durable before anything else, so that nothing begins behind it; then what runs is paused.
void campaign_routes::handle_stop(const routed_request& asked, const respond& give) {
    const auto& words = asked.words;
    const bool lift = words.size() == 3 && words[2] == "lift";
    if (asked.is("GET", 2)) return give(stop_status(0));
    if (asked.request.method != "POST" || (!lift && words.size() != 2)) return give(no_such_route(asked.request));
    const auto body = body_of(asked.request);
    if (!body) return give(refusal_response(body.error()));
    const auto by = name_in(*body);
    if (!by) return give(refusal_response(by.error()));
    const auto now = system_clock().now();
    const auto changed = env_->writer->transact_first([&](store::connection& writer) -> result<bool> {
        campaigns::safety_store safety(writer);
        return lift ? safety.lift(*by, now) : safety.stop_all(*by, now);
    });
    if (!changed) return give(refusal_response(changed.error()));
    if (lift) {
        news_();
        return give(stop_status(0));
    }
    const std::lock_guard held(mutex_);
    if (conducted_.empty()) return give(pause_all());
    asked_.push_back({[] { return result<void>{}; }, [this] { return pause_all(); }, give});
    stop_->store(true);
}

http_response campaign_routes::pause_all() {
    const auto paused = env_->writer->transact_first([&](store::connection& writer) -> result<std::int64_t> {
        return campaigns::pause_running(writer, system_clock().now());
    });
    return paused ? stop_status(*paused) : refusal_response(paused.error());
}

http_response campaign_routes::stop_status(std::int64_t paused) {
    const auto found = env_->writer->transact_first(
        [](store::connection& writer) { return campaigns::safety_store(writer).standing(); });
    if (!found) return refusal_response(found.error());
    json::object made{{"stopped", found->has_value()}, {"paused", paused}};
    made["by"] = *found ? json::value((*found)->by) : json::value(nullptr);
    made["since"] = *found ? json::value(to_iso8601((*found)->since)) : json::value(nullptr);
    return {200, json::serialize(made)};
}

}  // namespace tessera::app
