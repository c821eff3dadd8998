#include "operations/profile_check.h"

#include <algorithm>

#include "base/hex.h"

namespace tessera::operations {
namespace {

std::string hex_of(const cards::minimum_security& minimum) {
    bytes octets{minimum.first};
    if (minimum.second) octets.push_back(*minimum.second);
    return to_hex(octets);
}

class comparison {
public:
    comparison(std::string_view profile, const cards::minimum_security& minimum,
               codec::security_parameter_indicator asked)
        : profile_(profile), minimum_text_(hex_of(minimum)), asked_text_(to_hex(bytes{asked.first, asked.second})) {}

    template <class Level>
    void at_least(std::string_view field, Level least, Level given, std::string_view least_word,
                  std::string_view given_word) {
        if (given >= least) return;
        found_.push_back({"below_minimum", "spi",
                          std::string(profile_) + " has the minimum security " + minimum_text_ + ": " +
                              std::string(field) + ": minimum " + std::string(least_word) + ", given " +
                              std::string(given_word) + " (" + asked_text_ + ")"});
    }
    std::vector<error> take() { return std::move(found_); }

private:
    std::string_view profile_;
    std::string minimum_text_;
    std::string asked_text_;
    std::vector<error> found_;
};

std::vector<error> below_minimum(const cards::minimum_security& minimum, std::string_view profile,
                                 codec::security_parameter_indicator asked) {
    const codec::security_parameter_indicator least{minimum.first, minimum.second.value_or(0)};
    const auto least_words = cards::words_of(least);
    const auto words = cards::words_of(asked);
    comparison compare(profile, minimum, asked);
    compare.at_least("ciphering", least.command_ciphered(), asked.command_ciphered(), least_words.ciphering,
                     words.ciphering);
    compare.at_least("integrity", least.command_integrity(), asked.command_integrity(), least_words.integrity,
                     words.integrity);
    compare.at_least("counter", least.counter(), asked.counter(), least_words.counter, words.counter);
    compare.at_least("PoR ciphering", least.response_ciphered(), asked.response_ciphered(), least_words.por_ciphering,
                     words.por_ciphering);
    compare.at_least("PoR integrity", least.response_integrity(), asked.response_integrity(), least_words.por_integrity,
                     words.por_integrity);
    return compare.take();
}

}  // namespace

script_style style_of(const cards::profile_facts& facts) {
    script_style made;
    made.select_step_by_step = facts.quirks.select == cards::select_method::by_fid;
    made.octets_max = facts.longest_message.value_or(0);
    if (facts.quirks.concatenated_por == false) made.piece_octets = lone_answer_octets;
    return made;
}

result<codec::toolkit_application_reference> tar_of(const cards::profile_facts& facts, std::string_view profile,
                                                    std::string_view application) {
    const auto tar = facts.tar_of(application);
    if (tar)
        return codec::toolkit_application_reference{static_cast<std::uint8_t>(*tar >> 16U),
                                                    static_cast<std::uint8_t>(*tar >> 8U & 0xffU),
                                                    static_cast<std::uint8_t>(*tar & 0xffU)};
    const auto list = facts.list_of_tars();
    return failure("unknown_application", "application",
                   std::string(profile) + " has no application \"" + std::string(application) + "\"; it has " +
                       (list.empty() ? "none by name" : list));
}

std::vector<error> check_security(const cards::profile_facts& facts, std::string_view profile,
                                  const application_security& asked) {
    std::vector<error> found;
    if (!facts.tars.empty() && !facts.has_tar(application_of(asked.tar)))
        found.push_back({"unknown_application", "tar",
                         std::string(profile) + " has no application with TAR " + to_hex(asked.tar) + "; it has " +
                             facts.list_of_tars()});
    if (facts.minimum)
        for (auto& one : below_minimum(*facts.minimum, profile, asked.spi)) found.push_back(std::move(one));
    return found;
}

result<void> check_algorithms(const cards::profile_facts& facts, std::string_view profile,
                              codec::security_parameter_indicator spi, const cards::key_set_header& keys) {
    if (facts.algorithms.empty()) return {};
    const bool kic_used = spi.command_ciphered() || spi.response_ciphered();
    const bool kid_used = spi.command_integrity() == codec::integrity::cryptographic_checksum ||
                          spi.response_integrity() == codec::integrity::cryptographic_checksum;
    const auto refused = [&](std::string_view which, crypto::cipher_algorithm given) {
        std::string list;
        for (const auto one : facts.algorithms)
            list += (list.empty() ? "" : ", ") + std::string(crypto::to_string(one));
        return failure("algorithm_not_allowed", "algorithm",
                       std::string(profile) + " takes " + list + "; the key sets of version " +
                           std::to_string(keys.key_version) + " have " + std::string(crypto::to_string(given)) +
                           " as " + std::string(which));
    };
    const auto allowed = [&](crypto::cipher_algorithm one) { return std::ranges::count(facts.algorithms, one) > 0; };
    if (kic_used && !allowed(keys.kic_algorithm)) return refused("KIc", keys.kic_algorithm);
    if (kid_used && !allowed(keys.kid_algorithm)) return refused("KID", keys.kid_algorithm);
    return {};
}

}  // namespace tessera::operations
