#include "codec/uicc_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace tessera::codec {
namespace {

constexpr std::uint8_t filler = 0xff, escape = 0x1b;
constexpr std::uint8_t ucs2_plain = 0x80, ucs2_half_page = 0x81, ucs2_any_base = 0x82;
constexpr std::uint8_t in_page = 0x80;  // in the codings 81 and 82: an offset from the base, no GSM character
constexpr char16_t page_size = 0x80;

// 3GPP TS 23.038 clause 6.2.1; 1b leads to the extension.
constexpr std::array<char16_t, 128> default_alphabet = {
    u'@', u'£',  u'$', u'¥', u'è', u'é', u'ù', u'ì', u'ò', u'Ç', u'\n', u'Ø', u'ø', u'\r', u'Å', u'å', u'Δ', u'_', u'Φ',
    u'Γ', u'Λ',  u'Ω', u'Π', u'Ψ', u'Σ', u'Θ', u'Ξ', 0,    u'Æ', u'æ',  u'ß', u'É', u' ',  u'!', u'"', u'#', u'¤', u'%',
    u'&', u'\'', u'(', u')', u'*', u'+', u',', u'-', u'.', u'/', u'0',  u'1', u'2', u'3',  u'4', u'5', u'6', u'7', u'8',
    u'9', u':',  u';', u'<', u'=', u'>', u'?', u'¡', u'A', u'B', u'C',  u'D', u'E', u'F',  u'G', u'H', u'I', u'J', u'K',
    u'L', u'M',  u'N', u'O', u'P', u'Q', u'R', u'S', u'T', u'U', u'V',  u'W', u'X', u'Y',  u'Z', u'Ä', u'Ö', u'Ñ', u'Ü',
    u'§', u'¿',  u'a', u'b', u'c', u'd', u'e', u'f', u'g', u'h', u'i',  u'j', u'k', u'l',  u'm', u'n', u'o', u'p', u'q',
    u'r', u's',  u't', u'u', u'v', u'w', u'x', u'y', u'z', u'ä', u'ö',  u'ñ', u'ü', u'à'};

struct extended {
    std::uint8_t octet;  // behind the escape
    char16_t character;
};
constexpr std::array<extended, 10> extension = {{{0x0a, u'\f'},
                                                 {0x14, u'^'},
                                                 {0x28, u'{'},
                                                 {0x29, u'}'},
                                                 {0x2f, u'\\'},
                                                 {0x3c, u'['},
                                                 {0x3d, u'~'},
                                                 {0x3e, u']'},
                                                 {0x40, u'|'},
                                                 {0x65, u'€'}}};

std::unexpected<error> bad_content(std::string message) { return failure("bad_content", {}, std::move(message)); }

bool is_surrogate(char32_t c) { return c >= 0xd800 && c <= 0xdfff; }
// U+FFFF is what unused octets look like.
bool in_ucs2(char32_t c) { return c < 0xffff && !is_surrogate(c); }

std::optional<char32_t> next_of(std::string_view& utf8) {
    const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(utf8[i]); };
    const auto lead = octet(0);
    const std::size_t size = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || utf8.size() < size) return std::nullopt;
    char32_t made = size == 1 ? lead : lead & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((octet(i) & 0xc0U) != 0x80) return std::nullopt;
        made = made << 6U | (octet(i) & 0x3fU);
    }
    constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
    if (made < least[size] || made > 0x10ffff || is_surrogate(made)) return std::nullopt;
    utf8.remove_prefix(size);
    return made;
}

result<std::u16string> characters_of(std::string_view utf8) {
    std::u16string made;
    while (!utf8.empty()) {
        const auto character = next_of(utf8);
        if (!character) return failure("bad_value", {}, "expected a text in UTF-8");
        if (!in_ucs2(*character))
            return failure(
                "bad_value", {},
                "character " + std::to_string(made.size() + 1) + " cannot be written on a card (beyond UCS2)");
        made.push_back(static_cast<char16_t>(*character));
    }
    return made;
}

void append_utf8(std::string& out, char16_t c) {
    if (c < 0x80) {
        out.push_back(static_cast<char>(c));
    } else if (c < 0x800) {
        out.push_back(static_cast<char>(0xc0U | c >> 6U));
        out.push_back(static_cast<char>(0x80U | (c & 0x3fU)));
    } else {
        out.push_back(static_cast<char>(0xe0U | c >> 12U));
        out.push_back(static_cast<char>(0x80U | (c >> 6U & 0x3fU)));
        out.push_back(static_cast<char>(0x80U | (c & 0x3fU)));
    }
}

std::optional<std::uint8_t> in_default_alphabet(char16_t c) {
    if (c == 0) return std::nullopt;  // what stands at the escape's place
    const auto* found = std::ranges::find(default_alphabet, c);
    if (found == default_alphabet.end()) return std::nullopt;
    return static_cast<std::uint8_t>(found - default_alphabet.begin());
}

std::optional<bytes> in_gsm(const std::u16string& text) {
    bytes out;
    for (const auto c : text) {
        if (const auto octet = in_default_alphabet(c)) {
            out.push_back(*octet);
            continue;
        }
        const auto* found = std::ranges::find(extension, c, &extended::character);
        if (found == extension.end()) return std::nullopt;
        out.push_back(escape);
        out.push_back(found->octet);
    }
    return out;
}

bytes in_plain_ucs2(const std::u16string& text) {
    bytes out = {ucs2_plain};
    for (const auto c : text) append_big_endian(out, c, 2);
    return out;
}

// The codings 81 and 82: all characters that are not GSM's own lie in one page of 128 from a base.
std::optional<bytes> in_page_of_ucs2(const std::u16string& text) {
    constexpr std::size_t characters_max = 255;
    char16_t lowest = 0xffff, highest = 0;
    for (const auto c : text) {
        if (in_default_alphabet(c)) continue;
        lowest = std::min(lowest, c);
        highest = std::max(highest, c);
    }
    if (text.size() > characters_max || lowest > highest || highest - lowest >= page_size) return std::nullopt;
    bytes out;
    const bool half_page = lowest / page_size == highest / page_size && lowest < 0x8000;
    const auto base = static_cast<char16_t>(half_page ? lowest / page_size * page_size : lowest);
    out = {half_page ? ucs2_half_page : ucs2_any_base, static_cast<std::uint8_t>(text.size())};
    if (half_page)
        out.push_back(static_cast<std::uint8_t>(base / page_size));
    else
        append_big_endian(out, base, 2);
    for (const auto c : text) {
        const auto gsm = in_default_alphabet(c);
        out.push_back(gsm ? *gsm : static_cast<std::uint8_t>(in_page | static_cast<unsigned>(c - base)));
    }
    return out;
}

result<std::string> from_gsm(byte_view octets) {
    std::string out;
    for (std::size_t i = 0; i < octets.size() && octets[i] != filler; ++i) {
        if (octets[i] >= 0x80) return bad_content("octet " + std::to_string(i + 1) + " of the text is no character");
        if (octets[i] != escape) {
            append_utf8(out, default_alphabet[octets[i]]);
            continue;
        }
        const auto next = ++i < octets.size() ? octets[i] : filler;
        const auto* found = std::ranges::find(extension, next, &extended::octet);
        if (found == extension.end()) return bad_content("an escape in the text leads to no character");
        append_utf8(out, found->character);
    }
    return out;
}

result<std::string> from_plain_ucs2(byte_view octets) {
    std::string out;
    for (byte_reader in(octets.subspan(1)); in.rest().size() >= 2;) {
        const auto character = in.u16();
        if (character == 0xffff) break;
        if (!in_ucs2(character)) return bad_content("the text holds half of a character beyond UCS2");
        append_utf8(out, character);
    }
    return out;
}

result<std::string> from_page_of_ucs2(byte_view octets) {
    byte_reader in(octets);
    const bool half_page = in.u8() == ucs2_half_page;
    const auto count = in.u8();
    const auto base = half_page ? static_cast<char32_t>(in.u8() * page_size) : in.u16();
    const auto characters = in.take(count);
    if (in.failed()) return bad_content("the text is shorter than it says");
    std::string out;
    for (const auto octet : characters) {
        if (octet == escape) return bad_content("an escape in the text leads to no character");
        const char32_t character = (octet & in_page) == 0 ? default_alphabet[octet] : base + (octet & 0x7fU);
        if (!in_ucs2(character)) return bad_content("the text holds a character beyond UCS2");
        append_utf8(out, static_cast<char16_t>(character));
    }
    return out;
}

}  // namespace

result<bytes> encode_text(std::string_view utf8, std::size_t octets) {
    TESSERA_TRY_VALUE(const auto text, characters_of(utf8));
    auto coded = in_gsm(text);
    if (!coded) coded = in_plain_ucs2(text);
    if (coded->size() > octets)
        if (auto other = in_page_of_ucs2(text); other && other->size() < coded->size()) coded = std::move(other);
    if (coded->size() > octets)
        return failure(
            "bad_value", {},
            "takes " + std::to_string(coded->size()) + " octets, there is room for " + std::to_string(octets));
    coded->resize(octets, filler);
    return std::move(*coded);
}

result<std::string> decode_text(byte_view octets) {
    if (octets.empty()) return std::string();
    switch (octets[0]) {
        case ucs2_plain:
            return from_plain_ucs2(octets);
        case ucs2_half_page:
        case ucs2_any_base:
            return from_page_of_ucs2(octets);
        default:
            return from_gsm(octets);
    }
}

}  // namespace tessera::codec
