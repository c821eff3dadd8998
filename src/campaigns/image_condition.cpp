#include "campaigns/image_condition.h"

#include <charconv>

#include "base/hex.h"
#include "base/limits.h"
#include "operations/file_path.h"

namespace tessera::campaigns {
namespace {

std::unexpected<error> bad(std::string what) { return failure("bad_condition", "image", std::move(what)); }

std::unexpected<error> no_condition() {
    return bad("expected file \"PATH\" == \"CONTENT\", file \"PATH\" != \"CONTENT\" or file \"PATH\" missing");
}

// Takes words and quoted texts off the front of a condition.
class condition_reader {
public:
    explicit condition_reader(std::string_view text) : rest_(text) {}

    std::string_view word() {
        skip();
        const auto end = std::min(rest_.find_first_of(" \t\""), rest_.size());
        return take(end);
    }
    result<std::string_view> quoted() {
        skip();
        if (!rest_.starts_with('"')) return no_condition();
        rest_.remove_prefix(1);
        const auto end = rest_.find('"');
        if (end == std::string_view::npos) return bad("a quote is not closed");
        const auto text = take(end);
        rest_.remove_prefix(1);
        return text;
    }
    bool at_end() {
        skip();
        return rest_.empty();
    }

private:
    void skip() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
    }
    std::string_view take(std::size_t octets) {
        const auto taken = rest_.substr(0, octets);
        rest_.remove_prefix(octets);
        return taken;
    }
    std::string_view rest_;
};

// By name or path; an identifier alone means the files of that identifier in whichever directory, "*/6f46", unless one
// stands directly under the master file (those begin with 2f: ETSI TS 102 221 clause 8.6).
result<std::string> file_of(std::string_view name_or_path) {
    TESSERA_TRY_VALUE(auto found, operations::find_file(name_or_path, "image"));
    const bool alone = found.path.size() == 4 && !found.path.starts_with("2f");
    return alone ? "*/" + found.path : std::move(found.path);
}

result<std::uint16_t> record_number(std::string_view text) {
    std::uint16_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc() || end != text.data() + text.size() || number < 1 || number > 254)
        return bad("record: expected a number from 1 to 254");
    return number;
}

}  // namespace

result<image_condition> parse_image_condition(std::string_view text) {
    using relation = image_condition::relation;
    condition_reader reader(text);
    image_condition made;
    if (reader.word() != "file") return no_condition();
    TESSERA_TRY_VALUE(const auto path, reader.quoted());
    TESSERA_TRY_VALUE(made.file, file_of(path));
    auto word = reader.word();
    if (word == "record") {
        TESSERA_TRY_VALUE(made.record, record_number(reader.word()));
        word = reader.word();
    }
    if (word == "missing") {
        made.what = relation::is_missing;
    } else if (word == "==" || word == "!=") {
        made.what = word == "==" ? relation::holds : relation::differs;
        TESSERA_TRY_VALUE(const auto content, reader.quoted());
        TESSERA_TRY_VALUE(made.content, from_hex(content));
        if (made.content.empty() || made.content.size() > limits::file_content_octets)
            return bad("expected a content of 1 to " + std::to_string(limits::file_content_octets) + " octets");
    } else {
        return no_condition();
    }
    if (!reader.at_end()) return no_condition();
    return made;
}

}  // namespace tessera::campaigns
