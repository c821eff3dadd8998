// What the card manager of a card does: load files and applications, and the card's keys (GlobalPlatform Card
// Specification 2.3 clauses 9.3 and 11, over the air as ETSI TS 102 226 clause 8).
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/block_crypto.h"
#include "sim/command_target.h"

namespace tessera::sim {

struct loaded_file {
    bytes aid;
    std::uint8_t version_major = 0, version_minor = 0;
    std::vector<bytes> applets;
    bytes components;
};
struct installed_application {
    bytes aid;
    bytes load_file;
    bytes module;
    bytes privileges;
    bytes parameters;
    std::uint8_t life_cycle = 0;
};

// The key set that a card is told to take, once it has answered under the old one.
struct key_change {
    std::uint8_t replaced = 0;  // version; 0: none
    std::uint8_t version = 0;
    crypto::cipher_algorithm algorithms[3]{};
    secret keys[3];  // KIc, KID, key encryption key
};

// What the manager must know of the card's keys while it runs a packet.
struct card_keys {
    std::vector<std::uint8_t> versions;  // there are
    // Of the key set by which the packet is secured; empty where it has no key encryption key.
    crypto::cipher_algorithm encryption{};
    byte_view encryption_key;
};

// All cards of one simulator. Not thread safe.
class application_manager final : public command_target {
public:
    // Before the commands of a packet.
    void begin(std::uint32_t card, const card_keys& keys);
    [[nodiscard]] command_answer run_command(const codec::command_apdu& command) override;
    // What PUT KEY of this packet changes, to be applied when the answer is on its way.
    [[nodiscard]] std::optional<key_change> take_key_change() { return std::exchange(key_change_, std::nullopt); }

    [[nodiscard]] std::vector<installed_application> applications(std::uint32_t card) const;
    [[nodiscard]] std::vector<loaded_file> load_files(std::uint32_t card) const;

private:
    struct loading {
        bytes aid;
        std::size_t next_block = 0;
        bytes octets;
    };
    struct card_state {
        std::vector<loaded_file> files;
        std::vector<installed_application> applications;
        std::optional<loading> under_way;
    };

    std::uint16_t install(const codec::command_apdu& command);
    std::uint16_t install_for_load(byte_view data);
    std::uint16_t install_application(byte_view data, bool selectable);
    std::uint16_t load(const codec::command_apdu& command);
    std::uint16_t finish_loading();
    std::uint16_t remove(const codec::command_apdu& command);
    std::uint16_t get_status(const codec::command_apdu& command);
    std::uint16_t get_data(const codec::command_apdu& command);
    std::uint16_t put_key(const codec::command_apdu& command);
    void list_applications(byte_view aid, bool tlv);
    void list_files(byte_view aid, bool tlv);
    void list(byte_view aid, std::uint8_t life_cycle, byte_view privileges, byte_view version, bool tlv);

    std::unordered_map<std::uint32_t, card_state> cards_;
    card_state* state_ = nullptr;
    const card_keys* keys_ = nullptr;
    std::optional<key_change> key_change_;
    crypto::block_crypto crypto_;
    bytes data_;
};

}  // namespace tessera::sim
