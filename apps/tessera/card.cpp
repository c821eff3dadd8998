#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cstdio>
#include <memory>

#include "base/hex.h"
#include "base/limits.h"
#include "campaigns/store.h"
#include "cards/identifiers.h"
#include "cards/import.h"
#include "cards/key_rotation.h"
#include "cards/vendor_import.h"
#include "operations/store.h"
#include "tessera/card_outside.h"
#include "tessera/commands.h"
#include "tessera/data_directory.h"
#include "tessera/json_output.h"
#include "tessera/operation_json.h"
#include "tessera/text_file.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

struct card_options {
    std::string file, name, after, mapping, transport_key;
    std::vector<std::string> names, add, remove;
    cards::import_options importing;
    std::optional<std::string> profile;
    std::int64_t limit = 100;
    bool json = false;
};

std::string hexadecimal(std::uint64_t value, std::size_t octets) {
    bytes out;
    append_big_endian(out, value, octets);
    return to_hex(out);
}

// Empty: all applications.
std::string tar_text(std::int64_t application) {
    return application == cards::all_applications ? "" : hexadecimal(static_cast<std::uint64_t>(application), 3);
}

json::value tar_json(std::int64_t application) {
    return application == cards::all_applications ? json::value(nullptr) : json::value(tar_text(application));
}

// Which counters are a key set's: those of its own application, else of all that have no set of their own.
bool counts_for(const cards::application_counter& counter, const cards::key_set_header& set,
                const std::vector<cards::stored_key_set>& all) {
    if (counter.key_version != set.key_version) return false;
    if (counter.application == cards::all_applications) return set.application == cards::all_applications;
    const auto* used = cards::key_set_for(all, set.key_version, static_cast<std::uint32_t>(counter.application));
    return used != nullptr && used->header.application == set.application;
}

json::object report_json(const cards::import_report& report) {
    json::array problems;
    for (const auto& one : report.problems)
        problems.push_back({{"line", one.line}, {"field", one.field}, {"reason", one.reason}});
    return {{"rows", report.rows},
            {"cards_added", report.cards_added},
            {"key_sets_added", report.key_sets_added},
            {"tags_added", report.tags_added},
            {"variables_added", report.variables_added},
            {"unchanged", report.unchanged},
            {"rejected", report.rejected},
            {"rejects_file", report.rejects_file.empty() ? json::value(nullptr) : json::value(report.rejects_file)},
            {"problems", std::move(problems)}};
}

void tell_rows(std::size_t rows) {
    if (rows % 100'000 == 0) std::fprintf(stderr, "%zu rows read\n", rows);
}

result<cards::import_report> import_by_mapping(data_directory& data, const card_options& options,
                                               const cards::vendor_mapping& mapping) {
    return cards::import_vendor_file(options.file, mapping, {options.importing, options.transport_key}, *data.writer,
                                     data.vault, system_clock().now(), tell_rows);
}

void import_file(invocation& run, const card_options& options) {
    std::optional<cards::vendor_mapping> mapping;
    if (!options.mapping.empty()) {
        const auto text = read_text_file(options.mapping, limits::mapping_file_octets);
        if (!text) return refuse(run, text.error());
        auto parsed = cards::parse_mapping(*text, options.mapping);
        if (!parsed) return refuse(run, parsed.error());
        mapping = std::move(*parsed);
    }
    auto data = open_beside(run.where, store::access::write);
    if (!data) return refuse(run, data.error());
    const auto report = mapping ? import_by_mapping(*data, options, *mapping)
                                : cards::import_cards(options.file, options.importing, *data->writer, data->vault,
                                                      system_clock().now(), tell_rows);
    if (!report) return refuse(run, report.error());
    for (const auto& one : report->problems)
        std::fprintf(stderr, "tessera: %s:%zu %s: %s\n", options.file.c_str(), one.line, one.field.c_str(),
                     one.reason.c_str());
    if (report->rows > 0 && report->rejected == report->rows) run.status = exit_status::refused;
    if (options.json) return print_json(report_json(*report));
    const auto tags = report->tags_added == 0 ? std::string() : ", " + std::to_string(report->tags_added) + " tags";
    std::printf("%zu rows: %zu cards and %zu key sets%s added, %zu rows unchanged, %zu rejected%s%s\n", report->rows,
                report->cards_added, report->key_sets_added, tags.c_str(), report->unchanged, report->rejected,
                report->rejects_file.empty() ? "" : " into ", report->rejects_file.c_str());
}

struct card_details {
    cards::card card;
    std::optional<std::uint16_t> port;  // of a mobile terminal's agent
    std::vector<std::string> tags;
    std::vector<cards::card_variable> variables;
    std::vector<cards::stored_key_set> key_sets;
    std::vector<std::uint8_t> pending;    // versions that the card has not answered under yet
    std::optional<std::uint8_t> current;  // version that a rotation has proved last
    std::vector<cards::application_counter> counters;
    std::vector<cards::image_entry> image;
    std::vector<cards::image_difference> differences;
    std::vector<campaigns::campaign_store::history_row> history;
    std::vector<operations::stored_operation> operations;
    card_outside outside;
};

result<void> add_rotations(store::connection& database, card_details& to) {
    cards::key_rotation_store rotations(database);
    for (const auto& one : to.key_sets) {
        TESSERA_TRY_VALUE(const auto state, rotations.state_of(to.card.id, one.header.key_version));
        if (state == cards::rotation_state::pending) to.pending.push_back(one.header.key_version);
    }
    TESSERA_TRY_VALUE(const auto current, rotations.current(to.card.id, 0));
    if (current != 0) to.current = current;
    return {};
}

// "pending", "current", or nothing to say.
std::string_view state_of(const card_details& details, std::uint8_t version) {
    if (std::ranges::find(details.pending, version) != details.pending.end()) return "pending";
    return details.current == version ? "current" : "";
}

result<card_details> details_of(store::connection& database, const std::string& name) {
    cards::card_store cards(database);
    TESSERA_TRY_VALUE(auto found, cards.find(name));
    if (!found) return failure("not_found", name, "the registry has no card with this ICCID, IMSI or MSISDN");
    card_details made{std::move(*found), {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    TESSERA_TRY_VALUE(made.port, cards.terminal_port(made.card.id));
    TESSERA_TRY_VALUE(made.tags, cards.tags(made.card.id));
    TESSERA_TRY_VALUE(made.variables, cards.variables(made.card.id));
    TESSERA_TRY_VALUE(made.key_sets, cards.key_sets(made.card.id));
    TESSERA_TRY(add_rotations(database, made));
    TESSERA_TRY_VALUE(made.counters, cards.counters(made.card.id));
    TESSERA_TRY_VALUE(made.image, cards.image(made.card.id));
    TESSERA_TRY_VALUE(made.differences, cards.differences(made.card.id));
    TESSERA_TRY_VALUE(made.history, campaigns::campaign_store(database).history(made.card.id));
    TESSERA_TRY_VALUE(made.operations, operations::operation_store(database).history(made.card.id));
    TESSERA_TRY_VALUE(made.outside, outside_of(database, made.card.id));
    return made;
}

json::object details_json(const card_details& details) {
    auto made = to_json(details.card);
    made["kind"] = details.port ? "terminal" : "card";
    if (details.port) made["port"] = *details.port;
    json::array key_sets, image, history;
    for (const auto& one : details.key_sets) {
        json::array counters;
        const auto state = state_of(details, one.header.key_version);
        for (const auto& counter : details.counters)
            if (counts_for(counter, one.header, details.key_sets))
                counters.push_back(
                    {{"tar", tar_json(counter.application)}, {"counter", hexadecimal(counter.counter, 5)}});
        key_sets.push_back({{"kvn", one.header.key_version},
                            {"tar", tar_json(one.header.application)},
                            {"counter_scope", cards::to_string(one.header.scope)},
                            {"kic_algorithm", crypto::to_string(one.header.kic_algorithm)},
                            {"kid_algorithm", crypto::to_string(one.header.kid_algorithm)},
                            {"initial_counter", hexadecimal(one.header.initial_counter, 5)},
                            {"state", state.empty() ? json::value(nullptr) : json::value(state)},
                            {"counters", std::move(counters)}});
    }
    for (const auto& one : details.image)
        image.push_back({{"file", one.file},
                         {"record", one.record == 0 ? json::value(nullptr) : json::value(one.record)},
                         {"content", to_hex(one.content)},
                         {"updated_at", to_iso8601(one.updated_at)}});
    history.push_back({{"at", to_iso8601(details.card.imported_at)}, {"event", "imported"}});
    for (const auto& one : details.history)
        history.push_back(
            {{"at", to_iso8601(one.at)},
             {"event", "campaign"},
             {"campaign", one.id},
             {"name", one.name},
             {"outcome", operations::to_string(one.what)},
             {"cause", one.why.kind == operations::cause_kind::none ? json::value(nullptr)
                                                                    : json::value(operations::describe(one.why))}});
    for (const auto& one : details.operations)
        history.push_back(
            {{"at", to_iso8601(one.started_at)},
             {"event", "operation"},
             {"operation", one.id},
             {"what", one.what},
             {"outcome", one.result ? json::value(operations::to_string(*one.result)) : json::value(nullptr)},
             {"cause", one.why.kind == operations::cause_kind::none ? json::value(nullptr)
                                                                    : json::value(operations::describe(one.why))}});
    for (const auto& one : details.differences) {
        json::object line{{"at", to_iso8601(one.at)},
                          {"event", "difference"},
                          {"file", one.file},
                          {"record", one.record == 0 ? json::value(nullptr) : json::value(one.record)}};
        put_content(line, one.file, "", one.found);
        put_content(line, one.file, "expected_", one.expected);
        history.push_back(std::move(line));
    }
    add_events(history, details.outside);
    add_phone(made, details.outside);
    json::object variables;
    for (const auto& one : details.variables) variables[one.name] = one.value;
    made["variables"] = std::move(variables);
    made["tags"] = json::array(details.tags.begin(), details.tags.end());
    made["key_sets"] = std::move(key_sets);
    made["image"] = std::move(image);
    made["history"] = std::move(history);
    return made;
}

void print_details(const card_details& details) {
    const auto& identity = details.card.identity;
    std::printf("%s    %s\nIMSI     %s\nMSISDN   %llu\nprofile  %s\n", details.port ? "IMEI " : "ICCID",
                identity.iccid.c_str(), identity.imsi.c_str(), static_cast<unsigned long long>(identity.msisdn),
                details.card.profile.c_str());
    print_phone(details.outside);
    if (details.port) std::printf("agent    on a mobile terminal, port %d\n", *details.port);
    for (std::size_t i = 0; i < details.tags.size(); ++i)
        std::printf("%s%s%s", i == 0 ? "tags     " : " ", details.tags[i].c_str(),
                    i + 1 < details.tags.size() ? "" : "\n");
    for (const auto& one : details.variables) std::printf("variable %s = %s\n", one.name.c_str(), one.value.c_str());
    for (const auto& one : details.key_sets)
        std::printf("keys     version %d%s%s, KIc %s, KID %s, %s from %s%s%s\n", one.header.key_version,
                    one.header.application == cards::all_applications ? "" : " for TAR ",
                    tar_text(one.header.application).c_str(),
                    std::string(crypto::to_string(one.header.kic_algorithm)).c_str(),
                    std::string(crypto::to_string(one.header.kid_algorithm)).c_str(),
                    one.header.scope == cards::counter_scope::key_set ? "one counter for all applications" : "counters",
                    hexadecimal(one.header.initial_counter, 5).c_str(),
                    state_of(details, one.header.key_version).empty() ? "" : ", ",
                    std::string(state_of(details, one.header.key_version)).c_str());
    for (const auto& one : details.counters)
        std::printf("counter  version %d, %s%s: %s\n", one.key_version,
                    one.application == cards::all_applications ? "all applications" : "TAR ",
                    tar_text(one.application).c_str(), hexadecimal(one.counter, 5).c_str());
    for (const auto& one : details.image)
        std::printf("image    %s%s = %s\n", one.file.c_str(),
                    one.record == 0 ? "" : (" record " + std::to_string(one.record)).c_str(),
                    to_hex(one.content).c_str());
    std::printf("history  %s imported\n", to_iso8601(details.card.imported_at).c_str());
    for (const auto& one : details.history)
        std::printf("history  %s campaign \"%s\" (%s): %s %s\n", to_iso8601(one.at).c_str(), one.name.c_str(),
                    one.id.c_str(), std::string(operations::to_string(one.what)).c_str(),
                    operations::describe(one.why).c_str());
    for (const auto& one : details.operations)
        std::printf("history  %s %s (%s): %s %s\n", to_iso8601(one.started_at).c_str(), one.what.c_str(),
                    one.id.c_str(), one.result ? std::string(operations::to_string(*one.result)).c_str() : "under way",
                    operations::describe(one.why).c_str());
    for (const auto& one : details.differences)
        std::printf("history  %s difference in %s%s: the image said %s, the card held %s\n", to_iso8601(one.at).c_str(),
                    one.file.c_str(), one.record == 0 ? "" : (" record " + std::to_string(one.record)).c_str(),
                    to_hex(one.expected).c_str(), to_hex(one.found).c_str());
    print_events(details.outside);
}

struct tag_report {
    std::int64_t cards = 0, added = 0, removed = 0;
};

// All cards or none.
result<tag_report> change_tags(store::connection& database, const card_options& options) {
    cards::card_store cards(database);
    tag_report made;
    for (const auto& name : options.names) {
        TESSERA_TRY_VALUE(const auto found, cards.find(name));
        if (!found) return failure("not_found", name, "the registry has no card with this ICCID, IMSI or MSISDN");
        ++made.cards;
        for (const auto& tag : options.add) {
            TESSERA_TRY_VALUE(const bool added, cards.add_tag(found->id, tag));
            made.added += added ? 1 : 0;
        }
        for (const auto& tag : options.remove) {
            TESSERA_TRY_VALUE(const bool removed, cards.remove_tag(found->id, tag));
            made.removed += removed ? 1 : 0;
        }
        TESSERA_TRY_VALUE(const auto held, cards.tags(found->id));
        if (held.size() > limits::tags_per_card)
            return failure("bad_tag", name, "would have more than " + std::to_string(limits::tags_per_card) + " tags");
    }
    return made;
}

void tag(invocation& run, const card_options& options) {
    for (const auto* list : {&options.add, &options.remove})
        for (const auto& one : *list)
            if (const auto checked = cards::parse_tag(one, list == &options.add ? "--add" : "--remove"); !checked)
                return refuse(run, checked.error());
    if (options.add.empty() && options.remove.empty())
        return refuse(run, error{"bad_tag", "card tag", "needs --add TAG or --remove TAG"});
    const auto data = open_beside(run.where, store::access::write);
    if (!data) return refuse(run, data.error());
    const auto done = store::in_transaction(*data->writer, [&] { return change_tags(*data->writer, options); });
    if (!done) return refuse(run, done.error());
    if (options.json) return print_json({{"cards", done->cards}, {"added", done->added}, {"removed", done->removed}});
    std::printf("%lld cards: %lld tags added, %lld removed\n", static_cast<long long>(done->cards),
                static_cast<long long>(done->added), static_cast<long long>(done->removed));
}

void show(invocation& run, const card_options& options) {
    const auto data = open_beside(run.where, store::access::read);
    if (!data) return refuse(run, data.error());
    const auto details = details_of(*data->writer, options.name);
    if (!details) return refuse(run, details.error());
    if (options.json) return print_json(details_json(*details));
    print_details(*details);
}

void list(invocation& run, const card_options& options) {
    const auto data = open_beside(run.where, store::access::read);
    if (!data) return refuse(run, data.error());
    cards::list_filter filter{options.profile, 0, options.limit};
    if (!options.after.empty()) {
        const auto [end, problem] =
            std::from_chars(options.after.data(), options.after.data() + options.after.size(), filter.after);
        if (problem != std::errc() || *end != '\0')
            return refuse(run, error{"bad_cursor", "--after", "expected the cursor of the last card seen"});
    }
    const auto found = cards::card_store(*data->writer).list(filter);
    if (!found) return refuse(run, found.error());
    for (const auto& card : *found) {
        if (options.json) {
            auto object = to_json(card);
            object["cursor"] = std::to_string(card.id.value);
            print_json(object);
        } else {
            std::printf("%-20s %-15s %15llu  %s\n", card.identity.iccid.c_str(), card.identity.imsi.c_str(),
                        static_cast<unsigned long long>(card.identity.msisdn), card.profile.c_str());
        }
    }
    if (!options.json && static_cast<std::int64_t>(found->size()) == options.limit)
        std::fprintf(stderr, "more with: --after %lld\n", static_cast<long long>(found->back().id.value));
}

}  // namespace

void add_card(CLI::App& app, invocation& run) {
    auto* command = app.add_subcommand("card", "the registry of cards");
    command->require_subcommand(1);
    const auto options = std::make_shared<card_options>();

    auto* importing = command->add_subcommand("import", "cards and keys from a CSV file");
    importing
        ->add_option("FILE", options->file,
                     "iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key,counter[,tags][,tar]"
                     "[,counter_scope][,var.NAME]")
        ->required();
    importing->add_option("--profile", options->importing.profile, "profile of rows that name none");
    auto* mapping = importing->add_option("--mapping", options->mapping,
                                          "FILE is a vendor's; what in it is what, as TOML (share/mappings)");
    importing->add_option("--transport-key", options->transport_key, "under which the vendor's keys are")
        ->needs(mapping);
    importing->add_flag("--strict", options->importing.strict, "one bad row refuses the whole file");
    importing->add_flag("--json", options->json, "print one JSON object");
    importing->callback([&run, options] { import_file(run, *options); });

    auto* tagging = command->add_subcommand("tag", "put tags on cards and take them off");
    tagging->add_option("NAME", options->names, "ICCID, IMSI or MSISDN of each card")->required();
    tagging->add_option("--add", options->add, "a tag: a-z, 0-9, '_', '.', '-'; may be repeated")
        ->allow_extra_args(false);
    tagging->add_option("--remove", options->remove, "may be repeated")->allow_extra_args(false);
    tagging->add_flag("--json", options->json, "print one JSON object");
    tagging->callback([&run, options] { tag(run, *options); });

    auto* showing = command->add_subcommand("show", "one card: identity, tags, key sets, image, history");
    showing->add_option("NAME", options->name, "ICCID, IMSI or MSISDN")->required();
    showing->add_flag("--json", options->json, "print one JSON object");
    showing->callback([&run, options] { show(run, *options); });

    auto* listing = command->add_subcommand("list", "cards in the order of their import");
    listing->add_option("--profile", options->profile, "only this profile");
    listing->add_option("--limit", options->limit, "at most so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 1'000'000));
    listing->add_option("--after", options->after, "cursor of the last card seen");
    listing->add_flag("--json", options->json, "print JSON Lines");
    listing->callback([&run, options] { list(run, *options); });

    add_card_operations(*command, run);
    add_card_verify(*command, run);
    add_card_moves(*command, run);
    add_card_counters(*command, run);
    add_card_try(*command, run);
}

}  // namespace tessera::app
