// One [[smsc]] entry of tessera.toml. Every key has a default, so an empty entry is valid.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace tessera::telecom {

struct smsc_settings {
    std::string name = "main";
    std::string address = "127.0.0.1:2775";  // host:port; IPv6 as [::1]:2775
    std::string system_id = "tessera";
    std::string password;
    std::string system_type;
    std::uint32_t window = 2'000;         // submit_sm without answer, 1..limits::smpp_window
    std::uint32_t rate = 0;               // submit_sm per second; 0: as fast as the window lets
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
};

}  // namespace tessera::telecom
