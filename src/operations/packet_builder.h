// One card's packet: the security that a campaign or a single operation asks for, with this card's keys and counter.
#pragma once

#include <cstdint>
#include <span>

#include "cards/types.h"
#include "codec/secured_packet.h"
#include "operations/script.h"

namespace tessera::operations {

// How to speak to one application of a card.
struct application_security {
    codec::security_parameter_indicator spi;
    codec::toolkit_application_reference tar{};
    std::uint8_t key_version = 1;
    std::uint8_t aes_checksum_octets = 8;
    script_format format = script_format::compact;  // of scripts and their answers
};

[[nodiscard]] inline std::uint32_t application_of(const codec::toolkit_application_reference& tar) {
    return static_cast<std::uint32_t>(tar[0]) << 16U | static_cast<std::uint32_t>(tar[1]) << 8U | tar[2];
}

// KIc and KID octets from the key set's algorithms and version. An RC takes CRC-32 unless the KID algorithm is DES,
// whose octet means CRC-16 (TS 102 225 clause 5.1.3).
[[nodiscard]] codec::packet_security security_for(const application_security& application,
                                                  const cards::key_set_header& keys);

// False when the security cannot be spoken with these keys: an RC is asked for, and the KID octet names no RC algorithm
// (TS 102 225 clause 5.1.3 knows CRC-16 and CRC-32 only). The card would execute and then be unable to answer.
[[nodiscard]] bool speakable(const codec::packet_security& security);

// Octets of script that surely fit a packet of so many short messages, whatever the algorithms.
// to_port: of messages to an application port of a terminal, whose headers are longer.
[[nodiscard]] std::size_t script_octets_max(std::size_t parts, bool to_port = false);

// Counter bookkeeping: the next value for a key set of which `last` was the last one given out.
// Errors: counter_exhausted (the card would be blocked for good at FFFFFFFFFF).
[[nodiscard]] result<std::uint64_t> next_counter(std::uint64_t last);

// The highest counter given out for this key set and application: what the registry remembers of its packets, else what
// the card was delivered with.
[[nodiscard]] std::uint64_t last_counter(const cards::key_set_header& keys,
                                         std::span<const cards::application_counter> given, std::uint32_t application);

// The one place where a packet gets its counter. Not thread safe.
class packet_builder {
public:
    // A packet of `data` in place of what `into` held; its counter, the one after `last`, comes back and must be
    // durable before anything of the packet is sent. On failure `into` holds nothing that could be.
    // Errors: no_packet (not speakable()), counter_exhausted, and those of the codec.
    [[nodiscard]] result<std::uint64_t> build(const application_security& application, const cards::key_set& keys,
                                              std::uint64_t last, byte_view data, bytes& into);

private:
    codec::secured_packet_codec codec_;
};

}  // namespace tessera::operations
