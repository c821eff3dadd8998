#include "cards/vendor_import.h"

#include "cards/vendor_rows.h"

namespace tessera::cards {

result<import_report> import_vendor_file(const std::string& path, const vendor_mapping& mapping,
                                         const vendor_options& options, store::connection& writer, key_vault& vault,
                                         timestamp now, const std::function<void(std::size_t)>& progress) {
    transport_keys::opened transport;
    if (mapping.transport.has_value() != !options.transport_key.empty())
        return failure("bad_mapping", "transport_key",
                       mapping.transport ? "the mapping says that keys are under a transport key: name it"
                                         : "the mapping says that keys are in clear, so none is of use");
    if (mapping.transport) {
        TESSERA_TRY_VALUE(transport, transport_keys(writer, vault).open(options.transport_key));
        if (!crypto::serves(transport.algorithm, *mapping.transport))
            return failure("bad_mapping", "transport_key",
                           "is of " + std::string(crypto::to_string(transport.algorithm)) + ", which does not serve " +
                               std::string(crypto::to_string(*mapping.transport)));
    }
    const transport_key_use use{transport.algorithm, transport.key.reveal()};
    TESSERA_TRY_VALUE(auto file, vendor_file::open(path, mapping));
    vendor_rows rows(std::move(file), mapping, mapping.transport ? &use : nullptr, options.importing.profile);
    return import_rows(path, rows, options.importing, writer, vault, now, progress);
}

}  // namespace tessera::cards
