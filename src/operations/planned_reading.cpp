#include "operations/planned_reading.h"

#include <algorithm>

#include "base/limits.h"
#include "codec/apdu.h"

namespace tessera::operations {
namespace {

constexpr std::size_t longest_answer = 256;
constexpr std::uint16_t end_of_file_reached = 0x6282;  // data of a file shorter than asked for, ETSI TS 102 221 10.2.1

// How many octets the pieces may still bring, and how many each.
struct appetite {
    std::size_t octets;
    std::size_t piece;
};

appetite appetite_for(const file_read& wanted, const reading& one, const script_style& style) {
    if (one.corrected != 0) return {one.corrected, one.corrected};
    if (wanted.record != 0) {
        const auto length = wanted.length == 0 ? longest_answer : std::min(wanted.length, longest_answer);
        return {length, length};
    }
    const auto had = one.content.size();
    if (wanted.length != 0)
        return {wanted.length - std::min(wanted.length, had), std::min(style.piece_octets, longest_answer)};
    // Of unknown length: as much again as there is already, so that a long file takes few rounds.
    const auto more = std::max(had / longest_answer, std::size_t{1}) * longest_answer;
    return {std::min(more, limits::file_content_octets - std::min(limits::file_content_octets, had)), longest_answer};
}

read_piece piece_of(const file_read& wanted, std::size_t which, std::size_t offset, std::size_t length,
                    const script_style& style) {
    read_piece made;
    made.read = which;
    made.offset = offset;
    made.length = static_cast<std::uint16_t>(length);
    made.commands = read_script(wanted.file, wanted.record, offset, made.length, style);
    return made;
}

bool refuse(reading& into, const executed_answer& answer) {
    into.now = reading::state::refused;
    into.status_word = answer.status_word;
    into.command = answer.executed;
    return true;
}

bool complete(reading& into, bool whole) {
    into.now = reading::state::complete;
    into.whole = whole;
    into.corrected = 0;
    return true;
}

}  // namespace

std::vector<read_piece> next_pieces(const std::vector<file_read>& reads, const std::vector<reading>& so_far,
                                    const script_style& style) {
    std::vector<read_piece> pieces;
    for (std::size_t i = 0; i < reads.size(); ++i) {
        if (so_far[i].now != reading::state::open) continue;
        const auto wants = appetite_for(reads[i], so_far[i], style);
        const auto begin = so_far[i].content.size();
        for (std::size_t done = 0; done < wants.octets; done += wants.piece) {
            if (pieces.size() == limits::packets_per_card) return pieces;
            pieces.push_back(piece_of(reads[i], i, begin + done, std::min(wants.piece, wants.octets - done), style));
        }
    }
    return pieces;
}

bool take_piece(const file_read& wanted, const read_piece& piece, const executed_answer& answer,
                const numbered_packet& packet, reading& into) {
    if (into.now != reading::state::open || piece.offset != into.content.size()) return false;
    if (answer.executed != piece.commands.commands) return refuse(into, answer);
    const auto high = static_cast<std::uint8_t>(answer.status_word >> 8U);
    const auto low = static_cast<std::uint8_t>(answer.status_word & 0xffU);
    // ETSI TS 102 221 clause 10.2.1.5, 3GPP TS 51.011 clause 9.4.6.
    if ((high == 0x6c || high == 0x67) && low != 0 && low < piece.length && into.corrected == 0) {
        into.corrected = low;
        return true;
    }
    const bool beyond_the_end = high == 0x6b || high == 0x94;
    if (beyond_the_end && !into.content.empty()) return complete(into, true);
    const bool short_of_it = answer.status_word == end_of_file_reached;
    if (!codec::is_success(answer.status_word) && !short_of_it) return refuse(into, answer);
    if (into.content.empty()) {
        into.key_version = packet.key_version;
        into.counter = packet.counter;
    }
    const auto brought = std::min<std::size_t>(answer.data.size(), piece.length);
    append(into.content, byte_view(answer.data).first(brought));
    const bool ends_here = wanted.record != 0 || into.corrected != 0 || brought < piece.length || short_of_it;
    const auto most = wanted.length == 0 ? limits::file_content_octets : wanted.length;
    if (ends_here || into.content.size() >= most) return complete(into, ends_here);
    return true;
}

}  // namespace tessera::operations
