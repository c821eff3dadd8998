// tessera ota encode, decode-command, decode-response
#include <algorithm>
#include <array>

#include "codec/sms_tpdu.h"
#include "tessera/ota_scripts.h"
#include "tessera/ota_verbs.h"

namespace tessera::app::ota {
namespace {

constexpr std::uint8_t aes_nibble = 2;

// Real cards do both, so neither is refused; but both are likelier to be a mistake.
std::vector<std::string_view> warnings_for(const codec::packet_security& security, std::uint64_t counter) {
    std::vector<std::string_view> warnings;
    const auto& spi = security.spi;
    const bool aes =
        (spi.command_ciphered() && (security.kic & 0x0fU) == aes_nibble) ||
        (spi.command_integrity() == codec::integrity::cryptographic_checksum && (security.kid & 0x0fU) == aes_nibble);
    if (aes && spi.counter() == codec::counter_mode::none)
        warnings.emplace_back("AES without a counter (SPI1 b5b4 = 00): the card cannot tell a replay");
    if (counter != 0 && spi.counter() == codec::counter_mode::none)
        warnings.emplace_back("the SPI says that there is no counter, and cntr is not zero");
    return warnings;
}

// 02 70 00 cannot be CPL and CHL: a CHL of 0 does not exist.
byte_view without_command_header(byte_view packet) {
    constexpr std::array<std::uint8_t, 3> header = {0x02, 0x70, 0x00};
    const bool present = packet.size() >= header.size() && std::equal(header.begin(), header.end(), packet.begin());
    return present ? packet.subspan(header.size()) : packet;
}

}  // namespace

result<void> encode(const line_object& line, codec::secured_packet_codec& codec, std::string& out) {
    TESSERA_TRY_VALUE(const auto keys, keys_of(line));
    TESSERA_TRY_VALUE(auto security, security_of(line, packet_direction::command, keys.agreed));
    TESSERA_TRY(octets_into(line, "tar", security.tar));
    TESSERA_TRY_VALUE(const auto counter, counter_of(line));
    TESSERA_TRY_VALUE(const auto data, script_of(line));
    TESSERA_TRY_VALUE(const auto reference, number_of(line, "reference", 1, 0xff));
    bytes packet;
    TESSERA_TRY(codec.encode_command(security, keys.view(), counter, data, packet));
    TESSERA_TRY_VALUE(const auto parts,
                      codec::segment(packet, codec::packet_kind::command, static_cast<std::uint16_t>(reference), 8));
    answer_object answer(out);
    answer.hex("packet", packet);
    answer.hex_list("user_data", parts);
    answer.warnings(warnings_for(security, counter));
    answer.finish();
    return {};
}

result<void> decode_command(const line_object& line, codec::secured_packet_codec& codec, std::string& out) {
    TESSERA_TRY_VALUE(const auto keys, keys_of(line));
    TESSERA_TRY_VALUE(const auto packet, octets_of(line, "packet"));
    TESSERA_TRY_VALUE(const auto command,
                      codec.decode_command(without_command_header(packet), keys.view(), keys.agreed));
    const auto& security = command.security;
    answer_object answer(out);
    answer.hex("spi", std::array{security.spi.first, security.spi.second});
    answer.hex("kic", std::array{security.kic});
    answer.hex("kid", std::array{security.kid});
    answer.hex("tar", security.tar);
    answer.counter(command.counter);
    answer.number("pcntr", command.padding_counter);
    answer.hex("apdu", command.data);
    if (command.verified.value_or(true)) TESSERA_TRY(describe_script(line, command.data, answer));
    answer.truth("verified", command.verified);
    answer.warnings(warnings_for(security, command.counter));
    answer.finish();
    return {};
}

result<void> decode_response(const line_object& line, codec::secured_packet_codec& codec, std::string& out) {
    TESSERA_TRY_VALUE(const auto keys, keys_of(line));
    TESSERA_TRY_VALUE(const auto security, security_of(line, packet_direction::response, keys.agreed));
    TESSERA_TRY_VALUE(const auto packet, octets_of(line, "packet"));
    TESSERA_TRY_VALUE(const auto response, codec.decode_response(packet, security, keys.view()));
    const bool asked = security.spi.response_ciphered() || security.spi.response_integrity() != codec::integrity::none;
    std::vector<std::string_view> warnings;
    if (asked && !response.secured)
        warnings.emplace_back("SPI2 asks for a secured response and this one is not: its status proves nothing");
    answer_object answer(out);
    answer.number("status", response.status);
    answer.counter(response.counter);
    answer.number("pcntr", response.padding_counter);
    answer.hex("tar", response.tar);
    answer.hex("data", response.data);
    if (response.status == 0 && response.verified.value_or(true))
        TESSERA_TRY(describe_response(line, response.data, answer));
    answer.truth("secured", asked && response.secured);
    answer.truth("verified", response.verified);
    answer.warnings(warnings);
    answer.finish();
    return {};
}

}  // namespace tessera::app::ota
