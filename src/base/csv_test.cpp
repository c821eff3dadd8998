#include "base/csv.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "base/limits.h"

namespace tessera {
namespace {

using fields = std::vector<std::string>;

csv_reader reader_of(std::string text) {
    return csv_reader(std::make_unique<std::istringstream>(std::move(text)), "cards.csv");
}

// All records; an error stands among them as {"!", "where", "why"}.
std::vector<fields> all(std::string text) {
    auto reader = reader_of(std::move(text));
    std::vector<fields> records;
    for (;;) {
        const auto more = reader.next();
        if (more && !*more) return records;
        records.push_back(more ? reader.fields() : fields{"!", more.error().field, more.error().message});
    }
}

TEST(csv_reader, splits_records_and_fields) {
    EXPECT_EQ(all("a,b\nc,d\n"), (std::vector<fields>{{"a", "b"}, {"c", "d"}}));
    EXPECT_EQ(all("a,b\nc,d"), (std::vector<fields>{{"a", "b"}, {"c", "d"}}));
    EXPECT_EQ(all("a,,\n,\n"), (std::vector<fields>{{"a", "", ""}, {"", ""}}));
    EXPECT_TRUE(all("").empty());
    EXPECT_TRUE(all("\n\r\n\n").empty());
}

TEST(csv_reader, takes_crlf_and_a_byte_order_mark) {
    EXPECT_EQ(all("\xef\xbb\xbf"
                  "a,b\r\n\r\nc,\"d\"\r\n"),
              (std::vector<fields>{{"a", "b"}, {"c", "d"}}));
    EXPECT_EQ(all("a\n\xef\xbb\xbf"
                  "b\n"),
              (std::vector<fields>{{"a"},
                                   {"\xef\xbb\xbf"
                                    "b"}}));
}

TEST(csv_reader, takes_quotes_as_rfc_4180_has_them) {
    EXPECT_EQ(all("\"a,b\",\"\",\"say \"\"hi\"\"\"\n"), (std::vector<fields>{{"a,b", "", "say \"hi\""}}));
    EXPECT_EQ(all("\"two\nlines\",x\r\nnext\n"), (std::vector<fields>{{"two\nlines", "x"}, {"next"}}));
    EXPECT_EQ(all("a\"b,c\n"), (std::vector<fields>{{"a\"b", "c"}}));
}

TEST(csv_reader, shorter_records_keep_nothing_of_longer_ones) {
    EXPECT_EQ(all("secret,two,three\nshort\n"), (std::vector<fields>{{"secret", "two", "three"}, {"short"}}));
}

TEST(csv_reader, knows_where_a_record_began) {
    auto reader = reader_of("\na\n\"b\nb\"\nc\n");
    std::vector<std::size_t> lines;
    while (reader.next().value()) lines.push_back(reader.line());
    EXPECT_EQ(lines, (std::vector<std::size_t>{2, 3, 5}));
}

TEST(csv_reader, goes_on_behind_a_bad_line) {
    EXPECT_EQ(all("a\n\"b\"c,d\ne\n"),
              (std::vector<fields>{{"a"}, {"!", "cards.csv:2", "text after a closing quote"}, {"e"}}));
}

TEST(csv_reader, a_stray_quote_costs_its_own_line_alone) {
    const auto expected = std::vector<fields>{
        {"a"}, {"!", "cards.csv:2", "the quote opened in line 2 is not closed, the file ends"}, {"c", "d"}, {"e"}};
    EXPECT_EQ(all("a\n\"b\nc,d\ne\n"), expected);
    EXPECT_EQ(all("a\n\"b\nc,d\ne"), expected);
    std::string many = "x,\"y\n";
    std::vector<fields> wanted{{"!", "cards.csv:1", "the quote opened in line 1 is not closed within 16 lines"}};
    for (int i = 0; i < 2'000; ++i) {
        many += "r" + std::to_string(i) + "\n";
        wanted.push_back({"r" + std::to_string(i)});
    }
    EXPECT_EQ(all(many), wanted);
    EXPECT_EQ(all("\"last"),
              (std::vector<fields>{{"!", "cards.csv:1", "the quote opened in line 1 is not closed, the file ends"}}));
    const std::string wide(3'000, 'w');
    EXPECT_EQ(all("\"" + wide + "\n" + wide + "\nz\n"),
              (std::vector<fields>{
                  {"!", "cards.csv:1", "the quote opened in line 1 is not closed within 4096 octets"}, {wide}, {"z"}}));
}

TEST(csv_reader, says_where_the_quote_opened_that_is_never_closed) {
    EXPECT_EQ(all("\"a\nb\",\"c\nd\n"),
              (std::vector<fields>{{"!", "cards.csv:1", "the quote opened in line 2 is not closed, the file ends"},
                                   {"!", "cards.csv:2", "the quote opened in line 2 is not closed, the file ends"},
                                   {"d"}}));
}

// A pipe cannot be read twice.
class read_once final : public std::streambuf {
public:
    explicit read_once(std::string text) : text_(std::move(text)) {
        setg(text_.data(), text_.data(), text_.data() + text_.size());
    }

private:
    std::string text_;
};

TEST(csv_reader, a_stray_quote_costs_one_line_from_a_pipe_as_well) {
    struct pipe final : std::istream {
        explicit pipe(std::string text) : std::istream(nullptr), buffer(std::move(text)) { rdbuf(&buffer); }
        read_once buffer;
    };
    csv_reader reader(std::make_unique<pipe>("a\n\"b\nc,d\n\ne\n"), "stdin");
    ASSERT_TRUE(reader.next().value());
    EXPECT_FALSE(reader.next());
    ASSERT_TRUE(reader.next().value());
    EXPECT_EQ(reader.fields(), (fields{"c", "d"}));
    ASSERT_TRUE(reader.next().value());
    EXPECT_EQ(reader.fields(), fields{"e"});
    EXPECT_EQ(reader.line(), 5U);
    EXPECT_FALSE(reader.next().value());
}

TEST(csv_reader, the_line_numbers_are_right_after_a_stray_quote) {
    auto reader = reader_of("\"a\nb\nc\n");
    EXPECT_FALSE(reader.next());
    ASSERT_TRUE(reader.next().value());
    EXPECT_EQ(reader.line(), 2U);
    ASSERT_TRUE(reader.next().value());
    EXPECT_EQ(reader.line(), 3U);
}

TEST(csv_reader, after_an_error_the_fields_are_the_record_s_own) {
    auto reader = reader_of("one,two,three\nfour,\"\"x\none,two,three\n" + std::string(5'000, 'y') + "\nz,\"\n");
    ASSERT_TRUE(reader.next().value());
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.fields(), fields{"four"});
    ASSERT_TRUE(reader.next().value());
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.fields().empty());
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.fields(), fields{"z"});
}

TEST(csv_reader, refuses_what_is_longer_than_the_limit_and_reads_no_more_of_it) {
    const std::string longest(limits::csv_line_octets, 'x');
    for (const std::string end : {"", "\n", "\r\n"}) EXPECT_EQ(all(longest + end), (std::vector<fields>{{longest}}));
    EXPECT_EQ(all("\xef\xbb\xbf" + longest + "\r\na\n"), (std::vector<fields>{{longest}, {"a"}}));
    for (const std::size_t more : {1U, 2U, 4U, 5U, 6U, 7U, 100'000U})
        EXPECT_EQ(all(longest + std::string(more, 'x') + "\na\n"),
                  (std::vector<fields>{{"!", "cards.csv:1", "longer than 4096 octets"}, {"a"}}))
            << more;
}

TEST(csv_reader, opens_files_and_says_what_it_cannot) {
    EXPECT_EQ(csv_reader::open("no/such/file.csv").error().code, "not_found");
    EXPECT_EQ(csv_reader::open(std::filesystem::temp_directory_path().string()).error().code, "not_found");
}

TEST(append_csv_field, gives_what_the_reader_reads_again) {
    const fields odd{"plain", "", "a,b", "say \"hi\"", "two\nlines", " blank ", "\"", "a\rb"};
    std::string line;
    for (const auto& field : odd) {
        if (!line.empty()) line.push_back(',');
        append_csv_field(line, field);
    }
    EXPECT_EQ(all(line + "\n"), std::vector<fields>{odd});
}

}  // namespace
}  // namespace tessera
