// One [[smsc]] entry of tessera.toml. Every key has a default, so an empty entry is valid.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace tessera::telecom {

enum class session_kind : std::uint8_t { transceiver, transmitter, receiver };
enum class bind_mode : std::uint8_t { transceiver, transmitter_receiver };  // one session, or one for each direction

// SMPP over TLS. Files are PEM; a relative path is looked for where the program stands.
struct tls_settings {
    bool wanted = false;
    bool verify = true;       // false: any certificate will do, also a stranger's
    std::string authorities;  // that the SMSC's certificate must come from; empty: the machine's own
    std::string certificate;  // ours, if the SMSC wants one
    std::string key;          // of it
    std::string name;         // what the SMSC's certificate must be for; empty: the host of the address
};

struct smsc_settings {
    std::string name = "main";
    std::string address = "127.0.0.1:2775";  // host:port; IPv6 as [::1]:2775
    std::string system_id = "tessera";
    std::string password;
    std::string system_type;
    bind_mode bind = bind_mode::transceiver;
    std::uint32_t sessions = 1;           // so many, or so many pairs, 1..limits::smpp_sessions
    std::uint32_t window = 2'000;         // submit_sm without answer in one session, 1..limits::smpp_window
    std::uint32_t rate = 0;               // submit_sm per second, of all sessions; 0: as fast as the windows let
    std::string source_address = "1000";  // digits, or up to 11 letters with type of number 5
    std::uint8_t source_type_of_number = 0;
    std::uint8_t source_numbering_plan = 1;
    std::uint8_t destination_type_of_number = 1;
    std::uint8_t destination_numbering_plan = 1;
    std::uint8_t data_coding = 0xf6;  // class 2, 8 bit; 02, 04, F5, F6, 16 occur
    std::uint8_t protocol_id = 0x7f;  // (U)SIM data download
    bool delivery_receipts = false;   // registered_delivery 01
    std::string validity_period;      // SMPP time format; empty: the SMSC's default
    int reference_bits = 8;           // of the concatenation, 8 or 16
    duration enquire_link_interval = std::chrono::seconds(30);
    duration response_time_out =
        std::chrono::seconds(30);  // a submit_sm without answer for so long: the link is taken down
    duration reconnect_delay_min = std::chrono::milliseconds(100);
    duration reconnect_delay_max = std::chrono::seconds(10);
    // Where somebody uses several SMSCs (route.h):
    std::vector<std::string> prefixes;                   // of the subscribers it reaches; none: all
    int priority = 5;                                    // 1..9; the lower goes first
    std::uint32_t weight = 1;                            // its share among those of equal priority, 1..100
    duration failover_after = std::chrono::seconds(10);  // down for so long: others bring what it was to bring
    tls_settings tls;
};

}  // namespace tessera::telecom
