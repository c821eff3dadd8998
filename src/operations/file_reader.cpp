#include "operations/file_reader.h"

#include "base/limits.h"
#include "codec/apdu.h"
#include "operations/file_path.h"

namespace tessera::operations {
namespace {

constexpr std::uint16_t longest_answer = 256;
constexpr std::uint8_t offset_beyond_the_end[] = {0x6b, 0x94};
constexpr std::uint8_t select_and_read = 2;

}  // namespace

script file_reader::next() const {
    constexpr std::uint8_t by_path_from_mf = 0x08, no_response_data = 0x0c, absolute_record = 0x04;
    script made;
    const auto path = path_octets(file_);
    codec::append_apdu(made.octets,
                       {0x00, codec::instruction::select, by_path_from_mf, no_response_data, path, std::nullopt});
    const auto offset = content_.size();
    if (record_ != 0)
        codec::append_apdu(
            made.octets,
            {0x00, codec::instruction::read_record, static_cast<std::uint8_t>(record_), absolute_record, {}, length_});
    else
        codec::append_apdu(made.octets, {0x00,
                                         codec::instruction::read_binary,
                                         static_cast<std::uint8_t>(offset >> 8U & 0x7fU),
                                         static_cast<std::uint8_t>(offset & 0xffU),
                                         {},
                                         length_});
    made.commands = select_and_read;
    return made;
}

file_reader::step file_reader::take(const executed_answer& answer) {
    if (answer.executed != select_and_read) return step::refused;
    const auto high = static_cast<std::uint8_t>(answer.status_word >> 8U);
    const auto low = static_cast<std::uint8_t>(answer.status_word & 0xffU);
    if ((high == 0x6c || high == 0x67) && low != 0 && length_ == longest_answer) {
        length_ = low;
        return step::more;
    }
    for (const auto end : offset_beyond_the_end)
        if (high == end && !content_.empty()) return step::complete;
    if (!codec::is_success(answer.status_word)) return step::refused;
    append(content_, answer.data);
    const bool last = record_ != 0 || answer.data.size() < longest_answer;
    if (last || content_.size() >= limits::file_content_octets) return step::complete;
    length_ = longest_answer;
    return step::more;
}

}  // namespace tessera::operations
