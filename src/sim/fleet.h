// A made-up fleet of cards, for the demo, the tests and the benches: the CSV that both `tessera card import` and the
// simulated SMSC read. The same seed makes the same cards and keys.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/block_crypto.h"

namespace tessera::sim {

struct fleet_profile {
    std::string name;
    crypto::cipher_algorithm algorithm{};  // of KIc and of KID
    unsigned share = 1;                    // of the fleet, relative to the others
};

struct fleet_plan {
    std::size_t cards = 0;
    std::uint64_t seed = 1;
    std::vector<fleet_profile> profiles{{"telco-2ff", crypto::cipher_algorithm::aes128, 1}};
};

// ICCID, IMSI and MSISDN of the n-th card, from 0: 8900101…, test network 001-01, 882 (international networks).
[[nodiscard]] std::string fleet_iccid(std::size_t n);
[[nodiscard]] std::string fleet_imsi(std::size_t n);
[[nodiscard]] std::uint64_t fleet_msisdn(std::size_t n);

// Mode 0600: the file holds keys. Errors: cannot_write.
[[nodiscard]] result<void> write_fleet(const std::filesystem::path& file, const fleet_plan& plan);

}  // namespace tessera::sim
