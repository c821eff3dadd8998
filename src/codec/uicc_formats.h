// What the rows of uicc_files.cpp point at: how the value of each kind of file is written and read.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "codec/file_value.h"

namespace tessera::codec {

struct file_format {
    // At most `room` octets; exactly `room` where there is no `unused`.
    result<bytes> (*encode)(const value_at& value, std::size_t room) = nullptr;
    result<file_value> (*decode)(byte_view content) = nullptr;
    // One unused entry of a list, which fills the rest of the file; empty: no list, encode fills its room itself.
    byte_view unused;
    bool empty_when_unused = false;  // unused octets (FF) are an empty map, and the other way round
};

namespace file_formats {

// uicc_networks.cpp
extern const file_format iccid, imsi, plmn_list, plmn_technology_list, search_period, access_classes;
// uicc_services.cpp
extern const file_format service_provider_name, service_table, sim_service_table, administrative_data, languages,
    group_identifier, message_identifiers, message_identifier_ranges, sms_status;
// uicc_numbers.cpp
extern const file_format dialling_number, emergency_calls, emergency_call, sms_parameters;

}  // namespace file_formats

[[nodiscard]] inline std::unexpected<error> bad_content(std::string message) {
    return failure("bad_content", "content", std::move(message));
}

// A text into exactly `octets` octets (uicc_text.h); errors name the value's place.
[[nodiscard]] result<bytes> text_into(const value_at& value, std::size_t octets);

// Digits two an octet, the lower half first, F behind the last (3GPP TS 51.011 clause 10.5.1, "extended BCD"); beside
// 0 to 9: * # p (DTMF control digit separator) ? (wild) e (reserved).
inline constexpr std::string_view dialling_digits = "0123456789*#p?e";
inline constexpr std::string_view decimal_digits = dialling_digits.substr(0, 10);
// Digits must be of the alphabet and fit.
[[nodiscard]] bytes pack_digits(std::string_view digits, std::size_t octets);
// Errors: bad_content (a digit behind the filler, or one that is not of the alphabet).
[[nodiscard]] result<std::string> unpack_digits(byte_view octets, std::string_view alphabet);
// A text of so many digits.
[[nodiscard]] result<std::string_view> digits_of(const value_at& value, std::size_t least, std::size_t most,
                                                 std::string_view alphabet = decimal_digits);

}  // namespace tessera::codec
