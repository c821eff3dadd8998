// Any text as a card file. A row that is accepted, written as a refused row would be, means the same card.
#include <cstdlib>
#include <sstream>

#include "base/csv.h"
#include "cards/import_row.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using namespace tessera;

csv_reader reader_of(std::string text) {
    return csv_reader(std::make_unique<std::istringstream>(std::move(text)), "fuzz");
}

bool same(const cards::import_row& a, const cards::import_row& b) {
    if (a.identity != b.identity || a.profile != b.profile || a.keys.has_value() != b.keys.has_value()) return false;
    if (a.tags != b.tags) return false;
    return !a.keys || (a.keys->header == b.keys->header && a.keys->kic == b.keys->kic && a.keys->kid == b.keys->kid);
}

void survives_the_file_of_refused_rows(const cards::import_row& row, const std::string& header,
                                       const std::string& canonical) {
    auto again = reader_of(header + ",line,field,reason\n" + canonical + ",1,x,y\n");
    if (!again.next().value_or(false)) std::abort();
    const auto columns = cards::import_columns::from_header(again.fields(), "fuzz");
    if (!columns || !again.next().value_or(false)) std::abort();
    const auto reread = columns->parse(again.fields(), "fallback");
    if (!reread || !same(row, *reread)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto reader = reader_of(std::string(as_text({data, size})));
    const auto header = reader.next();
    if (!header || !*header) return 0;
    const auto columns = cards::import_columns::from_header(reader.fields(), "fuzz");
    if (!columns) return 0;
    for (std::size_t last = reader.line();;) {
        const auto more = reader.next();
        if (more && !*more) return 0;
        if (reader.line() <= last) std::abort();  // it always gets on
        last = reader.line();
        if (!more) continue;
        const auto row = columns->parse(reader.fields(), "fallback");
        if (row)
            survives_the_file_of_refused_rows(*row, columns->canonical_header(),
                                              columns->canonical_row(reader.fields()));
    }
}
