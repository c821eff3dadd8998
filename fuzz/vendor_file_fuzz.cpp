// A mapping and a file by it: the mapping ends at the first line "----". Neither makes anything crash; every card's
// line gets on, and what is accepted has an ICCID that is one.
#include <cstdlib>
#include <sstream>

#include "base/limits.h"
#include "cards/identifiers.h"
#include "cards/vendor_rows.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tessera;
    const auto text = as_text({data, size});
    constexpr std::string_view fence = "\n----\n";
    const auto end = std::min(text.find(fence), text.size());
    const auto mapping = cards::parse_mapping(text.substr(0, end), "mapping");
    if (!mapping) {
        if (mapping.error().empty()) std::abort();
        return 0;
    }
    const auto rest = text.substr(std::min(end + fence.size(), text.size()));
    auto file = cards::vendor_file::from(std::make_unique<std::istringstream>(std::string(rest)), "file", *mapping);
    if (!file) return 0;
    // A transport key that serves the mapping, if it asks for one.
    const bytes key(16, 0x42);
    const bool des = mapping->transport == crypto::transport_mode::triple_des_ecb ||
                     mapping->transport == crypto::transport_mode::triple_des_cbc;
    const cards::transport_key_use use{
        des ? crypto::cipher_algorithm::triple_des_2key : crypto::cipher_algorithm::aes128, key};
    cards::vendor_rows rows(std::move(*file), *mapping, mapping->transport ? &use : nullptr, "fuzz");
    for (std::size_t last = 0;;) {
        const auto more = rows.next();
        if (more && !*more) return 0;
        if (rows.line() <= last) std::abort();
        last = rows.line();
        static_cast<void>(rows.rejected());
        if (!more) continue;
        const auto row = rows.row();
        if (row && (!cards::parse_iccid(row->identity.iccid) || row->more_keys.size() >= limits::mapping_columns))
            std::abort();
    }
}
