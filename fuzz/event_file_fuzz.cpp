// Any text as a file of events: every line gets on, and what is accepted is an event that can be told of again.
#include <cstdlib>
#include <sstream>

#include "base/csv.h"
#include "base/iso8601.h"
#include "cards/event_row.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tessera;
    csv_reader reader(std::make_unique<std::istringstream>(std::string(as_text({data, size}))), "fuzz");
    if (!reader.next().value_or(false)) return 0;
    const auto columns = cards::event_columns::from_header(reader.fields(), "fuzz");
    if (!columns) {
        if (columns.error().code != "bad_header" || columns.error().message.empty()) std::abort();
        return 0;
    }
    const auto now = timestamp(std::chrono::seconds(1'700'000'000));
    for (;;) {
        const auto more = reader.next();
        if (more && !*more) return 0;
        if (!more) continue;
        const auto told = columns->read(reader.fields(), now, "fuzz");
        if (!told) {
            if (told.error().field.empty() || told.error().message.empty()) std::abort();
            continue;
        }
        const auto& event = told->event;
        if (event.kind == cards::event_kind::first_registration || told->card.empty()) std::abort();
        if (event.phone && !cards::parse_imei(event.phone->imei)) std::abort();
        // Written to the millisecond.
        const auto again = parse_iso8601(to_iso8601(event.at));
        if (!again || *again > event.at || event.at - *again >= std::chrono::milliseconds(1)) std::abort();
    }
}
