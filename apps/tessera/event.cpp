// tessera event: what a network, or somebody, tells of cards: that one registered, and in which phone.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "base/csv.h"
#include "base/event_limits.h"
#include "cards/rejects_file.h"
#include "tessera/commands.h"
#include "tessera/data_directory.h"
#include "tessera/event_requests.h"
#include "tessera/json_output.h"
#include "tessera/owner.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

constexpr std::size_t problems_told = 20;

struct event_options {
    std::string card, kind, imei, at, source, file;
    bool json = false;
};

void tell_one(invocation& run, const event_options& options) {
    const auto now = system_clock().now();
    const auto told = cards::check_event(
        {cards::card_naming::any, options.card, options.kind, options.imei, options.at, options.source}, now,
        "operator");
    if (!told) return refuse(run, told.error());
    auto event = event_json(*told);
    if (options.at.empty()) event.erase("at");  // when the owner hears of it
    const auto answer = ask_owner(run, {"POST", "/v1/events", json::serialize(event)});
    if (!answer) return;
    if (answer->status != 200)
        return refuse(run, error{text_of(answer->body, "code"), text_of(answer->body, "field"),
                                 text_of(answer->body, "message")});
    if (options.json) return print_json(answer->body);
    std::string kinds;
    for (const auto& one : answer->body.at("kinds").as_array())
        kinds += (kinds.empty() ? ": " : ", ") + std::string(one.as_string());
    std::printf("%s %s%s\n", text_of(answer->body, "iccid").c_str(), text_of(answer->body, "news").c_str(),
                kinds.c_str());
}

// A file of them, page by page: to the process that owns the data directory, or into the database if nobody does.
class event_file {
public:
    event_file(invocation& run, const event_options& options, csv_reader reader, const cards::event_columns& columns)
        : run_(&run),
          options_(&options),
          reader_(std::move(reader)),
          columns_(columns),
          rejects_(options.file, header_of(reader_)) {}

    result<void> add(data_directory* data) {
        if (data != nullptr) writer_.connection = data->writer.get();
        for (bool more = true; more;) {
            TESSERA_TRY_VALUE(more, read_page());
            TESSERA_TRY(data != nullptr ? record_here() : record_there());
        }
        TESSERA_TRY_VALUE(rejects_name_, rejects_.finish());
        return {};
    }

    // Of an empty one none is.
    [[nodiscard]] bool refused_whole() const { return rows_ > 0 && rejected_ == rows_; }

    void print() const {
        if (options_->json)
            return print_json(
                {{"rows", rows_},
                 {"recorded", totals_.recorded},
                 {"repeated", totals_.repeated},
                 {"outdated", totals_.outdated},
                 {"limited", totals_.limited},
                 {"rejected", rejected_},
                 {"rejects_file", rejects_name_.empty() ? json::value(nullptr) : json::value(rejects_name_)},
                 {"problems", problems_}});
        std::printf(
            "%zu rows: %lld recorded, %lld repeated, %lld outdated, %lld over a card's limit, %zu rejected%s%s\n",
            rows_, static_cast<long long>(totals_.recorded), static_cast<long long>(totals_.repeated),
            static_cast<long long>(totals_.outdated), static_cast<long long>(totals_.limited), rejected_,
            rejects_name_.empty() ? "" : " into ", rejects_name_.c_str());
    }

private:
    static std::string header_of(const csv_reader& reader) { return line_of(reader.fields()); }
    static std::string line_of(const std::vector<std::string>& fields) {
        std::string line;
        for (const auto& one : fields) {
            if (&one != fields.data()) line.push_back(',');
            append_csv_field(line, one);
        }
        return line;
    }

    // False: the file is over.
    result<bool> read_page() {
        page_.clear();
        places_.clear();
        while (page_.size() < limits::events_per_request) {
            const auto more = reader_.next();
            if (more && !*more) return false;
            ++rows_;
            if (!more) {
                // Its own place names the file, as reject() does.
                const error why{more.error().code, "row", more.error().message};
                TESSERA_TRY(reject({reader_.line(), line_of(reader_.fields())}, why));
                continue;
            }
            auto told = columns_.read(reader_.fields(), system_clock().now(),
                                      options_->source.empty() ? event_feed_source : options_->source);
            if (!told) {
                TESSERA_TRY(reject({reader_.line(), line_of(reader_.fields())}, told.error()));
                continue;
            }
            page_.push_back(std::move(*told));
            places_.push_back({reader_.line(), line_of(reader_.fields())});
        }
        return true;
    }

    struct place {
        std::size_t line = 0;
        std::string row;
    };
    result<void> reject(const place& where, const error& why) {
        ++rejected_;
        if (problems_.size() < problems_told) {
            std::fprintf(stderr, "tessera: %s:%zu %s: %s\n", options_->file.c_str(), where.line, why.field.c_str(),
                         why.message.c_str());
            problems_.push_back({{"line", where.line}, {"field", why.field}, {"reason", why.message}});
        }
        auto line = where.row + "," + std::to_string(where.line) + "," + why.field + ",";
        append_csv_field(line, why.message);
        return rejects_.add(std::move(line));
    }

    result<void> record_here() {
        TESSERA_TRY_VALUE(const auto made, record_events(writer_, page_, system_clock().now()));
        return take(made);
    }

    result<void> record_there() {
        if (page_.empty()) return {};
        json::array events;
        for (const auto& one : page_) events.push_back(event_json(one));
        const auto answer =
            ask_owner(*run_, {"POST", "/v1/events", json::serialize(json::object{{"events", std::move(events)}})});
        if (!answer) return failure("no_answer", options_->file, "could not be handed over whole");
        if (answer->status != 200)
            return failure(text_of(answer->body, "code"), text_of(answer->body, "field"),
                           text_of(answer->body, "message"));
        event_totals made;
        const auto number = [&](const char* key) { return answer->body.at(key).as_int64(); };
        made.recorded = number("recorded");
        made.repeated = number("repeated");
        made.outdated = number("outdated");
        made.limited = number("limited");
        for (const auto& one : answer->body.at("problems").as_array()) {
            const auto& problem = one.as_object();
            made.problems.push_back(
                {static_cast<std::size_t>(problem.at("index").to_number<std::uint64_t>()),
                 {text_of(problem, "code"), text_of(problem, "field"), text_of(problem, "message")}});
        }
        return take(made);
    }

    result<void> take(const event_totals& made) {
        totals_.recorded += made.recorded;
        totals_.repeated += made.repeated;
        totals_.outdated += made.outdated;
        totals_.limited += made.limited;
        for (const auto& one : made.problems) TESSERA_TRY(reject(places_.at(one.index), one.why));
        return {};
    }

    invocation* run_;
    const event_options* options_;
    csv_reader reader_;
    cards::event_columns columns_;
    cards::rejects_file rejects_;
    store::shared_writer writer_;
    std::vector<cards::told_event> page_;
    std::vector<place> places_;
    event_totals totals_;
    std::size_t rows_ = 0, rejected_ = 0;
    json::array problems_;
    std::string rejects_name_;
};

void tell_file(invocation& run, const event_options& options) {
    auto reader = csv_reader::open(options.file);
    if (!reader) return refuse(run, reader.error());
    const auto header = reader->next();
    if (!header) return refuse(run, header.error());
    const auto columns = cards::event_columns::from_header(reader->fields(), options.file);
    if (!columns) return refuse(run, columns.error());
    auto data = open_data_directory(run.where);
    if (!data && data.error().front().code != "in_use") return refuse(run, data.error());
    event_file file(run, options, std::move(*reader), *columns);
    if (const auto done = file.add(data ? &*data : nullptr); !done) return refuse(run, done.error());
    file.print();
    if (file.refused_whole()) run.status = exit_status::refused;
}

}  // namespace

void add_event(CLI::App& app, invocation& run) {
    const auto options = std::make_shared<event_options>();
    auto* command = app.add_subcommand("event", "tell what happened to a card: it registered, it has a new phone");
    auto* card = command->add_option("CARD", options->card, "ICCID, IMSI or MSISDN");
    auto* kind = command->add_option("--kind", options->kind, "registration (if nothing is said) or new-imei");
    auto* imei = command->add_option("--imei", options->imei, "of the phone: 14 or 15 digits, or 16 of an IMEISV");
    auto* at = command->add_option("--at", options->at, "when, as in 2026-11-22T08:30:00Z; if nothing is said, now");
    command->add_option("--source", options->source, "who tells it");
    command
        ->add_option("--file", options->file,
                     "CSV with one of the columns card, iccid, imsi, msisdn, and any of kind, imei, at, source")
        ->excludes(card)
        ->excludes(kind)
        ->excludes(imei)
        ->excludes(at);
    command->add_flag("--json", options->json, "print one JSON object");
    command->callback([&run, options] {
        if (options->card.empty() == options->file.empty())
            return refuse(run, error{"bad_event", "event", "expected CARD, or --file FILE"});
        options->file.empty() ? tell_one(run, *options) : tell_file(run, *options);
    });
}

}  // namespace tessera::app
