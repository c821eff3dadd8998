// One operation at work: what it sends next, and what the answers mean for it. Touches neither radio nor database.
#pragma once

#include <deque>
#include <optional>

#include "operations/file_reader.h"
#include "operations/types.h"

namespace tessera::operations {

class under_way {
public:
    under_way(single_request request, cards::key_set keys);

    // The script of the packet that goes now; `counter` is what it got.
    [[nodiscard]] const script& next() const { return scripts_.front(); }
    void sent_as(std::uint64_t counter);
    // The next packet's counter is higher than this one, and than whatever was given out.
    [[nodiscard]] std::uint64_t counter_floor() const { return counter_floor_; }
    void sending();  // its octets go, for the first time or again
    [[nodiscard]] int sendings() const { return sendings_; }

    // What the desk is to do after an answer, or after it has waited in vain.
    enum class step : std::uint8_t {
        wait,  // what came settles nothing
        send,  // next() is another packet
        end,   // answer() says what became of it
    };
    // take() took the same octets since the last step that asked for other packets: they say nothing new.
    [[nodiscard]] bool has_heard(byte_view user_data) const;
    // User data of a message from the card.
    [[nodiscard]] step take(judge& with, bytes user_data);
    // The network will not deliver the packet. `before`: something of it had been accepted earlier.
    [[nodiscard]] step refused(judge& with, std::uint32_t command_status, bool before);
    // The card in the reader will not have the packet. `before`: it had taken it earlier.
    [[nodiscard]] step not_taken(std::uint16_t status_word, bool before);
    [[nodiscard]] step silence();
    // Nothing of the packet under way has left, and nothing will.
    [[nodiscard]] step not_sent();

    // The last message that take() took says something that no packet of this operation asked for.
    [[nodiscard]] bool strange() const { return strange_; }

    [[nodiscard]] single_answer& answer() { return answer_; }
    [[nodiscard]] const single_request& request() const { return request_; }
    [[nodiscard]] const cards::key_set& keys() const { return keys_; }
    // Only a write whose every packet, or whose reading back, was answered well changes the image.
    [[nodiscard]] bool proved_write() const;
    [[nodiscard]] std::uint64_t first_counter() const { return first_counter_; }
    // A verification that has read the file whole.
    [[nodiscard]] bool proved_reading() const;
    // What a write or a trial writes.
    [[nodiscard]] const std::vector<file_write>& writes() const { return writes_; }

private:
    struct heard {
        answer_kind kind;
        std::uint32_t status;
        bytes octets;
    };
    step weigh(judge& with);
    void report(std::vector<decoded_answer> found);
    void begin_round(purpose what);
    step weigh_reading(const verdict& found, const std::optional<executed_answer>& ran);
    step weigh_resync(const verdict& found, const std::optional<executed_answer>& ran);
    step leap(const cause& why);
    step after_good_packet();
    step read_back(const cause& why);
    step end(outcome what, const cause& why);

    single_request request_;
    cards::key_set keys_;
    std::vector<file_write> writes_;
    single_answer answer_;
    std::deque<script> scripts_;
    std::deque<sent_packet> plan_;  // of the packets in scripts_
    std::optional<file_reader> reader_;
    sent_round round_;
    std::vector<sent_round> earlier_;  // of a trial
    std::vector<heard> answers_;
    std::size_t reported_ = 0;  // of answers_, as whole packets
    bool strange_ = false;
    int sendings_ = 0;  // of the packet under way
    std::uint64_t counter_floor_ = 0;
    std::uint64_t first_counter_ = 0;  // of the first packet
    std::uint64_t next_leap_ = 1;
    int fresh_tries_ = 0;  // packets built because the one before may have been executed
};

}  // namespace tessera::operations
