#include "cards/transport_keys.h"

#include <algorithm>
#include <array>

#include "cards/identifiers.h"

namespace tessera::cards {
namespace {

constexpr std::size_t components_min = 2;
constexpr std::size_t components_max = 8;
constexpr std::size_t custodian_octets_max = 64;
constexpr std::size_t check_value_octets = 3;

std::unexpected<error> refused(std::string_view field, std::string message) {
    return failure("bad_transport_key", field, std::move(message));
}

// What the wrapped sum is bound to: which key it is of, and how much of it.
bytes wrapping_context(const transport_key_status& status) {
    const std::array<std::uint8_t, 4> head{'T', static_cast<std::uint8_t>(status.algorithm),
                                           static_cast<std::uint8_t>(status.wanted),
                                           static_cast<std::uint8_t>(status.components.size())};
    bytes context;
    append(context, head);
    append(context, as_bytes(status.name));
    return context;
}

result<void> check_given(const component_given& given) {
    if (const auto name = parse_tag(given.name, "name"); !name) return refused("name", name.error().message);
    const bool printable = std::ranges::none_of(given.custodian, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (given.custodian.empty() || given.custodian.size() > custodian_octets_max || !printable ||
        given.custodian.front() == ' ' || given.custodian.back() == ' ')
        return refused("custodian",
                       "expected 1 to 64 octets without control characters, and no blank before or behind them");
    if (given.algorithm == crypto::cipher_algorithm::des)
        return refused("algorithm",
                       "a single DES key protects nothing; expected 3des2, 3des3, aes128, aes192 or aes256");
    if (given.wanted < components_min || given.wanted > components_max)
        return refused("components", "expected 2 to 8 of them");
    if (given.octets.size() != crypto::key_octets(given.algorithm))
        return refused("component", "a key of " + std::string(crypto::to_string(given.algorithm)) + " has " +
                                        std::to_string(crypto::key_octets(given.algorithm)) +
                                        " octets, the component " + std::to_string(given.octets.size()));
    return {};
}

// Small and capital letters do not make two people.
bool same_person(std::string_view one, std::string_view other) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(one, other, {}, lower, lower);
}

// How a new component fits what is there.
result<void> check_fits(const component_given& given, const transport_key_status& known) {
    if (known.complete()) return refused("name", "all components of this key are there; remove it to begin anew");
    if (known.algorithm != given.algorithm)
        return refused("algorithm", "the first component was of " + std::string(crypto::to_string(known.algorithm)));
    if (known.wanted != given.wanted)
        return refused("components", "the first custodian said that there are " + std::to_string(known.wanted));
    if (std::ranges::any_of(known.components,
                            [&](const auto& one) { return same_person(one.custodian, given.custodian); }))
        return refused("custodian", "\"" + given.custodian + "\" has given a component; the next is another's");
    return {};
}

}  // namespace

result<transport_key_status> transport_keys::add(const component_given& given, timestamp now) {
    TESSERA_TRY(check_given(given));
    TESSERA_TRY_VALUE(const auto known, find(given.name));
    if (known) TESSERA_TRY(check_fits(given, *known));
    TESSERA_TRY_VALUE(const bool holds, crypto::check_value_holds(crypto_, given.algorithm, given.octets.reveal(),
                                                                  given.method, given.check_value));
    if (!holds) return failure("bad_check_value", "kcv", "is not that of this component: one of them was mistyped");
    auto sum = given.octets.clone();
    if (known) {
        TESSERA_TRY_VALUE(const auto before, unwrap(*known));
        const auto octets = sum.resize(before.size());
        for (std::size_t i = 0; i < octets.size(); ++i)
            octets[i] = static_cast<std::uint8_t>(given.octets.reveal()[i] ^ before.reveal()[i]);
        if (sum == secret(bytes(sum.size(), 0)))
            return refused("component", "is the same as what is there: the key would be all zeros");
    }
    auto status = known.value_or(transport_key_status{given.name, given.algorithm, given.wanted, {}, {}});
    TESSERA_TRY_VALUE(auto block,
                      crypto::key_check_block(crypto_, given.algorithm, given.octets.reveal(), given.method));
    block.resize(check_value_octets);
    status.components.push_back({given.custodian, block, now});
    if (status.complete()) {
        TESSERA_TRY_VALUE(status.check_value,
                          crypto::key_check_block(crypto_, given.algorithm, sum.reveal(), given.method));
        status.check_value.resize(check_value_octets);
    }
    TESSERA_TRY(put_sum(status, sum, now));
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO transport_key_component (name, ordinal, custodian, "
                                                 "check_value, given_at) VALUES ($1, $2, $3, $4, $5)"));
    TESSERA_TRY(
        put->with(status.name, status.components.size(), given.custodian, block, to_microseconds(now)).execute());
    return status;
}

result<void> transport_keys::put_sum(const transport_key_status& status, const secret& sum, timestamp now) {
    bytes wrapped;
    TESSERA_TRY(vault_->wrap_other(sum, wrapping_context(status), wrapped));
    TESSERA_TRY_VALUE(auto* put,
                      database_->kept("INSERT INTO transport_key (name, algorithm, components, wrapped, check_value, "
                                      "changed_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO UPDATE SET "
                                      "wrapped = excluded.wrapped, check_value = excluded.check_value, "
                                      "changed_at = excluded.changed_at"));
    return put->with(status.name, status.algorithm, status.wanted, wrapped, status.check_value, to_microseconds(now))
        .execute();
}

result<std::vector<transport_key_component>> transport_keys::components(std::string_view name) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT custodian, check_value, given_at FROM transport_key_component "
                                      "WHERE name = $1 ORDER BY ordinal"));
    query->with(name);
    std::vector<transport_key_component> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back(
            {std::string(query->text(0)), to_bytes(query->octets(1)), from_microseconds(query->integer(2))});
    }
}

result<std::optional<transport_key_status>> transport_keys::find(std::string_view name) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT algorithm, components, check_value FROM transport_key "
                                                   "WHERE name = $1"));
    TESSERA_TRY_VALUE(const bool there, query->with(name).step());
    if (!there) return std::nullopt;
    transport_key_status found{std::string(name),
                               static_cast<crypto::cipher_algorithm>(query->integer(0)),
                               static_cast<std::size_t>(query->integer(1)),
                               {},
                               to_bytes(query->octets(2))};
    query->reset();
    TESSERA_TRY_VALUE(found.components, components(name));
    return found;
}

result<std::vector<transport_key_status>> transport_keys::list() {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT name FROM transport_key ORDER BY name"));
    query->reset();
    std::vector<std::string> names;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) break;
        names.emplace_back(query->text(0));
    }
    std::vector<transport_key_status> found;
    for (const auto& name : names) {
        TESSERA_TRY_VALUE(auto one, find(name));
        if (one) found.push_back(std::move(*one));
    }
    return found;
}

result<bool> transport_keys::remove(std::string_view name) {
    TESSERA_TRY_VALUE(auto* components, database_->kept("DELETE FROM transport_key_component WHERE name = $1"));
    TESSERA_TRY(components->with(name).execute());
    TESSERA_TRY_VALUE(auto* key, database_->kept("DELETE FROM transport_key WHERE name = $1"));
    TESSERA_TRY(key->with(name).execute());
    return database_->changed() == 1;
}

result<secret> transport_keys::unwrap(const transport_key_status& status) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT wrapped FROM transport_key WHERE name = $1"));
    TESSERA_TRY(query->with(status.name).step());
    const auto wrapped = to_bytes(query->octets(0));
    query->reset();
    return vault_->unwrap_other(wrapped, wrapping_context(status));
}

result<transport_keys::opened> transport_keys::open(std::string_view name) {
    TESSERA_TRY_VALUE(const auto status, find(name));
    if (!status)
        return failure(
            "not_found", "transport_key",
            "there is none named \"" + std::string(name) + "\"; give its components with: tessera transport-key add");
    if (!status->complete())
        return failure("incomplete", "transport_key",
                       std::to_string(status->components.size()) + " of " + std::to_string(status->wanted) +
                           " components of \"" + std::string(name) + "\" are there");
    TESSERA_TRY_VALUE(auto key, unwrap(*status));
    return opened{status->algorithm, std::move(key)};
}

}  // namespace tessera::cards
