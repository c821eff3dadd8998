// tessera transport-key: the keys under which card vendors send keys, brought in components by their custodians.
#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "base/hex.h"
#include "cards/transport_keys.h"
#include "tessera/commands.h"
#include "tessera/data_directory.h"
#include "tessera/json_output.h"
#include "tessera/secret_input.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

struct transport_key_options {
    std::string name, custodian, algorithm, kcv;
    std::string method = "zeros";
    std::size_t components = 2;
    secret_source component;
    bool json = false;
};

std::string user_name() {
    const auto* entry = ::getpwuid(::geteuid());
    return entry != nullptr ? entry->pw_name : "uid " + std::to_string(::geteuid());
}

// Where nothing is said, the length of the component tells; of 16 and 24 octets it does not.
result<crypto::cipher_algorithm> algorithm_of(const std::string& name, const secret& component,
                                              const std::optional<cards::transport_key_status>& known) {
    if (!name.empty()) {
        const auto algorithm = crypto::cipher_algorithm_from(name);
        if (algorithm) return *algorithm;
        return failure("bad_algorithm", "--algorithm", "expected 3des2, 3des3, aes128, aes192 or aes256");
    }
    if (known) return known->algorithm;
    if (component.size() == crypto::key_octets(crypto::cipher_algorithm::aes256))
        return crypto::cipher_algorithm::aes256;
    return failure("bad_algorithm", "--algorithm",
                   "is needed with the first component: 3des2, 3des3, aes128, aes192 or aes256");
}

json::object status_json(const cards::transport_key_status& status) {
    json::array components;
    for (const auto& one : status.components)
        components.push_back(
            {{"custodian", one.custodian}, {"kcv", to_hex(one.check_value)}, {"given_at", to_iso8601(one.given_at)}});
    return {{"name", status.name},
            {"algorithm", crypto::to_string(status.algorithm)},
            {"complete", status.complete()},
            {"wanted", status.wanted},
            {"components", std::move(components)},
            {"kcv", status.complete() ? json::value(to_hex(status.check_value)) : json::value(nullptr)}};
}

void print(const cards::transport_key_status& status, bool as_json) {
    if (as_json) return print_json(status_json(status));
    std::printf("%s  %s  %zu of %zu components%s%s\n", status.name.c_str(),
                std::string(crypto::to_string(status.algorithm)).c_str(), status.components.size(), status.wanted,
                status.complete() ? ", KCV " : "", to_hex(status.check_value).c_str());
    for (const auto& one : status.components)
        std::printf("  %s  KCV %s  by %s\n", to_iso8601(one.given_at).c_str(), to_hex(one.check_value).c_str(),
                    one.custodian.c_str());
}

result<cards::component_given> given_by(const transport_key_options& options, data_directory& data) {
    cards::component_given given;
    TESSERA_TRY_VALUE(const auto known, cards::transport_keys(*data.writer, data.vault).find(options.name));
    TESSERA_TRY_VALUE(auto brought,
                      read_secret(options.component, "component of \"" + options.name + "\"", "component"));
    if (brought.open_to_others)
        std::fprintf(stderr, "tessera: %s may be read by others than its owner; remove it when this is done\n",
                     options.component.file->c_str());
    given.name = options.name;
    given.custodian = options.custodian.empty() ? user_name() : options.custodian;
    given.wanted = known && options.components == 2 ? known->wanted : options.components;
    const auto method = crypto::check_value_method_from(options.method);
    if (!method) return failure("bad_check_value", "--kcv-method", "expected zeros, ones or cmac");
    given.method = *method;
    TESSERA_TRY_VALUE(given.algorithm, algorithm_of(options.algorithm, brought.octets, known));
    std::optional<std::string> kcv = brought.second_line;
    if (!options.kcv.empty()) kcv = options.kcv;
    if (!kcv) kcv = ask("its key check value");
    if (!kcv || kcv->empty())
        return failure(
            "bad_check_value", "kcv",
            "the component's key check value is needed: typed, by --kcv, or in the line behind the component");
    TESSERA_TRY_VALUE(given.check_value, from_hex(*kcv, "kcv"));
    given.octets = std::move(brought.octets);
    return given;
}

void add(invocation& run, const transport_key_options& options) {
    auto data = open_beside(run.where, store::access::write);
    if (!data) return refuse(run, data.error());
    const auto given = given_by(options, *data);
    if (!given) return refuse(run, given.error());
    // The commit in here makes the component durable: wrapped, and with it who gave it.
    const auto done = store::in_transaction(*data->writer, [&] {
        return cards::transport_keys(*data->writer, data->vault).add(*given, system_clock().now());
    });
    if (!done) return refuse(run, done.error());
    print(*done, options.json);
}

void status(invocation& run, const transport_key_options& options) {
    auto data = open_beside(run.where, store::access::read);
    if (!data) return refuse(run, data.error());
    cards::transport_keys keys(*data->writer, data->vault);
    if (options.name.empty()) {
        const auto all = keys.list();
        if (!all) return refuse(run, all.error());
        for (const auto& one : *all) print(one, options.json);
        return;
    }
    const auto found = keys.find(options.name);
    if (!found) return refuse(run, found.error());
    if (!*found) return refuse(run, error{"not_found", options.name, "there is no transport key with this name"});
    print(**found, options.json);
}

void remove(invocation& run, const transport_key_options& options) {
    auto data = open_beside(run.where, store::access::write);
    if (!data) return refuse(run, data.error());
    const auto gone = store::in_transaction(
        *data->writer, [&] { return cards::transport_keys(*data->writer, data->vault).remove(options.name); });
    if (!gone) return refuse(run, gone.error());
    if (!*gone) return refuse(run, error{"not_found", options.name, "there is no transport key with this name"});
    if (options.json) return print_json({{"removed", options.name}});
    std::printf("%s is removed\n", options.name.c_str());
}

}  // namespace

void add_transport_key(CLI::App& app, invocation& run) {
    auto* command = app.add_subcommand("transport-key", "keys under which card vendors send keys, in components");
    command->require_subcommand(1);
    const auto options = std::make_shared<transport_key_options>();

    auto* adding = command->add_subcommand(
        "add", "one custodian's component: from a prompt without echo, standard input, a file or a descriptor");
    adding->add_option("NAME", options->name, "of the transport key: a-z, 0-9, '_', '.', '-'")->required();
    auto* file = adding->add_option("--component-file", options->component.file,
                                    "hexadecimal in its first line; the second may be its key check value");
    adding->add_option("--component-fd", options->component.descriptor, "likewise from an open descriptor")
        ->excludes(file);
    adding->add_option("--custodian", options->custodian, "who brings it (default: the user's name)");
    adding->add_option("--algorithm", options->algorithm,
                       "3des2, 3des3, aes128, aes192, aes256; with the first component");
    adding->add_option("--components", options->components, "how many there are, each by another custodian")
        ->capture_default_str()
        ->check(CLI::Range(2, 8));
    adding->add_option("--kcv", options->kcv, "the component's key check value, as its custodian was told (no secret)");
    adding->add_option("--kcv-method", options->method, "of AES: zeros, ones, cmac")->capture_default_str();
    adding->add_flag("--json", options->json, "print one JSON object");
    adding->callback([&run, options] { add(run, *options); });

    auto* showing = command->add_subcommand("status", "who gave which components, and the check value of the whole");
    showing->add_option("NAME", options->name, "only this one");
    showing->add_flag("--json", options->json, "print JSON Lines");
    showing->callback([&run, options] { status(run, *options); });

    auto* removing = command->add_subcommand("remove", "forget a transport key and its components");
    removing->add_option("NAME", options->name, "of the transport key")->required();
    removing->add_flag("--json", options->json, "print one JSON object");
    removing->callback([&run, options] { remove(run, *options); });
}

}  // namespace tessera::app
