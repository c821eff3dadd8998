#include "cards/event_row.h"

#include <gtest/gtest.h>

namespace tessera::cards {
namespace {

constexpr auto now = timestamp(std::chrono::seconds(1'700'000'000));

std::string header_refused(const std::vector<std::string>& names) {
    const auto made = event_columns::from_header(names, "f.csv");
    return made ? "good" : made.error().message.substr(0, made.error().message.find(';'));
}

std::string refused(const std::vector<std::string>& row) {
    const auto columns = event_columns::from_header({"imsi", "kind", "imei", "at", "source"}, "f.csv").value();
    const auto made = columns.read(row, now, "feed");
    return made ? "good" : to_string(made.error());
}

TEST(event_row, columns_come_in_any_order) {
    const auto columns = event_columns::from_header({"at", "imei", "iccid"}, "f.csv").value();
    const auto made = columns.read({"2026-11-22T08:30:00+01:00", "49015420323751", "8949001000000000009"}, now, "feed");
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_EQ(made->by, card_naming::iccid);
    EXPECT_EQ(made->card, "8949001000000000009");
    EXPECT_EQ(made->event.kind, event_kind::registration);
    EXPECT_EQ(made->event.phone->imei, "490154203237518");
    EXPECT_EQ(to_iso8601(made->event.at), "2026-11-22T07:30:00.000Z");
    EXPECT_EQ(made->event.source, "feed");
}

TEST(event_row, a_header_says_once_which_card) {
    EXPECT_EQ(header_refused({"imei"}), "no column says which card");
    EXPECT_EQ(header_refused({"imsi", "msisdn"}), "two columns say the same");
    EXPECT_EQ(header_refused({"imsi", "imei", "imei"}), "two columns say the same");
    EXPECT_EQ(header_refused({"imsi", "tac"}), "unknown column \"tac\"");
}

TEST(event_row, what_a_row_has_wrong_is_named) {
    EXPECT_EQ(refused({"26202000000001", "new-imei", "490154203237518", "", "hlr-1"}), "good");
    EXPECT_EQ(refused({"26202000000001", "", "", "", ""}), "good");
    EXPECT_EQ(refused({"", "", "", "", ""}), "imsi: is missing");
    EXPECT_EQ(refused({"2620200000000x", "", "", "", ""}), "imsi: expected 6 to 15 digits");
    EXPECT_EQ(refused({"26202000000001", "roaming", "", "", ""}), "kind: expected registration or new-imei");
    EXPECT_EQ(refused({"26202000000001", "first-registration", "", "", ""}), "kind: expected registration or new-imei");
    EXPECT_EQ(refused({"26202000000001", "", "4901542032375", "", ""}),
              "imei: expected 14 or 15 digits of an IMEI, or 16 of an IMEISV");
    EXPECT_EQ(refused({"26202000000001", "", "", "yesterday", ""}),
              "at: expected a time as in 2026-11-22T08:30:00Z, with Z or +01:00");
    EXPECT_EQ(refused({"26202000000001", "", "", "", "the HLR"}).substr(0, 7), "source:");
    EXPECT_EQ(refused({"26202000000001"}), "row: expected 5 fields, found 1");
}

}  // namespace
}  // namespace tessera::cards
