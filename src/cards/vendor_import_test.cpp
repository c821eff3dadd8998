// Vendors' files by the mappings that we ship, keys made with OpenSSL's command line (tests/vendor_files).
#include "cards/vendor_import.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "cards/key_rotation.h"
#include "cards/test_registry.h"

namespace tessera::cards {
namespace {

constexpr std::string_view first_component = "00112233445566778899aabbccddeeff";
constexpr std::string_view second_component = "01326754cdfeab9876451023ba89dcef";

component_given component(std::string_view custodian, std::string_view octets, std::string_view kcv,
                          std::string_view name = "vendor",
                          crypto::cipher_algorithm algorithm = crypto::cipher_algorithm::triple_des_2key) {
    component_given made;
    made.name = name;
    made.custodian = custodian;
    made.algorithm = algorithm;
    made.octets = secret(from_hex(octets).value());
    made.check_value = from_hex(kcv).value();
    return made;
}

class transport_keys_test : public registry_test {
protected:
    // "ok", or the code and field of the refusal.
    std::string add(const component_given& given) {
        const auto done = transport_keys(*writer, vault).add(given, test_time);
        if (done) return "ok";
        EXPECT_EQ(done.error().message.find("0011"), std::string::npos) << "key material in a message";
        return done.error().code + " " + done.error().field;
    }
};

TEST_F(transport_keys_test, two_custodians_bring_the_key_and_none_sees_it_whole) {
    transport_keys keys(*writer, vault);
    EXPECT_EQ(keys.open("vendor").error().code, "not_found");
    EXPECT_EQ(add(component("ada", first_component, "fb0975")), "ok");
    EXPECT_EQ(keys.open("vendor").error().code, "incomplete");
    EXPECT_FALSE(keys.find("vendor").value()->complete());
    EXPECT_TRUE(keys.find("vendor").value()->check_value.empty());
    EXPECT_EQ(add(component("bob", second_component, "aba38b")), "ok");
    const auto status = keys.find("vendor").value();
    ASSERT_TRUE(status && status->complete());
    EXPECT_EQ(to_hex(status->check_value), "08d7b4");
    EXPECT_EQ(status->components[0].custodian, "ada");
    EXPECT_EQ(to_hex(status->components[1].check_value), "aba38b");
    EXPECT_EQ(to_hex(keys.open("vendor")->key.reveal()), "0123456789abcdeffedcba9876543210");
    EXPECT_EQ(keys.list().value().size(), 1U);
    EXPECT_TRUE(keys.remove("vendor").value());
    EXPECT_FALSE(keys.remove("vendor").value());
    EXPECT_EQ(count("transport_key_component"), 0);
}

TEST_F(transport_keys_test, what_does_not_fit_is_refused_and_leaves_nothing) {
    EXPECT_EQ(add(component("ada", first_component, "fb0976")), "bad_check_value kcv");
    EXPECT_EQ(add(component("ada", "0011", "fb0975")), "bad_transport_key component");
    EXPECT_EQ(add(component("", first_component, "fb0975")), "bad_transport_key custodian");
    EXPECT_EQ(add(component("ada", first_component, "fb0975", "Vendor A")), "bad_transport_key name");
    EXPECT_EQ(add(component("ada", "0011223344556677", "000000", "x", crypto::cipher_algorithm::des)),
              "bad_transport_key algorithm");
    EXPECT_EQ(count("transport_key"), 0);
    EXPECT_EQ(add(component("ada", first_component, "fb0975")), "ok");
    EXPECT_EQ(add(component("ada", second_component, "aba38b")), "bad_transport_key custodian");
    EXPECT_EQ(add(component("bob", first_component, "fb0975")), "bad_transport_key component") << "all zeros";
    EXPECT_EQ(add(component("bob", second_component, "000000")), "bad_check_value kcv");
    EXPECT_EQ(add(component("bob", second_component, "000000", "vendor", crypto::cipher_algorithm::aes128)),
              "bad_transport_key algorithm");
    EXPECT_EQ(count("transport_key_component"), 1);
    EXPECT_EQ(add(component("bob", second_component, "aba38b")), "ok");
    EXPECT_EQ(add(component("eve", second_component, "aba38b")), "bad_transport_key name");
}

class vendor_import_test : public transport_keys_test {
protected:
    void SetUp() override {
        transport_keys_test::SetUp();
        using enum crypto::cipher_algorithm;
        const std::string f0(64, 'f'), zeros(64, '0');
        EXPECT_EQ(add(component("ada", first_component, "fb0975")), "ok");
        EXPECT_EQ(add(component("bob", second_component, "aba38b")), "ok");
        EXPECT_EQ(add(component("ada", "f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0", "606155",
                                "kek", aes256)),
                  "ok");
        EXPECT_EQ(add(component("bob", "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeffe0e1e2e3e4e5e6e7e8e9eaebecedeeef", "cdb29d",
                                "kek", aes256)),
                  "ok");
        EXPECT_EQ(add(component("ada", "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f", "4f142d", "aes", aes128)), "ok");
        EXPECT_EQ(add(component("bob", "24711a1927a1dda9a4f81a8706c04033", "4b0274", "aes", aes128)), "ok");
    }
    static std::string shipped(const std::string& path) { return content(TESSERA_SOURCE_DIR "/" + path); }

    result<import_report> import(const std::string& text, const std::string& mapping_name, std::string_view key,
                                 bool strict = false) {
        return import_by(text, shipped("share/mappings/" + mapping_name), key, strict);
    }
    result<import_report> import_by(const std::string& text, const std::string& mapping_text, std::string_view key,
                                    bool strict = false) {
        const auto mapping = parse_mapping(mapping_text, "mapping.toml");
        EXPECT_TRUE(mapping) << to_string(mapping.error().front());
        vendor_options options{{}, std::string(key)};
        options.importing.strict = strict;
        return import_vendor_file(file("vendor.txt", text), *mapping, options, *writer, vault, test_time,
                                  [](std::size_t) {});
    }
    // "KIC KID" of a card's key set in clear.
    std::string keys_of(std::string_view iccid, std::uint8_t version, std::uint32_t application = 0xb00010) {
        card_store store(*writer);
        const auto card = store.find(iccid).value();
        if (!card) return "no card";
        const auto sets = store.key_sets(card->id).value();
        const auto* found = key_set_for(sets, version, application);
        if (found == nullptr) return "no key set";
        const auto keys = vault.unwrap(card->id, found->header, found->wrapped).value();
        return to_hex(keys.kic.reveal()) + " " + to_hex(keys.kid.reveal());
    }
};

TEST_F(vendor_import_test, an_output_file_with_header_lines_and_3des_keys) {
    const auto text = shipped("tests/vendor_files/output_file.out");
    const auto report = import(text, "output_file.toml", "vendor");
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->cards_added, 3U);
    EXPECT_EQ(report->key_sets_added, 6U);
    EXPECT_TRUE(report->problems.empty());
    EXPECT_EQ(keys_of("8949000000000000018", 1), "404142434445464748494a4b4c4d4e4f 505152535455565758595a5b5c5d5e5f");
    EXPECT_EQ(keys_of("8949000000000000018", 2, 0xb00011),
              "606162636465666768696a6b6c6d6e6f 707172737475767778797a7b7c7d7e7f");
    EXPECT_EQ(keys_of("8949000000000000018", 2, 0xb00010), "no key set");
    const auto card = card_store(*writer).find("8949000000000000034").value();
    ASSERT_TRUE(card);
    EXPECT_EQ(card->identity.imsi, "001010000000003");
    EXPECT_EQ(card->profile, "telco-2ff");
    EXPECT_EQ(import(text, "output_file.toml", "vendor")->unchanged, 3U);
}

TEST_F(vendor_import_test, a_table_with_wrapped_aes_keys) {
    const auto report =
        import(shipped("tests/vendor_files/semicolon_key_wrap.csv"), "semicolon_key_wrap.toml", "kek", true);
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->cards_added, 2U);
    EXPECT_EQ(report->tags_added, 2U);
    EXPECT_EQ(keys_of("8949000000000000117", 3),
              "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf d0d1d2d3d4d5d6d7d8d9dadbdcdddedf");
    EXPECT_EQ(card_store(*writer).find("491701234511").value()->identity.imsi, "001010000000011");
}

TEST_F(vendor_import_test, fixed_columns_without_check_digits) {
    const auto report = import(shipped("tests/vendor_files/fixed_columns.txt"), "fixed_columns.toml", "aes", true);
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->cards_added, 2U);
    EXPECT_EQ(keys_of("8949000000000000216", 1), "505152535455565758595a5b5c5d5e5f a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
    const auto sets = card_store(*writer).key_sets(card_id{1}).value();
    EXPECT_EQ(sets[0].header.scope, counter_scope::key_set);
}

// Puts words into the text for other ones.
std::string with(std::string text, std::string_view what, std::string_view by) {
    const auto at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

// Other keys of the file as DEKs, so that nothing had to be enciphered for it.
TEST_F(vendor_import_test, key_encryption_keys_of_every_key_set) {
    auto mapping = shipped("share/mappings/output_file.toml");
    mapping =
        with(mapping, "kid_key = {column = \"KID1\", kcv = \"KID1_KCV\"}",
             "kid_key = {column = \"KID1\", kcv = \"KID1_KCV\"}\ndek_key = {column = \"KID1\", kcv = \"KID1_KCV\"}");
    mapping = with(mapping, "kid_key = {column = \"KID2\"}",
                   "kid_key = {column = \"KID2\"}\ndek_algorithm = \"aes128\"\ndek_key = {column = \"KIC2\"}");
    const auto text = shipped("tests/vendor_files/output_file.out");
    const auto report = import_by(text, mapping, "vendor");
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_TRUE(report->problems.empty());
    EXPECT_EQ(report->key_sets_added, 6U);
    const auto card = card_store(*writer).find("8949000000000000018").value().value();
    key_rotation_store rotations(*writer);
    const auto first = rotations.find_encryption_key(card.id, 1, vault).value().value();
    EXPECT_EQ(first.algorithm, crypto::cipher_algorithm::triple_des_2key);
    EXPECT_EQ(to_hex(first.key.reveal()), "505152535455565758595a5b5c5d5e5f");
    const auto second = rotations.find_encryption_key(card.id, 2, vault).value().value();
    EXPECT_EQ(second.algorithm, crypto::cipher_algorithm::aes128);
    EXPECT_EQ(to_hex(second.key.reveal()), "606162636465666768696a6b6c6d6e6f");
    EXPECT_EQ(import_by(text, mapping, "vendor")->unchanged, 3U);
}

TEST_F(vendor_import_test, a_wrong_check_value_refuses_the_row_and_says_nothing_of_the_key) {
    const auto text = with(shipped("tests/vendor_files/output_file.out"), "B2EFCB", "B2EFCC");
    const auto report = import(text, "output_file.toml", "vendor");
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->cards_added, 2U);
    ASSERT_EQ(report->problems.size(), 1U);
    EXPECT_EQ(report->problems[0].line, 12U);
    EXPECT_EQ(report->problems[0].field, "kic_key");
    EXPECT_NE(report->problems[0].reason.find("key check value"), std::string::npos);
    const auto rejects = content((folder / "vendor.rejects.csv").string());
    EXPECT_NE(rejects.find("row,line,field,reason\n989400000000000020F6 001010000000002"), std::string::npos)
        << rejects;
    EXPECT_EQ(rejects.find("808182838485"), std::string::npos) << "the key in clear";
    EXPECT_NE(rejects.find(",12,kic_key,"), std::string::npos);
}

TEST_F(vendor_import_test, with_another_transport_key_no_row_gets_in) {
    EXPECT_EQ(add(component("ada", first_component, "fb0975", "other")), "ok");
    EXPECT_EQ(add(component("bob", "404142434445464748494a4b4c4d4e4f", "8baf47", "other")), "ok");
    const auto text = shipped("tests/vendor_files/output_file.out");
    const auto report = import(text, "output_file.toml", "other");
    EXPECT_EQ(report->rejected, 3U);
    EXPECT_EQ(count("card"), 0);
    EXPECT_EQ(import(text, "output_file.toml", "aes").error().code, "bad_mapping") << "AES serves no 3DES";
    EXPECT_EQ(import(text, "output_file.toml", "").error().code, "bad_mapping");
    EXPECT_EQ(import(text, "output_file.toml", "nobody").error().code, "not_found");
    const auto wrapped = with(shipped("tests/vendor_files/semicolon_key_wrap.csv"), "870021490e", "870021490f");
    const auto damaged = import(wrapped, "semicolon_key_wrap.toml", "kek");
    ASSERT_EQ(damaged->problems.size(), 1U);
    EXPECT_EQ(damaged->problems[0].reason, "does not open under the transport key");
}

TEST_F(vendor_import_test, the_number_of_cards_that_the_header_announces_is_checked) {
    const auto text = with(shipped("tests/vendor_files/output_file.out"), "Quantity    : 3", "Quantity    : 4");
    const auto strict = import(text, "output_file.toml", "vendor", true);
    ASSERT_FALSE(strict);
    EXPECT_NE(strict.error().message.find("vendor.txt:5 Quantity: announces 4 cards; the file has 3"),
              std::string::npos)
        << strict.error().message;
    EXPECT_EQ(count("card"), 0);
    const auto report = import(text, "output_file.toml", "vendor");
    EXPECT_EQ(report->cards_added, 3U);
    ASSERT_EQ(report->problems.size(), 1U);
    EXPECT_EQ(report->problems[0].field, "Quantity");
}

struct bad_vendor_row {
    const char* name;
    const char* what;
    const char* by;
    const char* field;
};
class refused_vendor_row : public vendor_import_test, public testing::WithParamInterface<bad_vendor_row> {};
TEST_P(refused_vendor_row, is_told_with_line_and_field) {
    const auto& param = GetParam();
    const auto report =
        import(with(shipped("tests/vendor_files/output_file.out"), param.what, param.by), "output_file.toml", "vendor");
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->cards_added, 2U);
    ASSERT_EQ(report->problems.size(), 1U);
    EXPECT_EQ(report->problems[0].line, 12U);
    EXPECT_EQ(report->problems[0].field, param.field);
    EXPECT_EQ(count("card"), 2);
    EXPECT_EQ(count("key_set"), 4);
}
INSTANTIATE_TEST_SUITE_P(
    all, refused_vendor_row,
    testing::Values(bad_vendor_row{"iccid_digits", "989400000000000020F6", "98940000000000002", "iccid"},
                    bad_vendor_row{"iccid_check_digit", "989400000000000020F6", "989400000000000020F7", "iccid"},
                    bad_vendor_row{"imsi", "001010000000002", "00101000000000x", "imsi"},
                    bad_vendor_row{"few_fields", "001010000000002 ", "", "row"},
                    bad_vendor_row{"more_fields", "001010000000002 ", "001010000000002 x ", "row"},
                    bad_vendor_row{"short_key", "4DF9552711CB2D96ABE5", "4DF9552711", "kic_key"},
                    bad_vendor_row{"key_letters", "4DF9552711CB2D96ABE5", "4DF9552711CB2D96ABEX", "kic_key"},
                    bad_vendor_row{"no_check_value", "B2EFCB", "-", "kic_key"},
                    bad_vendor_row{"kid_check_value", "A2AAF4", "A2AAF5", "kid_key"},
                    bad_vendor_row{"second_set", "d86d88d48d77912559f6fe1d022f589b", "d86d", "key_set 2 kic_key"},
                    bad_vendor_row{"open_quote", "001010000000002 ", "\"001010000000002 ", "row"},
                    bad_vendor_row{"control_character", "001010000000002 ", "00101000000000\x01 ", "row"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_F(vendor_import_test, a_header_that_does_not_fit_the_mapping_is_refused_before_any_row) {
    const auto text = shipped("tests/vendor_files/output_file.out");
    const auto message = [&](std::string_view what, std::string_view by) {
        const auto report = import(with(text, what, by), "output_file.toml", "vendor");
        EXPECT_FALSE(report);
        return report ? "imported" : to_string(report.error()).substr(folder.string().size() + 1);
    };
    EXPECT_EQ(message("/KIC1/", "/KICX/"), "vendor.txt:10: there is no column \"KIC1\", which the mapping names");
    EXPECT_EQ(message("/PIN1/", "/IMSI/"),
              "vendor.txt:10: column \"IMSI\", which the mapping names, stands there twice");
    EXPECT_EQ(message("Var_Out", "Columns"),
              "vendor.txt:13: ends before the line \"var_out\", which names the columns");
    EXPECT_EQ(message("Profile  ", "Product  "),
              "vendor.txt:10: there is no line \"Profile\" in the header, which the mapping names");
    EXPECT_EQ(message("Quantity    : 3", "Quantity    : three"), "vendor.txt:5: Quantity: expected a number of cards");
    EXPECT_EQ(import("", "output_file.toml", "vendor").error().code, "bad_header");
    EXPECT_EQ(count("card"), 0);
}

TEST_F(vendor_import_test, files_of_any_length_of_line_and_header_are_bounded) {
    const auto text = shipped("tests/vendor_files/output_file.out");
    const auto report = import(text + std::string(1'000'000, '7') + "\n", "output_file.toml", "vendor");
    EXPECT_EQ(report->cards_added, 3U);
    EXPECT_EQ(report->rejected, 1U);
    std::string endless;
    for (int i = 0; i < 5'000; ++i) endless += "line : 1\n";
    EXPECT_EQ(import(endless, "output_file.toml", "vendor").error().code, "bad_header");
}

struct bad_mapping {
    const char* name;
    const char* text;
    const char* said;
};
class mapping_mistake : public testing::TestWithParam<bad_mapping> {};
TEST_P(mapping_mistake, is_told_with_its_line) {
    const auto made = parse_mapping(GetParam().text, "m.toml");
    ASSERT_FALSE(made);
    bool said = false;
    for (const auto& one : made.error()) {
        EXPECT_EQ(one.code, "bad_mapping");
        EXPECT_TRUE(one.field.starts_with("m.toml:"));
        said = said || (one.field + ": " + one.message).find(GetParam().said) != std::string::npos;
    }
    EXPECT_TRUE(said) << to_string(made.error().front());
}
INSTANTIATE_TEST_SUITE_P(
    all, mapping_mistake,
    testing::Values(
        bad_mapping{"no_card", "[file]\n", "m.toml:1: section [card] is missing"},
        bad_mapping{"no_iccid", "[card]\nimsi = {column = \"I\"}\n", "iccid: is missing"},
        bad_mapping{"unknown_section", "[cards]\n", "m.toml:1: unknown key \"cards\""},
        bad_mapping{"layout", "[file]\nlayout = \"xml\"\n[card]\niccid = {column = \"I\"}\n", "m.toml:2: layout"},
        bad_mapping{"separator", "[file]\nseparator = \";;\"\n[card]\niccid = {column = \"I\"}\n",
                    "m.toml:2: separator"},
        bad_mapping{"no_place", "[card]\niccid = {form = \"plain\"}\n", "m.toml:2: iccid: expected one of column"},
        bad_mapping{"two_places", "[card]\niccid = {column = 1, start = 1, length = 2}\n", "expected one of column"},
        bad_mapping{"fixed_without_layout", "[card]\niccid = {start = 1, length = 19}\n", "layout = \"fixed\" only"},
        bad_mapping{"column_of_fixed", "[file]\nlayout = \"fixed\"\n[card]\niccid = {column = 1}\n",
                    "has start and length"},
        bad_mapping{"name_without_header", "[file]\nheader = \"none\"\n[card]\niccid = {column = \"I\"}\n",
                    "has numbers of columns"},
        bad_mapping{"header_value", "[card]\niccid = {header = \"I\"}\n", "goes with header = \"lines\" only"},
        bad_mapping{"form", "[card]\niccid = {column = 1, form = \"base64\"}\n", "iccid: form"},
        bad_mapping{"check_digit", "[card]\niccid = {column = 1}\nimsi = {column = 2, check_digit = \"missing\"}\n",
                    "of an ICCID"},
        bad_mapping{"key_in_the_mapping",
                    "[card]\niccid = {column = 1}\n[[key_set]]\nkvn = 1\nkic_algorithm = \"des\"\nkid_algorithm = "
                    "\"des\"\nkic_key = \"0001020304050607\"\nkid_key = {column = 2}\n",
                    "m.toml:7: kic_key: expected the place of a key"},
        bad_mapping{"no_kid",
                    "[card]\niccid = {column = 1}\n[[key_set]]\nkvn = 1\nkic_algorithm = \"des\"\nkid_algorithm = "
                    "\"des\"\nkic_key = {column = 2}\n",
                    "m.toml:3: kid_key: expected the place of a key"},
        bad_mapping{"transport", "[keys]\ntransport = \"rot13\"\n[card]\niccid = {column = 1}\n",
                    "m.toml:2: transport"},
        bad_mapping{"check_value", "[keys]\ncheck_value = \"twos\"\n[card]\niccid = {column = 1}\n",
                    "m.toml:2: check_value"}),
    [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace tessera::cards
