// Files that are as they should be, and what they change; refused rows have import_rejects_test.cpp.
#include "cards/import.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "base/limits.h"
#include "cards/identifiers.h"
#include "cards/test_registry.h"

namespace tessera::cards {
namespace {

constexpr std::string_view header =
    "iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key,counter\n";
constexpr std::string_view kic = "000102030405060708090a0b0c0d0e0f";
constexpr std::string_view kid = "F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF";

std::string row(std::string_view identity, std::string_view kvn = "1", std::string_view counter = "000000002a") {
    return std::string(identity) + "," + std::string(kvn) + ",aes128," + std::string(kic) + ",aes128," +
           std::string(kid) + "," + std::string(counter) + "\n";
}
const std::string first = "8949000000000000018,001010000000001,+491701234567,telco";
const std::string second = "8949000000000000026,,,other";

class import_test : public registry_test {
protected:
    [[nodiscard]] result<import_report> import(std::string_view text, const import_options& options = {}) {
        return import_cards(file("cards.csv", text), options, *writer, vault, test_time, [](std::size_t) {});
    }
};

TEST_F(import_test, brings_identity_profile_keys_and_counter_into_the_registry) {
    const auto report = import(std::string(header) + row(first) + row(second));
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->rows, 2U);
    EXPECT_EQ(report->cards_added, 2U);
    EXPECT_EQ(report->key_sets_added, 2U);
    EXPECT_EQ(report->unchanged + report->rejected, 0U);
    EXPECT_TRUE(report->rejects_file.empty());

    card_store cards(*writer);
    const auto card = cards.find("491701234567").value();
    ASSERT_TRUE(card);
    EXPECT_EQ(card->identity, (card_identity{"8949000000000000018", "001010000000001", 491701234567}));
    EXPECT_EQ(card->profile, "telco");
    const auto sets = cards.key_sets(card->id).value();
    ASSERT_EQ(sets.size(), 1U);
    EXPECT_EQ(sets[0].header.initial_counter, 42U);
    const auto keys = vault.unwrap(card->id, sets[0].header, sets[0].wrapped).value();
    EXPECT_EQ(to_hex(keys.kic.reveal()), kic);
    EXPECT_EQ(to_hex(keys.kid.reveal()), "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    const auto nameless = cards.find("8949000000000000026").value();
    EXPECT_EQ(nameless->identity.imsi, "");
    EXPECT_EQ(nameless->identity.msisdn, 0U);
}

TEST_F(import_test, no_key_stands_in_clear_in_the_files_of_the_database) {
    ASSERT_TRUE(import(std::string(header) + row(first)));
    const auto plain = from_hex(kic).value();
    for (const auto* name : {"tessera.db", "tessera.db-wal"}) {
        const auto all = content((folder / name).string());
        EXPECT_EQ(all.find(as_text(plain)), std::string::npos) << name;
        EXPECT_EQ(all.find(kic), std::string::npos) << name;
    }
}

TEST_F(import_test, takes_columns_in_any_order_quotes_crlf_and_a_byte_order_mark) {
    const auto report =
        import("\xef\xbb\xbfkid_key,profile, iccid ,kvn,msisdn,kic_key,kic_algorithm,imsi,kid_algorithm\r\n" +
               std::string(kid) + ",\"tel,co \"\"x\"\"\"," + "8949000000000000018F,\"1\",491701234567, " +
               std::string(kic) + " ,aes128,001010000000001,aes128\r\n\r\n");
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->rows, 1U);
    EXPECT_EQ(report->key_sets_added, 1U) << (report->problems.empty() ? "" : report->problems[0].reason);
    const auto card = card_store(*writer).find("8949000000000000018").value();
    ASSERT_TRUE(card);
    EXPECT_EQ(card->profile, "tel,co \"x\"");
}

TEST_F(import_test, a_second_time_changes_nothing_and_lowers_no_counter) {
    const auto text = std::string(header) + row(first) + row(second);
    ASSERT_TRUE(import(text));
    ASSERT_TRUE(card_store(*writer).put_counter(card_id{1}, 1, 0xb00010, 99));
    const auto before = everything();
    const auto again = import_cards(file("cards.csv", text), {}, *writer, vault, test_time + std::chrono::hours(1),
                                    [](std::size_t) {});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->unchanged, 2U);
    EXPECT_EQ(again->cards_added + again->key_sets_added + again->rejected, 0U);
    EXPECT_EQ(everything(), before);
    // Nor does a file with another start value.
    ASSERT_TRUE(import(std::string(header) + row(first, "1", "0000000000") + row(second, "1", "00000000ff")));
    EXPECT_EQ(everything(), before);
}

TEST_F(import_test, several_rows_of_one_card_are_its_key_sets) {
    const auto report = import(std::string(header) + row(first, "1") + row(first, "2") + row(first, "15"));
    ASSERT_TRUE(report);
    EXPECT_EQ(report->cards_added, 1U);
    EXPECT_EQ(report->key_sets_added, 3U);
    const auto later = import(std::string(header) + row(first, "3") + row(first, "1"));
    EXPECT_EQ(later->key_sets_added, 1U);
    EXPECT_EQ(later->unchanged, 1U);
    EXPECT_EQ(card_store(*writer).key_sets(card_id{1})->size(), 4U);
}

TEST_F(import_test, a_card_may_come_without_keys_or_counter) {
    const auto report = import(std::string(header) + first + ",,,,,,\n" + row(second, "1", ""));
    ASSERT_TRUE(report);
    EXPECT_EQ(report->cards_added, 2U);
    EXPECT_EQ(report->key_sets_added, 1U);
    EXPECT_EQ(card_store(*writer).key_sets(card_id{2})->at(0).header.initial_counter, 0U);
}

TEST_F(import_test, the_profile_column_wins_over_the_option) {
    ASSERT_TRUE(import(std::string(header) + row(first) + row("8949000000000000026,,,"),
                       {.profile = "option", .strict = false}));
    card_store cards(*writer);
    EXPECT_EQ(cards.find("8949000000000000018").value()->profile, "telco");
    EXPECT_EQ(cards.find("8949000000000000026").value()->profile, "option");
}

TEST_F(import_test, a_header_that_is_none_is_refused_and_repeats_no_key) {
    const std::string known = "iccid,imsi,msisdn,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key";
    struct wrong_header {
        std::string text, says;
    };
    for (const auto& [text, says] : std::vector<wrong_header>{
             {"", "is empty"},
             {"\n\n", "is empty"},
             {known + ",colour\n", "unknown column \"colour\""},
             {known + ",iccid\n", "column iccid stands there twice"},
             {"iccid,imsi,msisdn,kvn,kic_algorithm,kic_key,kid_algorithm\n", "column kid_key is missing"},
             {std::string(kic) + "," + known + "\n", "unknown column 1;"},
             {known + ",ABCDEFABCDEFABCD\n", "unknown column 9;"}}) {
        const auto refused = import(text);
        ASSERT_FALSE(refused) << text;
        EXPECT_EQ(refused.error().code, "bad_header") << text;
        EXPECT_NE(refused.error().message.find(says), std::string::npos) << refused.error().message;
        EXPECT_EQ(refused.error().message.find(kic), std::string::npos);
    }
    EXPECT_EQ(
        import_cards((folder / "none.csv").string(), {}, *writer, vault, test_time, [](std::size_t) {}).error().code,
        "not_found");
    EXPECT_EQ(count("card"), 0);
}

// A database that stops answering: as a crash does, it leaves whole batches.
class failing final : public store::connection {
public:
    failing(store::connection& inner, int commits_left) : inner_(&inner), commits_left_(commits_left) {}
    result<void> execute(std::string_view sql) override { return inner_->execute(sql); }
    result<std::unique_ptr<store::statement>> prepare(std::string_view sql) override { return inner_->prepare(sql); }
    std::int64_t changed() const override { return inner_->changed(); }
    result<void> begin() override { return inner_->begin(); }
    result<void> commit() override {
        if (commits_left_-- > 0) return inner_->commit();
        return failure(store::code_database, "database", "the disk is full");
    }
    void rollback() override { inner_->rollback(); }

private:
    store::connection* inner_;
    int commits_left_;
};

TEST_F(import_test, a_failure_in_between_leaves_whole_batches) {
    std::string text = "iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key\n";
    const std::size_t rows = 2 * limits::import_batch_rows + 10;
    for (std::size_t i = 0, serial = 0; i < rows; ++serial) {
        const auto body = std::to_string(894900000000000000U + serial / 10);
        const auto iccid = body + std::to_string(serial % 10);
        if (!parse_iccid(iccid)) continue;
        text += iccid + ",,,telco,,,,,\n";
        ++i;
    }
    const auto path = file("cards.csv", text + "not a card\n");
    std::size_t told = 0;
    const auto progress = [&](std::size_t read) { told = read; };
    {
        failing disk(*writer, 1);
        const auto failed = import_cards(path, {}, disk, vault, test_time, progress);
        ASSERT_FALSE(failed);
        EXPECT_EQ(failed.error().code, store::code_database);
    }
    EXPECT_EQ(count("card"), static_cast<std::int64_t>(limits::import_batch_rows));
    EXPECT_FALSE(std::filesystem::exists(folder / "cards.rejects.csv"));
    EXPECT_FALSE(std::filesystem::exists(folder / "cards.rejects.csv.partial"));
    const auto completed = import_cards(path, {}, *writer, vault, test_time, progress);
    ASSERT_TRUE(completed);
    EXPECT_EQ(completed->unchanged, limits::import_batch_rows);
    EXPECT_EQ(completed->cards_added, rows - limits::import_batch_rows);
    EXPECT_EQ(completed->rejected, 1U);
    EXPECT_EQ(told, rows / 10'000 * 10'000);
}

// New cards are written by the thousand, all others are looked at one by one; a file may mix them.
TEST_F(import_test, new_cards_and_known_ones_may_stand_in_one_file_in_any_order) {
    const std::string columns = "iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key,tags\n";
    const std::string keys = ",1,aes128," + std::string(32, '1') + ",aes128," + std::string(32, '2');
    ASSERT_TRUE(import(columns + "8949000000000000018,262010000000001,491700000001,telco" + keys + ",\n"));
    const auto report =
        import(columns +  //
               "8949000000000000026,262010000000002,491700000002,telco" + keys + ",pilot\n" +
               "8949000000000000018,262010000000001,491700000001,telco" + keys + ",pilot\n" +
               "8949000000000000034,262010000000003,491700000002,other" + keys + ",\n" +  // taken above
               "8949000000000000042,262010000000001,491700000004,telco" + keys + ",\n" +  // in the registry
               "8949000000000000059,,,other,,,,,,\n" +                                    //
               "8949000000000000026,262010000000002,491700000002,telco,2" + keys.substr(2) + ",\n" +
               "8949000000000000067,262010000000006,491700000006,telco" + keys + ",\n");
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->cards_added, 3U);
    EXPECT_EQ(report->key_sets_added, 3U);
    EXPECT_EQ(report->tags_added, 2U);
    EXPECT_EQ(report->unchanged, 0U);
    ASSERT_EQ(report->rejected, 2U);
    EXPECT_EQ(report->problems[0].line, 4U);
    EXPECT_EQ(report->problems[0].field, "msisdn");
    EXPECT_EQ(report->problems[1].line, 5U);
    EXPECT_EQ(report->problems[1].field, "imsi");
    card_store cards(*writer);
    EXPECT_EQ(cards.key_sets(card_id{2}).value().size(), 2U);
    EXPECT_EQ(cards.find("491700000002").value()->identity.iccid, "8949000000000000026");
    EXPECT_EQ(cards.find("8949000000000000059").value()->profile, "other");
    EXPECT_EQ(cards.tags(card_id{2}).value(), std::vector<std::string>{"pilot"});
    const auto stored = cards.key_sets(cards.find("8949000000000000067").value()->id).value();
    ASSERT_EQ(stored.size(), 1U);
    EXPECT_EQ(to_hex(vault.unwrap(cards.find("8949000000000000067").value()->id, stored[0].header, stored[0].wrapped)
                         .value()
                         .kid.reveal()),
              std::string(32, '2'));
}

// Somebody else has imported the card between our look and our writing.
class overtaken final : public store::connection {
public:
    overtaken(store::connection& inner, std::function<void()> others) : inner_(&inner), others_(std::move(others)) {}
    result<void> execute(std::string_view sql) override { return inner_->execute(sql); }
    result<std::unique_ptr<store::statement>> prepare(std::string_view sql) override { return inner_->prepare(sql); }
    std::int64_t changed() const override { return inner_->changed(); }
    result<void> begin() override { return inner_->begin(); }
    result<void> commit() override { return inner_->commit(); }
    void rollback() override { inner_->rollback(); }
    bool copies() const override { return true; }
    result<void> copy(const store::row_shape& /*shape*/, std::span<const store::row_value> /*values*/) override {
        inner_->rollback();
        std::exchange(others_, [] {})();
        return failure(store::code_unique, "database", "duplicate key");
    }

private:
    store::connection* inner_;
    std::function<void()> others_;
};

TEST_F(import_test, cards_that_somebody_else_imports_at_the_same_time_are_there_once) {
    std::string text = "iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key\n";
    std::size_t rows = 0;
    for (std::size_t serial = 0; rows < 30; ++serial) {
        const auto iccid = std::to_string(894900000000000000U + serial / 10) + std::to_string(serial % 10);
        if (!parse_iccid(iccid)) continue;
        text += iccid + ",,,telco,,,,,\n";
        ++rows;
    }
    const auto path = file("cards.csv", text);
    overtaken slow(*writer, [&] { import_cards(path, {}, *writer, vault, test_time, [](std::size_t) {}).value(); });
    const auto report = import_cards(path, {}, slow, vault, test_time, [](std::size_t) {});
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->unchanged, rows);
    EXPECT_EQ(report->cards_added, 0U);
    EXPECT_EQ(count("card"), static_cast<std::int64_t>(rows));
}

TEST_F(import_test, tags_come_by_a_column_of_their_own) {
    const auto with_tags = [](std::string line, std::string_view tags) {
        line.insert(line.size() - 1, "," + std::string(tags));
        return line;
    };
    const auto text = with_tags(std::string(header), "tags") + with_tags(row(first), "pilot; north.west pilot") +
                      with_tags(row(second), "");
    const auto report = import(text);
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->tags_added, 2U);
    card_store cards(*writer);
    EXPECT_EQ(cards.tags(card_id{1}).value(), (std::vector<std::string>{"north.west", "pilot"}));
    EXPECT_TRUE(cards.tags(card_id{2}).value().empty());
    // Again, it changes nothing; another file adds, and a card keeps what it has.
    const auto again = import(text);
    EXPECT_EQ(again->unchanged, 2U);
    EXPECT_EQ(again->tags_added, 0U);
    const auto more = import(with_tags(std::string(header), "tags") + with_tags(row(first), "night"));
    EXPECT_EQ(more->tags_added, 1U);
    EXPECT_EQ(more->unchanged, 0U);
    EXPECT_EQ(cards.tags(card_id{1}).value(), (std::vector<std::string>{"night", "north.west", "pilot"}));
}

TEST_F(import_test, tags_are_bounded_and_a_refused_row_leaves_none) {
    std::string many;
    for (std::size_t i = 0; i < limits::tags_per_card; ++i) many += "t" + std::to_string(i) + ";";
    const std::string columns = "iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key,tags\n";
    ASSERT_TRUE(import(columns + "8949000000000000018,,,telco,,,,,," + many + "\n"));
    for (const auto& tags :
         {std::string("one.more"), many + "x", std::string("Pilot"), std::string(limits::tag_octets + 1, 'a')}) {
        const auto report = import(columns + "8949000000000000018,,,telco,,,,,," + tags + "\n");
        ASSERT_TRUE(report);
        ASSERT_EQ(report->problems.size(), 1U) << tags;
        EXPECT_EQ(report->problems[0].field, "tags");
        EXPECT_NE(content(report->rejects_file).find("kid_key,counter,tags,line"), std::string::npos);
    }
    EXPECT_EQ(count("card_tag"), static_cast<std::int64_t>(limits::tags_per_card));
}

TEST_F(import_test, a_version_may_have_key_sets_of_single_applications_beside_that_of_all) {
    const std::string wide_header =
        "iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key,counter,tar,counter_scope\n";
    const auto row = [](std::string_view key, std::string_view rest) {
        return "8949000000000000018,,,telco,1,aes128," + std::string(key) + ",aes128," + std::string(key) +
               ",0000000001," + std::string(rest) + "\n";
    };
    const std::string one(32, '1'), two(32, '2'), three(32, '3');
    const auto rows = wide_header + row(one, ",key_set") + row(two, "B00010,") + row(three, "000000,application");
    const auto import_text = [&](const std::string& text) {
        return import_cards(file("cards.csv", text), {}, *writer, vault, test_time, [](std::size_t) {});
    };
    const auto report = import_text(rows);
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->key_sets_added, 3U);
    EXPECT_EQ(import_text(rows)->unchanged, 3U);

    card_store store(*writer);
    const auto sets = store.key_sets(card_id{1}).value();
    ASSERT_EQ(sets.size(), 3U);
    EXPECT_EQ(sets[0].header.scope, counter_scope::key_set);
    const auto key_for = [&](std::uint32_t tar) {
        const auto* found = key_set_for(sets, 1, tar);
        return to_hex(vault.unwrap(card_id{1}, found->header, found->wrapped).value().kic.reveal());
    };
    EXPECT_EQ(key_for(0xb00010), two);
    EXPECT_EQ(key_for(0x000000), three);
    EXPECT_EQ(key_for(0xb00011), one);
    EXPECT_EQ(key_set_for(sets, 2, 0xb00010), nullptr);

    const auto conflicts = import_text(wide_header + row(one, ",application") + row(one, "b00010,") +
                                       row(one, "b0001,") + row(one, ",card"));
    ASSERT_EQ(conflicts->rejected, 4U);
    EXPECT_EQ(conflicts->problems[0].field, "counter_scope");
    EXPECT_EQ(conflicts->problems[1].field, "kvn");
    EXPECT_EQ(conflicts->problems[2].field, "tar");
    EXPECT_EQ(conflicts->problems[3].field, "counter_scope");
    EXPECT_EQ(conflicts->problems[3].reason, "expected application or key_set");
}

}  // namespace
}  // namespace tessera::cards
