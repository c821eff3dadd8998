#include "base/csv.h"

#include <algorithm>

#include "base/limits.h"

namespace tessera {

result<csv_reader> csv_reader::open(const std::string& path) {
    csv_reader reader;
    reader.path_ = path;
    reader.file_.open(path, std::ios::binary);
    std::string probe;
    if (!reader.file_ || (reader.file_.peek(), reader.file_.bad()))
        return failure("not_found", path, "cannot be opened for reading");
    reader.file_.clear();
    return reader;
}

std::string& csv_reader::place(std::size_t index) {
    if (index == fields_.size()) fields_.emplace_back();
    fields_[index].clear();
    return fields_[index];
}

// Fields keep their memory from record to record: a file of a million lines allocates as often as one line does.
result<void> csv_reader::split(std::string_view text, bool& open_quote) {
    open_quote = false;
    std::size_t count = 0;
    std::size_t at = 0;
    for (;;) {
        auto& field = place(count++);
        if (at < text.size() && text[at] == '"') {
            for (++at;; ++at) {
                if (at == text.size()) {
                    open_quote = true;
                    return {};
                }
                if (text[at] == '"' && (++at == text.size() || text[at] != '"')) break;
                field.push_back(text[at]);
            }
            if (at < text.size() && text[at] != ',')
                return failure("bad_csv", path_ + ":" + std::to_string(record_line_), "text after a closing quote");
        } else {
            const auto end = std::min(text.find(',', at), text.size());
            field.assign(text.substr(at, end - at));
            at = end;
        }
        if (at == text.size()) break;
        ++at;
    }
    fields_.resize(count);
    return {};
}

result<bool> csv_reader::next() {
    record_.clear();
    record_line_ = 0;
    while (std::getline(file_, physical_)) {
        ++line_;
        if (line_ == 1 && physical_.starts_with("\xef\xbb\xbf")) physical_.erase(0, 3);
        if (physical_.ends_with('\r')) physical_.pop_back();
        if (record_line_ == 0) {
            if (physical_.empty()) continue;
            record_line_ = line_;
        } else {
            record_.push_back('\n');
        }
        record_.append(physical_);
        if (record_.size() > limits::csv_line_octets)
            return failure("bad_csv", path_ + ":" + std::to_string(record_line_),
                           "longer than " + std::to_string(limits::csv_line_octets) + " octets");
        bool open_quote = false;
        TESSERA_TRY(split(record_, open_quote));
        if (!open_quote) return true;
    }
    if (record_line_ == 0) return false;
    return failure("bad_csv", path_ + ":" + std::to_string(record_line_), "a quote is opened and never closed");
}

void append_csv_field(std::string& out, std::string_view value) {
    if (value.find_first_of(",\"\r\n") == std::string_view::npos) {
        out.append(value);
        return;
    }
    out.push_back('"');
    for (const char c : value) {
        if (c == '"') out.push_back('"');
        out.push_back(c);
    }
    out.push_back('"');
}

}  // namespace tessera
