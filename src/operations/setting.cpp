#include "operations/setting.h"

#include <algorithm>

#include "codec/setting_script.h"

namespace tessera::operations {
namespace {

constexpr std::uint8_t commands_max = 255;
// Of one short message alone: four for a header with ports, one by which an answer shows that nothing follows.
constexpr std::size_t dearer_octets = 5;

bytes set_command(const file_write& setting) {
    bytes out;
    codec::append_setting_command(out,
                                  {codec::setting_command::kind::set, setting_name(setting), setting.content, 0, 0});
    return out;
}

}  // namespace

bool is_setting(const file_write& write) { return write.file.starts_with(setting_prefix); }

std::string_view setting_name(const file_write& write) {
    return std::string_view(write.file).substr(setting_prefix.size());
}

bool setting_fits(const file_write& setting, std::size_t octets_max) {
    return set_command(setting).size() <= octets_max;
}

std::vector<script> setting_scripts(const std::vector<file_write>& settings, std::size_t octets_max) {
    std::vector<script> scripts;
    for (const auto& one : settings) {
        const auto command = set_command(one);
        if (scripts.empty() || scripts.back().octets.size() + command.size() > octets_max ||
            scripts.back().commands == commands_max)
            scripts.emplace_back();
        append(scripts.back().octets, command);
        ++scripts.back().commands;
    }
    return scripts;
}

std::vector<read_back> setting_read_scripts(const std::vector<file_write>& settings, std::size_t piece_octets) {
    if (piece_octets <= lone_answer_octets) piece_octets -= dearer_octets;
    std::vector<read_back> pieces;
    for (std::size_t i = 0; i < settings.size(); ++i) {
        const byte_view content = settings[i].content;
        for (std::size_t offset = 0; offset < content.size(); offset += piece_octets) {
            auto& piece = pieces.emplace_back();
            piece.expected = content.subspan(offset, std::min(piece_octets, content.size() - offset));
            piece.write = i;
            piece.commands.commands = 1;
            // SET replaces the whole content, so a longer one is another: the last piece asks for an octet more.
            const bool last = offset + piece.expected.size() == content.size();
            if (last) piece.expect = expectation::exactly;
            const auto length = static_cast<std::uint16_t>(piece.expected.size() + (last ? 1 : 0));
            codec::append_setting_command(piece.commands.octets, {codec::setting_command::kind::get,
                                                                  setting_name(settings[i]),
                                                                  {},
                                                                  static_cast<std::uint16_t>(offset),
                                                                  length});
        }
    }
    return pieces;
}

}  // namespace tessera::operations
