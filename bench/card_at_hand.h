// Simulated cards that stand in the bench's own process, as a bearer of single operations: with them the server's own
// time can be told from the radio's.
#pragma once

#include <filesystem>
#include <memory>

#include "base/time.h"
#include "operations/bearer.h"

namespace tessera::bench {

// Cards of a fleet's file, and a thread on which they live. Thread safe.
class cards_at_hand {
public:
    [[nodiscard]] static result<std::unique_ptr<cards_at_hand>> load(const std::filesystem::path& fleet);
    ~cards_at_hand();
    cards_at_hand(const cards_at_hand&) = delete;
    cards_at_hand& operator=(const cards_at_hand&) = delete;

    // A way to the n-th card of the file, which must not outlive this.
    class way : public operations::bearer {
    public:
        // From each send() to what the card said to it.
        [[nodiscard]] virtual duration time_of_the_card() const = 0;
    };
    [[nodiscard]] std::shared_ptr<way> to(std::size_t card);

private:
    class bench_of_cards;
    class line;
    explicit cards_at_hand(std::unique_ptr<bench_of_cards> made);
    std::unique_ptr<bench_of_cards> cards_;
};

}  // namespace tessera::bench
