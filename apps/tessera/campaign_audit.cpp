#include "tessera/campaign_audit.h"

#include <boost/json.hpp>
#include <cstdio>

#include "base/csv.h"
#include "base/hex.h"
#include "campaigns/audit_report.h"
#include "campaigns/report.h"
#include "codec/apdu.h"
#include "tessera/json_output.h"
#include "tessera/operation_json.h"

namespace tessera::app {
namespace {

namespace json = boost::json;
using campaigns::audit_row;
using operations::reading;

std::optional<bytes> content_of(const audit_row& row) {
    if (row.found == nullptr || row.found->found.now != reading::state::complete) return std::nullopt;
    return row.found->found.content;
}

std::optional<bytes> expected_of(const audit_row& row) {
    if (row.found != nullptr) return row.found->expected;
    return row.wanted->expected;
}

// Why the card would not give it.
std::string refusal_of(const audit_row& row) {
    if (row.found == nullptr || row.found->found.now != reading::state::refused) return "";
    return "status_word " + codec::describe_status_word(row.found->found.status_word);
}

json::object row_object(const audit_row& row) {
    auto made = row_json(*row.card, false);
    const auto& file = row.wanted->file;
    made["file"] = file;
    made["record"] = row.wanted->record == 0 ? json::value(nullptr) : json::value(row.wanted->record);
    put_content(made, file, "", content_of(row));
    const auto expected = expected_of(row);
    json::object beside;
    put_content(beside, file, "", expected);
    made["expected"] = beside["content"];
    made["expected_value"] = beside["value"];
    // Nothing was found to differ where nothing was found.
    made["drift"] = content_of(row) ? json::value(row.found->drift) : json::value(nullptr);
    const auto refusal = refusal_of(row);
    made["file_cause"] = refusal.empty() ? json::value(nullptr) : json::value(refusal);
    return made;
}

void print_row_csv(const audit_row& row) {
    const auto made = row_object(row);
    std::string line;
    for (const auto* key : {"iccid", "outcome", "cause", "attempts", "round", "settled_at", "file", "record", "content",
                            "value", "expected", "expected_value", "drift", "file_cause"}) {
        const auto& value = made.at(key);
        if (!line.empty()) line.push_back(',');
        if (value.is_null()) continue;
        append_csv_field(line, value.is_string() ? std::string(value.get_string()) : json::serialize(value));
    }
    line.push_back('\n');
    std::fputs(line.c_str(), stdout);
}

void print_row_text(const audit_row& row) {
    const auto* found = row.found;
    if (found == nullptr || !found->drift) return;
    const auto made = row_object(row);
    const auto shown = [&](std::string_view content, std::string_view value) {
        return std::string(made.at(content).as_string()) +
               (made.at(value).is_null() ? "" : "  " + json::serialize(made.at(value)));
    };
    std::printf("%-20s drift    %s%s\n  expected  %s\n  found     %s\n", row.card->iccid.c_str(),
                row.wanted->file.c_str(),
                row.wanted->record == 0 ? "" : (" record " + std::to_string(row.wanted->record)).c_str(),
                shown("expected", "expected_value").c_str(), shown("content", "value").c_str());
}

}  // namespace

result<void> print_audit_json(data_directory& data, const campaigns::campaign& subject,
                              const campaigns::definition& what) {
    TESSERA_TRY(campaigns::for_each_reading(*data.writer, subject.key, what,
                                            [](const audit_row& row) { print_json(row_object(row)); }));
    TESSERA_TRY_VALUE(const auto summary, campaigns::summarize(*data.writer, subject, std::nullopt));
    print_json({{"summary", summary_json(summary)}});
    return {};
}

result<void> print_audit_csv(data_directory& data, const campaigns::campaign& subject,
                             const campaigns::definition& what) {
    std::fputs(
        "iccid,outcome,cause,attempts,round,settled_at,file,record,content,value,expected,expected_value,drift,"
        "file_cause\n",
        stdout);
    return campaigns::for_each_reading(*data.writer, subject.key, what, print_row_csv);
}

result<void> print_audit_text(data_directory& data, const campaigns::campaign& subject,
                              const campaigns::definition& what) {
    return campaigns::for_each_reading(*data.writer, subject.key, what, print_row_text);
}

}  // namespace tessera::app
