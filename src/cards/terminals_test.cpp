// Mobile terminals in the registry: rows of kind terminal, by IMEI, with their agent's port.
#include <gtest/gtest.h>

#include "cards/identifiers.h"
#include "cards/import.h"
#include "cards/test_registry.h"

namespace tessera::cards {
namespace {

constexpr std::string_view header =
    "iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key,counter,kind,port\n";
constexpr std::string_view keys =
    ",1,aes128,000102030405060708090a0b0c0d0e0f,aes128,f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff,0000000000";
const std::string phone = "350000000000006,,491701234567,phones";
const std::string card = "8949000000000000018,001010000000001,491701234568,telco";

class terminals_test : public registry_test {
protected:
    [[nodiscard]] result<import_report> import(const std::string& rows) {
        return import_cards(file("cards.csv", std::string(header) + rows), {}, *writer, vault, test_time,
                            [](std::size_t) {});
    }
    static std::string row(const std::string& identity, std::string_view rest) {
        return identity + std::string(keys) + "," + std::string(rest) + "\n";
    }
};

TEST_F(terminals_test, stand_beside_cards_and_are_told_apart) {
    const auto report = import(row(phone, "terminal,16000") + row(card, "card,") + row(phone, "terminal,16000"));
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->cards_added, 2U);
    EXPECT_EQ(report->unchanged, 1U);
    card_store cards(*writer);
    const auto terminal = cards.find("350000000000006").value();
    ASSERT_TRUE(terminal);
    EXPECT_EQ(cards.terminal_port(terminal->id).value(), 16'000);
    EXPECT_EQ(cards.key_sets(terminal->id)->size(), 1U);
    const auto other = cards.find("8949000000000000018").value();
    EXPECT_EQ(cards.terminal_port(other->id).value(), std::nullopt);
    EXPECT_EQ(cards.terminals({}, other->id)->size(), 1U);
}

TEST_F(terminals_test, a_row_that_is_none_is_refused_by_its_field) {
    const auto refused = [&](const std::string& identity, std::string_view rest) {
        const auto report = import(row(identity, rest));
        return report && report->problems.size() == 1 ? report->problems[0].field + ": " + report->problems[0].reason
                                                      : std::string("imported");
    };
    EXPECT_EQ(refused(phone, "phone,1"), "kind: expected card or terminal");
    EXPECT_EQ(refused(phone, "terminal,0"), "port: expected the port of the terminal's agent, 1 to 65535");
    EXPECT_EQ(refused(phone, "terminal,65536"), "port: expected the port of the terminal's agent, 1 to 65535");
    EXPECT_EQ(refused(phone, "terminal,"), "port: expected the port of the terminal's agent, 1 to 65535");
    EXPECT_EQ(refused(card, ",16000"), "port: is for terminals, and the row is a card's");
    EXPECT_EQ(refused(card, "terminal,16000"), "iccid: expected 15 digits, the IMEI of a terminal");
    EXPECT_NE(refused(phone, "card,").find("iccid: "), std::string::npos);
    ASSERT_EQ(import(row(phone, "terminal,16000"))->cards_added, 1U);
    EXPECT_EQ(refused(phone, "terminal,16002"), "port: the registry holds this ICCID with another port");
}

TEST(identifiers, an_imei_has_fifteen_digits_and_a_check_digit) {
    EXPECT_EQ(parse_terminal_imei("490154203237518").value(), "490154203237518");
    for (const auto* text : {"", "49015420323751", "4901542032375180", "490154203237519", "49015420323751a"})
        EXPECT_EQ(parse_terminal_imei(text).error().code, "bad_imei") << text;
}

}  // namespace
}  // namespace tessera::cards
