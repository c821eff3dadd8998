#include "base/csv.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>

#include "base/limits.h"
#include "base/system_error.h"

namespace tessera {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

}  // namespace

result<csv_reader> csv_reader::open(const std::string& path) {
    errno = 0;
    auto file = std::make_unique<std::ifstream>(path, std::ios::binary);
    if (!*file || (file->peek(), file->bad()))
        return failure("not_found", path, with_reason("cannot be opened for reading"));
    file->clear();
    return csv_reader(std::move(file), path);
}

// Room for a line that is just too long, with a byte order mark, a carriage return and a terminator.
csv_reader::csv_reader(std::unique_ptr<std::istream> input, std::string name)
    : input_(std::move(input)), name_(std::move(name)), buffer_(limits::csv_line_octets + 6, '\0') {}

std::unexpected<error> csv_reader::refused(std::string what) const {
    return failure("bad_csv", name_ + ":" + std::to_string(record_line_), std::move(what));
}

std::unexpected<error> csv_reader::unclosed(const std::string& within) const {
    return refused("the quote opened in line " + std::to_string(quote_line_) + " is not closed" +
                   (within.empty() ? ", the file ends" : within));
}

std::string& csv_reader::place(std::size_t index) {
    if (index == fields_.size()) fields_.emplace_back();
    fields_[index].clear();
    return fields_[index];
}

// Fields keep their memory from record to record: a file of a million lines allocates as often as one line does.
result<void> csv_reader::split(std::string_view text, bool& open_quote) {
    open_quote = false;
    quote_line_ = record_line_;
    std::size_t count = 0;
    std::size_t at = 0;
    for (;;) {
        auto& field = place(count++);
        if (at < text.size() && text[at] == '"') {
            const auto opened = at;
            for (++at;; ++at) {
                if (at == text.size()) {
                    open_quote = true;
                    quote_line_ += static_cast<std::size_t>(std::ranges::count(text.substr(0, opened), '\n'));
                    fields_.resize(count - 1);
                    return {};
                }
                if (text[at] == '"' && (++at == text.size() || text[at] != '"')) break;
                field.push_back(text[at]);
            }
            if (at < text.size() && text[at] != ',') {
                fields_.resize(count - 1);
                return refused("text after a closing quote");
            }
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

// A line without its end; of one that is too long the beginning, which is too long as well. Lines that a failed record
// took come again first.
bool csv_reader::read_line(std::string_view& line) {
    if (!again_.empty()) {
        taken_ = std::move(again_.front());
        again_.pop_front();
        line = taken_;
        ++line_;
        return true;
    }
    if (!input_->getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()))) {
        if (input_->gcount() == 0) return false;
        line = {buffer_.data(), static_cast<std::size_t>(input_->gcount())};
        input_->clear();
        input_->ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    } else {
        const auto read = static_cast<std::size_t>(input_->gcount());
        line = {buffer_.data(), input_->eof() ? read : read - 1};
    }
    if (++line_ == 1 && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    return true;
}

result<bool> csv_reader::read_record() {
    record_.clear();
    record_line_ = 0;
    more_.clear();
    bool open_quote = false;
    for (std::string_view line; read_line(line);) {
        if (record_line_ == 0) {
            if (line.empty()) continue;
            record_line_ = line_;
        } else {
            record_.push_back('\n');
            more_.emplace_back(line);
        }
        record_.append(line);
        if (record_.size() > limits::csv_line_octets) {
            if (open_quote) return unclosed(" within " + std::to_string(limits::csv_line_octets) + " octets");
            fields_.clear();
            return refused("longer than " + std::to_string(limits::csv_line_octets) + " octets");
        }
        TESSERA_TRY(split(record_, open_quote));
        if (!open_quote) return true;
        if (more_.size() + 1 == limits::csv_record_lines)
            return unclosed(" within " + std::to_string(limits::csv_record_lines) + " lines");
    }
    if (record_line_ == 0) return false;
    return unclosed("");
}

result<bool> csv_reader::next() {
    auto outcome = read_record();
    if (!outcome && !more_.empty()) {
        line_ = record_line_;
        again_.insert(again_.begin(), std::make_move_iterator(more_.begin()), std::make_move_iterator(more_.end()));
    }
    return outcome;
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
