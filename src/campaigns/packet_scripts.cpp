#include "campaigns/packet_scripts.h"

#include <array>

#include "campaigns/packet_limits.h"
#include "codec/apdu.h"
#include "codec/global_platform.h"
#include "operations/setting.h"

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

// A script as long as PUT KEY is, with keys of zeros: the real ones are made card by card.
result<operations::script> measured_put_key(const definition& what) {
    const auto zeros = [&] {
        secret key;
        static_cast<void>(key.resize(crypto::key_octets(what.rotation->algorithm)));
        return key;
    };
    cards::key_set fresh{
        {what.rotation->version, what.rotation->algorithm, what.rotation->algorithm, 0}, zeros(), zeros()};
    const cards::encryption_key encryption{what.rotation->algorithm, zeros()};
    crypto::block_crypto crypto;
    return put_key_script(what, crypto, fresh, encryption, encryption);
}

// The list of the issuer security domain: it changes nothing, and every card manager has it.
operations::read_back harmless_question() {
    constexpr std::uint8_t class_octet = 0x80, issuer_domain = 0x80, tlv_form = 0x02;
    constexpr std::array<std::uint8_t, 2> any_aid{0x4f, 0x00};
    operations::read_back made;
    codec::append_apdu(made.commands.octets,
                       {class_octet, codec::instruction::status, issuer_domain, tlv_form, any_aid, std::nullopt});
    made.commands.commands = 1;
    made.expect = operations::expectation::anything;
    return made;
}

}  // namespace

result<operations::script> put_key_script(const definition& what, crypto::block_crypto& crypto,
                                          const cards::key_set& fresh, const cards::encryption_key& fresh_encryption,
                                          const cards::encryption_key& by) {
    const auto& rotation = *what.rotation;
    codec::global_platform::key_request request;
    request.replaced = rotation.keeps_old ? std::uint8_t{0} : rotation.replaced;
    request.version = rotation.version;
    request.keys = {{fresh.header.kic_algorithm, fresh.kic.reveal()},
                    {fresh.header.kid_algorithm, fresh.kid.reveal()},
                    {fresh_encryption.algorithm, fresh_encryption.key.reveal()}};
    request.encryption = by.algorithm;
    request.encryption_key = by.key.reveal();
    std::vector<operations::script> one(1);
    TESSERA_TRY_VALUE(one.front().octets, codec::global_platform::put_key(crypto, request));
    one.front().commands = 1;
    operations::put_into_shape(one, {what.security.format, false, script_octets_of(what)});
    if (one.front().octets.size() > script_octets_of(what))
        return failure("bad_length", "parts_max", "PUT KEY does not fit a packet of so many short messages");
    return std::move(one.front());
}

result<packet_scripts> scripts_of(const definition& what) {
    const operations::script_shape shape{what.security.format, what.chaining, script_octets_of(what)};
    packet_scripts made;
    if (what.rotation) {
        TESSERA_TRY_VALUE(auto change, measured_put_key(what));
        made.first.push_back(std::move(change));
        made.reads.push_back(harmless_question());
        put_reads_into_shape(made.reads, shape);
        return made;
    }
    if (!what.applications.empty()) {
        TESSERA_TRY_VALUE(made.first, operations::application_scripts(what.applications, shape));
        made.reads = operations::application_read_backs(what.applications);
    } else if (what.is_for_terminals()) {
        made.first = operations::setting_scripts(what.writes, shape.octets_max);
        made.reads = operations::setting_read_scripts(what.writes, what.style.piece_octets);
    } else {
        made.first = operations::write_scripts(what.writes, operations::commands_octets_max(shape),
                                               operations::command_overhead(shape), what.style);
        made.reads = operations::read_back_scripts(what.writes, what.style);
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
