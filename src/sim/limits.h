// The simulator's own limits; it is a peer of the product and shares none of its configuration.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tessera::sim::limits {

inline constexpr std::size_t cards = 20'000'000;
inline constexpr std::size_t card_list_octets = 4'294'967'296;  // of one CSV file
inline constexpr std::size_t csv_line_octets = 4'096;
inline constexpr std::size_t fault_file_octets = 65'536;
inline constexpr std::size_t settings = 256;          // of one terminal,
inline constexpr std::size_t setting_octets = 4'096;  // each at most so long
inline constexpr std::size_t script_commands = 255;   // the answer counts them in one octet

inline constexpr std::size_t links = 256;                     // TCP connections at a time
inline constexpr std::size_t accounts = 1'024;                // different system_id since the start
inline constexpr std::size_t link_output_octets = 1'048'576;  // waiting to be written; beyond, the link is not read
inline constexpr std::size_t control_line_octets = 4'096;
inline constexpr std::size_t deliver_window = 10'000;  // deliver_sm without answer per link, unless told otherwise
inline constexpr std::size_t deliver_window_max = 65'536;
inline constexpr std::size_t waiting_deliveries = 1'000'000;  // beyond, submit_sm is answered with queue full
inline constexpr std::chrono::seconds bind_time_out{60};      // a link that did not bind is closed
inline constexpr std::chrono::minutes reassembly_time_out{5};
inline constexpr std::chrono::milliseconds redelivery_delay{500};  // after a temporary refusal
inline constexpr std::chrono::milliseconds reorder_hold{100};      // how long a response is held back past later ones

}  // namespace tessera::sim::limits
