#include "operations/file_reader.h"

#include "base/limits.h"
#include "codec/apdu.h"

namespace tessera::operations {
namespace {

constexpr std::uint8_t offset_beyond_the_end[] = {0x6b, 0x94};

}  // namespace

script file_reader::next() const {
    constexpr std::uint8_t absolute_record = 0x04;
    script made;
    made.commands = static_cast<std::uint8_t>(append_select(made.octets, file_, style_) + 1);
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
    return made;
}

file_reader::step file_reader::take(const executed_answer& answer) {
    if (answer.executed != next().commands) return step::refused;
    const auto high = static_cast<std::uint8_t>(answer.status_word >> 8U);
    const auto low = static_cast<std::uint8_t>(answer.status_word & 0xffU);
    if ((high == 0x6c || high == 0x67) && low != 0 && length_ == longest_) {
        length_ = low;
        return step::more;
    }
    for (const auto end : offset_beyond_the_end)
        if (high == end && !content_.empty()) return step::complete;
    if (!codec::is_success(answer.status_word)) return step::refused;
    append(content_, answer.data);
    const bool last = record_ != 0 || answer.data.size() < longest_;
    if (last || content_.size() >= limits::file_content_octets) return step::complete;
    length_ = longest_;
    return step::more;
}

}  // namespace tessera::operations
