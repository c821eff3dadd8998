// What a card does with a script of commands: file selection, reading, updating and verification as in ETSI TS 102 221
// clause 11.1, and in the older class A0 of 3GPP TS 51.011 clause 9.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "codec/apdu.h"
#include "sim/command_target.h"
#include "sim/file_store.h"
#include "sim/uicc_file_system.h"

namespace tessera::sim {

// The codes that VERIFY takes, the same for all cards; 8 octets, PINs filled with FF.
inline constexpr std::array<std::uint8_t, 8> pin1_code{'1', '2', '3', '4', 0xff, 0xff, 0xff, 0xff};
inline constexpr std::array<std::uint8_t, 8> adm1_code{'1', '1', '1', '1', '1', '1', '1', '1'};
inline constexpr std::array<std::uint8_t, 8> adm2_code{'2', '2', '2', '2', '2', '2', '2', '2'};

// Attempts left; a code with none left is blocked, for ever.
struct verification_attempts {
    std::uint8_t pin1 = 3;
    std::uint8_t adm1 = 10;
    std::uint8_t adm2 = 10;
};

// What EF.ICCID and EF.IMSI hold, as the standard codes it.
struct card_identity {
    std::array<std::uint8_t, 10> iccid{};
    std::array<std::uint8_t, 9> imsi{};
};

// What lives on from one script of a chain to the next.
struct script_context {
    file_index directory = master_file;
    file_index elementary = no_file;
    std::size_t record = 0;
    bool verified_adm2 = false;
};

class command_interpreter final : public command_target {
public:
    // `files` must outlive it.
    explicit command_interpreter(file_store& files) : files_(files) {}

    struct outcome {
        std::uint8_t executed = 0;  // the failing one included
        std::uint16_t status_word = 0;
        byte_view data;  // of the last command; valid until the next run()
    };
    // Runs commands until one fails, beginning in `start` with the rights of a remote file management application: PIN1
    // and ADM1 (ETSI TS 102 226 clause 8.3); ADM2 asks for VERIFY. Counts the packet for every file it wrote.
    [[nodiscard]] outcome run(std::uint32_t card, const card_identity& identity, verification_attempts& attempts,
                              file_index start, byte_view script);

    // From now on SELECT by path is answered as cards do that do not know it.
    void refuse_paths(bool refuse) { refuses_paths_ = refuse; }
    // The same for whoever goes through the script himself: begin(), run_command() for each, end().
    void begin(std::uint32_t card, const card_identity& identity, verification_attempts& attempts,
               const script_context& context);
    [[nodiscard]] command_answer run_command(const codec::command_apdu& command) override;
    // Counts the packet for every file it wrote.
    script_context end();

    // A terminal's session with the card: it begins in the MF with no rights but those that VERIFY gives, and each
    // command leaves the card where the next one finds it. One at a time; run() is for other instances.
    void begin_session(std::uint32_t card, const card_identity& identity, verification_attempts& attempts);
    [[nodiscard]] outcome run_next(const codec::command_apdu& command);

    // The content as READ would see it. Valid until the next call of anything here, or the next change of the file.
    [[nodiscard]] byte_view content(std::uint32_t card, const card_identity& identity, file_index file) const;

private:
    enum class refusal : std::uint8_t;
    struct record_target {
        std::size_t number = 0;  // from 1
        std::uint16_t refused = 0;
    };

    std::uint16_t execute(const codec::command_apdu& command);
    std::uint16_t select(const codec::command_apdu& command);
    std::uint16_t read_binary(const codec::command_apdu& command);
    std::uint16_t update_binary(const codec::command_apdu& command);
    std::uint16_t read_record(const codec::command_apdu& command);
    std::uint16_t update_record(const codec::command_apdu& command);
    std::uint16_t verify(const codec::command_apdu& command);
    std::uint16_t status(const codec::command_apdu& command);
    std::uint16_t get_response(const codec::command_apdu& command);

    [[nodiscard]] std::uint16_t word(refusal why) const;
    std::uint16_t binary_target(const codec::command_apdu& command, std::size_t& offset);
    record_target record_number(const codec::command_apdu& command);
    [[nodiscard]] std::uint16_t prepare_access(bool updating, bool records) const;
    [[nodiscard]] bool granted(access_condition condition) const;
    void describe_file(file_index file);
    void store(byte_view octets);
    [[nodiscard]] byte_view current_content() const { return content(card_, *identity_, elementary_); }

    file_store& files_;
    std::uint32_t card_ = 0;
    const card_identity* identity_ = nullptr;
    verification_attempts* attempts_ = nullptr;
    file_index directory_ = master_file;
    file_index elementary_ = no_file;
    std::size_t record_ = 0;  // the current one, from 1; 0: none yet
    bool older_class_ = false;
    bool refuses_paths_ = false;
    bool verified_pin1_ = false;
    bool verified_adm1_ = false;
    bool verified_adm2_ = false;
    bytes data_;         // of the last command
    bytes description_;  // what GET RESPONSE would give
    bytes scratch_;
    std::vector<file_index> written_;
};

}  // namespace tessera::sim
