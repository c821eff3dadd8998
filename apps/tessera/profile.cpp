// tessera profile: the catalogue of what card profiles can, take and do.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "base/hex.h"
#include "base/limits.h"
#include "cards/profile_file.h"
#include "cards/profile_store.h"
#include "tessera/commands.h"
#include "tessera/data_directory.h"
#include "tessera/json_output.h"
#include "tessera/text_file.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

struct profile_options {
    std::string subject;
    bool json = false;
};

struct import_counts {
    std::int64_t added = 0, changed = 0, unchanged = 0;
};

// The whole file or nothing of it.
result<import_counts> put_all(store::connection& writer, const std::vector<cards::profile_entry>& entries) {
    import_counts counts;
    cards::profile_store catalogue(writer);
    for (const auto& entry : entries) {
        TESSERA_TRY_VALUE(const auto change, catalogue.put(entry, system_clock().now()));
        if (change == cards::profile_store::change::added)
            ++counts.added;
        else if (change == cards::profile_store::change::changed)
            ++counts.changed;
        else
            ++counts.unchanged;
    }
    return counts;
}

void import_file(invocation& run, const profile_options& options) {
    const auto text = read_text_file(options.subject, limits::profile_file_octets);
    if (!text) return refuse(run, text.error());
    const auto entries = cards::parse_profiles(*text, options.subject);
    if (!entries) return refuse(run, entries.error());
    const auto data = open_beside(run.where, store::access::write);
    if (!data) return refuse(run, data.error());
    const auto done = store::in_transaction(*data->writer, [&] { return put_all(*data->writer, *entries); });
    if (!done) return refuse(run, done.error());
    if (options.json)
        return print_json({{"profiles", entries->size()},
                           {"added", done->added},
                           {"changed", done->changed},
                           {"unchanged", done->unchanged}});
    std::printf("%zu profiles: %lld added, %lld changed, %lld unchanged\n", entries->size(),
                static_cast<long long>(done->added), static_cast<long long>(done->changed),
                static_cast<long long>(done->unchanged));
}

json::value minimum_json(const std::optional<cards::minimum_security>& minimum) {
    if (!minimum) return nullptr;
    bytes octets{minimum->first};
    if (minimum->second) octets.push_back(*minimum->second);
    const auto words = cards::words_of({minimum->first, minimum->second.value_or(0)});
    json::object made{{"spi", to_hex(octets)},        {"ciphering", words.ciphering == "yes"},
                      {"integrity", words.integrity}, {"counter", words.counter},
                      {"por_ciphering", nullptr},     {"por_integrity", nullptr}};
    if (!minimum->second) return made;
    made["por_ciphering"] = words.por_ciphering == "yes";
    made["por_integrity"] = words.por_integrity;
    return made;
}

template <class Value>
json::value optional_json(const std::optional<Value>& value) {
    return value ? json::value(*value) : json::value(nullptr);
}

json::object quirks_json(const cards::profile_quirks& quirks) {
    json::object made;
    if (quirks.cc_len) made["cc_len"] = *quirks.cc_len;
    if (quirks.select) made["select"] = cards::to_string(*quirks.select);
    if (quirks.concatenated_por) made["concatenated_por"] = *quirks.concatenated_por;
    if (quirks.replay_status) made["replay_status"] = *quirks.replay_status == 6 ? "06" : "02";
    if (quirks.secured_error_por) made["secured_error_por"] = *quirks.secured_error_por;
    return made;
}

void put_facts(json::object& into, const cards::profile_facts& facts) {
    json::object tars;
    for (const auto& [name, tar] : facts.tars) {
        bytes octets;
        append_big_endian(octets, tar, 3);
        tars[name] = to_hex(octets);
    }
    json::array algorithms;
    for (const auto one : facts.algorithms) algorithms.emplace_back(crypto::to_string(one));
    into["tars"] = std::move(tars);
    into["minimum_security"] = minimum_json(facts.minimum);
    into["algorithms"] = std::move(algorithms);
    into["parts_max"] = optional_json(facts.parts_max);
    into["longest_message"] = optional_json(facts.longest_message);
    into["quirks"] = quirks_json(facts.quirks);
}

json::object entry_json(const cards::profile_entry& entry) {
    json::object made{{"name", entry.name}};
    put_facts(made, entry.facts);
    json::array batches;
    for (const auto& batch : entry.batches) {
        json::object one{{"name", batch.name}, {"iccid_range", json::array{batch.first_iccid, batch.last_iccid}}};
        put_facts(one, batch.facts);
        batches.push_back(std::move(one));
    }
    made["batches"] = std::move(batches);
    return made;
}

void print_minimum(const cards::profile_facts& facts, const std::string& of) {
    if (!facts.minimum) return;
    const auto words = cards::words_of({facts.minimum->first, facts.minimum->second.value_or(0)});
    std::printf("# minimum security%s: ciphering %s, integrity %s, counter %s", of.c_str(), words.ciphering.data(),
                words.integrity.data(), words.counter.data());
    if (facts.minimum->second)
        std::printf(", PoR ciphering %s, PoR integrity %s", words.por_ciphering.data(), words.por_integrity.data());
    std::printf("\n");
}

void show(invocation& run, const profile_options& options) {
    const auto data = open_beside(run.where, store::access::read);
    if (!data) return refuse(run, data.error());
    const auto found = cards::profile_store(*data->writer).find(options.subject);
    if (!found) return refuse(run, found.error());
    if (!*found) return refuse(run, error{"not_found", options.subject, "the catalogue has no profile with this name"});
    if (options.json) return print_json(entry_json(**found));
    std::printf("%s", cards::profile_text(**found).c_str());
    print_minimum((*found)->facts, "");
    for (const auto& batch : (*found)->batches) print_minimum(batch.facts, " of batch \"" + batch.name + "\"");
}

void list(invocation& run, const profile_options& options) {
    const auto data = open_beside(run.where, store::access::read);
    if (!data) return refuse(run, data.error());
    const auto found = cards::profile_store(*data->writer).list();
    if (!found) return refuse(run, found.error());
    for (const auto& entry : *found) {
        if (options.json) {
            print_json(entry_json(entry));
            continue;
        }
        const auto tars = entry.facts.list_of_tars();
        std::printf("%-24s %s%s\n", entry.name.c_str(), tars.empty() ? "-" : tars.c_str(),
                    entry.batches.empty() ? "" : (", " + std::to_string(entry.batches.size()) + " batches").c_str());
    }
}

std::string quirks_footer() {
    std::string text = "Quirks:";
    for (const auto& [name, meaning] : cards::known_quirks())
        text += "\n  " + std::string(name) + ": " + std::string(meaning);
    return text;
}

}  // namespace

void add_profile(CLI::App& app, invocation& run) {
    auto* command =
        app.add_subcommand("profile", "what card profiles can, take and do: TARs, minimum security, quirks");
    command->require_subcommand(1);
    const auto options = std::make_shared<profile_options>();

    auto* importing =
        command->add_subcommand("import", "profiles from a TOML file; those of a known name are replaced");
    importing->add_option("FILE", options->subject, "sections [[profile]], in them [[profile.batch]]")->required();
    importing->add_flag("--json", options->json, "print one JSON object");
    importing->footer(quirks_footer());
    importing->callback([&run, options] { import_file(run, *options); });

    auto* listing = command->add_subcommand("list", "the profiles of the catalogue, in order of name");
    listing->add_flag("--json", options->json, "print JSON Lines");
    listing->callback([&run, options] { list(run, *options); });

    auto* showing = command->add_subcommand("show", "one profile, as a file that can be imported");
    showing->add_option("NAME", options->subject, "of the profile")->required();
    showing->add_flag("--json", options->json, "print one JSON object");
    showing->callback([&run, options] { show(run, *options); });
}

}  // namespace tessera::app
