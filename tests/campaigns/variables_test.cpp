// Contents with variables of the card: every card gets its own.
#include "campaign_world.h"
#include "campaigns/preview.h"
#include "codec/uicc_files.h"

namespace tessera::campaigns {
namespace {

std::string msisdn_content(std::size_t card) {
    const auto* file = codec::find_uicc_file("telecom/MSISDN");
    const codec::file_value value(
        codec::file_value::map{{"number", codec::file_value("+" + std::to_string(sim::fleet_msisdn(card)))}});
    return to_hex(codec::encode_file(*file, value).value());
}
const std::string own_number = "[[write]]\nfile = \"telecom/MSISDN\"\nrecord = 1\nvalue = {number = \"+{{msisdn}}\"}\n";

// Every third card has the variable `label`.
std::string with_labels(const std::string& csv) {
    std::string out;
    std::size_t line = 0;
    for (std::size_t at = 0; at < csv.size(); ++line) {
        const auto end = csv.find('\n', at);
        out += csv.substr(at, end - at);
        out += line == 0 ? ",var.label" : line % 3 == 1 ? ",Card" + std::to_string(line - 1) : ",";
        out += "\n";
        at = end + 1;
    }
    return out;
}

TEST(variables, every_card_gets_its_own_number_and_its_image_has_it) {
    world here({.cards = 40, .faults = "lose_response = 0.3", .seed = 6});
    const auto made = here.run({.writes = own_number, .telecom = "por_timeout = \"100ms\"\nattempts = 8"});
    here.expect_outcomes(made, {.done = 40});
    EXPECT_GT(here.count("SELECT COUNT(*) FROM target WHERE purpose = 2"), 0);  // read back, each its own
    for (std::size_t card = 0; card < 40; ++card) {
        EXPECT_EQ(here.image_content(card, "7f10/6f40"), msisdn_content(card));
        EXPECT_EQ(here.sim->read(card, "7f10/6f40").content.substr(0, 56), msisdn_content(card));
        EXPECT_EQ(here.sim->read(card, "7f10/6f40").executed, 1U);
    }
    here.expect_outcomes(here.run({.name = "again", .writes = own_number}), {.skipped = 40});
}

TEST(variables, content_in_hexadecimal_takes_digits_and_texts_in_their_forms) {
    world here({.cards = 6});
    const auto made = here.run({.writes = write_text("7f20/6f60", "01{{imsi|bcd}}{{ msisdn | hex }}")});
    here.expect_outcomes(made, {.done = 6});
    const auto content = here.image_content(2, "7f20/6f60");
    std::string digits = sim::fleet_imsi(2) + "f";
    for (std::size_t at = 0; at < digits.size(); at += 2) std::swap(digits[at], digits[at + 1]);
    EXPECT_EQ(content, "01" + digits + to_hex(as_bytes(std::to_string(sim::fleet_msisdn(2)))));
    EXPECT_EQ(here.sim->read(2, "7f20/6f60").content.substr(0, content.size()), content);
}

TEST(variables, a_card_without_the_variable_fails_before_anything_is_sent_and_the_others_go_on) {
    world here({.cards = 30, .registry = with_labels});
    const std::string writes = "[[write]]\nfile = \"gsm/SPN\"\nvalue = {display = \"{{label}}\", flags = 1}\n";
    const auto created = here.create({.writes = writes});
    const auto counts = preview_targets(*here.writer, created.key, definition_of(created).value(), {}).value();
    EXPECT_EQ(counts.no_variable, 20);
    EXPECT_EQ(counts.cards, 10);
    EXPECT_EQ(counts.packets, 10);
    EXPECT_EQ(here.conduct_now(created), run_end::finished);
    here.expect_outcomes(created, {.done = 10, .failed = 20});
    EXPECT_EQ(here.sim->statistics().submits, 10U);
    EXPECT_EQ(operations::describe(here.rows(created)[1].why), "no_variable label");
    EXPECT_EQ(here.image_content(3).substr(0, 12), "014361726433");
}

TEST(variables, a_value_that_does_not_fit_the_file_fails_its_card_alone) {
    world here({.cards = 4, .registry = [](const std::string& csv) {
                    return replaced(with_labels(csv), "Card3", "A name of more than sixteen letters");
                }});
    const auto made =
        here.run({.targets = "iccids = [\"" + sim::fleet_iccid(0) + "\", \"" + sim::fleet_iccid(3) + "\"]",
                  .writes = "[[write]]\nfile = \"gsm/SPN\"\nvalue = {display = \"{{label}}\"}\n"});
    here.expect_outcomes(made, {.done = 1, .failed = 1});
    EXPECT_EQ(here.rows(made)[1].why, (operations::cause{operations::cause_kind::bad_variable, 1, 0}));
}

TEST(variables, a_name_that_no_card_has_is_refused_with_its_line) {
    world here({.cards = 2, .registry = with_labels});
    file_context context;
    context.file = "f";
    for (const auto* content : {"{{colour}}", "01{{}}", "{{imsi", "{{imsi|upper}}", "zz{{imsi}}"}) {
        SCOPED_TRACE(content);
        const auto text = campaign_text({.writes = write_text(spn_file, content)});
        const auto made = check_campaign_file(*here.writer, text, context);
        ASSERT_FALSE(made);
        EXPECT_EQ(made.error().front().field, "f:11");
    }
    EXPECT_TRUE(
        check_campaign_file(*here.writer, campaign_text({.writes = write_text(spn_file, "{{label|hex}}")}), context));
}

TEST(variables, a_late_acknowledgement_brings_the_cards_own_content_into_the_image) {
    world here({.cards = 20, .faults = "delay = \"1s\""});
    const auto made = here.run({.writes = own_number, .telecom = "por_timeout = \"50ms\"\nattempts = 1"});
    here.expect_outcomes(made, {.unknown = 20});
    here.sim->wait_for_waiting(20);
    here.run({.name = "another", .telecom = "por_timeout = \"5s\"\nattempts = 1"});
    here.expect_outcomes(made, {.done = 20});
    for (std::size_t card = 0; card < 20; ++card)
        EXPECT_EQ(here.image_content(card, "7f10/6f40"), msisdn_content(card));
}

}  // namespace
}  // namespace tessera::campaigns
