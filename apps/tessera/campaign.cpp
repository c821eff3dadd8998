#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdio>
#include <memory>

#include "base/csv.h"
#include "campaigns/create.h"
#include "operations/counter_hint.h"
#include "tessera/campaign_approval.h"
#include "tessera/campaign_audit.h"
#include "tessera/campaign_planning.h"
#include "tessera/campaign_preview.h"
#include "tessera/campaign_runner.h"
#include "tessera/commands.h"
#include "tessera/json_output.h"
#include "tessera/owner.h"
#include "tessera/patience.h"
#include "tessera/progress.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

struct campaign_options {
    std::string file, id;
    std::string format = "text";
    std::int64_t limit = 100;
    std::string after;
    bool json = false;
    bool detach = false;
};

void create(invocation& run, const campaign_options& options) {
    const auto text = read_campaign_file(options.file);
    if (!text) return refuse(run, text.error());
    auto data = open_beside(run.where, store::access::write);
    if (!data) return refuse(run, data.error());
    const auto made = campaigns::create_campaign(*data->writer, *text, context_of(*data, options.file),
                                                 system_clock().now(), system_random());
    if (!made) return refuse(run, made.error());
    print_created(*data, *made, options.json);
}

result<campaigns::campaign_summary> summary_of(data_directory& data, const std::string& id) {
    TESSERA_TRY_VALUE(const auto subject, find_campaign(data, id));
    return summary_now(data, subject);
}

result<void> print_end(data_directory& data, const campaign_options& options) {
    if (options.json) {
        TESSERA_TRY_VALUE(const auto summary, summary_of(data, options.id));
        print_json(status_json(summary));
        return {};
    }
    TESSERA_TRY_VALUE(const auto subject, find_campaign(data, options.id));
    TESSERA_TRY_VALUE(const auto text, summary_text(data, subject));
    std::fputs(text.c_str(), stdout);
    return {};
}

result<void> conduct(data_directory& data, const campaign_options& options, bool resume) {
    TESSERA_TRY_VALUE(const auto subject, find_campaign(data, options.id));
    if (!resume && subject.state != campaigns::campaign_state::created)
        return failure(
            "bad_state", options.id,
            "is " + std::string(campaigns::to_string(subject.state)) +
                (subject.state == campaigns::campaign_state::running ? "; go on with: tessera campaign resume" : ""));
    if (options.detach) {
        TESSERA_TRY(begin_campaign(data, subject));
        return print_end(data, options);
    }
    progress_display progress(system_clock());
    TESSERA_TRY_VALUE(const auto end, run_campaign(data, subject, progress));
    if (end == campaigns::run_end::held) {
        TESSERA_TRY_VALUE(const auto summary, summary_of(data, options.id));
        return failure("held", options.id,
                       "is " + std::string(campaigns::to_string(summary.subject.state)) + ": " + summary.waits_for +
                           "; to go on: tessera campaign approve " + options.id + ", then resume; or cancel it");
    }
    if (end == campaigns::run_end::interrupted) {
        TESSERA_TRY_VALUE(const auto left, find_campaign(data, options.id));
        if (left.state == campaigns::campaign_state::cancelled)
            return failure("cancelled", options.id, "was cancelled");
        if (data.shared() && left.state == campaigns::campaign_state::running)
            return failure("interrupted", options.id,
                           "goes on without this process, where others serve; to take part again: tessera campaign "
                           "resume " +
                               options.id);
        const std::string how = left.state == campaigns::campaign_state::paused ? "paused" : "stopped";
        return failure("interrupted", options.id, "was " + how + "; go on with: tessera campaign resume " + options.id);
    }
    return print_end(data, options);
}

// Where the campaign stands, as the process that owns the data directory says, which is perhaps at work on it.
void print_answer(invocation& run, const campaign_options& options, const owner_answer& answer) {
    if (answer.status != 200) return refuse_with(run, answer.body);
    if (options.json) return print_json(answer.body);
    std::printf("campaign \"%s\" %s: %s, round %s, phase %s\n", text_of(answer.body, "name", "-").c_str(),
                text_of(answer.body, "id", "-").c_str(), text_of(answer.body, "state", "-").c_str(),
                text_of(answer.body, "round", "-").c_str(), text_of(answer.body, "phase", "-").c_str());
    for (const auto* key : {"targets", "prepared", "sent", "answered", "settled", "outcomes", "waits_for"})
        std::printf("  %-9s %s\n", key, text_of(answer.body, key, "-").c_str());
}

net::http_request about(const campaign_options& options, const char* method, const std::string& verb) {
    return {method, "/v1/campaigns/" + options.id + verb, ""};
}

void ask_and_print(invocation& run, const campaign_options& options, const std::string& verb) {
    if (const auto answer = ask_owner(run, about(options, "POST", verb))) print_answer(run, options, *answer);
}

void run_or_resume(invocation& run, const campaign_options& options, bool resume) {
    const patience waiting;  // for an owner that is just beginning or ending
    for (;;) {
        auto data = open_data_directory(run.where);
        if (data) {
            if (const auto done = conduct(*data, options, resume); !done) refuse(run, done.error());
            return;
        }
        if (data.error().front().code != "in_use") return refuse(run, data.error());
        if (resume) {
            // Campaigns of triggers are run by the process that serves.
            const auto answer = ask_socket(run, about(options, "POST", "/resume"));
            if (answer) return print_answer(run, options, *answer);
            if (answer.error().code != "no_server") return refuse(run, answer.error());
        }
        if (!waiting.wait_a_little()) return refuse(run, data.error());
    }
}

// Whoever owns the data directory knows by its own configuration what a campaign waits for.
void status(invocation& run, const campaign_options& options) {
    const auto answer = ask_socket(run, about(options, "GET", ""));
    if (answer) return print_answer(run, options, *answer);
    if (answer.error().code != "no_server") return refuse(run, answer.error());
    auto data = open_beside(run.where, store::access::read);
    if (!data) return refuse(run, data.error());
    if (const auto done = print_end(*data, options); !done) refuse(run, done.error());
}

void list(invocation& run, const campaign_options& options) {
    auto data = open_beside(run.where, store::access::read);
    if (!data) return refuse(run, data.error());
    campaigns::campaign_store store(*data->writer);
    std::int64_t after = 0;
    if (!options.after.empty()) {
        const auto last = store.find(options.after);
        if (!last) return refuse(run, last.error());
        if (!*last) return refuse(run, error{"not_found", "--after", "there is no campaign with this id"});
        after = (*last)->key.value;
    }
    const auto found = store.list(after, options.limit);
    if (!found) return refuse(run, found.error());
    for (const auto& one : *found) {
        const auto summary = summary_now(*data, one);
        if (!summary) return refuse(run, summary.error());
        if (options.json)
            print_json(status_json(*summary));
        else
            std::printf("%s  %-9s %10lld cards  %s\n", one.id.c_str(),
                        std::string(campaigns::to_string(one.state)).c_str(), static_cast<long long>(one.targets),
                        one.name.c_str());
    }
}

// --- report

void print_csv(const campaigns::report_row& row, bool cancelled) {
    std::string line = row.iccid + ",";
    line += row.outcome ? operations::to_string(*row.outcome) : cancelled ? campaigns::not_sent : "";
    line += ',';
    append_csv_field(line, operations::describe(row.why));
    line += ',' + std::to_string(row.attempts) + ',' + std::to_string(row.round) + ',' +
            (row.outcome ? to_iso8601(row.settled_at) : "") + '\n';
    std::fputs(line.c_str(), stdout);
}

result<void> print_report(data_directory& data, const campaign_options& options) {
    TESSERA_TRY_VALUE(const auto subject, find_campaign(data, options.id));
    TESSERA_TRY_VALUE(const auto what, campaigns::definition_of(subject));
    if (what.is_audit() && options.format == "json") return print_audit_json(data, subject, what);
    if (what.is_audit() && options.format == "csv") return print_audit_csv(data, subject, what);
    // Whoever has no outcome was sent nothing, as soon as that is sure.
    const bool cancelled = subject.state == campaigns::campaign_state::cancelled && !campaigns::is_settling(subject);
    if (options.format == "json") {
        TESSERA_TRY(campaigns::for_each_target(*data.writer, subject.key, [&](const campaigns::report_row& row) {
            print_json(row_json(row, cancelled));
        }));
        TESSERA_TRY_VALUE(const auto summary, campaigns::summarize(*data.writer, subject, std::nullopt));
        print_json({{"summary", summary_json(summary)}});
        return {};
    }
    if (options.format == "csv") {
        std::fputs("iccid,outcome,cause,attempts,round,settled_at\n", stdout);
        return campaigns::for_each_target(*data.writer, subject.key,
                                          [&](const campaigns::report_row& row) { print_csv(row, cancelled); });
    }
    TESSERA_TRY_VALUE(const auto text, summary_text(data, subject));
    std::fputs(text.c_str(), stdout);
    if (what.is_audit()) TESSERA_TRY(print_audit_text(data, subject, what));
    return campaigns::for_each_target(*data.writer, subject.key, [&](const campaigns::report_row& row) {
        if (row.outcome == operations::outcome::done) return;
        std::printf("%-20s %-8s %s\n", row.iccid.c_str(),
                    row.outcome ? std::string(operations::to_string(*row.outcome)).c_str()
                    : cancelled ? "not_sent"
                                : "open",
                    operations::describe(row.why).c_str());
    });
}

void report(invocation& run, const campaign_options& options) {
    auto data = open_beside(run.where, store::access::read);
    if (!data) return refuse(run, data.error());
    if (const auto done = print_report(*data, options); !done) refuse(run, done.error());
}

}  // namespace

void add_campaign(CLI::App& app, invocation& run) {
    auto* command = app.add_subcommand("campaign", "downloads over the air into a fleet of cards");
    command->require_subcommand(1);
    const auto options = std::make_shared<campaign_options>();
    const auto add = [&](const char* name, const char* what, auto&& action) {
        auto* made = command->add_subcommand(name, what);
        made->callback([&run, options, action] { action(run, *options); });
        return made;
    };
    const auto with_id = [&](CLI::App* made) {
        made->add_option("ID", options->id, "campaign id")->required();
        return made;
    };
    const auto with_json = [&](CLI::App* made) { made->add_flag("--json", options->json, "print JSON"); };

    auto* making = add("create", "check a campaign file and choose its targets; prints the id", create);
    making->add_option("FILE", options->file, "campaign file (TOML)")->required();
    with_json(making);
    const auto with_detach = [&](CLI::App* made) {
        made->add_flag("--detach", options->detach,
                       "begin it and return; the processes that serve the database conduct it");
        return made;
    };
    with_json(with_detach(with_id(add("run", "all phases in the foreground",
                                      [](invocation& r, const campaign_options& o) { run_or_resume(r, o, false); }))));
    with_json(with_detach(with_id(add("resume", "go on from wherever it stands",
                                      [](invocation& r, const campaign_options& o) { run_or_resume(r, o, true); }))));
    with_json(with_id(add("status", "where it stands", status)));
    with_json(with_id(add("pause", "stop at the next commit; resume goes on",
                          [](invocation& r, const campaign_options& o) { ask_and_print(r, o, "/pause"); })));
    with_json(with_id(add("cancel", "end it where it stands",
                          [](invocation& r, const campaign_options& o) { ask_and_print(r, o, "/cancel"); })));
    auto* listing = add("list", "all campaigns, oldest first", list);
    listing->add_option("--limit", options->limit, "at most so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000));
    listing->add_option("--after", options->after, "id of the last one seen");
    with_json(listing);
    auto* reporting = with_id(add("report", "one row per card", report));
    reporting->add_option("--format", options->format, "text, csv or json")
        ->capture_default_str()
        ->check(CLI::IsMember({"text", "csv", "json"}));
    reporting->add_flag_callback(
        "--json", [options] { options->format = "json"; }, "the same as --format json");
    add_campaign_preview(*command, run);
    add_campaign_planning(*command, run);
    add_campaign_approval(*command, run);
    add_stop_all(*command, run);
}

}  // namespace tessera::app
