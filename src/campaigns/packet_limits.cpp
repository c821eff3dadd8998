#include "campaigns/packet_limits.h"

#include <algorithm>

#include "base/limits.h"
#include "campaigns/packet_scripts.h"
#include "operations/setting.h"

namespace tessera::campaigns {

std::size_t script_octets_of(const definition& what) {
    return what.style.at_most(operations::script_octets_max(what.parts_max, what.is_for_terminals()));
}

std::vector<std::string> packet_mistakes(const definition& what) {
    const auto scripts = scripts_of(what);
    if (!scripts) return {scripts.error().field + ": " + scripts.error().message};
    std::vector<std::string> found;
    const auto packets = std::max(scripts->first.size(), scripts->reads.size());
    if (packets > limits::packets_per_card)
        found.push_back("the contents take " + std::to_string(packets) +
                        " packets a card to bring or to read back, more than " +
                        std::to_string(limits::packets_per_card) + "; a larger parts_max takes fewer");
    const operations::script_shape shape{what.security.format, what.chaining, script_octets_of(what)};
    for (const auto& write : what.writes) {
        if (what.is_for_terminals() && !operations::setting_fits(write, shape.octets_max))
            found.push_back("setting: " + std::string(operations::setting_name(write)) +
                            " does not fit a packet of parts_max short messages");
        constexpr std::size_t update_record_header = 5;
        if (write.record == 0) continue;
        bytes record;
        const std::size_t commands = operations::append_select(record, write.file, what.style) + std::size_t{1};
        const auto octets = record.size() + update_record_header + write.content.size() +
                            commands * operations::command_overhead(shape);
        if (octets > operations::commands_octets_max(shape))
            found.push_back("write: a record of " + write.file + " does not fit a packet of parts_max short messages");
        else if (write.content.size() > what.style.piece_octets &&
                 what.style.piece_octets < operations::read_back_piece_octets)
            found.push_back("write: a record of " + write.file +
                            " cannot be read back: an answer of these cards brings at most " +
                            std::to_string(what.style.piece_octets) + " octets");
    }
    return found;
}

}  // namespace tessera::campaigns
