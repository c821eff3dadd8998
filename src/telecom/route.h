// By which SMSCs a subscriber is reached; who goes first on the way to one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "telecom/network.h"
#include "telecom/smsc_settings.h"

namespace tessera::telecom {

// Which SMSCs somebody wants to use, by name. None: all that there are. Of several, prefixes decide.
struct route {
    std::vector<std::string> smscs{"main"};
    friend bool operator==(const route&, const route&) = default;
};
inline constexpr std::string_view any_smsc = "auto";
// "auto" is all of them; anything else is one name.
[[nodiscard]] route route_by(std::string_view name);
// "auto", "main", "north, south"
[[nodiscard]] std::string describe(const route& way);

// Of several who share a link, who goes first when the window, or the rate, has room again: the lower rank, and as long
// as it has something to send.
enum class link_rank : std::uint8_t { single_operations = 0, first_campaign = 1, campaign = 5, last_campaign = 9 };

// Constant after making.
class route_table {
public:
    // At most limits::smscs of them; they must outlive it.
    explicit route_table(std::vector<const smsc_settings*> smscs);

    [[nodiscard]] std::size_t size() const { return smscs_.size(); }
    [[nodiscard]] const smsc_settings& at(std::size_t place) const { return *smscs_[place]; }

    // The places of those that may reach the subscriber, best first: by the longest prefix that the number begins with
    // (an SMSC without prefixes reaches everybody, with a prefix of no digits), then by priority, then by weight: of
    // equals each is first for its share of the subscribers, always for the same ones.
    using choice = std::array<std::uint8_t, limits::smscs>;
    [[nodiscard]] std::span<const std::uint8_t> candidates(subscriber_number subscriber, choice& room) const;

private:
    std::vector<const smsc_settings*> smscs_;
};

}  // namespace tessera::telecom
