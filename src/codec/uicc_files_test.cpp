// Values and octets of files. Octets marked "osmocom" are the published examples of pySim's file descriptions
// (pySim/ts_51_011.py and ts_31_102.py of osmocom/pysim), which no code of ours has made.
#include "codec/uicc_files.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera::codec {
namespace {

using list = file_value::list;
using map = file_value::map;

const uicc_file& file(std::string_view name) {
    const auto* found = find_uicc_file(name);
    EXPECT_NE(found, nullptr) << name;
    return *found;
}

std::string encoded(std::string_view name, const file_value& value, std::optional<std::size_t> length = std::nullopt) {
    const auto octets = encode_file(file(name), value, length);
    return octets ? to_hex(*octets) : to_string(octets.error());
}

// The field and the message of what is refused.
std::string refused(std::string_view name, const file_value& value, std::optional<std::size_t> length = std::nullopt) {
    const auto octets = encode_file(file(name), value, length);
    EXPECT_FALSE(octets) << name << " " << to_hex(octets.value_or(bytes{}));
    return octets ? "" : to_string(octets.error());
}

std::string decode_refused(std::string_view name, std::string_view content) {
    const auto value = decode_file(file(name), from_hex(content).value());
    EXPECT_FALSE(value) << name << " " << content;
    if (value) return "";
    EXPECT_EQ(value.error().field, "content");
    return value.error().message;
}

struct example {
    std::string_view name;
    file_value value;
    std::string_view content;
};

void expect_both_ways(const std::vector<example>& examples) {
    for (const auto& one : examples) {
        SCOPED_TRACE(std::string(one.name) + " " + std::string(one.content));
        EXPECT_EQ(encoded(one.name, one.value, one.content.size() / 2), one.content);
        const auto value = decode_file(file(one.name), from_hex(one.content).value());
        ASSERT_TRUE(value) << value.error().message;
        EXPECT_TRUE(*value == one.value);
    }
}

TEST(uicc_files, are_found_by_name_and_by_path) {
    for (const auto* name : {"SPN", "spn", "EF_SPN", "ef_spn", "EF.SPN", "usim/SPN", "USIM/ef.spn", "7fff/6f46"})
        EXPECT_EQ(file(name).path, "7fff/6f46") << name;
    for (const auto* name : {"gsm/SPN", "gsm/EF_SPN", "7f20/6f46"}) EXPECT_EQ(file(name).path, "7f20/6f46") << name;
    EXPECT_EQ(file("SST").path, "7f20/6f38");
    EXPECT_EQ(file("ADN").path, "7f10/6f3a");
    EXPECT_EQ(file("telecom/FDN").path, "7f10/6f3b");
    EXPECT_EQ(file("ICCID").path, "2fe2");
    for (const auto* name : {"", "EF_", "SP", "SPNX", "moon/SPN", "gsm/", "/SPN", "gsm/gsm/SPN", "7fff/6f99"})
        EXPECT_EQ(find_uicc_file(name), nullptr) << name;
}

TEST(uicc_files, have_a_name_that_finds_them) {
    for (const auto& one : uicc_files()) EXPECT_EQ(find_uicc_file(name_of(one)), &one) << name_of(one);
    EXPECT_EQ(name_of(file("7f20/6f46")), "gsm/SPN");
    EXPECT_EQ(name_of(file("7fff/6f46")), "SPN");
}

TEST(uicc_files, that_tell_who_the_card_is_are_marked) {
    for (const auto* name : {"ICCID", "IMSI", "gsm/IMSI"}) EXPECT_FALSE(file(name).written_over_the_air) << name;
    for (const auto* name : {"IMSI", "gsm/IMSI", "ACC", "gsm/ACC"}) EXPECT_TRUE(file(name).dangerous) << name;
    EXPECT_TRUE(file("SPN").written_over_the_air);
    EXPECT_FALSE(file("SPN").dangerous);
}

TEST(uicc_files, hold_the_published_examples_of_networks_and_identities) {
    expect_both_ways({
        {"ICCID", "8988211000000430010", "988812010000400310f0"},                     // osmocom
        {"IMSI", "228062800000208", "082982608200002080"},                            // osmocom
        {"gsm/IMSI", "262011106487504", "082926101160845740"},                        // osmocom
        {"gsm/PLMNsel", list{"22806"}, "22f860"},                                     // osmocom
        {"gsm/PLMNsel", list{"334020"}, "330420"},                                    // osmocom
        {"OPLMNwAcT", list{"26201:eutran"}, "62f2104000"},                            // osmocom
        {"OPLMNwAcT", list{"26201:utran"}, "62f2108000"},                             // osmocom
        {"OPLMNwAcT", list{"26202:eutran,ngran,gsm_only,ec_gsm_iot"}, "62f220488c"},  // osmocom
        {"PLMNwAcT", list{"26202:eutran,geran"}, "62f2204080"},
        {"PLMNwAcT", list{"26202:eutran_wbs1", "26203:eutran_nbs1"}, "62f220600062f2305000"},
        {"PLMNwAcT", list{"26202:eutran_wbs1,eutran_nbs1"}, "62f2207000"},
        {"PLMNwAcT", list{"310410:utran,gsm_compact,cdma2000_hrpd,cdma2000_1xrtt"}, "1300148070"},
        {"PLMNwAcT", list{"26202:none"}, "62f2200000"},
        {"PLMNwAcT", list{"26202:utran,0x0301"}, "62f2208301"},  // bits without a name
        {"PLMNwAcT", list{"26202:0x2008"}, "62f2202008"},        // bits that mean nothing without another
        {"HPPLMN", 30, "05"},                                    // osmocom
        {"HPPLMN", 0, "00"},
        {"HPPLMN", 480, "50"},
        {"ACC", list{}, "0000"},                // osmocom
        {"ACC", list{0}, "0001"},               // osmocom
        {"ACC", list{8}, "0100"},               // osmocom
        {"ACC", list{15}, "8000"},              // osmocom
        {"ACC", list{0, 1, 3, 5, 15}, "802b"},  // osmocom
        {"IMSI", "00101123456789", "0801101021436587f9"},
    });
}

TEST(uicc_files, hold_the_published_examples_of_texts_and_tables) {
    expect_both_ways({
        {"SPN", map{{"display", "GSM-R CH"}, {"flags", 1}}, "0147534d2d52204348ffffffffffffffff"},  // osmocom
        {"SPN", map{{"display", "Tessera"}, {"flags", 1}}, "0154657373657261ffffffffffffffffff"},
        {"SPN", map{{"display", ""}, {"flags", 2}}, "02ffffffffffffffffffffffffffffffff"},
        {"SPN", map{}, "ffffffffffffffffffffffffffffffffff"},
        {"LI", list{"de", "en"}, "6465656e"},
        {"PL", list{"de"}, "6465"},  // osmocom
        {"PL", list{"en"}, "656e"},  // osmocom
        {"PL", list{}, "ffff"},      // osmocom
        {"UST", list{1, 8, 9, 27}, "81010004"},
        {"gsm/SST", list{1, "2:allocated", 5}, "0703"},
        {"GID1", "a1b2", "a1b2ffff"},
        {"GID2", "", "ff"},
        {"CBMI", list{50, 919, 65534}, "00320397fffe"},
        {"CBMIR", list{"4352-4359", "0-65534"}, "110011070000fffe"},
        {"SMSS", map{{"last_reference", 255}, {"memory_exceeded", false}}, "ffff"},
        {"SMSS", map{{"last_reference", 7}, {"memory_exceeded", true}}, "07fe"},
        {"AD", map{{"mode", "normal"}, {"additional", "0000"}, {"mnc_length", 2}}, "00000002"},  // osmocom
        {"AD", map{{"mode", "normal_and_specific_facilities"}, {"additional", "0001"}, {"mnc_length", 2}},
         "01000102"},                                                           // osmocom
        {"gsm/AD", map{{"mode", "normal"}, {"additional", "ffff"}}, "00ffff"},  // osmocom
        {"AD", map{{"mode", "cell_test"}, {"additional", "0000"}, {"mnc_length", 3}, {"further", "01"}}, "0400000301"},
    });
}

TEST(uicc_files, hold_the_published_examples_of_numbers) {
    expect_both_ways({
        {"ADN", map{{"name", "Kundenbetreuung"}, {"number", "+491721217212"}},
         "4b756e64656e626574726575756e67ff0791947112122721ffffffffffff"},  // osmocom
        {"ADN", map{{"name", "B HA 1 Sic"}, {"number", "6082658001"}},
         "42204841203120536963ffffffffffff06810628560810ffffffffffffff"},  // osmocom
        {"telecom/MSISDN", map{{"number", "12345:b1"}},
         "ffffffffffffffffffffffffffffffffffffffff04b12143f5ffffffffffffffffff"},  // osmocom
        {"MSISDN", map{{"name", "Eigene Rufnummer"}, {"number", "+4917279119183"}},
         "456967656e65205275666e756d6d6572ffffffff0891947172199181f3ffffffffff"},  // osmocom
        {"MSISDN", map{{"number", "1766266:b1"}},
         "ffffffffffffffffffffffffffffffffffffffff05b1716662f6ffffffffffffffff"},  // osmocom
        {"FDN", map{{"number", "*#p?e0"}, {"capability", 1}, {"extension", 2}}, "0481badc0effffffffffffff0102"},
    });
}

TEST(uicc_files, hold_the_published_examples_of_services_by_number) {
    expect_both_ways({
        {"ECC", map{{"number", "911"}, {"categories", list{"police"}}}, "19f1ff01"},     // osmocom
        {"ECC", map{{"number", "913"}, {"categories", list{"ambulance"}}}, "19f3ff02"},  // osmocom
        {"ECC", map{}, "ffffffff"},
        {"ECC", map{{"number", "112"}, {"name", "SOS"}, {"categories", list{}}}, "11f2ff534f5300"},
        {"gsm/ECC", list{"112", "911"}, "11f2ff19f1ff"},
        {"SMSP", map{{"destination", "12345"}, {"service_centre", "+491710760000"}, {"validity_minutes", 5}},
         "ec"
         "05812143f5ffffffffffffff"
         "0791947101670000ffffffff"
         "ffff00"},
        {"SMSP", map{}, "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
    });
}

TEST(uicc_files, are_filled_up_to_the_length_said_and_to_the_least_of_the_standard) {
    EXPECT_EQ(encoded("FPLMN", list{"26202"}), "62f220ffffffffffffffffff");
    EXPECT_EQ(encoded("FPLMN", list{}, 15), std::string(30, 'f'));
    EXPECT_EQ(encoded("OPLMNwAcT", list{"26202:utran"}, 10), "62f2208000ffffff0000");
    EXPECT_EQ(encoded("OPLMNwAcT", list{"26202:utran"}).size(), 80U);
    EXPECT_EQ(encoded("UST", list{2}, 4), "02000000");
    EXPECT_EQ(encoded("ECC", map{{"number", "112"}}), "11f2ff" + std::string(32, 'f') + "00");
    EXPECT_EQ(encoded("MSISDN", map{{"number", "1"}}).size(), 56U);
    EXPECT_EQ(encoded("SMSS", map{{"last_reference", 1}}, 3), "01ffff");
}

TEST(uicc_files, are_not_written_at_a_length_that_they_cannot_have) {
    EXPECT_EQ(refused("SPN", map{{"display", "x"}}, 16), "length: SPN has 17 octets, not 16");
    EXPECT_EQ(refused("FPLMN", list{}, 13), "length: FPLMN has 3 to 32768, a multiple of 3 octets, not 13");
    EXPECT_EQ(refused("MSISDN", map{}, 13), "length: MSISDN has 14 to 255 octets, not 13");
    EXPECT_EQ(refused("OPLMNwAcT", list{"26202:utran", "26203:utran"}, 5),
              "value: takes 10 octets, OPLMNwAcT has room for 5");
    EXPECT_EQ(decode_refused("SPN", "00"), "SPN has 17 octets, not 1");
    EXPECT_EQ(decode_refused("CBMI", "000102"), "CBMI has 2 to 32768, a multiple of 2 octets, not 3");
    EXPECT_EQ(decode_refused("ICCID", ""), "ICCID has 10 octets, not 0");
}

TEST(uicc_files, say_where_in_the_value_the_fault_is_and_what_is_expected) {
    const auto starts = [](std::string_view name, const file_value& value, std::string_view expected) {
        const auto told = refused(name, value);
        EXPECT_TRUE(told.starts_with(expected)) << told;
    };
    starts("SPN", "Tessera", "value: expected a map with display, flags");
    starts("SPN", map{{"flags", 1}}, "value.display: is missing");
    starts("SPN", map{{"display", 1}}, "value.display: expected a text");
    starts("SPN", map{{"display", "x"}, {"flags", 4}}, "value.flags: expected a number from 0 to 3");
    starts("SPN", map{{"display", "x"}, {"colour", 4}}, "value.colour: is not known here; known: display, flags");
    starts("SPN", map{{"display", "seventeen letters"}}, "value.display: takes 17 octets, there is room for 16");
    starts("FPLMN", "26202", "value: expected a list");
    starts("FPLMN", list{"26202", "2620", "26203"}, "value[1]: expected a network of three digits (MCC)");
    starts("FPLMN", list{"2620x"}, "value[0]: expected a network");
    starts("FPLMN", list{"26202:utran"}, "value[0]: expected a network");
    starts("OPLMNwAcT", list{"26202"}, "value[0]: expected access technologies behind the network");
    starts("OPLMNwAcT", list{"26202:utran", "26202:lte"}, "value[1]: \"lte\" is no access technology; known: utran,");
    starts("OPLMNwAcT", list{"26202:utran,"}, "value[0]: \"\" is no access technology");
    starts("OPLMNwAcT", list{"26202:0x123"}, "value[0]: \"0x123\" is no access technology");
    starts("HPPLMN", 31, "value: expected minutes from 0 to 480 in steps of 6");
    starts("HPPLMN", 486, "value: expected minutes");
    starts("ACC", list{1, 16}, "value[1]: expected a number from 0 to 15");
    starts("UST", list{0}, "value[0]: expected a number from 1 to 256");
    starts("gsm/SST", list{"5"}, "value[0]: expected a service from 1 to");
    starts("gsm/SST", list{"0:allocated"}, "value[0]: expected a service from 1 to");
    starts("LI", list{"deu"}, "value[0]: expected a language of two letters");
    starts("GID1", "a1b", "value: expected an even number");
    starts("CBMI", list{65535}, "value[0]: expected a number from 0 to 65534");
    starts("CBMIR", list{"9-8"}, "value[0]: expected a range");
    for (const auto* range : {"", "-", "1", "1-", "-1", "1-65535", "1-2-3", "1--2", " 1-2", "0x1-2"})
        starts("CBMIR", list{"0-1", range}, "value[1]: expected a range");
    starts("ICCID", "12345", "value: expected a text of 18 to 20 digits");
    starts("IMSI", "2620111064875041", "value: expected a text of 6 to 15 digits");
    starts("AD", map{{"mode", "normal"}}, "value.mnc_length: is missing");
    starts("AD", map{{"mode", "normal"}, {"mnc_length", 4}}, "value.mnc_length: expected a number from 2 to 3");
    starts("AD", map{{"mode", "fast"}, {"mnc_length", 2}}, "value.mode: expected one of normal,");
    starts("AD", map{{"mode", "normal"}, {"additional", "00"}, {"mnc_length", 2}},
           "value.additional: expected 2 octets");
    starts("MSISDN", map{{"number", "123456789012345678901"}}, "value.number: expected a telephone number");
    starts("MSISDN", map{{"number", "12 34"}}, "value.number: expected a telephone number");
    starts("MSISDN", map{{"number", "1:ff"}}, "value.number: expected two hexadecimal digits behind the colon");
    starts("MSISDN", map{{"name", "fifteen letters"}}, "value.name: takes 15 octets, there is room for 14");
    starts("MSISDN", map{{"number", "1"}, {"extension", 255}}, "value.extension: expected a number from 0 to 254");
    starts("ECC", map{{"number", "1234567"}}, "value.number: expected a text of 1 to 6 digits");
    starts("ECC", map{{"number", "1"}, {"categories", list{"police", "army"}}}, "value.categories[1]: expected one of");
    starts("SMSP", map{{"validity_minutes", 721}},
           "value.validity_minutes: cannot be written; the next ones that can are "
           "720 and 750 minutes");
    starts("SMSP", map{{"service_centre", 49}}, "value.service_centre: expected a text");
    starts("SMSS", map{{"last_reference", 1}, {"memory_exceeded", 1}}, "value.memory_exceeded: expected true or false");
}

TEST(uicc_files, with_octets_that_the_standard_does_not_know_are_refused_with_their_place) {
    EXPECT_EQ(decode_refused("FPLMN", "62f22062fa20ffffffffffff"), "entry 2: expected the digits of a network");
    EXPECT_EQ(decode_refused("HPPLMN", "51"), "expected at most 50, for 480 minutes");
    EXPECT_EQ(decode_refused("ICCID", "a88812010000400310f0"), "digit 2 of the number is none");
    EXPECT_EQ(decode_refused("ICCID", "9888ff010000400310f0"), "digit 7 of the number is none");
    EXPECT_EQ(decode_refused("IMSI", "092982608200002080"), "octet 1: expected a length from 1 to 8");
    EXPECT_NE(decode_refused("IMSI", "082182608200002080"), "");
    EXPECT_NE(decode_refused("AD", "00000000"), "");
    EXPECT_NE(decode_refused("AD", "05000002"), "");
    EXPECT_NE(decode_refused("MSISDN", "0c91" + std::string(24, '1')), "");
    EXPECT_NE(decode_refused("ECC", "11f2ff80"), "");
    EXPECT_NE(decode_refused("LI", "3031"), "");
    EXPECT_NE(decode_refused("CBMIR", "00020001"), "");
    EXPECT_NE(decode_refused("SPN", "0480" + std::string(30, '0')), "");
}

// osmocom; its indicators (f1) say that there is no validity period, so the a7 at its place means nothing.
TEST(uicc_files, leave_out_parameters_whose_indicator_says_so) {
    const auto value = decode_file(
        file("SMSP"),
        from_hex("454e6574776f726b73fffffffffffffff1ffffffffffffffffffffffffffffffffffffffffffffffff0000a7").value());
    EXPECT_TRUE(
        value.value() ==
        file_value(
            map{{"name", "ENetworks"}, {"service_centre", ""}, {"protocol_identifier", 0}, {"data_coding_scheme", 0}}));
    EXPECT_EQ(encoded("SMSP", *value, 44),
              "454e6574776f726b73fffffffffffffff1ffffffffffffffffffffffffffffffffffffffffffffffff0000ff");
}

TEST(uicc_files, leave_out_unused_entries_wherever_they_stand) {
    const auto read = [](std::string_view name, std::string_view content) {
        return decode_file(file(name), from_hex(content).value()).value();
    };
    EXPECT_TRUE(read("FPLMN", "ffffff62f220ffffff330420") == file_value(list{"26202", "334020"}));
    EXPECT_TRUE(read("PLMNwAcT", "ffffffffff62f2208000") == file_value(list{"26202:utran"}));
    EXPECT_TRUE(read("CBMI", "ffff0001") == file_value(list{1}));
    EXPECT_TRUE(read("gsm/ECC", "ffffff11f2ff") == file_value(list{"112"}));
}

}  // namespace
}  // namespace tessera::codec
