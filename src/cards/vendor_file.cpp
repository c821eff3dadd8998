#include "cards/vendor_file.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>

#include "base/limits.h"
#include "base/system_error.h"

namespace tessera::cards {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::string lower(std::string_view text) {
    std::string made(text);
    std::ranges::transform(made, made.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return made;
}

bool is_blank(char separator) { return separator == ' ' || separator == '\t'; }

// Every value of a mapping, to be asked the same.
template <class Use>
result<void> for_each_value(const vendor_mapping& mapping, Use&& use) {
    for (const auto& [name, value] : mapping.card) TESSERA_TRY(use(value));
    for (const auto& set : mapping.key_sets)
        for (const auto* value : {&set.kvn, &set.kic_algorithm, &set.kid_algorithm, &set.counter, &set.tar,
                                  &set.counter_scope, &set.kic.key, &set.kic.check_value, &set.kid.key,
                                  &set.kid.check_value, &set.dek_algorithm, &set.dek.key, &set.dek.check_value})
            TESSERA_TRY(use(*value));
    return {};
}

}  // namespace

vendor_file::vendor_file(std::unique_ptr<std::istream> input, std::string name, const vendor_mapping& mapping)
    : input_(std::move(input)),
      name_(std::move(name)),
      mapping_(&mapping),
      buffer_(limits::vendor_line_octets + 6, '\0') {}

result<vendor_file> vendor_file::open(const std::string& path, const vendor_mapping& mapping) {
    errno = 0;
    auto file = std::make_unique<std::ifstream>(path, std::ios::binary);
    if (!*file || (file->peek(), file->bad()))
        return failure("not_found", path, with_reason("cannot be opened for reading"));
    file->clear();
    return from(std::move(file), path, mapping);
}

result<vendor_file> vendor_file::from(std::unique_ptr<std::istream> input, std::string name,
                                      const vendor_mapping& mapping) {
    vendor_file made(std::move(input), std::move(name), mapping);
    TESSERA_TRY(made.read_header());
    TESSERA_TRY(made.check_columns());
    return made;
}

std::unexpected<error> vendor_file::bad_header(std::string what) const {
    return failure("bad_header", name_ + (line_ == 0 ? "" : ":" + std::to_string(line_)), std::move(what));
}

bool vendor_file::read_line() {
    too_long_ = false;
    if (!input_->getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()))) {
        if (input_->gcount() == 0) return false;
        text_ = {buffer_.data(), static_cast<std::size_t>(input_->gcount())};
        input_->clear();
        input_->ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    } else {
        const auto read = static_cast<std::size_t>(input_->gcount());
        text_ = {buffer_.data(), input_->eof() ? read : read - 1};
    }
    if (++line_ == 1 && text_.starts_with(byte_order_mark)) text_.remove_prefix(byte_order_mark.size());
    if (text_.ends_with('\r')) text_.remove_suffix(1);
    too_long_ = text_.size() > limits::vendor_line_octets;
    return true;
}

bool vendor_file::passed_over() const {
    return trimmed(text_).empty() || (!mapping_->comment.empty() && text_.starts_with(mapping_->comment));
}

result<void> vendor_file::read_header() {
    if (mapping_->header == vendor_header::none) return {};
    for (std::size_t read = 0; read_line(); ++read) {
        if (read == limits::vendor_header_lines)
            return bad_header("the header has more than " + std::to_string(limits::vendor_header_lines) + " lines");
        if (passed_over()) continue;
        if (too_long_) return bad_header("longer than " + std::to_string(limits::vendor_line_octets) + " octets");
        if (mapping_->header == vendor_header::names) return name_columns(text_, mapping_->separator);
        TESSERA_TRY_VALUE(const bool last, read_header_line());
        if (last) return {};
    }
    return bad_header(mapping_->header == vendor_header::names
                          ? "is empty; expected a line with the names of the columns"
                          : "ends before the line \"" + mapping_->columns_line + "\", which names the columns");
}

// "Name: value" or "Name = value". True: it is the one that cards follow.
result<bool> vendor_file::read_header_line() {
    const auto end = text_.find_first_of(":=");
    if (end == std::string_view::npos) return false;  // a title, or a value that goes on
    const auto name = lower(trimmed(text_.substr(0, end)));
    const auto value = trimmed(text_.substr(end + 1));
    header_.try_emplace(name, header_line{line_, std::string(value)});
    if (name != lower(mapping_->columns_line)) return false;
    if (!mapping_->fixed_columns) TESSERA_TRY(name_columns(value, mapping_->columns_separator));
    return true;
}

result<void> vendor_file::name_columns(std::string_view names, char separator) {
    for (std::size_t at = 0; at <= names.size();) {
        const auto end = std::min(names.find(separator, at), names.size());
        auto name = trimmed(names.substr(at, end - at));
        if (name.size() >= 2 && name.starts_with('"') && name.ends_with('"')) name = name.substr(1, name.size() - 2);
        at = end + 1;
        if (name.empty() && is_blank(separator)) continue;
        if (++columns_ > limits::mapping_columns)
            return bad_header("more than " + std::to_string(limits::mapping_columns) + " columns");
        const auto [place, fresh] = column_numbers_.try_emplace(lower(name), columns_);
        if (!fresh) place->second = 0;
    }
    return {};
}

result<void> vendor_file::check_place(const vendor_value& of) const {
    if (of.from == vendor_value::origin::column_name) {
        const auto found = column_numbers_.find(lower(of.text));
        if (found == column_numbers_.end())
            return bad_header("there is no column \"" + of.text + "\", which the mapping names");
        if (found->second == 0)
            return bad_header("column \"" + of.text + "\", which the mapping names, stands there twice");
    }
    if (of.from == vendor_value::origin::column_number && columns_ != 0 && of.number > columns_)
        return bad_header("the mapping names column " + std::to_string(of.number) + ", the file has " +
                          std::to_string(columns_));
    if (of.from == vendor_value::origin::header && !header_.contains(lower(of.text)))
        return bad_header("there is no line \"" + of.text + "\" in the header, which the mapping names");
    return {};
}

result<void> vendor_file::check_columns() const {
    TESSERA_TRY(for_each_value(*mapping_, [&](const vendor_value& of) { return check_place(of); }));
    const auto announced_cards = announced();
    if (!announced_cards) return std::unexpected(announced_cards.error());
    return {};
}

result<std::optional<vendor_file::announcement>> vendor_file::announced() const {
    if (mapping_->quantity_line.empty()) return std::nullopt;
    const auto found = header_.find(lower(mapping_->quantity_line));
    if (found == header_.end())
        return bad_header("there is no line \"" + mapping_->quantity_line +
                          "\" in the header, which the mapping names");
    announcement made{found->second.line, 0};
    const auto& text = found->second.value;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), made.cards);
    if (problem != std::errc() || end != text.data() + text.size())
        return failure("bad_header", name_ + ":" + std::to_string(made.line),
                       mapping_->quantity_line + ": expected a number of cards");
    return made;
}

result<bool> vendor_file::next() {
    for (;;) {
        fields_.clear();
        if (!read_line()) return false;
        if (!passed_over()) break;
    }
    ++cards_;
    if (too_long_)
        return failure("bad_row", "row", "longer than " + std::to_string(limits::vendor_line_octets) + " octets");
    if (std::ranges::any_of(text_, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }))
        return failure("bad_row", "row", "control characters");
    if (!mapping_->fixed_columns) TESSERA_TRY(split());
    return true;
}

result<void> vendor_file::split() {
    const char separator = mapping_->separator;
    const bool blank = is_blank(separator);
    const auto ends_field = [&](char c) { return blank ? is_blank(c) : c == separator; };
    auto rest = text_;
    for (;;) {
        if (blank) rest = trimmed(rest);
        if (blank && rest.empty()) break;
        if (fields_.size() == limits::mapping_columns)
            return failure("bad_row", "row", "more than " + std::to_string(limits::mapping_columns) + " fields");
        const bool quoted = rest.starts_with('"');
        if (quoted) rest.remove_prefix(1);
        const auto end = static_cast<std::size_t>(
            (quoted ? std::ranges::find(rest, '"') : std::ranges::find_if(rest, ends_field)) - rest.begin());
        fields_.push_back(quoted ? rest.substr(0, end) : trimmed(rest.substr(0, end)));
        if (quoted && end == rest.size()) return failure("bad_row", "row", "a quote is opened and never closed");
        rest.remove_prefix(end + (quoted ? 1 : 0));
        if (rest.empty()) break;
        if (!ends_field(rest.front())) return failure("bad_row", "row", "text after a closing quote");
        rest.remove_prefix(1);
    }
    if (columns_ != 0 && fields_.size() != columns_)
        return failure("bad_row", "row",
                       "expected " + std::to_string(columns_) + " fields as there are columns, got " +
                           std::to_string(fields_.size()));
    return {};
}

std::string_view vendor_file::value(const vendor_value& of) const {
    const auto field = [&](std::size_t number) {
        return number >= 1 && number <= fields_.size() ? fields_[number - 1] : std::string_view();
    };
    switch (of.from) {
        case vendor_value::origin::absent:
            return {};
        case vendor_value::origin::fixed:
            return of.text;
        case vendor_value::origin::column_name:
            return field(column_numbers_.at(lower(of.text)));
        case vendor_value::origin::column_number:
            return field(of.number);
        case vendor_value::origin::place:
            return of.number > text_.size() ? std::string_view() : trimmed(text_.substr(of.number - 1, of.length));
        case vendor_value::origin::header:
            return header_.at(lower(of.text)).value;
    }
    return {};
}

}  // namespace tessera::cards
