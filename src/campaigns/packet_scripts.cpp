#include "campaigns/packet_scripts.h"

namespace tessera::campaigns {
namespace {

// Each packet of a reading back is a script by itself.
void put_reads_into_shape(std::vector<operations::read_back>& reads, operations::script_shape shape) {
    shape.chained = false;
    for (auto& one : reads) {
        std::vector<operations::script> alone{std::move(one.commands)};
        operations::put_into_shape(alone, shape);
        one.commands = std::move(alone.front());
    }
}

}  // namespace

result<packet_scripts> scripts_of(const definition& what) {
    const operations::script_shape shape{what.security.format, what.chaining,
                                         operations::script_octets_max(what.parts_max)};
    packet_scripts made;
    if (!what.applications.empty()) {
        TESSERA_TRY_VALUE(made.first, operations::application_scripts(what.applications, shape));
        made.reads = operations::application_read_backs(what.applications);
    } else {
        made.first = operations::write_scripts(what.writes, operations::commands_octets_max(shape),
                                               operations::command_overhead(shape));
        made.reads = operations::read_back_scripts(what.writes, operations::read_back_piece_octets);
    }
    operations::put_into_shape(made.first, shape);
    put_reads_into_shape(made.reads, shape);
    return made;
}

operations::sent_packet packet_of(const operations::script& sent, std::uint64_t counter) {
    operations::sent_packet packet;
    packet.counter = counter;
    packet.commands = sent.commands;
    packet.role = sent.role;
    return packet;
}

operations::sent_packet packet_of(const operations::read_back& sent, std::uint64_t counter) {
    auto packet = packet_of(sent.commands, counter);
    packet.expected = sent.expected;
    packet.write = sent.write;
    packet.expect = sent.expect;
    packet.version = sent.version;
    return packet;
}

}  // namespace tessera::campaigns
