#include "campaigns/packet_limits.h"

#include <algorithm>

#include "base/limits.h"

namespace tessera::campaigns {

std::size_t script_octets_of(const definition& what) {
    return what.style.at_most(operations::script_octets_max(what.parts_max));
}

std::vector<std::string> packet_mistakes(const definition& what) {
    std::vector<std::string> found;
    const auto octets = script_octets_of(what);
    const auto packets = std::max(operations::write_scripts(what.writes, octets, what.style).size(),
                                  operations::read_back_scripts(what.writes, what.style).size());
    if (packets > limits::packets_per_card)
        found.push_back("write: the contents take " + std::to_string(packets) +
                        " packets a card to write or to read back, more than " +
                        std::to_string(limits::packets_per_card));
    for (const auto& write : what.writes) {
        constexpr std::size_t update_record_header = 5;
        if (write.record == 0) continue;
        bytes select;
        operations::append_select(select, write.file, what.style);
        if (select.size() + update_record_header + write.content.size() > octets)
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
