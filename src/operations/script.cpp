#include "operations/script.h"

#include <algorithm>
#include <array>

#include "codec/apdu.h"
#include "codec/expanded_script.h"
#include "codec/global_platform.h"
#include "codec/remote_management.h"
#include "operations/file_path.h"

namespace tessera::operations {
namespace {

constexpr std::size_t command_data_max = 255;
constexpr std::uint8_t select_by_identifier = 0x00;
constexpr std::uint8_t select_by_path_from_mf = 0x08;
constexpr std::uint8_t no_response_data = 0x0c;
constexpr std::uint8_t absolute_record = 0x04;
constexpr std::uint8_t commands_max = 255;
constexpr std::size_t chaining_octets = 3;

bytes update_command(const file_write& write, std::size_t offset, byte_view piece) {
    bytes out;
    if (write.record != 0)
        codec::append_apdu(out, {0x00, codec::instruction::update_record, static_cast<std::uint8_t>(write.record),
                                 absolute_record, piece, std::nullopt});
    else
        codec::append_apdu(out,
                           {0x00, codec::instruction::update_binary, static_cast<std::uint8_t>(offset >> 8U & 0x7fU),
                            static_cast<std::uint8_t>(offset & 0xffU), piece, std::nullopt});
    return out;
}

class packer {
public:
    packer(std::size_t octets_max, std::size_t overhead, const script_style& style)
        : octets_max_(octets_max), overhead_(overhead), style_(style) {}

    // One UPDATE, with a SELECT before it if the script under way has another file selected or none.
    void add(const file_write& write, std::size_t offset, byte_view piece) {
        const auto update = update_command(write, offset, piece);
        bytes select;
        const auto selects = append_select(select, write.file, style_);
        const bool selected = !scripts_.empty() && selected_ == write.file;
        const auto needed = update.size() + overhead_ + (selected ? 0 : select.size() + selects * overhead_);
        if (scripts_.empty() ||
            scripts_.back().octets.size() + scripts_.back().commands * overhead_ + needed > octets_max_ ||
            scripts_.back().commands >= commands_max - selects) {
            scripts_.emplace_back();
            append_commands(select, selects);
        } else if (!selected) {
            append_commands(select, selects);
        }
        append_commands(update, 1);
        selected_ = write.file;
    }
    std::vector<script> take() { return std::move(scripts_); }

private:
    void append_commands(const bytes& octets, std::uint8_t commands) {
        append(scripts_.back().octets, octets);
        scripts_.back().commands = static_cast<std::uint8_t>(scripts_.back().commands + commands);
    }

    std::size_t octets_max_;
    std::size_t overhead_;
    script_style style_;
    std::vector<script> scripts_;
    std::string selected_;
};

}  // namespace

std::uint8_t append_select(bytes& out, std::string_view file, const script_style& style) {
    const auto path = path_octets(file);
    const auto select = [&](std::uint8_t how, byte_view what) {
        codec::append_apdu(out, {0x00, codec::instruction::select, how, no_response_data, what, std::nullopt});
    };
    if (!style.select_step_by_step) {
        select(select_by_path_from_mf, path);
        return 1;
    }
    // The application under way (7FFF) is found from anywhere, all else from the MF down (TS 102 221 clause 8.4.1).
    constexpr std::array<std::uint8_t, 2> master_file{0x3f, 0x00};
    std::uint8_t commands = 0;
    const bool in_application = path.size() >= 2 && path[0] == 0x7f && path[1] == 0xff;
    if (!in_application) select(select_by_identifier, master_file), ++commands;
    for (std::size_t at = 0; at + 1 < path.size(); at += 2, ++commands)
        select(select_by_identifier, byte_view(path).subspan(at, 2));
    return commands;
}

std::vector<script> write_scripts(const std::vector<file_write>& writes, std::size_t octets_max,
                                  std::size_t command_overhead, const script_style& style) {
    octets_max = style.at_most(octets_max);
    packer into(octets_max, command_overhead, style);
    for (const auto& write : writes) {
        const byte_view content = write.content;
        bytes select;
        const std::size_t selects = append_select(select, write.file, style);
        const auto overhead = select.size() + 5 + (selects + 1) * command_overhead;
        const auto piece_max = write.record != 0 ? command_data_max : std::min(command_data_max, octets_max - overhead);
        for (std::size_t offset = 0; offset < content.size(); offset += piece_max)
            into.add(write, offset, content.subspan(offset, std::min(piece_max, content.size() - offset)));
    }
    return into.take();
}

std::size_t commands_octets_max(const script_shape& shape) {
    if (shape.format == script_format::compact) return shape.octets_max;
    return shape.octets_max - codec::expanded_script_overhead - (shape.chained ? chaining_octets : 0);
}

std::size_t command_overhead(const script_shape& shape) {
    constexpr std::size_t expected_length = 1;
    return shape.format == script_format::compact ? 0 : codec::expanded_command_overhead + expected_length;
}

void put_into_shape(std::vector<script>& scripts, const script_shape& shape) {
    if (shape.format == script_format::compact) return;
    for (std::size_t i = 0; i < scripts.size(); ++i) {
        const auto commands = codec::parse_compact_script(scripts[i].octets);
        std::vector<bytes> apdus;
        for (const auto& command : *commands) {
            auto& apdu = apdus.emplace_back();
            codec::append_apdu(apdu, command);
            const bool asks = command.ins == codec::instruction::status && !command.data.empty();
            if (asks) apdu = codec::global_platform::with_expected(apdu);
        }
        const auto place = i == 0                    ? codec::script_chaining::first
                           : i + 1 == scripts.size() ? codec::script_chaining::last
                                                     : codec::script_chaining::subsequent;
        const auto chaining = static_cast<std::uint8_t>(place);
        codec::expanded_script made;
        if (shape.chained && scripts.size() > 1)
            made.elements.push_back({codec::script_tag::chaining, byte_view(&chaining, 1)});
        for (const auto& apdu : apdus) made.elements.push_back({codec::script_tag::command, apdu});
        bytes octets;
        codec::append_expanded_script(octets, made);
        scripts[i].octets = std::move(octets);
    }
}

std::vector<read_back> read_back_scripts(const std::vector<file_write>& writes, const script_style& style) {
    std::vector<read_back> pieces;
    for (std::size_t i = 0; i < writes.size(); ++i) {
        const auto& write = writes[i];
        const byte_view content = write.content;
        // A record is read whole or not at all.
        const auto step =
            write.record != 0 ? command_data_max : std::min<std::size_t>(style.piece_octets, command_data_max);
        for (std::size_t offset = 0; offset < content.size(); offset += step) {
            const auto expected = content.subspan(offset, std::min(step, content.size() - offset));
            read_back piece;
            const auto selects = append_select(piece.commands.octets, write.file, style);
            const auto length = static_cast<std::uint16_t>(expected.size());
            if (write.record != 0)
                codec::append_apdu(piece.commands.octets, {0x00,
                                                           codec::instruction::read_record,
                                                           static_cast<std::uint8_t>(write.record),
                                                           absolute_record,
                                                           {},
                                                           length});
            else
                codec::append_apdu(piece.commands.octets, {0x00,
                                                           codec::instruction::read_binary,
                                                           static_cast<std::uint8_t>(offset >> 8U & 0x7fU),
                                                           static_cast<std::uint8_t>(offset & 0xffU),
                                                           {},
                                                           length});
            piece.commands.commands = static_cast<std::uint8_t>(selects + 1);
            piece.expected = expected;
            piece.write = i;
            pieces.push_back(std::move(piece));
        }
    }
    return pieces;
}

}  // namespace tessera::operations
