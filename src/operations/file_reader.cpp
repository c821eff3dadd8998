#include "operations/file_reader.h"

#include "base/limits.h"
#include "codec/apdu.h"

namespace tessera::operations {
namespace {

constexpr std::uint8_t offset_beyond_the_end[] = {0x6b, 0x94};

}  // namespace

script file_reader::next() const { return read_script(file_, record_, content_.size(), length_, style_); }

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
