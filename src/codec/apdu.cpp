#include "codec/apdu.h"

#include <array>
#include <cstdio>
#include <string_view>

namespace tessera::codec {
namespace {

struct meaning {
    std::uint16_t word;
    std::uint16_t mask;  // the bits that tell this word from others; the rest is a count or a length
    std::string_view text;
};

// ETSI TS 102 221 clause 10.2.1; the 9Fxx, 92xx, 94xx and 98xx words are those of 3GPP TS 51.011 clause 9.4, 9484, 9485
// and 6310 those of the GlobalPlatform card specification clause 11. The first that fits wins, so whole words stand
// before families.
constexpr auto meanings = std::to_array<meaning>({
    {0x9000, 0xffff, "done"},
    {0x9240, 0xffff, "memory problem"},
    {0x9300, 0xffff, "toolkit is busy"},
    {0x9400, 0xffff, "no file selected"},
    {0x9402, 0xffff, "address out of range"},
    {0x9404, 0xffff, "file not found"},
    {0x9408, 0xffff, "file does not fit the command"},
    {0x9802, 0xffff, "no PIN initialized"},
    {0x9804, 0xffff, "access condition not fulfilled"},
    {0x9808, 0xffff, "in contradiction with the PIN's status"},
    {0x9810, 0xffff, "in contradiction with the invalidation status"},
    {0x9840, 0xffff, "PIN blocked"},
    {0x9484, 0xffff, "algorithm not supported"},
    {0x9485, 0xffff, "invalid key check value"},
    {0x9850, 0xffff, "increase cannot be performed, maximum reached"},
    {0x9862, 0xffff, "authentication error"},
    {0x6310, 0xffff, "done, more data available"},
    {0x6200, 0xffff, "warning, nothing changed"},
    {0x6281, 0xffff, "part of the data may be corrupted"},
    {0x6282, 0xffff, "end of file or record before Le octets"},
    {0x6283, 0xffff, "selected file invalidated"},
    {0x6285, 0xffff, "selected file in termination state"},
    {0x62f1, 0xffff, "more data available"},
    {0x62f2, 0xffff, "more data available, proactive command pending"},
    {0x62f3, 0xffff, "response data available"},
    {0x63f1, 0xffff, "more data expected"},
    {0x63f2, 0xffff, "more data expected, proactive command pending"},
    {0x6400, 0xffff, "execution error, nothing changed"},
    {0x6500, 0xffff, "execution error, memory changed"},
    {0x6581, 0xffff, "memory problem"},
    {0x6700, 0xffff, "wrong length"},
    {0x6881, 0xffff, "logical channel not supported"},
    {0x6882, 0xffff, "secure messaging not supported"},
    {0x6981, 0xffff, "command incompatible with the file structure"},
    {0x6982, 0xffff, "security status not satisfied"},
    {0x6983, 0xffff, "authentication method blocked"},
    {0x6984, 0xffff, "referenced data invalidated"},
    {0x6985, 0xffff, "conditions of use not satisfied"},
    {0x6986, 0xffff, "no EF selected"},
    {0x6989, 0xffff, "secure channel not satisfied"},
    {0x6a80, 0xffff, "incorrect parameters in the data field"},
    {0x6a81, 0xffff, "function not supported"},
    {0x6a82, 0xffff, "file not found"},
    {0x6a83, 0xffff, "record not found"},
    {0x6a84, 0xffff, "not enough memory"},
    {0x6a86, 0xffff, "incorrect P1 P2"},
    {0x6a87, 0xffff, "Lc inconsistent with P1 P2"},
    {0x6a88, 0xffff, "referenced data not found"},
    {0x6b00, 0xffff, "wrong P1 P2, or offset outside the file"},
    {0x6d00, 0xffff, "instruction not supported"},
    {0x6e00, 0xffff, "class not supported"},
    {0x6f00, 0xffff, "technical problem, no diagnosis"},
    {0x63c0, 0xfff0, "verification failed, low digit is the attempts left"},
    {0x9200, 0xfff0, "done after internal retries"},
    {0x6100, 0xff00, "done, response data available"},
    {0x6c00, 0xff00, "wrong length, the second octet is the right one"},
    {0x6700, 0xff00, "wrong length"},
    {0x9100, 0xff00, "done, proactive command pending"},
    {0x9e00, 0xff00, "data download error"},
    {0x9f00, 0xff00, "done, response data available"},
});

}  // namespace

void append_apdu(bytes& out, const command_apdu& command) {
    out.insert(out.end(), {command.cla, command.ins, command.p1, command.p2});
    if (!command.data.empty() || !command.expected) {
        // Without data and without Le the fifth octet still stands, as T=0 has it.
        out.push_back(static_cast<std::uint8_t>(command.data.size()));
        append(out, command.data);
    }
    if (command.expected) out.push_back(static_cast<std::uint8_t>(*command.expected));  // 256 is written 00
}

result<command_apdu> parse_apdu(byte_view octets) {
    constexpr std::size_t header = 4;
    if (octets.size() < header) return failure("truncated", "apdu", "a command has at least CLA, INS, P1 and P2");
    command_apdu command{.cla = octets[0], .ins = octets[1], .p1 = octets[2], .p2 = octets[3]};
    if (octets.size() == header) return command;
    const std::uint8_t p3 = octets[header];
    const auto rest = octets.subspan(header + 1);
    if (rest.empty()) {
        command.expected = p3 == 0 ? 256 : p3;
        return command;
    }
    if (p3 == 0 || rest.size() < p3 || rest.size() > p3 + std::size_t{1})
        return failure("bad_length", "apdu",
                       "Lc says " + std::to_string(p3) + " octets, " + std::to_string(rest.size()) +
                           " follow it: those, and one more for Le, would fit");
    command.data = rest.first(p3);
    if (rest.size() > p3) command.expected = rest.back() == 0 ? 256 : rest.back();
    return command;
}

std::string describe_status_word(std::uint16_t status_word) {
    std::array<char, 8> number{};
    std::snprintf(number.data(), number.size(), "%04x ", static_cast<unsigned>(status_word));
    for (const auto& candidate : meanings)
        if ((status_word & candidate.mask) == candidate.word) return number.data() + std::string(candidate.text);
    return number.data() + std::string("unknown status word");
}

bool is_success(std::uint16_t status_word) {
    const auto first = status_word >> 8U;
    if (status_word == 0x9000 || first == 0x91 || first == 0x9f || first == 0x61) return true;
    return (status_word & 0xfff0U) == 0x63c0 || (status_word & 0xfff0U) == 0x9200;
}

}  // namespace tessera::codec
