// The keys under which card vendors send keys. Each comes in components from as many custodians, none of whom knows the
// whole; it is their exclusive-or. Kept wrapped under the master key, also while components are missing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cards/key_vault.h"
#include "crypto/key_transport.h"
#include "store/database.h"

namespace tessera::cards {

struct transport_key_component {
    std::string custodian;
    bytes check_value;  // the first three octets
    timestamp given_at;
};
struct transport_key_status {
    std::string name;
    crypto::cipher_algorithm algorithm{};
    std::size_t wanted = 0;  // components
    std::vector<transport_key_component> components;
    bytes check_value;  // of the whole; empty while components are missing
    [[nodiscard]] bool complete() const { return components.size() == wanted; }
};

// What a custodian brings. The check value was told to them beside the component.
struct component_given {
    std::string name;       // of the transport key: as a tag
    std::string custodian;  // 1 to 64 printable octets
    crypto::cipher_algorithm algorithm{};
    std::size_t wanted = 2;
    secret octets;
    bytes check_value;
    crypto::check_value_method method = crypto::check_value_method::zeros;
};

// One per connection; everything runs in the caller's transaction. Not thread safe.
class transport_keys {
public:
    transport_keys(store::connection& database, key_vault& vault) : database_(&database), vault_(&vault) {}

    // The effect is durable with the caller's commit. Errors: bad_transport_key (name, algorithm or length; all
    // components are there; this custodian gave one; they cancel out), bad_check_value. None says anything of the
    // octets.
    [[nodiscard]] result<transport_key_status> add(const component_given& given, timestamp now);
    [[nodiscard]] result<std::optional<transport_key_status>> find(std::string_view name);
    [[nodiscard]] result<std::vector<transport_key_status>> list();
    [[nodiscard]] result<bool> remove(std::string_view name);  // false: there is none

    struct opened {
        crypto::cipher_algorithm algorithm{};
        secret key;
    };
    // Errors: not_found, incomplete, bad_wrapping.
    [[nodiscard]] result<opened> open(std::string_view name);

private:
    [[nodiscard]] result<std::vector<transport_key_component>> components(std::string_view name);
    [[nodiscard]] result<secret> unwrap(const transport_key_status& status);
    [[nodiscard]] result<void> put_sum(const transport_key_status& status, const secret& sum, timestamp now);

    store::connection* database_;
    key_vault* vault_;
    crypto::block_crypto crypto_;
};

}  // namespace tessera::cards
