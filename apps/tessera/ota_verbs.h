// The verbs of `tessera ota`, each on one parsed line. They append the answer, or give the error and may leave half an
// answer behind, which the caller takes off again.
#pragma once

#include <string>

#include "base/result.h"
#include "codec/secured_packet.h"
#include "tessera/ota_fields.h"

namespace tessera::app::ota {

[[nodiscard]] result<void> encode(const line_object& line, codec::secured_packet_codec& codec, std::string& out);
[[nodiscard]] result<void> decode_command(const line_object& line, codec::secured_packet_codec& codec,
                                          std::string& out);
[[nodiscard]] result<void> decode_response(const line_object& line, codec::secured_packet_codec& codec,
                                           std::string& out);
[[nodiscard]] result<void> segment(const line_object& line, codec::secured_packet_codec& codec, std::string& out);
[[nodiscard]] result<void> reassemble(const line_object& line, codec::secured_packet_codec& codec, std::string& out);

}  // namespace tessera::app::ota
